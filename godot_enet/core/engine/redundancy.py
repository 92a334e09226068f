"""Redundant copies and probes of commands in flight; see recovery.py for why."""

from __future__ import annotations

from godot_enet.core.engine.peer import Peer
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.tuning import (
    MAX_COPY_GAP,
    MIN_COPY_GAP,
    PROBE_INTERVAL,
    PROBE_SILENCE,
    REDUNDANCY_COMMANDS,
    REDUNDANCY_WINDOW_PART,
)

__all__ = ["copy_due_at", "copy_gap", "probe_due_at", "redundancy_for"]


def copy_gap(rtt: int) -> int:
    """The time between two copies: long enough to outlast a short burst of losses."""
    return max(MIN_COPY_GAP, min(rtt // 4, MAX_COPY_GAP))


def redundancy_for(peer: Peer) -> int:
    """How many redundant copies to send of each packet of the peer that is in flight."""
    recovery = peer.recovery
    if (
        recovery is None
        or not recovery.lost
        or len(peer.sent) > REDUNDANCY_COMMANDS
        or peer.validation_credit is not None
    ):
        return 0
    if (
        peer.reliable_data_in_transit * REDUNDANCY_WINDOW_PART > peer.window_size
        or peer.state is not PeerState.CONNECTED
    ):
        return 0
    return recovery.redundancy()


def copy_due_at(peer: Peer) -> int | None:
    """When the next redundant copy is due; None if there is none."""
    wanted = redundancy_for(peer)
    if not wanted:
        return None
    waiting = [c.last_copy_time for c in peer.sent.values() if c.copies < wanted and c.channel is not None]
    return min(waiting) + copy_gap(peer.rtt) if waiting else None


def probe_due_at(peer: Peer) -> int | None:
    """When the oldest command in flight is due as a probe, so that a live connection does not time out; None while
    something was acknowledged recently."""
    recovery = peer.recovery
    if recovery is None or not recovery.max_copies or not peer.earliest_timeout or not peer.sent:
        return None
    if peer.state is not PeerState.CONNECTED or (
        peer.validation_credit is not None and peer.validation_credit < peer.mtu
    ):
        return None
    oldest = next(iter(peer.sent.values()))
    return max(peer.earliest_timeout + PROBE_SILENCE, oldest.last_copy_time + PROBE_INTERVAL)
