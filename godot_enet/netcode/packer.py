"""States as bits: a dataclass is the schema, its fields become columns of a few bits, and only changes are sent."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Generic, NamedTuple, TypeVar

from godot_enet.netcode.columns import codec_of
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.schema import fields_of

__all__ = ["Packer", "Row"]

_T = TypeVar("_T")

Row = tuple[int, ...]
"""A state as integers, one for each column."""

_NARROW = 3
"""Columns up to this many bits are sent whole if they change, after one bit that says whether they do."""


class _Plan(NamedTuple):
    """How the change of a column is sent: in one of three sizes, named by two bits; 0 is no change."""

    mask: int
    half: int
    limit: int
    sizes: tuple[int, int, int, int]


def _plan(limit: int) -> _Plan:
    width = max(1, limit.bit_length())
    narrow = width <= _NARROW
    sizes = (0, width, width, width) if narrow else (0, -(-width // 3), -(-2 * width // 3), width)
    return _Plan((1 << width) - 1, 1 << (width - 1), limit, sizes)


class Packer(Generic[_T]):
    """Packs states of one dataclass.

    Fields are ``bool``, ``int``, ``float``, an ``Enum``, :class:`~godot_enet.Vector2`, :class:`~godot_enet.Vector3` or
    :class:`~godot_enet.Quaternion`. ``Annotated`` says how exact they are: ``Annotated[float, Range(0, 960, 1 / 8)]``.
    Without it an ``int`` takes 32 bits, and a ``float`` is rounded to 32 bits.

    Args:
        schema: The dataclass.

    Raises:
        TypeError: it is not a dataclass, or a field cannot be packed; the message names the field.
    """

    def __init__(self, schema: type[_T]) -> None:
        self.schema = schema
        fields = list(fields_of(schema))
        codecs = [codec_of(field) for field in fields]
        limits = [limit for codec in codecs for limit in codec.limits]
        text = "\n".join(f"{field.name}: {codec.text}" for field, codec in zip(fields, codecs, strict=True))
        self.schema_hash = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "little")
        """32 bits that differ for other names, types and limits of fields; fits ``data`` of ``connect_to_host``."""
        self._names = [field.name for field in fields]
        self._get = attrgetter(*self._names)
        self._splits = [codec.split for codec in codecs]
        ends = [sum(len(codec.limits) for codec in codecs[: number + 1]) for number in range(len(codecs))]
        starts = [0, *ends[:-1]]
        self._joins = [(codec.join, start, end) for codec, start, end in zip(codecs, starts, ends, strict=True)]
        self._plans = [_plan(limit) for limit in limits]
        self._widths = [plan.sizes[3] for plan in self._plans]
        self.size = -(-sum(self._widths) // 8)
        """Bytes of a packed state."""
        self.longest_change = sum(plan.sizes[3] + 2 for plan in self._plans)
        """Bits of the longest change that :meth:`encode_change` returns."""
        self.default: Row = (0,) * len(limits)
        """The base of a change if the other end has no state."""

    def __repr__(self) -> str:
        return f"<Packer of {self.schema.__name__}, {self.size} bytes, hash {self.schema_hash:08x}>"

    def quantize(self, state: _T) -> Row:
        """The columns of a state.

        Raises:
            ValueError: a number is not finite, or a quaternion is zero; the message names the field.
        """
        values = self._get(state) if len(self._names) > 1 else (self._get(state),)
        row: list[int] = []
        try:
            for split, value in zip(self._splits, values, strict=True):
                row += split(value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{self._field_at(len(row))}: {error}") from None
        return tuple(row)

    def _field_at(self, column: int) -> str:
        """The field that a column belongs to."""
        return next(name for name, (_, start, _) in zip(self._names, self._joins, strict=True) if start == column)

    def restore(self, row: Row) -> _T:
        """The state with these columns.

        Raises:
            MessageError: no state has them.
        """
        return self.schema(*[join(row[start:end]) for join, start, end in self._joins])

    def rounded(self, state: _T) -> _T:
        """The state as the other end will see it."""
        return self.restore(self.quantize(state))

    def pack(self, state: _T) -> bytes:
        """A whole state in :attr:`size` bytes.

        Raises:
            ValueError: as for :meth:`quantize`.
        """
        bits = at = 0
        for value, width in zip(self.quantize(state), self._widths, strict=True):
            bits |= value << at
            at += width
        return bits.to_bytes(self.size, "little")

    def unpack(self, data: bytes) -> _T:
        """The state in ``data``.

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
        return self.restore(tuple(row))

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

    def decode_change(self, base: Sequence[int], bits: int) -> tuple[Row, int]:
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
