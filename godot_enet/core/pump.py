"""One round of the network for one host: time out, transmit, receive, transmit again.

The only such loop; every driver calls it. Sees Protocols only. Also keeps the traffic totals, since only here both
what the engine wanted and what the socket took are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from godot_enet.core.interface import Address, Datagram, Engine, HostView, Transport, TransportStage
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.events import PeerHandle
from godot_enet.core.protocol.tuning import RECEIVE_BATCH
from godot_enet.core.reporting import DropReporter

__all__ = ["OwnTraffic", "Pump"]


@runtime_checkable
class OwnTraffic(Protocol):
    """A stage that keeps datagrams from the engine, or sends some that are not the engine's."""

    def pop_traffic(self) -> tuple[int, int, int, int]:
        """Packets and bytes received, and packets and bytes sent, since the last call."""
        ...


_PIECE = 4
"""Datagrams that are sent at a time."""


class Pump:
    """Joins an engine and a transport."""

    def __init__(self, engine: Engine, transport: Transport) -> None:
        self.engine = engine
        self.transport = transport
        self.sent_data = 0
        self.sent_packets = 0
        self.received_data = 0
        self.received_packets = 0
        self.reporter = DropReporter()
        self._stages: list[OwnTraffic] = []
        self._arrived: Iterator[Datagram] = iter(())
        """What has been received and the engine does not have yet."""
        self._leaving: list[Datagram] = []
        """What is being sent. If that is broken off, the next call sends some of it once more: a datagram may come
        twice."""

    def step(self, now: int, *, urgent: bool = False) -> None:
        """Everything that can happen now without waiting. enet: protocol.c: enet_host_service.

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
        self.reporter.collect(engine.poll_drops(), now)

    def transmit(self, now: int, *, urgent: bool = False) -> None:
        """Send what is queued and may leave."""
        leaving = self._leaving
        leaving += self.engine.poll_transmit(now, urgent=urgent)
        while leaving:
            # Piece by piece: however often it is broken off, it gets on.
            piece = leaving[:_PIECE]
            packets = len(piece)
            size = self.transport.send(piece, now)
            self.sent_packets += packets
            self.sent_data += size
            del leaving[:_PIECE]

    def pop_total(self, name: str) -> int:
        """One of the traffic totals, which starts again from 0.

        It may be asked for in the middle of :meth:`step`, by a signal handler: so totals are added to in steps without
        a call, between which none can run.
        """
        totals = self.__dict__
        value: int = totals[name]
        totals[name] = 0
        return value

    def wrap_transport(self, stage: TransportStage) -> None:
        """Send and receive through this stage from now on."""
        self.transport = transport = stage(self.transport, self)
        if isinstance(transport, OwnTraffic):
            self._stages.append(transport)

    def _count(self, stage: OwnTraffic) -> None:
        received_packets, received_data, sent_packets, sent_data = stage.pop_traffic()
        self.received_packets += received_packets
        self.received_data += received_data
        self.sent_packets += sent_packets
        self.sent_data += sent_data

    def peers(self) -> dict[PeerHandle, Address]:
        """Where the peers are; see :class:`~godot_enet.core.interface.HostView`."""
        look = self.engine.peer_info
        return {peer: look(peer).address for peer in self.engine.peers()}

    def has_peer(self, peer: PeerHandle) -> bool:
        """Whether the peer is still among them."""
        return self.engine.peer_state(peer) is not PeerState.DISCONNECTED

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Whether the network of this address may connect; see :class:`~godot_enet.core.interface.HostView`."""
        return self.engine.may_connect(address, per_second, now)

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        """Have a line logged; see :class:`~godot_enet.core.interface.HostView`."""
        self.reporter.note(cause, text, now, expected=expected, error=error)

    def poll_timeout(self) -> int | None:
        """When :meth:`step` is next needed without anything arriving; None if never."""
        due = self.engine.poll_timeout()
        other = self.transport.poll_timeout()
        if due is None or other is None:
            return other if due is None else due
        return min(due, other)


if TYPE_CHECKING:
    _check: type[HostView] = Pump
