"""Rows as bits: whole, as changes, and the changes of many objects in a message.

C has the same for messages, in ``hot_rows.c``; ``RowMethods`` defines the behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from godot_enet.core.native import hot_types
from godot_enet.core.protocol.packing import AGE_BITS, NARROW_COLUMN
from godot_enet.netcode.bits import BitReader, BitWriter
from godot_enet.netcode.columns import Codec
from godot_enet.netcode.errors import MessageError

__all__ = ["Change", "Row", "RowCodec", "RowMethods"]

Row = tuple[int, ...]
"""A state as integers, one for each column."""

_T = TypeVar("_T")


class Change(NamedTuple):
    """The change of an object."""

    age: int
    """Ticks since its base; 0 for the default row."""
    bits: int
    length: int


class _Plan(NamedTuple):
    """How the change of a column is sent: in one of three sizes, named by two bits; 0 is no change."""

    mask: int
    half: int
    limit: int
    sizes: tuple[int, int, int, int]


def _plan(limit: int) -> _Plan:
    width = max(1, limit.bit_length())
    narrow = width <= NARROW_COLUMN
    sizes = (0, width, width, width) if narrow else (0, -(-width // 3), -(-2 * width // 3), width)
    return _Plan((1 << width) - 1, 1 << (width - 1), limit, sizes)


class RowMethods(Generic[_T]):
    """The bits of rows, and the states that they stand for.

    Args:
        make: Makes a state of the values of its fields.
        codecs: Of these fields.
    """

    def __init__(self, make: Callable[..., _T], codecs: Sequence[Codec]) -> None:
        limits = [limit for codec in codecs for limit in codec.limits]
        ends = [0, *accumulate(len(codec.limits) for codec in codecs)]
        self._make = make
        self._joins = [(codec.join, *places) for codec, places in zip(codecs, pairwise(ends), strict=True)]
        self._plans = [_plan(limit) for limit in limits]
        self._widths = [plan.sizes[3] for plan in self._plans]
        self.size = -(-sum(self._widths) // 8)
        """Bytes of a whole row."""
        self.longest_change = sum(plan.sizes[3] + 2 for plan in self._plans)
        """Bits of the longest change."""
        self.default: Row = (0,) * len(limits)
        """The base of a change if the other end has no row."""

    def restore(self, row: Row) -> _T:
        """The state with these columns.

        Raises:
            MessageError: no state has them.
        """
        return self._make(*[join(row[start:end]) for join, start, end in self._joins])

    def restore_all(self, rows: Mapping[int, Row]) -> dict[int, _T]:
        """The states of many objects, by their ids.

        Raises:
            MessageError: there is no such state.
        """
        return {number: self.restore(row) for number, row in rows.items()}

    def pack(self, row: Row) -> bytes:
        """A whole row in :attr:`size` bytes."""
        bits = at = 0
        for value, width in zip(row, self._widths, strict=True):
            bits |= value << at
            at += width
        return bits.to_bytes(self.size, "little")

    def unpack(self, data: bytes) -> Row:
        """The row in ``data``.

        Raises:
            MessageError: ``data`` is not a result of :meth:`pack`.
        """
        if len(data) != self.size:
            raise MessageError(f"{len(data)} bytes instead of {self.size}")
        bits = int.from_bytes(data, "little")
        row = []
        for mask, _, limit, (_, _, _, width) in self._plans:
            column = bits & mask
            if column > limit:
                raise MessageError(f"{column} in a column up to {limit}")
            row.append(column)
            bits >>= width
        if bits:
            raise MessageError("bits after the last column")
        return tuple(row)

    def encode_change(self, base: Row, row: Row) -> tuple[int, int]:
        """The bits that lead from ``base`` to ``row``, the first one lowest, and their number."""
        bits = at = 0
        for (mask, half, _, (_, small, medium, large)), old, new in zip(self._plans, base, row, strict=True):
            if small == large:
                if new != old:
                    bits |= (new << 1 | 1) << at
                    at += large
                at += 1
                continue
            if new != old:
                change = ((new - old + half) & mask) - half
                size = (change if change >= 0 else ~change).bit_length() + 1
                if size <= small:
                    bits |= ((change & ((1 << small) - 1)) << 2 | 1) << at
                    at += small
                elif size <= medium:
                    bits |= ((change & ((1 << medium) - 1)) << 2 | 2) << at
                    at += medium
                else:
                    bits |= (new << 2 | 3) << at
                    at += large
            at += 2
        return bits, at

    def decode_change(self, base: Row, bits: int) -> tuple[Row, int]:
        """The row that lies behind a change from ``base``, and how many bits the change has.

        Raises:
            MessageError: a column is beyond its limit.
        """
        row = []
        at = 0
        for (mask, _, limit, sizes), old in zip(self._plans, base, strict=True):
            if sizes[1] == sizes[3]:
                kind = 3 * (bits >> at & 1)
                at += 1
            else:
                kind = bits >> at & 3
                at += 2
            if kind:
                size = sizes[kind]
                value = bits >> at & ((1 << size) - 1)
                if kind < 3:
                    sign = 1 << (size - 1)
                    value = (old + (value ^ sign) - sign) & mask
                if value > limit:
                    raise MessageError(f"{value} in a column up to {limit}")
                old = value
                at += size
            row.append(old)
        return tuple(row), at

    def write_changes(self, head: bytes, length: int, changes: Mapping[int, Change]) -> bytes:
        """A message: its first ``length`` bits, then the changes of objects by their ids."""
        writer = BitWriter(int.from_bytes(head, "little"), length)
        writer.write_number(len(changes))
        last, last_age = -1, -1
        for number in sorted(changes):
            age, bits, length = changes[number]
            writer.write_number(number - last - 1)
            if age == last_age:
                writer.write(bits << 1 | 1, length + 1)
            else:
                writer.write(bits << AGE_BITS + 1 | age << 1, length + AGE_BITS + 1)
            last, last_age = number, age
        return writer.to_bytes()

    def read_changes(
        self, data: bytes, at: int, tick: int, history: Mapping[int, Mapping[int, Row]], limit: int
    ) -> dict[int, Row]:
        """The rows of objects in a message, from bit ``at`` to its end.

        Args:
            tick: Of the message.
            history: The rows of earlier messages, by tick and object.
            limit: The most objects.

        Raises:
            MessageError: this is not the rest of a message, or a base is not in ``history``.
        """
        reader = BitReader(data, at)
        count = reader.read_number()
        if count > limit:
            raise MessageError(f"more than {limit} objects")
        rows: dict[int, Row] = {}
        number, age = -1, 0
        for _ in range(count):
            number += reader.read_number() + 1
            if not reader.read(1):
                age = reader.read(AGE_BITS)
            base = history.get(tick - age, {}).get(number) if age else self.default
            if base is None:
                raise MessageError(f"the state of {number} at tick {tick - age} never arrived")
            rows[number], used = self.decode_change(base, reader.peek(self.longest_change))
            reader.skip(used)
        reader.end()
        return rows


_NO_LINE = (None, None, None)


class _Rows:
    __slots__ = ()

    def _native(self, limits: Sequence[int], make: Callable[..., object], fields: Sequence[object]) -> None:
        """Set the limits of the columns, and how states are made of them, for the methods in C."""


_hot = hot_types()
if TYPE_CHECKING:
    HotRows = _Rows
else:
    HotRows = _Rows if _hot is None else _hot.rows


class RowCodec(HotRows, RowMethods[_T]):
    """The same, in C where that can be used."""

    def __init__(self, make: Callable[..., _T], codecs: Sequence[Codec]) -> None:
        super().__init__(make, codecs)
        limits = tuple(limit for codec in codecs for limit in codec.limits)
        self._native(limits, make, tuple((len(each.limits), each.join, *(each.line or _NO_LINE)) for each in codecs))
