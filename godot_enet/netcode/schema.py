"""How a dataclass describes a state: its fields, their types, and marks in ``Annotated`` that say how exact each is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, NamedTuple, get_args, get_origin, get_type_hints

__all__ = ["Angle", "Field", "Mark", "Range", "Rotation", "Step", "fields_of"]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high`` in steps of ``step``, also for each component of a vector.

    Values beyond the limits are sent as the nearest limit; infinity, as NaN, is an error of the program, and refused.
    The last step may end below ``high``.

    Raises:
        ValueError: the limits are not finite and in order, the step is not positive, or there are over 2**32 steps.
    """

    low: float
    high: float
    step: float = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"{self}: low must be less than high, and both finite")
        if not (math.isfinite(self.step) and self.step > 0 and self.steps >= 1):
            raise ValueError(f"{self}: step must be positive and fit into the range")
        if self.steps.bit_length() > 32:
            raise ValueError(f"{self}: more than 2**32 steps")

    @property
    def steps(self) -> int:
        """The number of steps from ``low`` to ``high``."""
        return math.floor((self.high - self.low) / self.step + 1e-6)


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle in radians, sent in ``bits`` bits as a share of a turn, and blended the shorter way round.

    Raises:
        ValueError: there are not 2 to 32 bits.
    """

    bits: int = 10

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 32:
            raise ValueError(f"{self}: bits must be 2 to 32")


@dataclass(frozen=True, slots=True)
class Rotation:
    """A unit quaternion, sent as its three smaller components with ``bits`` bits each.

    Raises:
        ValueError: there are not 2 to 32 bits.
    """

    bits: int = 10

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 32:
            raise ValueError(f"{self}: bits must be 2 to 32")


@dataclass(frozen=True, slots=True)
class Step:
    """The value is not blended: it changes when its tick is reached. Another mark beside it says how it is sent."""


Mark = Range | Angle | Rotation
"""A mark that says how exact a field is sent."""


class Field(NamedTuple):
    """A field of a schema."""

    name: str
    type: type
    mark: Mark | None
    steps: bool
    """Whether the field is marked as :class:`Step`."""


def fields_of(schema: type) -> Iterator[Field]:
    """The fields of a dataclass, in order.

    Raises:
        TypeError: it is not a dataclass, has no fields, or its fields cannot be given in order.
    """
    if not (isinstance(schema, type) and is_dataclass(schema)) or not fields(schema):
        raise TypeError(f"{schema!r} is not a dataclass with fields")
    hints = get_type_hints(schema, include_extras=True)
    for field in fields(schema):
        if not field.init or field.kw_only:
            raise TypeError(f"{schema.__name__}.{field.name} is not a positional argument")
        hint = hints[field.name]
        marks: tuple[object, ...] = ()
        if get_origin(hint) is Annotated:
            hint, *rest = get_args(hint)
            marks = tuple(rest)
        mark = next((each for each in marks if isinstance(each, (Range, Angle, Rotation))), None)
        yield Field(field.name, hint, mark, any(isinstance(each, Step) or each is Step for each in marks))
