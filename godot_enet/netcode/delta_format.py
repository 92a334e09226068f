"""The format of a message of changes.

As bits, the first lowest: 16 of the schema's hash, 16 of the tick, the ids of objects that are gone, and the ids and
changes of others. Ids ascend, and each is sent as its distance from the last. Before a change stand the ticks since its
base, 0 for :attr:`Packer.default`, or one bit if they are the same as for the change before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import NamedTuple

from godot_enet.netcode.bits import BitReader, BitWriter
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.ticks import TICK_BITS, wrap_tick

__all__ = [
    "ACK",
    "AGE_BITS",
    "HASH_BITS",
    "HASH_MASK",
    "MAX_GONE",
    "TYPICAL_BITS",
    "WINDOW",
    "Change",
    "read_ids",
    "write_message",
]

HASH_BITS = 16
HASH_MASK = (1 << HASH_BITS) - 1
AGE_BITS = 6
WINDOW = (1 << AGE_BITS) - 1
"""Ticks after which a state is no longer the base of changes."""
ACK = Struct("<HI")
"""The newest tick that arrived, and a bit for each of the 32 ticks before it."""
TYPICAL_BITS = 6
"""Bits of an id and an age, as most are, to estimate how many changes fit."""
MAX_GONE = 1 << 16
"""Ids of objects that are gone, in one message."""


class Change(NamedTuple):
    """The change of an object."""

    age: int
    """Ticks since its base; 0 for the default state."""
    bits: int
    length: int


def write_message(schema_hash: int, tick: int, gone: Iterable[int], changes: Mapping[int, Change]) -> bytes:
    """A message."""
    writer = BitWriter()
    writer.write(schema_hash & HASH_MASK, HASH_BITS)
    writer.write(wrap_tick(tick), TICK_BITS)
    _write_ids(writer, sorted(gone))
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


def _write_ids(writer: BitWriter, ids: list[int]) -> None:
    writer.write_number(len(ids))
    last = -1
    for number in ids:
        writer.write_number(number - last - 1)
        last = number


def read_ids(reader: BitReader) -> list[int]:
    """The ids of objects that are gone.

    Raises:
        MessageError: truncated, or a number is too large, or there are too many.
    """
    ids: list[int] = []
    last = -1
    count = reader.read_number()
    if count > MAX_GONE:
        raise MessageError(f"{count} objects are gone; {MAX_GONE} may be")
    for _ in range(count):
        last += reader.read_number() + 1
        ids.append(last)
    return ids
