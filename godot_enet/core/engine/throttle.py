"""How fast to send: the packet throttle of each peer, and the bandwidth limits of the host.

Units: throttle 0..32, bandwidths in bytes per second, totals in bytes since the last evaluation.
enet: peer.c: enet_peer_throttle; host.c: enet_host_bandwidth_throttle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from godot_enet.core.protocol.constants import (
    MAXIMUM_WINDOW_SIZE,
    MINIMUM_WINDOW_SIZE,
    PACKET_LOSS_INTERVAL,
    PACKET_LOSS_SCALE,
    PACKET_THROTTLE_SCALE,
    WINDOW_SIZE_SCALE,
)

if TYPE_CHECKING:
    from godot_enet.core.engine.peer import Peer

__all__ = [
    "adapt_throttle",
    "clamp_window",
    "limit_peers",
    "measure_loss",
    "share_incoming",
    "unlimit_peers",
    "window_for",
]


def adapt_throttle(peer: Peer, sample: int) -> None:
    """Open or close a peer's throttle after a round trip of ``sample`` ms."""
    if peer.last_rtt <= peer.last_rtt_variance:
        peer.packet_throttle = peer.packet_throttle_limit
    elif sample <= peer.last_rtt:
        peer.packet_throttle = min(peer.packet_throttle + peer.packet_throttle_acceleration, peer.packet_throttle_limit)
    elif sample > peer.last_rtt + 2 * peer.last_rtt_variance:
        peer.packet_throttle = max(peer.packet_throttle - peer.packet_throttle_deceleration, 0)


def measure_loss(peer: Peer, now: int) -> None:
    """Fold the commands sent and lost into the loss statistic, every ten seconds in which something is sent."""
    if peer.packet_loss_epoch == 0:
        peer.packet_loss_epoch = now
    elif now - peer.packet_loss_epoch >= PACKET_LOSS_INTERVAL and peer.packets_sent > 0:
        loss = peer.packets_lost * PACKET_LOSS_SCALE // peer.packets_sent
        peer.packet_loss_variance = (peer.packet_loss_variance * 3 + abs(loss - peer.packet_loss)) // 4
        peer.packet_loss = (peer.packet_loss * 7 + loss) // 8
        peer.packet_loss_epoch = now
        peer.packets_sent = 0
        peer.packets_lost = 0


def clamp_window(size: int) -> int:
    """A window size within the protocol's bounds."""
    return max(MINIMUM_WINDOW_SIZE, min(size, MAXIMUM_WINDOW_SIZE))


def window_for(outgoing_bandwidth: int, incoming_bandwidth: int) -> int:
    """The send window towards a peer, from our outgoing and its incoming limit (0 is unlimited)."""
    if outgoing_bandwidth == 0 and incoming_bandwidth == 0:
        return MAXIMUM_WINDOW_SIZE
    if outgoing_bandwidth == 0 or incoming_bandwidth == 0:
        bandwidth = max(outgoing_bandwidth, incoming_bandwidth)
    else:
        bandwidth = min(outgoing_bandwidth, incoming_bandwidth)
    return clamp_window(bandwidth // WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE)


def unlimit_peers(peers: Iterable[Peer]) -> None:
    """The per-second evaluation where nobody has a limit: all throttles may open fully."""
    for peer in peers:
        peer.packet_throttle_limit = PACKET_THROTTLE_SCALE
        peer.incoming_data_total = 0
        peer.outgoing_data_total = 0


def limit_peers(peers: list[Peer], outgoing_bandwidth: int, limited: bool, elapsed: int, now: int) -> None:
    """Share the host's outgoing bandwidth among the connected ``peers``, none above its own incoming limit.

    Each round fixes the peers that would get more than they can take, which changes the others' share; whoever
    is left shares alike. ``limited`` says whether any peer has a limit, ``elapsed`` is the time since last asked.
    """
    remaining = len(peers)
    total = bandwidth = 0xFFFFFFFF
    if outgoing_bandwidth:
        bandwidth = outgoing_bandwidth * elapsed // 1000
        total = sum(peer.outgoing_data_total for peer in peers)
    adjust = limited
    while remaining > 0 and adjust:
        adjust = False
        throttle = _share(bandwidth, total)
        for peer in peers:
            if peer.incoming_bandwidth == 0 or peer.outgoing_bandwidth_throttle_epoch == now:
                continue
            allowance = peer.incoming_bandwidth * elapsed // 1000
            if throttle * peer.outgoing_data_total // PACKET_THROTTLE_SCALE <= allowance:
                continue
            _set_limit(peer, max(allowance * PACKET_THROTTLE_SCALE // peer.outgoing_data_total, 1))
            peer.outgoing_bandwidth_throttle_epoch = now
            adjust = True
            remaining -= 1
            bandwidth -= allowance
            total -= allowance
    if remaining > 0:
        throttle = _share(bandwidth, total)
        for peer in peers:
            if peer.outgoing_bandwidth_throttle_epoch != now:
                _set_limit(peer, throttle)


def _share(bandwidth: int, total: int) -> int:
    return PACKET_THROTTLE_SCALE if total <= bandwidth else bandwidth * PACKET_THROTTLE_SCALE // total


def _set_limit(peer: Peer, limit: int) -> None:
    peer.packet_throttle_limit = limit
    peer.packet_throttle = min(peer.packet_throttle, limit)
    peer.incoming_data_total = 0
    peer.outgoing_data_total = 0


def share_incoming(peers: list[Peer], incoming_bandwidth: int, now: int) -> int:
    """Share the host's incoming bandwidth; returns what a peer that was not fixed may send, in bytes per second.

    A peer whose own upstream is below its share keeps that (``incoming_bandwidth_throttle_epoch`` becomes ``now``);
    an unlimited upstream counts as such, as in the reference.
    """
    if incoming_bandwidth == 0:
        return 0
    remaining = len(peers)
    bandwidth = incoming_bandwidth
    limit = 0
    adjust = True
    while remaining > 0 and adjust:
        adjust = False
        limit = bandwidth // remaining
        for peer in peers:
            if peer.incoming_bandwidth_throttle_epoch == now:
                continue
            if peer.outgoing_bandwidth > 0 and peer.outgoing_bandwidth >= limit:
                continue
            peer.incoming_bandwidth_throttle_epoch = now
            adjust = True
            remaining -= 1
            bandwidth -= peer.outgoing_bandwidth
    return limit
