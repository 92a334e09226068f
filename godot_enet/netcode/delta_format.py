"""The format of a message of changes.

As bits, the first lowest: 16 of the schema's hash, 16 of the tick, the ids of objects that are gone, and the ids and
changes of others. Ids ascend, and each is sent as its distance from the last. Before a change stand the ticks since its
base, 0 for :attr:`RowMethods.default`, or one bit if they are the same as for the change before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import Any

from godot_enet.core.protocol.packing import AGE_BITS
from godot_enet.netcode.bits import BitReader, BitWriter
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.packer import Packer
from godot_enet.netcode.rows import Change
from godot_enet.netcode.ticks import TICK_BITS, wrap_tick

__all__ = [
    "ACK",
    "HASH_BITS",
    "HASH_MASK",
    "MAX_GONE",
    "TYPICAL_BITS",
    "WINDOW",
    "read_ids",
    "write_message",
]

HASH_BITS = 16
HASH_MASK = (1 << HASH_BITS) - 1
WINDOW = (1 << AGE_BITS) - 1
"""Ticks after which a state is no longer the base of changes."""
ACK = Struct("<HI")
"""The newest tick that arrived, and a bit for each of the 32 ticks before it."""
TYPICAL_BITS = 6
"""Bits of an id and an age, as most are, to estimate how many changes fit."""
MAX_GONE = 1 << 16
"""Ids of objects that are gone, in one message."""


def write_message(packer: Packer[Any], tick: int, gone: Iterable[int], changes: Mapping[int, Change]) -> bytes:
    """A message."""
    writer = BitWriter(packer.schema_hash & HASH_MASK | wrap_tick(tick) << HASH_BITS, HASH_BITS + TICK_BITS)
    _write_ids(writer, sorted(gone))
    return packer.rows.write_changes(writer.to_bytes(), writer.length, changes)


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
