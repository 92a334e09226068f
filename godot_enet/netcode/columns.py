"""A field as columns: integers with a fixed number of bits, of which the messages consist."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum, Flag
from struct import Struct
from typing import Any, NamedTuple

from godot_enet.compat.variant import Quaternion, Vector2, Vector3
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.schema import Angle, Field, Mark, Range, Rotation

__all__ = ["Codec", "Line", "codec_of"]

_FLOAT, _BITS = Struct("<f"), Struct("<I")
_SIGN = 0x80000000
_LARGEST_OTHER = math.sqrt(0.5)
"""No component of a unit quaternion but its largest exceeds this."""
_INT = Range(-(2**31), 2**31 - 1)
_VECTORS: dict[type, int] = {Vector2: 2, Vector3: 3}


class Line(NamedTuple):
    """Columns that are numbers at equal distances."""

    low: float
    step: float
    kind: type | None
    """What the numbers are components of; None: the only one is the value."""


class Codec(NamedTuple):
    """How the values of one field become columns and back."""

    limits: tuple[int, ...]
    """The largest integer of each column; its number of bits follows."""
    split: Callable[[Any], Sequence[int]]
    """The columns of a value."""
    join: Callable[[Sequence[int]], Any]
    """The value of columns; :class:`MessageError` if no value has these."""
    text: str
    """The part of the schema that both ends must agree on."""
    line: Line | None = None
    """For C: ``join`` makes the same of each column."""


def codec_of(field: Field) -> Codec:
    """The codec of a field.

    Raises:
        TypeError: values of this type, or with this mark, cannot be packed.
    """
    name, kind, mark, _ = field
    if kind is bool and mark is None:
        return Codec((1,), lambda value: (1 if value else 0,), lambda row: bool(row[0]), "bool")
    if isinstance(kind, type) and issubclass(kind, Enum) and not issubclass(kind, Flag) and mark is None:
        return _enum(kind)
    if kind is Quaternion and (mark is None or isinstance(mark, Rotation)):
        return _rotation(mark or Rotation())
    if kind is float and isinstance(mark, Angle):
        return _angle(mark)
    if kind is int and (mark is None or isinstance(mark, Range)):
        return _number(mark or _INT, int)
    if kind is float or kind in _VECTORS:
        return _vector(kind, _component(name, mark))
    raise TypeError(f"{name}: cannot pack {getattr(kind, '__name__', kind)}{f' as {mark}' if mark else ''}")


def _component(name: str, mark: Mark | None) -> Codec:
    if mark is None:
        return Codec((0xFFFFFFFF,), _split_float, _join_float, "float")
    if isinstance(mark, Range):
        return _number(mark, float)
    raise TypeError(f"{name}: {mark} does not fit its type")


def _vector(kind: type, part: Codec) -> Codec:
    if kind is float:
        return part
    size = _VECTORS[kind]
    split, join = part.split, part.join

    def split_vector(value: Sequence[float]) -> list[int]:
        return [split(each)[0] for each in value]

    def join_vector(row: Sequence[int]) -> object:
        return kind(*[join((each,)) for each in row])

    line = part.line and part.line._replace(kind=kind)
    return Codec(part.limits * size, split_vector, join_vector, f"{kind.__name__} of {part.text}", line)


def _number(mark: Range, kind: Callable[[float], float]) -> Codec:
    low, step = mark.low, mark.step
    high = low + mark.steps * step
    whole = kind is int

    def split(value: float) -> tuple[int]:
        inside = min(max(value, low), high)
        if inside != value and abs(value) == math.inf:  # not isfinite(), which fails for an int of 400 digits
            raise ValueError(f"{value} is not finite")
        return (round((inside - low) / step),)

    def join(row: Sequence[int]) -> float:
        value = low + row[0] * step
        return round(value) if whole else value

    line = None if whole and not isinstance(low + step, int) else Line(low, step, None)
    return Codec((mark.steps,), split, join, f"{'int' if whole else 'float'} in {mark}", line)


def _split_float(value: float) -> tuple[int]:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    try:
        (bits,) = _BITS.unpack(_FLOAT.pack(value))
    except OverflowError:
        raise ValueError(f"{value} does not fit into 32 bits") from None
    # Ordered as the numbers are, so that small changes of a number are small changes of its column.
    return (bits ^ 0xFFFFFFFF if bits & _SIGN else bits | _SIGN,)


def _join_float(row: Sequence[int]) -> float:
    bits = row[0] & ~_SIGN if row[0] & _SIGN else row[0] ^ 0xFFFFFFFF
    value: float = _FLOAT.unpack(_BITS.pack(bits))[0]
    if not math.isfinite(value):
        raise MessageError("a number is not finite")
    return value


def _angle(mark: Angle) -> Codec:
    turn = 1 << mark.bits

    def split(value: float) -> tuple[int]:
        return (round(math.remainder(value, math.tau) * turn / math.tau) % turn,)

    def join(row: Sequence[int]) -> float:
        return math.remainder(row[0] * math.tau / turn, math.tau)

    return Codec((turn - 1,), split, join, str(mark))


def _enum(kind: type[Enum]) -> Codec:
    members = list(kind)
    index = {member: number for number, member in enumerate(members)}
    names = ",".join(member.name for member in members)
    return Codec((len(members) - 1,), lambda value: (index[value],), lambda row: members[row[0]], f"one of {names}")


def _rotation(mark: Rotation) -> Codec:
    top = (1 << mark.bits) - 1
    scale = top / (2 * _LARGEST_OTHER)

    def split(value: Quaternion) -> list[int]:
        length = value.length()
        if not 0.0 < length < math.inf:  # an infinite part would become NaN, and be left out as the largest
            raise ValueError(f"{value} cannot be normalized")
        parts = [part / length for part in value]
        largest = max(range(4), key=lambda index: abs(parts[index]))
        sign = -1 if parts.pop(largest) < 0 else 1  # q and -q are the same rotation
        others = [min(max(sign * part, -_LARGEST_OTHER), _LARGEST_OTHER) for part in parts]
        return [largest, *(round((part + _LARGEST_OTHER) * scale) for part in others)]

    def join(row: Sequence[int]) -> Quaternion:
        parts = [column / scale - _LARGEST_OTHER for column in row[1:]]
        rest = 1 - sum(part * part for part in parts)
        parts.insert(row[0], math.sqrt(max(rest, 0.0)))
        return Quaternion(*parts).normalized()

    return Codec((3, top, top, top), split, join, str(mark))
