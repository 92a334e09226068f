"""The receiving end of a stream of states: keeps the states that the sender may refer to, and acknowledges messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from godot_enet.netcode.bits import BitReader
from godot_enet.netcode.delta_format import ACK, HASH_BITS, HASH_MASK, WINDOW, read_ids
from godot_enet.netcode.errors import MessageError, SchemaMismatch
from godot_enet.netcode.packer import Packer
from godot_enet.netcode.rows import Row
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
        near: A tick less than 32768 from the first message's, such as :attr:`TickClock.server_tick`. By default the
            first tick is taken to be less than 65536.
        limit: The most objects at a time.
    """

    def __init__(self, packer: Packer[_T], near: int = 1 << (TICK_BITS - 1), limit: int = 4096) -> None:
        self._packer = packer
        self._limit = limit
        self._near = near
        self._received = 0
        """A bit for each of the 33 latest ticks, the newest lowest, if its message arrived."""
        self._rows: dict[int, Row] = {}
        """The newest row of each object."""
        self._history: dict[int, dict[int, Row]] = {}
        """The rows of the latest messages, which may become bases, by tick and object."""
        self.tick = -1
        """The newest tick of which a message arrived."""

    @property
    def states(self) -> dict[int, _T]:
        """The newest known state of each object."""
        return self._packer.rows.restore_all(self._rows)

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
        rows = self._packer.rows.read_changes(data, reader.position, tick, self._history, self._limit)
        states = self._packer.rows.restore_all(rows)
        if len(self._rows) + len(rows) > self._limit and len((self._rows.keys() - gone) | rows.keys()) > self._limit:
            raise MessageError(f"more than {self._limit} objects")
        for number in gone:
            if self._rows.pop(number, None):
                for earlier in self._history.values():
                    earlier.pop(number, None)
        self._rows.update(rows)
        self._history[tick] = rows
        while (oldest := next(iter(self._history))) <= tick - WINDOW:
            del self._history[oldest]
        self._received = (self._received << min(tick - self.tick, 33) | 1) & ((1 << 33) - 1)
        self.tick = tick
        return DeltaUpdate(tick, states, gone)

    def ack(self) -> bytes:
        """An acknowledgement for the sender: the newest tick, and which of the 32 before it arrived.

        Empty before the first message. Send it with each input, unreliably.
        """
        return b"" if self.tick < 0 else ACK.pack(wrap_tick(self.tick), self._received >> 1)
