"""Keys that a remote chooses: their hashes are not its choice, and where they are, the walk through a table is counted.

Counts stand for times: of slots that a table would look at, and of comparisons.
"""

from __future__ import annotations

import subprocess
import sys
from struct import pack, unpack
from typing import Any

import pytest

from godot_enet.compat.variant import (
    RID,
    Color,
    Dictionary,
    EncodedObjectAsID,
    EncodedSignal,
    NodePath,
    Rect2,
    StringName,
    Transform3D,
    Vector2,
    Vector2i,
    Vector3,
    Vector4,
    decode_variant,
    encode_variant,
)
from godot_enet.compat.variant.hashing import MAX_PROBES, MAX_UNCHECKED_KEYS, count_probes
from tests.rows import each_row

VALUES: list[Any] = [
    Vector2(1, 2),
    Vector2i(-1, -2),
    Vector3(0.1, 2, 3),
    Vector4(1, 2, 3, 4),
    Rect2(1, 2, 3, 4),
    Transform3D(),
    Color(1, 0, 0),
    NodePath("a/b:c"),
    RID(5),
    EncodedObjectAsID(5),
    EncodedSignal(StringName("pressed"), 5),
]
EXPRESSIONS = ", ".join(
    ["Vector2(1, 2)", "Vector2i(-1, -2)", "NodePath('a/b')", "RID(5)", "EncodedObjectAsID(5)", "EncodedSignal()"]
)


@each_row("value", VALUES, ids=lambda value: type(value).__name__)
def test_equal_values_have_equal_hashes(value: Any) -> None:
    twin = decode_variant(encode_variant(value))[0]
    if type(value) is not Vector3:  # its first component is rounded on the wire
        assert twin == value
    assert hash(twin) == hash(decode_variant(encode_variant(twin))[0])
    assert {twin: 1}[decode_variant(encode_variant(twin))[0]] == 1


def test_the_two_zeros_are_one_key() -> None:
    assert hash(Vector2(0.0, -0.0)) == hash(Vector2(-0.0, 0.0)) == hash(Vector2())
    assert {Vector2(0.0, 5): 1}[Vector2(-0.0, 5)] == 1


def test_numbers_of_any_size_can_be_hashed() -> None:
    assert hash(Vector2i(10**400, 1)) == hash(Vector2i(10**400, 1)) != hash(Vector2i(10**400, 2))
    assert hash(RID(10**5000)) == hash(RID(10**5000))


def test_hashes_differ_from_process_to_process_even_where_python_has_no_secret() -> None:
    program = f"from godot_enet.compat.variant import *; print([hash(value) for value in ({EXPRESSIONS},)])"
    found = [
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    for first, second in zip(*(line.strip("[]\n").split(", ") for line in found), strict=True):
        assert first != second


def test_no_hash_is_that_of_a_tuple() -> None:
    """Whose algorithm has no secret: vectors with one low half of it are quickly found."""
    for value in VALUES:
        assert hash(value) != hash(tuple(value) if isinstance(value, tuple) else (5,))


@pytest.mark.parametrize(
    "keys",
    [range(5000), range(0, 5000 << 20, 1 << 20), range(0, 5000 << 40, 1 << 40), [1 << 40 | key for key in range(5000)]],
)
def test_the_numbers_of_a_game_make_a_dict(keys: Any) -> None:
    value = dict.fromkeys(keys, None)
    decoded = decode_variant(encode_variant(value))[0]
    assert type(decoded) is dict
    assert decoded == value


def worst(count: int, bits: int) -> list[int]:
    """Ints of which each one is put where it has to walk far in a table of this size, among forty tries."""
    size, mask = 1 << bits, (1 << bits) - 1
    cycle, slot, state = [], 0, 1
    for _ in range(count):
        cycle.append(slot)
        slot = (slot * 5 + 1) & mask
    keys = cycle[: count // 2]
    used = bytearray(size)
    for slot in keys:
        used[slot] = 1
    while len(keys) < count:
        best = (-1, 0, 0)
        for _ in range(40):
            state = (state * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
            key = cycle[state % (count // 16)] | (state >> 20) << bits & (1 << 60) - 1
            slot, perturb, walked = key & mask, key, 0
            while used[slot]:
                perturb >>= 5
                slot = (slot * 5 + perturb + 1) & mask
                walked += 1
            best = max(best, (walked, key, slot))
        keys.append(best[1])
        used[best[2]] = 1
    return keys


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the walk through a table is CPython's")
def test_numbers_that_collide_make_a_dictionary_with_hashes_of_its_own() -> None:
    keys = worst(2700, 12)
    assert count_probes(keys, 1 << 12, 1 << 30) > MAX_PROBES * len(keys)
    decoded = decode_variant(encode_variant(dict.fromkeys(keys[:MAX_UNCHECKED_KEYS], None)))[0]
    assert type(decoded) is dict, "so few cost little"
    decoded = decode_variant(encode_variant(dict.fromkeys(keys, None)))[0]
    assert type(decoded) is Dictionary
    assert list(decoded) == keys
    assert keys[-1] in decoded
    more = [*keys, *(1 << 40 | key for key in range(20000))]
    assert type(decode_variant(encode_variant(dict.fromkeys(more, None)))[0]) is Dictionary, "while it was smaller"


def test_counting_stops_at_its_limit() -> None:
    assert count_probes([7] * 100_000, 1 << 18, 1000) == 1001


def test_one_key_sent_very_often_is_one_key() -> None:
    item = encode_variant(7) + encode_variant(None)
    decoded = decode_variant(pack("<II", 27, 5000) + item * 5000)[0]
    assert dict(decoded) == {7: None}


class Counted(Vector2):
    """Counts comparisons."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return super().__eq__(other)

    __hash__ = Vector2.__hash__


def a_nan(number: int) -> float:
    """One of its own: NaNs are told apart by what they are as objects, and those of PyPy by their bits."""
    return float(unpack("<d", pack("<Q", 0x7FF8 << 48 | number))[0])


@pytest.mark.parametrize(
    "components",
    [
        lambda number: (-1.0 if number & 1 else -2.0, float(number)),  # -1 and -2 have one hash in Python
        lambda number: (a_nan(number), 1.0),
        lambda number: (float(number << 20), float(number << 30)),
    ],
)
def test_vectors_are_compared_only_where_they_are_equal(components: Any) -> None:
    keys = [Counted(*components(number)) for number in range(3000)]
    Counted.compared = 0
    assert len(dict.fromkeys(keys)) == 3000
    assert Counted.compared < 100


def test_nan_is_one_key_in_a_dictionary_also_as_a_component() -> None:
    dictionary = Dictionary([(Vector2(float("nan"), 1), "a"), (Vector2(float("nan"), 1), "b"), (float("nan"), "c")])
    assert list(dictionary.values()) == ["b", "c"]
    assert dictionary[Vector2(float("nan"), 1)] == "b"
    assert Vector2(float("nan"), 2) not in dictionary
