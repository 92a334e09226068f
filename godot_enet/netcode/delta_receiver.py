"""The receiving end of a stream of states: keeps the states that the sender may refer to, and acknowledges messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from godot_enet.netcode.bits import BitReader
from godot_enet.netcode.delta_format import ACK, AGE_BITS, HASH_BITS, HASH_MASK, WINDOW, read_ids
from godot_enet.netcode.errors import MessageError, SchemaMismatch
from godot_enet.netcode.packer import Packer, Row
from godot_enet.netcode.ticks import TICK_BITS, unwrap_tick, wrap_tick

__all__ = ["DeltaReceiver", "DeltaUpdate"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DeltaUpdate(Generic[_T]):
    """The contents of a message."""

    tick: int
    states: dict[int, _T]
    """The states at this tick, of the objects that the message is about."""
    gone: list[int]
    """The ids of objects that the sender no longer sends."""


class DeltaReceiver(Generic[_T]):
    """Messages in, states and acknowledgements out.

    Args:
        packer: Of the states.
        near: A tick less than 32768 from the first message's, such as :attr:`TickClock.server_tick`.
        limit: The most objects at a time.
    """

    def __init__(self, packer: Packer[_T], near: int = 0, limit: int = 4096) -> None:
        self._packer = packer
        self._limit = limit
        self._near = near
        self._received = 0
        """A bit for each of the 33 latest ticks, the newest lowest, if its message arrived."""
        self._rows: dict[int, dict[int, Row]] = {}
        """The states of each object that may become bases, by tick."""
        self.tick = -1
        """The newest tick of which a message arrived."""

    @property
    def states(self) -> dict[int, _T]:
        """The newest known state of each object."""
        return {number: self._packer.restore(rows[max(rows)]) for number, rows in self._rows.items()}

    def receive(self, data: bytes) -> DeltaUpdate[_T] | None:
        """Take a message. Returns None if it is older than the newest.

        Raises:
            SchemaMismatch: the other end's states have another schema.
            MessageError: it is not a message, or needs a state that never arrived. Nothing has changed then.
        """
        reader = BitReader(data)
        theirs = reader.read(HASH_BITS)
        if theirs != self._packer.schema_hash & HASH_MASK:
            ours = self._packer.schema_hash & HASH_MASK
            raise SchemaMismatch(f"{self._packer.schema.__name__} has the hash {ours:04x} here and {theirs:04x} there")
        tick = unwrap_tick(reader.read(TICK_BITS), self._near if self.tick < 0 else self.tick)
        if tick <= self.tick:
            return None
        gone = read_ids(reader)
        rows = self._read_rows(reader, tick)
        reader.end()
        states = {number: self._packer.restore(row) for number, (_, row) in rows.items()}
        if len(self._rows) + len(rows) > self._limit and len((self._rows.keys() - gone) | rows.keys()) > self._limit:
            raise MessageError(f"more than {self._limit} objects")
        for number in gone:
            self._rows.pop(number, None)
        for number, (base, row) in rows.items():
            kept = self._rows.setdefault(number, {})
            while kept and (oldest := next(iter(kept))) < max(base, tick - WINDOW):
                del kept[oldest]
            kept[tick] = row
        self._received = (self._received << min(tick - self.tick, 33) | 1) & ((1 << 33) - 1)
        self.tick = tick
        return DeltaUpdate(tick, states, gone)

    def ack(self) -> bytes:
        """An acknowledgement for the sender: the newest tick, and which of the 32 before it arrived.

        Empty before the first message. Send it with each input, unreliably.
        """
        return b"" if self.tick < 0 else ACK.pack(wrap_tick(self.tick), self._received >> 1)

    def _read_rows(self, reader: BitReader, tick: int) -> dict[int, tuple[int, Row]]:
        """The tick of the base and the new state of each object."""
        packer = self._packer
        rows: dict[int, tuple[int, Row]] = {}
        number, age = -1, 0
        count = reader.read_number()
        if count > self._limit:
            raise MessageError(f"more than {self._limit} objects")
        for _ in range(count):
            number += reader.read_number() + 1
            if not reader.read(1):
                age = reader.read(AGE_BITS)
            base: Row | None = packer.default
            if age:
                base = self._rows.get(number, {}).get(tick - age)
                if base is None:
                    raise MessageError(f"the state of {number} at tick {tick - age} never arrived")
            row, used = packer.decode_change(base or packer.default, reader.peek(packer.longest_change))
            reader.skip(used)
            rows[number] = (tick - age if age else 0), row
        return rows
