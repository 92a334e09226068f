"""Packets that wait to be taken, and the changes that wait behind them.

Godot reads the network once per frame, so a peer's connect, packets and disconnect arrive in different frames. With a
network thread, or after a long frame, one ``poll()`` finds them all. The order of one peer stays what it was: a change,
which a signal announces, waits while the program could not yet take that peer's earlier packets. Other peers go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.core.interrupts import ONE_AT_A_TIME
from godot_enet.core.protocol.constants import HOST_DEFAULT_MAXIMUM_KEPT_DATA

__all__ = ["Inbox", "IncomingPacket"]

_Change = TypeVar("_Change")

_MAX_IDLE_POLLS = 2
"""Polls in a row before which no packet was taken, until a change overtakes the packets: the program does not read.

Two, since a program may poll a peer by itself that its multiplayer polls, too.
"""


_COUNT_AFTER = 1024 * 1024
"""Bytes that may arrive within a poll before they are counted."""
_OVERHEAD = 256
"""Bytes that a packet counts for besides its own."""


class Source(Hashable, Protocol):
    """Where packets come from: the ENetPacketPeer."""

    def is_active(self) -> bool: ...
    def _tell_untaken(self, packets: int, size: int) -> None: ...


class IncomingPacket(NamedTuple):
    """A packet, where it is from, and how it was sent."""

    packet: bytes
    sender: int
    channel: int
    mode: MultiplayerPeer.TransferMode
    serial: int
    """Its place in the queue, counted from the first packet ever; 0 while it is not in the queue."""
    source: Source
    size: int
    """Of the packet."""


class Inbox(Generic[_Change]):
    """The packets of all peers in the order of arrival, and each peer's held changes with what came after them.

    A program may take packets in one thread while another one polls. What it has not taken when the next poll begins
    counts as what waits at each peer's host, which then takes no more of that peer than fits its limits. Those who are
    gone have no limit there, so what they left behind has to go when it is too much.

    Args:
        limit: bytes that may wait here of all peers together before that happens.
    """

    def __init__(self, limit: int = HOST_DEFAULT_MAXIMUM_KEPT_DATA) -> None:
        self._limit = limit
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
        self._fresh: list[IncomingPacket] = []
        """Queued since :meth:`count` was last called, and their bytes."""
        self._fresh_size = 0
        self.counted = 0
        """The serial of the last one that it has looked at."""
        self.taken: deque[tuple[Source, int]] = deque()
        """Taken since then, though looked at before: where from, and how many bytes."""
        self._untaken: dict[Source, tuple[int, int]] = {}
        """What waits of each, in packets and bytes, as far as it is counted; and of all together, as it costs."""
        self._cost = 0

    def clear(self) -> None:
        """Drop everything."""
        self.packets.clear()
        self.count()
        self.drop_held()

    def drop_held(self) -> None:
        """Drop the held changes, and the packets after them. The packets before them can still be taken."""
        for queue in self.held.values():
            queue.clear()  # somebody may be in the middle of releasing it
        self.held.clear()
        self._last.clear()
        self._new.clear()

    def take(self) -> IncomingPacket:
        """The next packet. Raises ``IndexError`` without one."""
        packets = self.packets
        # No call between these where that may be: see core/interrupts.py.
        if ONE_AT_A_TIME:
            first = packets[0]
            del packets[0]
        else:
            first = packets.popleft()
        if first.serial <= self.counted:
            self.taken += ((first.source, first.size),)
        return first

    def count(self) -> None:
        """Tell each host what waits here of its peers."""
        fresh, self._fresh, self._fresh_size = self._fresh, [], 0
        if fresh:
            self.counted = fresh[-1].serial  # first, so that what is taken from now on is subtracted
        changed: set[Source] = set()
        try:
            first = self.packets[0].serial
        except IndexError:
            changed.update(self._untaken)
            self._untaken.clear()  # also what two threads at once may have counted wrongly
            self.taken.clear()
            self._cost = 0
        else:
            for packet in fresh:
                if packet.serial >= first:
                    self._add(changed, packet.source, 1, packet.size)
        while self.taken:
            source, size = self.taken.popleft()
            self._add(changed, source, -1, -size)
        for source in changed:
            source._tell_untaken(*self._untaken.get(source, (0, 0)))

    def _add(self, changed: set[Source], source: Source, packets: int, size: int) -> None:
        count, total = self._untaken.get(source, (0, 0))
        if count + packets >= 0:
            self._untaken[source] = count + packets, total + size
            self._cost += size + _OVERHEAD * packets
        if count + packets <= 0:
            self._untaken.pop(source, None)
        changed.add(source)

    def drop_orphans(self) -> int:
        """Drop what waits of peers that are gone, if too much waits in all. Returns how many packets that were."""
        if self._cost <= self._limit or all(source.is_active() for source in self._untaken):
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

    def place_packet(
        self, packet: bytes, sender: int, channel: int, mode: MultiplayerPeer.TransferMode, source: Source
    ) -> tuple[IncomingPacket, deque[Any], list[IncomingPacket]]:
        """A packet has arrived. Returns what the caller puts into which two queues."""
        held, size = self.held.get(sender), len(packet)
        if held is not None:
            return IncomingPacket(packet, sender, channel, mode, 0, source, size), held, []
        serial = self._next_serial(sender, size)
        return IncomingPacket(packet, sender, channel, mode, serial, source, size), self.packets, self._fresh

    def _next_serial(self, sender: int, size: int) -> int:
        if self._fresh_size > _COUNT_AFTER:
            self.count()
        self._fresh_size += size
        self._serial = serial = self._serial + 1
        self._last[sender] = serial
        return serial

    def add_connected(self, number: int) -> None:
        """A peer was announced. Its end waits for the next poll: a program that looks once per frame sees the peer."""
        self._new.add(number)

    def place_change(self, number: int) -> deque[IncomingPacket | _Change] | None:
        """A change has come for this peer. Returns the queue that the caller puts it into; None if it need not wait."""
        held = self.held.get(number)
        if held is None and self._is_blocked(number):
            held = self.held[number] = deque()
        return held

    def next_change(self, number: int, *, overtake: bool = False) -> deque[IncomingPacket | _Change] | None:
        """The queue whose first is the peer's next change, if that need not wait any more; the caller takes it out.

        Queues the packets in front of it.

        Args:
            number: the peer.
            overtake: whether the change may go ahead of packets that were not taken.
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
            del held[0]
        self.tidy(number)
        return None

    def tidy(self, number: int) -> None:
        """Nothing of this peer is held any more if its queue is empty."""
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
