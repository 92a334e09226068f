"""An end of hockey.py. It needs the inputs of both players for a tick, and guesses those that are not there yet."""

from __future__ import annotations

import struct
from collections import deque
from copy import deepcopy
from dataclasses import dataclass
from math import dist
from typing import Annotated
from zlib import crc32

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.netcode import InputBuffer, InputSender, MessageError, Packer, Range

from ._hockey_table import Table, advance
from ._options import GOODBYE, MAX_EVENTS_PER_FRAME, SILENCE

WINDOW = 16  # ticks that an end may be ahead of the other's inputs; then it waits
CHECK_EVERY = 30  # ticks
OTHER_VERSION = 2  # data of a disconnect, as GOODBYE is
LEFT_WITH = {
    GOODBYE: "The other player left.",
    OTHER_VERSION: "The other player has another version of the game.",
}
HEAD = struct.Struct("<IIb")  # the last tick that was checked, its checksum, and how far the sender is ahead


@dataclass(frozen=True, slots=True)
class Buttons:
    held: Annotated[int, Range(0, 15)]


BUTTONS = Packer(Buttons)


class End:
    """One player's: 0 is the left one, whose connection waits for the other, and 1 the right one."""

    def __init__(self, side: int, connection: ENetConnection, status: str = "") -> None:
        self.side, self.connection, self.status = side, connection, status
        self.peer: ENetPacketPeer | None = None
        self.ended = self.desynced = False
        self.agreed, self.agreed_tick = Table(), 0
        """After the last tick for which both inputs are known: the same at both ends."""
        self.table, self.tick = Table(), 0
        """After the last own input. The other's are guessed where they are not known: still the same buttons."""
        self.checksums: dict[int, int] = {}
        """Of the agreed table at some ticks, for comparison."""
        self.checked = 0
        """The last tick at which both ends had the same checksum."""
        self.jumps: deque[float] = deque(maxlen=120)
        """Pixels by which inputs that came late moved the puck, in each frame."""
        # The other end has sent input N - WINDOW when we send N, and had ours up to WINDOW before that one. So what it
        # may lack is in each packet, and no loss makes a gap.
        self._sender = InputSender(BUTTONS, copies=2 * WINDOW)
        self._buffer = InputBuffer(BUTTONS)
        self._own: dict[int, int] = {}
        self._other: dict[int, int] = {}
        self._guess = self._newest = self._other_ahead = 0
        self._lead = 0.0

    def play(self, held: int) -> None:
        """Call once per frame."""
        self._receive()
        if self.peer is None or self.ended:
            return
        before = self.table.puck
        self._agree()
        self.table = deepcopy(self.agreed)
        for tick in range(self.agreed_tick + 1, self.tick + 1):
            advance(self.table, self._buttons(tick))
        self.jumps.append(dist((before.x, before.y), (self.table.puck.x, self.table.puck.y)))
        if not self._must_wait():
            self.tick += 1
            self._own[self.tick] = self._sender.add(Buttons(held)).held
            advance(self.table, self._buttons(self.tick))
        checked = max(self.checksums, default=0)
        head = HEAD.pack(checked, self.checksums.get(checked, 0), max(-99, min(99, self.tick - self._newest)))
        self.peer.send(0, head + self._sender.packet(), 0)  # unreliable: the next frame's has all of it again
        self.connection.flush()

    def close(self) -> None:
        for peer in self.connection.get_peers():
            peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()

    def _agree(self) -> None:
        while self.agreed_tick < self.tick and self.agreed_tick + 1 in self._other:
            self.agreed_tick += 1
            advance(self.agreed, self._buttons(self.agreed_tick))
            del self._own[self.agreed_tick]
            self._guess = self._other.pop(self.agreed_tick)
            if self.agreed_tick % CHECK_EVERY == 0:
                self.checksums[self.agreed_tick] = crc32(repr(self.agreed).encode())
                self.checksums.pop(self.agreed_tick - 8 * CHECK_EVERY, None)

    def _buttons(self, tick: int) -> tuple[int, int]:
        own, other = self._own[tick], self._other.get(tick, self._guess)
        return (other, own) if self.side else (own, other)

    def _must_wait(self) -> bool:
        """For an input that is long in coming, after a desync, or because this end runs ahead of the other."""
        self._lead += 0.05 * ((self.tick - self._newest) - self._other_ahead - self._lead)
        runs_ahead = self._lead > 2
        self._lead -= 2 * runs_ahead
        return runs_ahead or self.tick - self.agreed_tick >= WINDOW or self.desynced

    def _receive(self) -> None:
        for _ in range(MAX_EVENTS_PER_FRAME):
            event = self.connection.service()
            if event.peer is None:
                break
            if event.type == ENetConnection.EVENT_CONNECT and not self.side and event.data != BUTTONS.schema_hash:
                event.peer.peer_disconnect(OTHER_VERSION)
                self.status = "Refused a player with another version of the game; waiting for the next ..."
            elif event.type == ENetConnection.EVENT_CONNECT:
                self.peer, self.status = event.peer, "Playing."
                event.peer.set_timeout(*SILENCE)
                event.peer.throttle_configure(5000, 2, 0)  # drop nothing when the round trip grows: there is little
            elif event.type == ENetConnection.EVENT_DISCONNECT and (self.side or event.peer is self.peer):
                gone = LEFT_WITH.get(event.data, "The other player timed out.")
                self.status, self.ended = gone if self.peer else "Nobody answered.", True
            elif event.type == ENetConnection.EVENT_RECEIVE:
                self._take(event.peer.get_packet())

    def _take(self, packet: bytes) -> None:
        try:
            tick, checksum, self._other_ahead = HEAD.unpack_from(packet)
            self._buffer.receive(packet[HEAD.size :])
        except (struct.error, MessageError):
            return  # never trust received data
        for number, action in self._buffer.take(len(self._buffer)):
            if number <= self.tick + WINDOW:
                self._other[number] = action.held
                self._newest = number
        if self.checksums.get(tick, checksum) != checksum:
            self.status, self.desynced = f"Desync: the ends differ at tick {tick}.", True
        elif tick in self.checksums:
            self.checked = max(self.checked, tick)
