"""Scene replication against the Godot that is installed: the recorded programs, and ones that nobody has thought of."""

from __future__ import annotations

import json
import secrets

import pytest

from tests.unit.compat.scene.replication.programs import digests, run
from tests.unit.compat.scene.replication.random_programs import random_program
from tests.unit.compat.scene.replication.rig import Rig

from .conftest import need_godot
from .replication_recorder import VECTORS, record

pytestmark = pytest.mark.interop

PROGRAMS = 60


@pytest.fixture(scope="module")
def executable() -> str:
    return need_godot()


def test_the_vectors_are_what_godot_does(executable: str) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    recorded = record(executable, [each["program"] for each in vectors])
    found = [(steps, each) for steps, each in zip(recorded, vectors, strict=True) if steps is not None]
    assert len(found) > len(vectors) * 0.9, "it crashes with few, not always with the same"
    assert [digests(steps) for steps, _ in found] == [each["steps"] for _, each in found]


def test_random_programs(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = secrets.randbelow(10**9)
    programs = {seed: random_program(seed) for seed in range(first, first + PROGRAMS)}
    recorded = dict(zip(programs, record(executable, list(programs.values())), strict=True))
    found = {seed: steps for seed, steps in recorded.items() if steps is not None}
    assert len(found) > PROGRAMS * 0.7, "Godot crashes with few"
    for seed, theirs in found.items():
        rig = Rig(exact=True)
        with rig.listening(monkeypatch):
            ours = run(programs[seed], rig)
        assert ours == theirs, seed
