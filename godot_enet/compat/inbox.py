"""Packets that wait to be taken, and the changes that wait behind them.

Godot reads the network once per frame, so a peer's connect, packets and disconnect arrive in different frames. With a
network thread, or after a long frame, one ``poll()`` finds them all. The order of one peer stays what it was: a change,
which a signal announces, waits while the program could not yet take that peer's earlier packets. Other peers go on.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, NamedTuple, TypeVar

from godot_enet.compat.multiplayer_peer import MultiplayerPeer

__all__ = ["Inbox", "IncomingPacket"]

_Change = TypeVar("_Change")

_MAX_IDLE_POLLS = 2
"""Polls in a row before which no packet was taken, until a change overtakes the packets: the program does not read.

Two, since a program may poll a peer by itself that its multiplayer polls, too.
"""


class IncomingPacket(NamedTuple):
    """A packet, where it is from, and how it was sent."""

    packet: bytes
    sender: int
    channel: int
    mode: MultiplayerPeer.TransferMode
    serial: int
    """Its place in the queue, counted from the first packet ever; 0 while it is not in the queue."""


class Inbox(Generic[_Change]):
    """The packets of all peers in the order of arrival, and each peer's held changes with what came after them.

    A program may take packets in one thread while another one polls.
    """

    def __init__(self) -> None:
        self.packets: deque[IncomingPacket] = deque()
        """What the program takes from."""
        self.held: dict[int, deque[IncomingPacket | _Change]] = {}
        """By peer: a change, and all that came after it."""
        self._serial = 0
        self._last: dict[int, int] = {}
        """The serial of each peer's last packet in the queue."""
        self._new: set[int] = set()
        self._head: IncomingPacket | None = None
        self._idle_polls = 0

    def clear(self) -> None:
        """Drop everything."""
        self.packets.clear()
        self.drop_held()

    def drop_held(self) -> None:
        """Drop the held changes, and the packets after them. The packets before them can still be taken."""
        for queue in self.held.values():
            queue.clear()  # somebody may be in the middle of releasing it
        self.held.clear()
        self._last.clear()
        self._new.clear()

    def begin_poll(self) -> bool:
        """A poll begins. Returns whether changes shall overtake packets, since the program does not take any."""
        self._new.clear()
        try:
            head = self.packets[0]
        except IndexError:
            head = None
            self._last.clear()
        if head is None or head is not self._head:
            self._idle_polls = 0
        else:
            self._idle_polls += 1
        self._head = head
        return self._idle_polls >= _MAX_IDLE_POLLS

    def add_packet(self, packet: bytes, sender: int, channel: int, mode: MultiplayerPeer.TransferMode) -> None:
        """A packet has arrived."""
        held = self.held.get(sender)
        if held is None:
            self._serial = serial = self._serial + 1
            self._last[sender] = serial
            self.packets.append(IncomingPacket(packet, sender, channel, mode, serial))
        else:
            held.append(IncomingPacket(packet, sender, channel, mode, 0))

    def add_connected(self, number: int) -> None:
        """A peer was announced. Its end waits for the next poll: a program that looks once per frame sees the peer."""
        self._new.add(number)

    def hold(self, number: int, change: _Change) -> bool:
        """A change has come for this peer. Returns whether it has to wait; then it is kept here."""
        held = self.held.get(number)
        if held is not None:
            held.append(change)
        elif self._is_blocked(number):
            self.held[number] = deque([change])
        else:
            return False
        return True

    def release(self, number: int, *, overtake: bool = False) -> _Change | None:
        """The peer's next change, if it need not wait any more. Queues the packets in front of it.

        Args:
            number: the peer.
            overtake: whether the change may go ahead of packets that were not taken.
        """
        held = self.held.get(number)
        if held is None:
            return None
        while held:
            first = held[0]
            if not isinstance(first, IncomingPacket):
                if self._is_blocked(number) and not overtake:
                    return None
                break
            held.popleft()
            self._serial = serial = self._serial + 1
            self._last[number] = serial
            self.packets.append(first._replace(serial=serial))
        change = held.popleft() if held else None
        if not held and self.held.get(number) is held:
            del self.held[number]
        return change  # type: ignore[return-value]  # no packet, by now

    def _is_blocked(self, number: int) -> bool:
        if number in self._new:
            return True
        last = self._last.get(number)
        if last is None:
            return False
        try:
            return self.packets[0].serial <= last
        except IndexError:
            return False
