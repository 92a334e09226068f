"""The tree against the Godot that is installed: the recorded programs, and programs that nobody has thought of."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import pytest

from tests.contract.api import NODES_FILE
from tests.unit.compat.scene.tree_programs import Program, random_frames, random_program, run

from . import api_recorder
from .conftest import need_godot
from .node_recorder import VECTORS, record

pytestmark = pytest.mark.interop

PROGRAMS = 200


@pytest.fixture(scope="module")
def executable() -> str:
    return need_godot()


def test_the_contract_is_what_godot_says(executable: str) -> None:
    assert json.loads(NODES_FILE.read_text(encoding="utf-8")) == api_recorder.record(executable)


def test_the_vectors_are_what_godot_does(executable: str) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert record(executable, [each["program"] for each in vectors]) == [each["lines"] for each in vectors]


@pytest.mark.parametrize("make", [random_program, random_frames])
def test_random_programs(executable: str, make: Callable[[int], Program]) -> None:
    first = secrets.randbelow(10**9)
    programs = {seed: make(seed) for seed in range(first, first + PROGRAMS)}
    recorded = record(executable, list(programs.values()))
    found = {seed: lines for seed, lines in zip(programs, recorded, strict=True) if lines is not None}
    assert len(found) > PROGRAMS * 0.9, "Godot crashes with few"
    assert {seed: run(programs[seed]) for seed in found} == found
