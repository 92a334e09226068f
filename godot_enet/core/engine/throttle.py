"""How fast to send: the packet throttle of each peer, and the bandwidth limits of the host.

Units: throttle 0..32, bandwidths in bytes per second, totals in bytes since the last evaluation.
enet: peer.c: enet_peer_throttle; host.c: enet_host_bandwidth_throttle.
"""

from __future__ import annotations

from collections.abc import Iterable

from godot_enet.core.engine.outgoing import queue_control
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.protocol.constants import (
    HOST_BANDWIDTH_THROTTLE_INTERVAL,
    MAXIMUM_WINDOW_SIZE,
    MINIMUM_WINDOW_SIZE,
    PACKET_LOSS_INTERVAL,
    PACKET_LOSS_SCALE,
    PACKET_THROTTLE_SCALE,
    WINDOW_SIZE_SCALE,
    Command,
    PeerState,
)
from godot_enet.core.protocol.states import IN_SESSION
from godot_enet.core.protocol.wire import BandwidthLimit, ThrottleConfigure

__all__ = [
    "adapt_throttle",
    "bandwidth_throttle",
    "clamp_window",
    "configure_throttle",
    "limit_peers",
    "measure_loss",
    "share_incoming",
    "throttle_due",
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
    if peer.loss.epoch == 0:
        peer.loss.epoch = now
    elif now - peer.loss.epoch >= PACKET_LOSS_INTERVAL and peer.loss.sent > 0:
        loss = peer.loss.lost * PACKET_LOSS_SCALE // peer.loss.sent
        peer.loss.variance = (peer.loss.variance * 3 + abs(loss - peer.loss.mean)) // 4
        peer.loss.mean = (peer.loss.mean * 7 + loss) // 8
        peer.loss.epoch = now
        peer.loss.sent = 0
        peer.loss.lost = 0


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
    """The per-second evaluation without any limit: all throttles may open fully."""
    for peer in peers:
        peer.packet_throttle_limit = PACKET_THROTTLE_SCALE
        peer.incoming_data_total = 0
        peer.outgoing_data_total = 0


def limit_peers(peers: list[Peer], outgoing_bandwidth: int, limited: bool, elapsed: int, now: int) -> None:
    """Share the host's outgoing bandwidth among the connected ``peers``, none above its own incoming limit.

    Each round fixes the peers that would get more than they can take, which changes the share of the
    others; those left get equal shares.

    Args:
        peers: the connected peers.
        outgoing_bandwidth: the limit of the host.
        limited: whether any peer has a limit.
        elapsed: the time since the last evaluation.
        now: the current time.
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
    """Share the host's incoming bandwidth. Returns the limit of peers that were not fixed, in bytes per second.

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


def configure_throttle(engine: EngineState, peer: Peer, interval: int, acceleration: int, deceleration: int) -> None:
    """Configure a peer's throttle and send it to the remote, which adopts it."""
    if peer.state is PeerState.CONNECTING:
        # The remote would find other values in our CONNECT than we hold now, and the handshake would fail.
        peer.pending_throttle = (interval, acceleration, deceleration)
        return
    peer.packet_throttle_interval = interval
    peer.packet_throttle_acceleration = acceleration
    peer.packet_throttle_deceleration = deceleration
    if peer.state in IN_SESSION:
        configure = ThrottleConfigure(interval, acceleration, deceleration)
        queue_control(engine, peer, Command.THROTTLE_CONFIGURE, configure.build())


def throttle_due(engine: EngineState) -> int | None:
    """When the bandwidth is evaluated next, if that can change anything."""
    if engine.connected_peers and (engine.recalculate or engine.outgoing_bandwidth or engine.limited_peers):
        return engine.throttle_epoch + HOST_BANDWIDTH_THROTTLE_INTERVAL
    return None


def bandwidth_throttle(engine: EngineState, now: int) -> None:
    """Once a second. enet: host.c: enet_host_bandwidth_throttle."""
    elapsed = now - engine.throttle_epoch
    engine.throttle_epoch = now
    if not engine.connected_peers:
        return
    limited = bool(engine.outgoing_bandwidth or engine.limited_peers)
    if not limited and not engine.throttled and not engine.recalculate:
        # Only the totals can have changed, and only for peers with traffic.
        touched = engine.active | engine.dirty | engine.held_back
        unlimit_peers(peer for peer in touched if peer.state in IN_SESSION)
        engine.active = {peer for peer in touched if peer.state not in IN_SESSION}
        return
    connected = [peer for peer in engine.table.in_order() if peer.state in IN_SESSION]
    if limited:
        limit_peers(connected, engine.outgoing_bandwidth, engine.limited_peers > 0, elapsed, now)
    else:
        unlimit_peers(connected)
    engine.throttled = limited
    engine.active.clear()
    if engine.recalculate:
        limit = share_incoming(connected, engine.incoming_bandwidth, now)
        for peer in connected:
            fixed = peer.incoming_bandwidth_throttle_epoch == now
            share = peer.outgoing_bandwidth if fixed else limit
            told = BandwidthLimit(share, engine.outgoing_bandwidth)
            queue_control(engine, peer, Command.BANDWIDTH_LIMIT, told.build())
        engine.recalculate = False
    else:
        # A wider throttle may let waiting reliable data go.
        engine.dirty.update(peer for peer in connected if peer.overdue or peer.reliable)
