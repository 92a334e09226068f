"""The base of the value types: an immutable row of members, compared, hashed and printed by type and value.

They are tuples underneath, because that makes them small, quick and easy to unpack; but a ``Vector2`` equals only a
``Vector2``, and none of them can be changed in place. Components are Python floats of 64 bits; Godot's have 32, so
received values are rounded to that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import add, itemgetter, mul, neg, sub, truediv
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from godot_enet.compat.variant.hashing import hash_numbers
from godot_enet.compat.variant.kinds import VariantType

if TYPE_CHECKING:
    from typing_extensions import Never, Self

__all__ = [
    "EPSILON",
    "Arithmetic",
    "Row",
    "Sums",
    "clamp",
    "close",
    "floor",
    "make",
    "member",
    "real",
    "sign",
    "snap",
    "whole",
]

_T = TypeVar("_T")
_N = TypeVar("_N", int, float)
_R = TypeVar("_R", bound="Row[Any]")

if TYPE_CHECKING:

    def make(cls: type[_R], members: Iterable[Any]) -> _R:
        """A row without the checks of its constructor."""

    class member(Generic[_T]):
        """A member by its name. ``kind`` is its type, for type checkers alone."""

        def __init__(self, kind: type[_T], index: int, doc: str) -> None: ...
        def __get__(self, row: object, owner: type | None = None) -> _T: ...
        def __set__(self, row: object, value: Never) -> None: ...

else:
    make = tuple.__new__

    def member(kind: type, index: int, doc: str) -> property:
        return property(itemgetter(index), doc=doc)  # half the time of a property that is a function


EPSILON = 0.00001
"""Godot's ``CMP_EPSILON``."""


def real(value: float) -> float:
    """A component as a float.

    Raises:
        TypeError: it is not a number.
    """
    if type(value) is float:
        return value
    if isinstance(value, (str, bytes, bytearray)):  # float() would parse text
        raise TypeError(f"a component must be a number, not {type(value).__name__}")
    return float(value)


def whole(value: float) -> int:
    """A component as an int; a fraction is cut off, as Godot does.

    Raises:
        TypeError: it is not a number.
    """
    if type(value) is int:
        return value
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError(f"a component must be a number, not {type(value).__name__}")
    return int(value)


def close(a: float, b: float) -> bool:
    """Godot's ``is_equal_approx``: relative to ``a``, but never finer than 0.00001."""
    return a == b or abs(a - b) < max(EPSILON * abs(a), EPSILON)


def clamp(value: _N, low: _N, high: _N) -> _N:
    """Clamp between limits; if these are reversed, the first one that it exceeds, beginning with ``low``."""
    return low if value < low else high if value > high else value


def sign(value: float) -> float:
    """1.0, -1.0 or 0.0."""
    return float((value > 0) - (value < 0))


def snap(value: float, step: float) -> float:
    """The multiple of ``step`` that is nearest; a step of 0 changes nothing."""
    return floor(value / step + 0.5) * step if step else value


def floor(value: float) -> float:
    """As a float, so that infinity and NaN have one, too."""
    return float(math.floor(value)) if math.isfinite(value) else value


class Row(tuple[_T, ...]):
    """Members in a fixed order."""

    __slots__ = ()
    variant_type: ClassVar[VariantType]
    _width: ClassVar[int]
    """How many numbers it has on the wire."""
    __array_ufunc__: ClassVar[None] = None
    """Makes numpy's numbers leave arithmetic with a row to the row, which they would turn into an array."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self))})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash_numbers(self._to_wire())  # a remote may choose the keys of a Dictionary

    def __getnewargs__(self) -> tuple[_T, ...]:
        return tuple(self)

    # A tuple would join and repeat; a row does arithmetic or nothing.

    def __add__(self, other: Any) -> Any:
        return NotImplemented

    def __radd__(self, other: object) -> Any:
        raise TypeError(f"cannot add {type(self).__name__} to {type(other).__name__}")

    def __mul__(self, other: Any) -> Any:
        return NotImplemented

    def __rmul__(self, other: Any) -> Any:
        return NotImplemented

    def _to_wire(self) -> Sequence[float]:
        """The numbers in the order of the wire format."""
        return self  # type: ignore[return-value]

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        """The reverse; the numbers must match the type in number and kind."""
        return make(cls, numbers)

    def is_finite(self) -> bool:
        """Whether no component is infinite or NaN."""
        return all(map(math.isfinite, self._to_wire()))

    def is_equal_approx(self, to: Self) -> bool:
        """Whether all components are approximately equal, within 0.00001 of their size."""
        return all(map(close, self._to_wire(), to._to_wire()))


class Sums(Row[_N]):
    """Rows of numbers that are added component by component."""

    __slots__ = ()

    def __add__(self, other: Self) -> Self:  # type: ignore[override]
        if type(other) is not type(self):
            return NotImplemented
        return make(type(self), map(add, self, other))

    def __sub__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return make(type(self), map(sub, self, other))

    def __neg__(self) -> Self:
        return make(type(self), map(neg, self))

    def __pos__(self) -> Self:
        return self


class Arithmetic(Sums[float]):
    """Rows of floats that are added and scaled component by component.

    A factor or divisor is a number or a row of the same type. Dividing by zero raises, as anywhere in Python.
    """

    __slots__ = ()

    def __mul__(self, other: Self | float) -> Self:  # type: ignore[override]
        if type(other) is type(self):
            return make(type(self), map(mul, self, other))
        if isinstance(other, (float, int)):
            return make(type(self), [component * other for component in self])
        return NotImplemented

    def __rmul__(self, other: float) -> Self:  # type: ignore[override]
        return self * other if isinstance(other, (float, int)) else NotImplemented

    def __truediv__(self, other: Self | float) -> Self:
        if type(other) is type(self):
            return make(type(self), map(truediv, self, other))
        if isinstance(other, (float, int)):
            return make(type(self), [component / other for component in self])
        return NotImplemented

    def lerp(self, to: Self, weight: float) -> Self:
        """The linear interpolation from this (``weight`` 0) to ``to`` (``weight`` 1)."""
        return make(type(self), [a + (b - a) * weight for a, b in zip(self, to, strict=True)])
