"""One round of the network for one host: timeouts, transmit, receive, transmit again.

This is the only such loop; every driver calls it. It depends on Protocols only. It also keeps the traffic totals, since
only here both the output of the engine and the bytes taken by the socket are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from godot_enet.core.interface import Address, Datagram, Engine, HostView, Totals, Transport, TransportStage
from godot_enet.core.protocol.constants import HostStatistic, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import PeerHandle
from godot_enet.core.protocol.tuning import RECEIVE_BATCH
from godot_enet.core.reporting import DropReporter

__all__ = ["CountsTraffic", "Pump"]


@runtime_checkable
class CountsTraffic(Protocol):
    """A stage that withholds datagrams from the engine, or sends some of its own."""

    def pop_traffic(self) -> tuple[int, int, int, int]:
        """Packets and bytes received, and packets and bytes sent, since the last call."""
        ...


@runtime_checkable
class ReportsUnreachable(Protocol):
    """A transport that learns from the system which addresses cannot be reached."""

    unreachable: list[tuple[Address, Drop]]
    """What it has learned: PORT_UNREACHABLE or ADDRESS_UNREACHABLE."""

    def watch_unreachable(self) -> None:
        """Ask the system for such reports from now on."""
        ...


_PIECE = 4
"""Datagrams per send call."""


class Pump:
    """Joins an engine and a transport."""

    def __init__(self, engine: Engine, transport: Transport) -> None:
        self.engine = engine
        self.transport = transport
        self.sent_data = 0
        self.sent_packets = 0
        self.received_data = 0
        self.received_packets = 0
        self._popped = dict.fromkeys(HostStatistic, 0)
        """The totals when the program last popped them."""
        self.reporter = DropReporter()
        self._stages: list[CountsTraffic] = []
        self._socket = transport if isinstance(transport, ReportsUnreachable) else None
        self._arrived: Iterator[Datagram] = iter(())
        """Received datagrams that the engine has not processed yet."""
        self._leaving: list[Datagram] = []
        """Datagrams being sent. After an interruption the next call may send some of them again: datagrams may arrive
        twice."""

    def step(self, now: int, *, urgent: bool = False) -> None:
        """Do everything possible without waiting. enet: protocol.c: enet_host_service.

        ``urgent`` leaves packets queued since the last full step for the next one.
        """
        engine = self.engine
        engine.handle_timeout(now)
        self.transmit(now, urgent=urgent)
        batch = self.transport.receive(RECEIVE_BATCH, now)
        batch = [*self._arrived, *batch]
        self._arrived = iter(batch)
        for stage in self._stages:
            self._count(stage)
        if batch:
            packets, size = len(batch), sum([len(datagram.data) for datagram in batch])
            self.received_packets += packets
            self.received_data += size
            engine.receive(self._arrived, now)
            engine.handle_timeout(now)
            self.transmit(now, urgent=urgent)
        while self._socket is not None and self._socket.unreachable:
            address, cause = self._socket.unreachable.pop()
            engine.on_unreachable(address, cause)
        self.reporter.collect(engine.poll_drops(), now)

    def watch_unreachable(self) -> None:
        """Report addresses that cannot be reached, for a host that connects to others."""
        if self._socket is not None:
            self._socket.watch_unreachable()

    def transmit(self, now: int, *, urgent: bool = False) -> None:
        """Send everything that may be sent now."""
        leaving = self._leaving
        leaving += self.engine.poll_transmit(now, urgent=urgent)
        while leaving:
            # In pieces: it makes progress however often it is interrupted.
            piece = leaving[:_PIECE]
            packets = len(piece)
            size = self.transport.send(piece, now)
            self.sent_packets += packets
            self.sent_data += size
            del leaving[:_PIECE]

    def total(self, which: HostStatistic) -> int:
        """Return the traffic since the host was opened."""
        total: int = self.__dict__[_TOTALS[which]]
        return total

    def pop_total(self, which: HostStatistic) -> int:
        """Return the traffic since the last call."""
        total = self.total(which)
        value = total - self._popped[which]
        self._popped[which] = total
        return value

    def restore_totals(self, totals: Totals) -> None:
        """Continue the totals of another host."""
        for which, (total, unpopped) in totals.items():
            setattr(self, _TOTALS[which], total)
            self._popped[which] = total - unpopped

    def wrap_transport(self, stage: TransportStage) -> None:
        """Send and receive through this stage from now on."""
        self.transport = transport = stage(self.transport, self)
        if isinstance(transport, CountsTraffic):
            self._stages.append(transport)

    def _count(self, stage: CountsTraffic) -> None:
        received_packets, received_data, sent_packets, sent_data = stage.pop_traffic()
        self.received_packets += received_packets
        self.received_data += received_data
        self.sent_packets += sent_packets
        self.sent_data += sent_data

    def peers(self) -> dict[PeerHandle, Address]:
        """The addresses of the peers; see :class:`~godot_enet.core.interface.HostView`."""
        look = self.engine.peer_info
        return {peer: look(peer).address for peer in self.engine.peers()}

    def has_peer(self, peer: PeerHandle) -> bool:
        """Whether the peer still exists."""
        return self.engine.peer_state(peer) is not PeerState.DISCONNECTED

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Whether the network of this address may connect; see :class:`~godot_enet.core.interface.HostView`."""
        return self.engine.may_connect(address, per_second, now)

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        """Log a line later; see :class:`~godot_enet.core.interface.HostView`."""
        self.reporter.note(cause, text, now, expected=expected, error=error)

    def poll_timeout(self) -> int | None:
        """When :meth:`step` is needed next if nothing arrives; None if never."""
        due = self.engine.poll_timeout()
        other = self.transport.poll_timeout()
        if due is None or other is None:
            return other if due is None else due
        return min(due, other)


_TOTALS = {
    HostStatistic.TOTAL_SENT_DATA: "sent_data",
    HostStatistic.TOTAL_SENT_PACKETS: "sent_packets",
    HostStatistic.TOTAL_RECEIVED_DATA: "received_data",
    HostStatistic.TOTAL_RECEIVED_PACKETS: "received_packets",
}


if TYPE_CHECKING:
    _check: type[HostView] = Pump
