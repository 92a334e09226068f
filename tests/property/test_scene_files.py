"""The reader of scenes takes any text: what Hypothesis makes of Godot's files, and of nothing."""

from __future__ import annotations

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from godot_enet.compat.variant import encode_variant
from godot_enet.scenes.errors import SceneError
from godot_enet.scenes.tokens import Cursor
from godot_enet.scenes.values import read_value
from tests.fuzz.fuzz_scene_files import SEPARATOR, check
from tests.unit.scenes.corpus import BROKEN, PROJECT, VALUES

FILES = sorted(PROJECT.values()) + sorted(BROKEN.values())
PIECES = [
    *VALUES,
    *'[]{}(),:;="&#\\\n -',
    "[node",
    'name="A"',
    'type="Node"',
    'parent="."',
    'parent="A/B"',
    'instance=ExtResource("1")',
    '[gd_scene format=3]\n[ext_resource type="PackedScene" path="res://1.tscn" id="1"]\n',
    '[sub_resource type="Resource" id="1"]',
    'x = SubResource("1")',
    "index=",
    "groups=",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A few of Godot's files, each with parts cut out, doubled or put in."""
    found = []
    for text in draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=3)):
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.integers(0, 40)))
            put_in = draw(st.sampled_from(PIECES) | st.text(max_size=3) | st.just(text[start:end] * 2))
            text = text[:start] + put_in + text[end:]
        found.append(text.replace("player.tscn", "1.tscn").replace("boss.tscn", "2.tscn"))
    return SEPARATOR.join(text.encode("utf-8", "replace") for text in found)


@given(data=mutated())
@example(data=b"")
@example(data=b'[gd_scene format=3]\n[node name="A" type="Node" groups=[[1]]]\nx = {[ExtResource(')
def test_mutated_files(data: bytes) -> None:
    check(data)


@given(data=st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=30))
def test_files_of_pieces(pieces: list[str]) -> None:
    check(" ".join(pieces).encode("utf-8", "replace"))


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=10))
def test_values_of_pieces(pieces: list[str]) -> None:
    text = "".join(pieces)
    cursor = Cursor(text, "a")
    with contextlib.suppress(SceneError):
        read_value(cursor)
    assert 0 <= cursor.position <= len(text)
    assert 1 <= cursor.line() <= text.count("\n") + 1


@given(numbers=st.lists(st.floats(width=32) | st.integers(-(2**31), 2**31 - 1), max_size=20))
def test_numbers_in_both_ways(numbers: list[float]) -> None:
    """Packed arrays are read at once; a comment in them has them read number by number."""
    texts = ["inf" if each == float("inf") else repr(each) for each in numbers]
    plain, commented = (f"PackedFloat32Array({start}{', '.join(texts)})" for start in ("", ";\n"))
    found = [encode_variant(read_value(Cursor(text, "a"))) for text in (plain, commented)]
    assert found[0] == found[1]
