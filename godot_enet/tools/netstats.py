"""Statistics of a connection, ten times a second: the data of the net graph, also for programs without a window.

Does not depend on drawing. Units: milliseconds, bytes; shares are 0.0..1.0; rates per second.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from godot_enet.compat import ENetConnection, ENetPacketPeer
from godot_enet.core.errors import EnetError

__all__ = ["ENET", "NetStats", "Rate", "Sample"]

ENET = "enet"
"""The kind of all bytes not reported to :meth:`NetStats.count`: headers, acknowledgements, resends, pings."""
_UNMEASURED = (500.0, 0.0)
"""Round trip and variance that ENet assumes before its first measurement."""
_KEPT = 128


@dataclass(frozen=True, slots=True)
class Rate:
    """Rates of one kind of packet in one direction."""

    bytes: float = 0.0
    """A second."""
    packets: float = 0.0
    """A second; for the kind ``enet``: datagrams, which contain all the others."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment, and the traffic since the one before. With several peers: worst values, sums of queues."""

    seconds: float
    """The time it covers."""
    peers: int
    """Connected ones."""
    round_trip: float
    """Smoothed; 0 before the first measurement."""
    variance: float
    loss: float
    """Share of reliable packets that were sent again, as ENet computes it every ten seconds."""
    throttle: float
    """Share of unreliable packets that ENet lets through."""
    sent: dict[str, Rate]
    """By kind; ``enet`` has the remaining bytes."""
    received: dict[str, Rate]
    queued: int
    """Commands that wait to be sent."""
    in_transit: int
    """Reliable bytes sent and not acknowledged."""
    waiting: int
    """Packets received that the program has not taken."""
    gap: float
    """The longest time between two updates, without a call of the program."""
    dropped: int
    """Datagrams and commands received and not used; see ``ENetConnection.counters``."""

    @property
    def bytes_sent(self) -> float:
        """A second, all kinds."""
        return sum(rate.bytes for rate in self.sent.values())

    @property
    def bytes_received(self) -> float:
        """A second, all kinds."""
        return sum(rate.bytes for rate in self.received.values())


class _Traffic:
    """One direction since the latest sample."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[int]] = {}

    def count(self, kind: str, size: int, packets: int) -> None:
        counted = self._kinds.setdefault(kind, [0, 0])
        counted[0] += size
        counted[1] += packets

    def take(self, data: float, datagrams: float, seconds: float) -> dict[str, Rate]:
        """Return the rates by kind, and reset the counts. A kind that appeared once stays."""
        counted = sum(size for size, _ in self._kinds.values())
        share = min(1.0, data / counted) if counted else 1.0
        rates = {kind: Rate(share * size / seconds, packets / seconds) for kind, (size, packets) in self._kinds.items()}
        for numbers in self._kinds.values():
            numbers[:] = 0, 0
        rates[ENET] = Rate(max(0.0, data - counted) / seconds, datagrams / seconds)
        return rates


class NetStats:
    """Samples a connection. Call :meth:`update` once per frame, after ``service``.

    It pops the connection's traffic totals (``pop_statistic``), so read them here. If more was counted than was
    sent, because packets were throttled or still wait, all kinds are scaled down: their sum is the traffic on the
    network.

    Args:
        connection: the connection; it need not be active yet.
        peer: the observed peer; None for all connected ones. May be set at any time.
        interval: seconds from one sample to the next.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        connection: ENetConnection,
        peer: ENetPacketPeer | None = None,
        *,
        interval: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self.peer = peer
        self.history: deque[Sample] = deque(maxlen=_KEPT)
        """The latest samples, oldest first."""
        self._interval = interval
        self._clock = clock
        self._sent, self._received = _Traffic(), _Traffic()
        self._began = self._updated = clock()
        self._gap = 0.0
        self._drops = 0

    def __repr__(self) -> str:
        return f"<NetStats of {self.connection!r}, {len(self.history)} samples>"

    def count(self, kind: str, size: int, *, received: bool = False, packets: int = 1) -> None:
        """Report the kind of sent or received packets, for rates by kind. ``size`` in bytes, for one or several."""
        (self._received if received else self._sent).count(kind, size, packets)

    def update(self) -> bool:
        """Call once per frame. Returns whether there is a new sample."""
        now = self._clock()
        self._gap = max(self._gap, now - self._updated)
        self._updated = now
        if now - self._began < self._interval:
            return False
        self.history.append(self._sample(now - self._began))
        self._began = now
        self._gap = 0.0
        return True

    def recent(self, seconds: float = 1.0) -> Sample | None:
        """The latest sample, with rates, gap and drops over about the last ``seconds``; None before the first."""
        if not self.history:
            return None
        chosen: list[Sample] = []
        for sample in reversed(self.history):
            if chosen and sum(one.seconds for one in chosen) >= seconds - self._interval / 2:
                break
            chosen.append(sample)
        latest = chosen[0]
        return Sample(
            seconds=sum(sample.seconds for sample in chosen),
            peers=latest.peers,
            round_trip=latest.round_trip,
            variance=latest.variance,
            loss=latest.loss,
            throttle=latest.throttle,
            sent=_mean_rates([(sample.seconds, sample.sent) for sample in chosen]),
            received=_mean_rates([(sample.seconds, sample.received) for sample in chosen]),
            queued=latest.queued,
            in_transit=latest.in_transit,
            waiting=latest.waiting,
            gap=max(sample.gap for sample in chosen),
            dropped=sum(sample.dropped for sample in chosen),
        )

    def _sample(self, seconds: float) -> Sample:
        active = self.connection.engine_name != ""
        listed = [self.peer] if self.peer is not None else self.connection.get_peers() if active else []
        peers = [peer for peer in listed if peer.get_state() == ENetPacketPeer.STATE_CONNECTED]
        pop = self.connection.pop_statistic if active else _nothing
        round_trip, variance = max((_round_trip(peer) for peer in peers), default=(0.0, 0.0))
        queues = [_queues(peer) for peer in peers]
        drops = sum(self.connection.counters().values())
        dropped, self._drops = max(0, drops - self._drops), drops
        return Sample(
            seconds=seconds,
            peers=len(peers),
            round_trip=round_trip,
            variance=variance,
            loss=max((peer.get_statistic(_LOSS) for peer in peers), default=0.0) / ENetPacketPeer.PACKET_LOSS_SCALE,
            throttle=min((_throttle(peer) for peer in peers), default=1.0),
            sent=self._sent.take(
                pop(ENetConnection.HOST_TOTAL_SENT_DATA), pop(ENetConnection.HOST_TOTAL_SENT_PACKETS), seconds
            ),
            received=self._received.take(
                pop(ENetConnection.HOST_TOTAL_RECEIVED_DATA), pop(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS), seconds
            ),
            queued=sum(queued for queued, _, _ in queues),
            in_transit=sum(in_transit for _, in_transit, _ in queues),
            waiting=sum(waiting for _, _, waiting in queues),
            gap=self._gap * 1000,
            dropped=dropped,
        )


_LOSS = ENetPacketPeer.PEER_PACKET_LOSS


def _nothing(_statistic: object) -> float:
    return 0.0


def _round_trip(peer: ENetPacketPeer) -> tuple[float, float]:
    measured = (
        peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME),
        peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME_VARIANCE),
    )
    return (0.0, 0.0) if measured == _UNMEASURED else measured


def _throttle(peer: ENetPacketPeer) -> float:
    return peer.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) / ENetPacketPeer.PACKET_THROTTLE_SCALE


def _queues(peer: ENetPacketPeer) -> tuple[int, int, int]:
    """Commands to be sent, reliable bytes in transit, packets to be taken. Godot does not provide the first two."""
    host = peer._host
    if host is None:
        return 0, 0, 0
    try:
        info = host.peer_info(peer._handle)
    except EnetError:
        return 0, 0, 0
    return info.packets_queued, info.reliable_data_in_transit, peer.get_available_packet_count()


def _mean_rates(samples: Sequence[tuple[float, dict[str, Rate]]]) -> dict[str, Rate]:
    total = sum(seconds for seconds, _ in samples)
    kinds = dict.fromkeys(kind for _, rates in samples for kind in rates)
    return {
        kind: Rate(
            sum(seconds * rates[kind].bytes for seconds, rates in samples if kind in rates) / total,
            sum(seconds * rates[kind].packets for seconds, rates in samples if kind in rates) / total,
        )
        for kind in kinds
    }
