"""Fields as bits: sizes, rounding, limits, hashes and what is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, make_dataclass
from enum import Enum, Flag
from typing import Annotated, Any

import pytest

from godot_enet import Color, Quaternion, Vector2, Vector3
from godot_enet.netcode import Angle, MessageError, Packer, Range, Rotation, Step


class Weapon(Enum):
    KNIFE = 1
    BOW = 2
    STAFF = 3


@dataclass(frozen=True)
class Player:
    position: Annotated[Vector2, Range(0, 960, 1 / 8)]
    facing: Annotated[float, Angle(8)]
    health: Annotated[int, Range(0, 100)]
    weapon: Weapon
    alive: bool


PLAYER = Player(Vector2(100.05, 540), math.pi / 2, 64, Weapon.BOW, True)


def test_each_field_takes_its_bits() -> None:
    packer = Packer(Player)
    assert packer.size == 6  # 13 + 13 + 8 + 7 + 2 + 1 = 44 bits
    assert packer.quantize(PLAYER) == (800, 4320, 64, 64, 1, 1)
    assert packer.pack(PLAYER) == (800 | 4320 << 13 | 64 << 26 | 64 << 34 | 1 << 41 | 1 << 43).to_bytes(6, "little")
    assert repr(packer) == f"<Packer of Player, 6 bytes, hash {packer.schema_hash:08x}>"


def test_a_state_is_rounded_as_its_fields_say() -> None:
    packer = Packer(Player)
    assert packer.rounded(PLAYER) == Player(Vector2(100, 540), math.pi / 2, 64, Weapon.BOW, True)
    assert packer.unpack(packer.pack(PLAYER)) == packer.rounded(PLAYER)


def test_what_is_beyond_the_limits_is_at_the_limit() -> None:
    for far in (961, 1e308):
        state = Packer(Player).rounded(Player(Vector2(-5, far), 9 * math.pi / 2, 250, Weapon.BOW, True))
        assert state == Player(Vector2(0, 960), math.pi / 2, 100, Weapon.BOW, True)
    assert Packer(Player).rounded(Player(Vector2(), 0, 10**400, Weapon.BOW, True)).health == 100


def test_fields_without_a_mark() -> None:
    @dataclass
    class Plain:
        count: int
        height: float
        place: Vector3
        turned: Quaternion

    packer = Packer(Plain)
    assert packer.size == 4 + 4 + 12 + 4
    there = packer.rounded(Plain(-7, 1.1, Vector3(1, -2.5, 2.0**66), Quaternion(0, 0, 3, -4)))
    assert there.count == -7
    assert there.height == pytest.approx(1.1, abs=1e-7)
    assert there.place == Vector3(1, -2.5, 2.0**66)
    assert abs(there.turned.dot(Quaternion(0, 0, 0.6, -0.8))) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("bits", [6, 10, 14])
def test_a_rotation_is_off_by_less_than_a_step(bits: int) -> None:
    Turned = make_dataclass("Turned", [("by", Annotated[Quaternion, Rotation(bits)])])
    packer: Packer[Any] = Packer(Turned)
    worst = 0.0
    for index in range(200):
        value = Quaternion(math.sin(index), math.cos(3 * index), math.sin(7 * index), math.cos(index / 3)).normalized()
        worst = max(worst, 2 * math.acos(min(1.0, abs(packer.rounded(Turned(value)).by.dot(value)))))
    assert 0 < worst < 5 / (1 << bits)


def test_small_numbers_of_columns_change_in_few_bits() -> None:
    packer = Packer(Player)
    row = packer.quantize(PLAYER)
    assert packer.rows.encode_change(row, row) == (0, 2 * 4 + 1 + 1)
    moved = (row[0] + 15, row[1] - 16, *row[2:])  # 5 bits each hold -16 to 15
    assert packer.rows.encode_change(row, moved)[1] == 2 * 4 + 1 + 1 + 5 + 5
    further = (row[0] + 255, row[1] - 257, *row[2:])  # 9 bits hold -256 to 255; the other is sent whole
    assert packer.rows.encode_change(row, further)[1] == 2 * 4 + 1 + 1 + 9 + 13


def test_an_angle_changes_the_shorter_way_round() -> None:
    @dataclass
    class Facing:
        angle: Annotated[float, Angle(9)]

    packer = Packer(Facing)
    one, other = packer.quantize(Facing(math.pi - 0.01)), packer.quantize(Facing(-math.pi + 0.01))
    assert packer.rows.encode_change(one, other)[1] == 2 + 3


def test_equal_schemas_have_equal_hashes_and_others_do_not() -> None:
    hints: dict[str, Any] = {"position": Annotated[Vector2, Range(0, 960, 1 / 8)], "alive": bool}
    same = [Packer(dataclass(type(name, (), {"__annotations__": hints}))).schema_hash for name in ("One", "Two")]
    assert same[0] == same[1]
    assert Packer(Player).schema_hash == 0x4D4E6716  # in all processes and on all machines
    others = [
        {**hints, "alive": Annotated[int, Range(0, 1)]},
        {**hints, "position": Annotated[Vector2, Range(0, 961, 1 / 8)]},
        {**hints, "position": Annotated[Vector2, Range(0, 960, 1 / 4)]},
        {"position": hints["position"], "dead": bool},
        dict(reversed(hints.items())),
    ]
    hashes = [Packer(dataclass(type("Other", (), {"__annotations__": each}))).schema_hash for each in others]
    assert len({same[0], *hashes}) == 6


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes(5), "5 bytes instead of 6"),
        (bytes(7), "7 bytes instead of 6"),
        ((7681).to_bytes(6, "little"), "7681 in a column up to 7680"),
        ((101 << 34).to_bytes(6, "little"), "101 in a column up to 100"),
        ((3 << 41).to_bytes(6, "little"), "3 in a column up to 2"),
        ((1 << 44).to_bytes(6, "little"), "bits after the last column"),
    ],
)
def test_bytes_that_no_state_has_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(MessageError, match=words):
        Packer(Player).unpack(data)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_by_name(value: float) -> None:
    """With limits, too: infinity is not a number beyond them, but an error."""

    @dataclass
    class Turned:
        by: Quaternion

    for state, name in (
        (Player(Vector2(1, 1), value, 1, Weapon.BOW, True), "facing"),
        (Player(Vector2(1, value), 0, 1, Weapon.BOW, True), "position"),
        (Player(Vector2(1, 1), 0, value, Weapon.BOW, True), "health"),  # type: ignore[arg-type]
        (Turned(Quaternion(0, value, 0, 0)), "by"),
    ):
        packer: Packer[Any] = Packer(type(state))
        for pack in (packer.quantize, packer.pack, packer.rounded):
            with pytest.raises(ValueError, match=f"^{name}: "):
                pack(state)


def test_a_quaternion_without_a_length_is_refused_by_name() -> None:
    @dataclass
    class Turned:
        by: Quaternion

    for wrong in (Quaternion(0, 0, 0, 0), Quaternion(1e-200, 0, 0, 0), Quaternion(1e200, 1e200, 0, 0)):
        with pytest.raises(ValueError, match=r"^by: .* cannot be normalized"):
            Packer(Turned).quantize(Turned(wrong))


def test_floats_beyond_32_bits_are_refused() -> None:
    @dataclass
    class Plain:
        height: float

    for value in (math.nan, math.inf, 1e39):
        with pytest.raises(ValueError, match=r"^height: "):
            Packer(Plain).quantize(Plain(value))
    for bits in (0xFF800000, 0x7F800000 ^ 0xFFFFFFFF ^ 0x80000000, 0):
        with pytest.raises(MessageError, match="not finite"):
            Packer(Plain).unpack(bits.to_bytes(4, "little"))


def test_fields_that_cannot_be_packed_are_refused_by_name() -> None:
    def refused(kind: Any, words: str) -> None:
        with pytest.raises(TypeError, match=words):
            Packer(dataclass(type("Bad", (), {"__annotations__": {"field": kind}})))

    class Kind(Flag):
        A = 1

    refused(str, "field: cannot pack str")
    refused(Color, "field: cannot pack Color")
    refused(Kind, "field: cannot pack Kind")
    refused(Annotated[bool, Range(0, 1)], "field: cannot pack bool as Range")
    refused(Annotated[Vector2, Angle(8)], "field: Angle.* does not fit its type")
    refused(Annotated[int, Angle(8)], "field: cannot pack int as Angle")
    for schema in (int, dataclass(type("Empty", (), {}))):
        with pytest.raises(TypeError, match="is not a dataclass with fields"):
            Packer(schema)

    @dataclass
    class Hidden:
        x: float = field(init=False)

    with pytest.raises(TypeError, match=r"Hidden\.x is not a positional argument"):
        Packer(Hidden)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Range(1, 1), "low must be less"),
        (lambda: Range(0, math.inf), "both finite"),
        (lambda: Range(0, 1, 0), "step must be positive"),
        (lambda: Range(0, 1, 2), "fit into the range"),
        (lambda: Range(0, 2**33), "more than 2"),
        (lambda: Angle(1), "bits must be"),
        (lambda: Rotation(33), "bits must be"),
    ],
)
def test_marks_that_make_no_sense(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_a_step_beside_a_mark_changes_nothing_of_the_bits() -> None:
    hints = {"x": Annotated[float, Range(0, 9), Step]}
    packer: Packer[Any] = Packer(dataclass(type("Stepped", (), {"__annotations__": hints})))
    assert packer.size == 1
