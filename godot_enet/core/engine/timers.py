"""A heap of timers. Each peer has one that counts; outdated entries are skipped.

Timers are lazy: one whose deadline has moved later fires early and is then rescheduled.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from godot_enet.core.engine.lifecycle import lost
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.reliability import check_timeouts, due_at, is_validation_overdue
from godot_enet.core.engine.state import EngineState
from godot_enet.core.protocol.constants import Command, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import NO_ANSWER_AFTER

__all__ = ["fire_timers", "next_due", "schedule"]


def schedule(engine: EngineState, peer: Peer) -> None:
    """Make sure that the peer's timer fires no later than the peer is due."""
    due = due_at(peer)
    if due is not None and (peer.timer is None or due < peer.timer):
        peer.timer = due
        engine.timer_serial += 1
        peer.timer_serial = engine.timer_serial
        heappush(engine.timers, (due, engine.timer_serial, peer))
        if len(engine.timers) > 64 + 2 * len(engine.table.slots):
            engine.timers = [entry for entry in engine.timers if _counts(entry)]
            heapify(engine.timers)


def _counts(entry: tuple[int, int, Peer]) -> bool:
    """Whether this is the peer's latest entry. Outdated ones may have the same time."""
    _, serial, peer = entry
    return peer.timer is not None and peer.timer_serial == serial


def fire_timers(engine: EngineState, now: int) -> None:
    """Handle every peer whose timer has fired."""
    timers = engine.timers
    while timers and timers[0][0] <= now:
        entry = heappop(timers)
        peer = entry[2]
        if not _counts(entry) or peer.state is PeerState.DISCONNECTED:
            continue
        peer.timer = None
        _on_timer(engine, peer, now)
        timers = engine.timers


def _on_timer(engine: EngineState, peer: Peer, now: int) -> None:
    """Handle a fired timer. It may be early, because a deadline that moves later does not move its timer."""
    due = due_at(peer)
    if due is None:
        return
    if due > now:
        schedule(engine, peer)
        return
    if peer.deadline is not None and peer.deadline <= now:
        lost(engine, peer)
        return
    if is_validation_overdue(peer, now):
        peer.timed_out = peer.timed_out or Command.PING
        lost(engine, peer)
        return
    if peer.sent and check_timeouts(peer, now):
        lost(engine, peer)
        return
    if peer.state is PeerState.CONNECTING and not peer.unanswered and peer.earliest_timeout:
        peer.unanswered = now - peer.earliest_timeout >= NO_ANSWER_AFTER
        if peer.unanswered:
            engine.drop(Drop.NO_ANSWER, peer.address)
    engine.dirty.add(peer)


def next_due(engine: EngineState) -> int | None:
    """Exactly when the first peer is due; early timers on the way are rescheduled."""
    timers = engine.timers
    while timers:
        at, _, peer = timers[0]
        if _counts(timers[0]) and peer.state is not PeerState.DISCONNECTED:
            actual = due_at(peer)
            if actual is not None and actual <= at:
                return at
            engine.busy = True
            heappop(timers)
            peer.timer = None
            schedule(engine, peer)
            timers = engine.timers
            engine.busy = False
        else:
            heappop(timers)
    return None
