"""The recorded scenes against the Godot that is installed."""

from __future__ import annotations

import json

import pytest

from . import native_recorder
from .conftest import need_godot
from .scene_recorder import VECTORS, record

pytestmark = pytest.mark.interop


def test_the_vectors_are_what_godot_says() -> None:
    executable = need_godot()
    assert record(executable) == json.loads(VECTORS.read_text(encoding="utf-8"))


def test_properties_of_nodes_are_by_themselves_what_godot_says() -> None:
    executable = need_godot()
    assert native_recorder.record(executable) == json.loads(native_recorder.TABLE.read_text(encoding="utf-8"))
