"""The life cycle of a peer: the only place where states change, and the consequences of each kind of end.

enet: protocol.c: enet_protocol_change_state, enet_protocol_notify_connect, enet_protocol_notify_disconnect; peer.c:
enet_peer_reset, enet_peer_reset_queues.
"""

from __future__ import annotations

from godot_enet.core.engine.budget import charge
from godot_enet.core.engine.framing import disconnect_datagram
from godot_enet.core.engine.outgoing import queue_control
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.throttle import configure_throttle
from godot_enet.core.protocol.constants import Command, DisconnectMode, PeerState
from godot_enet.core.protocol.events import DisconnectReason
from godot_enet.core.protocol.states import IN_SESSION, TRANSITIONS
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD
from godot_enet.core.protocol.wire import FRAGMENT, Disconnect

__all__ = [
    "apply_pending_throttle",
    "become_zombie",
    "begin_disconnect",
    "change_state",
    "connected",
    "evict",
    "forget_undelivered",
    "lost",
    "release",
    "reset_queues",
    "set_mtu",
]

_REASONS = {
    PeerState.DISCONNECTING: DisconnectReason.LOCAL,
    PeerState.ACKNOWLEDGING_DISCONNECT: DisconnectReason.REMOTE,
}
"""Why a peer in one of these states ended; in any other it timed out."""


def change_state(engine: EngineState, peer: Peer, state: PeerState) -> None:
    """Change the state of a peer, which nothing else may do. enet: protocol.c: enet_protocol_change_state."""
    before = peer.state
    assert state in TRANSITIONS[before], (before, state)
    if state in IN_SESSION:
        if before not in IN_SESSION:
            engine.connected_peers += 1
            engine.limited_peers += bool(peer.incoming_bandwidth)
    elif before in IN_SESSION:
        engine.connected_peers -= 1
        engine.limited_peers -= bool(peer.incoming_bandwidth)
    peer.state = state


def connected(engine: EngineState, peer: Peer) -> None:
    """The handshake is complete. enet: protocol.c: enet_protocol_notify_connect."""
    engine.recalculate = True
    peer.connect_pending = 0 if peer.state is PeerState.CONNECTING else peer.event_data
    change_state(engine, peer, PeerState.CONNECTED)
    engine.enqueue(peer)
    apply_pending_throttle(engine, peer)


def apply_pending_throttle(engine: EngineState, peer: Peer) -> None:
    """Send the remote the throttle settings that were made while connecting."""
    if peer.pending_throttle is not None:
        configure_throttle(engine, peer, *peer.pending_throttle)
        peer.pending_throttle = None


def lost(engine: EngineState, peer: Peer) -> None:
    """The connection ended, by timeout or as requested. enet: protocol.c: enet_protocol_notify_disconnect."""
    if peer.state is PeerState.ACKNOWLEDGING_CONNECT:
        release(engine, peer)
        return
    if peer.state is not PeerState.CONNECTING:
        engine.recalculate = True
    if peer.state is not PeerState.ACKNOWLEDGING_DISCONNECT:
        # The remote requested this one, and its data is set already.
        peer.event_data = 0
    reason = _REASONS.get(peer.state, DisconnectReason.TIMEOUT)
    if reason is DisconnectReason.TIMEOUT and peer.stall.since is not None:
        reason = DisconnectReason.LIMIT  # Packets were refused, since the peer acknowledges nothing.
    elif reason is DisconnectReason.TIMEOUT and not peer.timed_out:
        peer.timed_out = Command.CONNECT  # Our own deadline expired: no command was outstanding.
    become_zombie(engine, peer, reason, recalculates=False)


def become_zombie(engine: EngineState, peer: Peer, reason: DisconnectReason, *, recalculates: bool = True) -> None:
    """Keep a dead peer until the program has taken its DISCONNECT event. ``recalculates``: whether that redistributes
    bandwidth."""
    peer.reason = reason
    peer.recalculates = recalculates
    peer.deadline = None
    peer.validation_credit = None
    change_state(engine, peer, PeerState.ZOMBIE)
    reset_queues(engine, peer)
    engine.enqueue(peer)


def evict(engine: EngineState, peer: Peer) -> None:
    """Disconnect a peer that was over its budget for too long, with one DISCONNECT."""
    engine.post(disconnect_datagram(engine, peer))
    peer.event_data = 0
    become_zombie(engine, peer, DisconnectReason.LIMIT)


def reset_queues(engine: EngineState, peer: Peer) -> None:
    """Discard everything queued to be sent or partly received. enet: peer.c: enet_peer_reset_queues.

    Unlike there, complete packets stay: they were acknowledged, so the program must receive them.
    """
    peer.acks = []
    peer.sent.clear()
    peer.control.clear()
    peer.unreliable.clear()
    peer.overdue.clear()
    peer.reliable.clear()
    engine.queued_data -= peer.queued_data
    peer.queued_data = 0
    peer.channels = {}
    peer.channel_count = 0
    charge(engine, peer, peer.held)  # discarding takes time, too
    peer.held = 0
    peer.backlog = None
    peer.releasing = 0
    engine.backlog.pop(peer, None)
    peer.waiting_data = peer.unread_data + sum(len(event.packet) for event, _ in peer.dispatched or ())
    engine.buffered_bytes -= peer.buffered_bytes
    peer.buffered_bytes = peer.waiting_data + BUFFER_OVERHEAD * (peer.unread + len(peer.dispatched or ()))
    engine.buffered_bytes += peer.buffered_bytes


def release(engine: EngineState, peer: Peer) -> None:
    """Free the slot. enet: peer.c: enet_peer_reset."""
    if peer.state is not PeerState.DISCONNECTED:
        change_state(engine, peer, PeerState.DISCONNECTED)
    reset_queues(engine, peer)
    forget_undelivered(engine, peer)
    engine.buffered_bytes -= peer.buffered_bytes
    peer.buffered_bytes = 0
    peer.timer = None  # or its entry would stay, and the peer with it, until its time comes
    engine.dirty.discard(peer)
    engine.held_back.discard(peer)
    engine.active.discard(peer)
    engine.table.release(peer)


def set_mtu(engine: EngineState, peer: Peer, mtu: int) -> None:
    """Set the MTU and the fragment length that follows from it."""
    peer.mtu = mtu
    peer.fragment_length = mtu - 4 - FRAGMENT.size - (4 if engine.checksum else 0)


def forget_undelivered(engine: EngineState, peer: Peer) -> None:
    """Discard received packets and the pending CONNECT event: no RECEIVE follows a local disconnect."""
    if peer.dispatched:
        size = sum(len(event.packet) for event, _ in peer.dispatched)
        peer.waiting_data -= size
        size += BUFFER_OVERHEAD * len(peer.dispatched)
        peer.buffered_bytes -= size
        engine.buffered_bytes -= size
        peer.dispatched.clear()
    peer.connect_pending = None
    if peer.needs_dispatch:
        peer.needs_dispatch = False
        engine.dispatch_queue.remove(peer)
        if engine.front is not None and engine.front[1] is peer:
            engine.front = None


def begin_disconnect(engine: EngineState, peer: Peer, data: int) -> None:
    """Send a DISCONNECT to a peer in session, and wait for its acknowledgement. enet: peer.c: enet_peer_disconnect."""
    engine.ending = (peer, data, DisconnectMode.NORMAL)
    reset_queues(engine, peer)
    forget_undelivered(engine, peer)
    queue_control(engine, peer, Command.DISCONNECT, Disconnect(data).build())
    change_state(engine, peer, PeerState.DISCONNECTING)
    engine.ending = None
