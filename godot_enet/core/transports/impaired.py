"""A bad network around a good transport: seeded loss, delay and the rest on real sockets.

Owns: the datagrams in transit, in both directions. Must not know: which transport it wraps.
Units: milliseconds, bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.interface import Datagram, Transport
from godot_enet.core.sim.link import ArrivalQueue, Link, LinkConfig

__all__ = ["ImpairedTransport"]

INNER_BATCH = 256
"""Datagrams taken from the wrapped transport at a time; more wait in its socket for the next call."""


class ImpairedTransport(ForwardingTransport):
    """A :class:`~godot_enet.core.interface.Transport` that puts a simulated link before and behind another one.

    A datagram in transit leaves when it is due and ``send`` or ``receive`` is called; ``poll_timeout`` tells when.
    """

    def __init__(
        self,
        inner: Transport,
        outgoing: LinkConfig | None = None,
        incoming: LinkConfig | None = None,
        seed: int = 0,
    ) -> None:
        """Wrap ``inner``, which this transport then owns; a direction without a config is not impaired."""
        super().__init__(inner)
        self._outgoing = Link(outgoing or LinkConfig(), f"{seed}/outgoing")
        self._incoming = Link(incoming or LinkConfig(), f"{seed}/incoming")
        self._leaving: ArrivalQueue[Datagram] = ArrivalQueue()
        self._arriving: ArrivalQueue[Datagram] = ArrivalQueue()

    def impair(self, outgoing: LinkConfig, incoming: LinkConfig) -> None:
        """Change both directions, for what enters from now on; from any thread."""
        self._outgoing.config = outgoing
        self._incoming.config = incoming

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams that are due."""
        self._send_due(now)
        for datagram in self._inner.receive(INNER_BATCH, now):
            for moment in self._incoming.transit(len(datagram.data), now):
                self._arriving.push(moment, datagram)
        return self._arriving.pop_due(now, limit)

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send the batch through the link; lost datagrams count as sent. Returns the bytes taken."""
        taken = 0
        for datagram in batch:
            taken += len(datagram.data)
            for moment in self._outgoing.transit(len(datagram.data), now):
                self._leaving.push(moment, datagram)
        self._send_due(now)
        return taken

    def poll_timeout(self) -> int | None:
        """When a datagram in transit is due next, or the wrapped transport needs attention."""
        moments = (self._leaving.next_time(), self._arriving.next_time(), self._inner.poll_timeout())
        return min((moment for moment in moments if moment is not None), default=None)

    def close(self) -> None:
        """Close the wrapped transport; datagrams in transit are lost. Idempotent."""
        self._leaving = ArrivalQueue()
        self._arriving = ArrivalQueue()
        self._inner.close()

    def _send_due(self, now: int) -> None:
        due = self._leaving.pop_due(now)
        if due:
            self._inner.send(due, now)


if TYPE_CHECKING:
    _check: type[Transport] = ImpairedTransport
