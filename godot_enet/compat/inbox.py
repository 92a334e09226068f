"""The receive queue of an ENetMultiplayerPeer, and the changes held back behind its packets.

Godot reads the network once per frame, so a peer's connect, packets and disconnect arrive in different frames. With a
network thread, or after a long frame, one ``poll()`` finds them all. Each peer keeps its order: a change, announced by
a signal, is held back while the program has not taken that peer's earlier packets. Other peers are not affected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.core.interrupts import ONE_AT_A_TIME
from godot_enet.core.protocol.constants import HOST_DEFAULT_MAXIMUM_BUFFERED_DATA

__all__ = ["Inbox", "IncomingPacket"]

_Change = TypeVar("_Change")

_MAX_IDLE_POLLS = 2
"""Consecutive polls without a packet taken after which a change overtakes the packets: the program does not read.

Two, since a program may poll a peer that its multiplayer polls, too.
"""

_COUNT_AFTER = 1024 * 1024
"""Bytes received within a poll after which they are counted."""
_OVERHEAD = 256
"""Bytes counted for each packet in addition to its size."""


class Source(Hashable, Protocol):
    """The source of packets: an ENetPacketPeer."""

    def is_active(self) -> bool: ...
    def _set_unread(self, packets: int, size: int) -> None: ...


class IncomingPacket(NamedTuple):
    """A received packet with its source and its transfer mode."""

    packet: bytes
    sender: int
    channel: int
    mode: MultiplayerPeer.TransferMode
    serial: int
    """Its position in the queue, counted from the first packet ever; 0 while it is not in the queue."""
    source: Source
    size: int
    """The size of the packet."""


class Inbox(Generic[_Change]):
    """The packets of all peers in order of arrival, and each peer's held changes with the packets after them.

    A program may take packets in one thread while another one polls. Packets left when the next poll begins are
    reported to their host, which then receives no more from that peer than its limits allow. Disconnected peers have no
    such limit, so their packets are dropped when they are too many.

    Args:
        limit: bytes of all peers together above which that happens.
    """

    def __init__(self, limit: int = HOST_DEFAULT_MAXIMUM_BUFFERED_DATA) -> None:
        self._limit = limit
        self.packets: deque[IncomingPacket] = deque()
        """The packets that the program can take."""
        self.held: dict[int, deque[IncomingPacket | _Change]] = {}
        """By peer: a change, and everything after it."""
        self._serial = 0
        self._last: dict[int, int] = {}
        """The serial of each peer's last packet in the queue."""
        self._new: set[int] = set()
        self._head: IncomingPacket | None = None
        self._idle_polls = 0
        self._fresh: list[IncomingPacket] = []
        """Packets queued since the last :meth:`count`, and their size."""
        self._fresh_size = 0
        self.counted = 0
        """The serial of the last packet that :meth:`count` has seen."""
        self.taken: deque[tuple[Source, int]] = deque()
        """Source and size of counted packets that were taken since."""
        self._unread: dict[Source, tuple[int, int]] = {}
        """The counted packets and bytes of each source, and the cost of all together."""
        self._cost = 0

    def clear(self) -> None:
        """Drop everything."""
        self.packets.clear()
        self.drop_held()
        self.count()

    def drop_held(self) -> None:
        """Drop the held changes, and the packets after them. The packets before them can still be taken."""
        for queue in self.held.values():
            self.taken += [(each.source, each.size) for each in queue if isinstance(each, IncomingPacket)]
            queue.clear()  # another call may be releasing it
        self.held.clear()
        self._last.clear()
        self._new.clear()

    def take(self) -> IncomingPacket:
        """Remove and return the next packet. Raises ``IndexError`` if there is none."""
        packets = self.packets
        # No call between these, if possible: see core/interrupts.py.
        if ONE_AT_A_TIME:
            first = packets[0]
            del packets[0]
        else:
            first = packets.popleft()
        if first.serial <= self.counted:
            self.taken += ((first.source, first.size),)
        return first

    def count(self) -> None:
        """Report to each host how much of its peers is queued here."""
        fresh, self._fresh, self._fresh_size = self._fresh, [], 0
        # First, so that packets taken from now on are subtracted.
        self.counted = max([self.counted, *[packet.serial for packet in fresh]])
        changed: set[Source] = set()
        try:
            first = self.packets[0].serial
        except IndexError:
            first = self._serial + 1
        if first > self._serial and not self.held:
            changed.update(self._unread)
            self._unread.clear()  # also corrects what two concurrent threads may have miscounted
            self.taken.clear()
            self._cost = 0
        else:
            for packet in fresh:
                if packet.serial >= first or not packet.serial:
                    self._add(changed, packet.source, 1, packet.size)
        while self.taken:
            source, size = self.taken.popleft()
            self._add(changed, source, -1, -size)
        for source in changed:
            source._set_unread(*self._unread.get(source, (0, 0)))

    def _add(self, changed: set[Source], source: Source, packets: int, size: int) -> None:
        count, total = self._unread.get(source, (0, 0))
        if count + packets >= 0:
            self._unread[source] = count + packets, total + size
            self._cost += size + _OVERHEAD * packets
        if count + packets <= 0:
            self._unread.pop(source, None)
        changed.add(source)

    def drop_orphans(self) -> int:
        """Drop the packets of disconnected peers if too much is queued in all, and return their number."""
        if self._cost <= self._limit or all(source.is_active() for source in self._unread):
            return 0
        count = 0
        for _ in range(len(self.packets)):
            packet = self.packets.popleft()
            if packet.source.is_active():
                self.packets.append(packet)
            else:
                self.taken.append((packet.source, packet.size))
                count += 1
        self.count()
        return count

    def begin_poll(self) -> bool:
        """Begin a poll; return whether changes may overtake packets, since the program does not take any."""
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

    def place_packet(
        self, packet: bytes, sender: int, channel: int, mode: MultiplayerPeer.TransferMode, source: Source
    ) -> tuple[IncomingPacket, deque[Any], list[IncomingPacket]]:
        """Prepare to queue a packet; return it with the two queues to which the caller appends it."""
        held, size = self.held.get(sender), len(packet)
        if held is not None:
            self._note_fresh(size)
            return IncomingPacket(packet, sender, channel, mode, 0, source, size), held, self._fresh
        serial = self._next_serial(sender, size)
        return IncomingPacket(packet, sender, channel, mode, serial, source, size), self.packets, self._fresh

    def _next_serial(self, sender: int, size: int) -> int:
        self._note_fresh(size)
        self._serial = serial = self._serial + 1
        self._last[sender] = serial
        return serial

    def _note_fresh(self, size: int) -> None:
        if self._fresh_size > _COUNT_AFTER:
            self.count()
        self._fresh_size += size

    def add_connected(self, number: int) -> None:
        """Hold back the disconnect of a new peer until the next poll, so that once-per-frame programs see the peer."""
        self._new.add(number)

    def place_change(self, number: int) -> deque[IncomingPacket | _Change] | None:
        """Return the queue to which the caller appends a change of this peer; None if it need not wait."""
        held = self.held.get(number)
        if held is None and self._is_blocked(number):
            held = self.held[number] = deque()
        return held

    def next_change(self, number: int, *, overtake: bool = False) -> deque[IncomingPacket | _Change] | None:
        """Return the queue that starts with the peer's next change, for the caller to remove; None if it has to wait.

        Packets before the change move to the receive queue.

        Args:
            number: the peer.
            overtake: whether the change may overtake packets that were not taken.
        """
        held = self.held.get(number)
        while held:
            first = held[0]
            if not isinstance(first, IncomingPacket):
                return None if self._is_blocked(number) and not overtake else held
            packet = first._replace(serial=self._next_serial(number, first.size))
            # No call between these: see core/interrupts.py.
            self.packets += (packet,)
            self._fresh += (packet,)
            self.taken += ((first.source, first.size),)  # it no longer counts as held
            del held[0]
        self.tidy(number)
        return None

    def tidy(self, number: int) -> None:
        """Remove the queue of this peer if it is empty."""
        if not self.held.get(number, True):
            self.held.pop(number, None)

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
