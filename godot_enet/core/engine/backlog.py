"""Received data beyond the budget of a pass (budget.py): it waits for the next pass, which begins with it.

Peers take turns in order of arrival, so that none waits long behind an expensive one. The backlog of a peer holds
datagrams and channels with deliverable packets; the channels come first.
"""

from __future__ import annotations

from collections import deque

from godot_enet.core.engine.budget import can_buffer, is_exhausted, is_host_exhausted, on_over_budget
from godot_enet.core.engine.delivery import advance
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD, RECEIVE_BATCH, TURN_FRACTION

__all__ = ["Turns", "defer_datagram"]


def defer_datagram(engine: EngineState, peer: Peer, data: bytes, now: int) -> bool:
    """Keep a datagram that is over budget for the next pass. Returns whether to evict the peer for it."""
    size = len(data) + BUFFER_OVERHEAD
    waiting = peer.backlog
    if peer.any_source or (waiting and len(waiting) >= RECEIVE_BATCH) or not can_buffer(engine, peer, size):
        return on_over_budget(engine, peer, now)
    if waiting is None:
        waiting = peer.backlog = deque()
    waiting.append(data)
    peer.buffered_bytes += size
    engine.buffered_bytes += size
    engine.backlog.setdefault(peer)
    return False


class Turns:
    """One pass over the backlog."""

    def __init__(self, engine: EngineState) -> None:
        self._engine = engine
        self._turn = engine.command_budget // TURN_FRACTION
        self._current: Peer | None = None
        self._turn_end = 0
        """Whose turn it is, and the command count at which it ends."""
        self._exhausted = 0
        """Peers at the end of the queue that have used up their budget."""
        self._taken = 0

    def next(self) -> tuple[Peer, bytes] | None:
        """The next datagram to read, as far as the budgets allow."""
        engine, backlog = self._engine, self._engine.backlog
        while self._exhausted < len(backlog) and self._taken < RECEIVE_BATCH and not is_host_exhausted(engine):
            peer = next(iter(backlog))
            if is_exhausted(engine, peer):
                self._exhausted += 1
                self._rotate(peer)
                continue
            if peer is not self._current:
                self._current, self._turn_end = peer, peer.pass_commands + self._turn
            elif self._turn and peer.pass_commands >= self._turn_end:
                self._rotate(peer)
                continue
            self._exhausted = 0
            if peer.releasing:
                self._release(peer)
            elif peer.backlog:
                return self._take(peer)
            else:
                del backlog[peer]
        return None

    def _rotate(self, peer: Peer) -> None:
        del self._engine.backlog[peer]
        self._engine.backlog[peer] = None
        self._current = None

    def _release(self, peer: Peer) -> None:
        lowest = peer.releasing & -peer.releasing
        peer.releasing -= lowest
        channel_id = lowest.bit_length() - 1
        channel = peer.channels.get(channel_id)
        if channel is not None:
            advance(self._engine, peer, channel, channel_id, moved=True)

    def _take(self, peer: Peer) -> tuple[Peer, bytes]:
        assert peer.backlog
        data = peer.backlog.popleft()
        size = len(data) + BUFFER_OVERHEAD
        peer.buffered_bytes -= size
        self._engine.buffered_bytes -= size
        self._taken += 1
        return peer, data
