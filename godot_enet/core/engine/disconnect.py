"""The four ways to end a connection from this side.

enet: peer.c: enet_peer_disconnect, enet_peer_disconnect_later, enet_peer_disconnect_now, enet_peer_reset.
"""

from __future__ import annotations

from godot_enet.core.engine.lifecycle import (
    begin_disconnect,
    change_state,
    forget_undelivered,
    release,
    reset_queues,
)
from godot_enet.core.engine.outgoing import queue_disconnect_now
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.transmit import fill_outbox
from godot_enet.core.protocol.constants import DisconnectMode, PeerState
from godot_enet.core.protocol.states import IN_SESSION

__all__ = ["disconnect_peer"]


def disconnect_peer(engine: EngineState, peer: Peer, data: int, mode: DisconnectMode, now: int) -> None:
    """End a connection in one of four ways. enet: peer.c: enet_peer_disconnect, _later, _now, enet_peer_reset."""
    state = peer.state
    engine.ending = (peer, data, mode)
    if mode is DisconnectMode.RESET:
        release(engine, peer)
    elif mode is DisconnectMode.NOW:
        if state is not PeerState.ZOMBIE and state is not PeerState.DISCONNECTING:
            _disconnect_now(engine, peer, data, now)
        release(engine, peer)
    elif mode is DisconnectMode.LATER and state in IN_SESSION and peer.has_outgoing():
        if state is not PeerState.DISCONNECT_LATER:
            change_state(engine, peer, PeerState.DISCONNECT_LATER)
        peer.event_data = data
        forget_undelivered(engine, peer)
    elif state in IN_SESSION:
        begin_disconnect(engine, peer, data)
    elif state is PeerState.CONNECTING or state is PeerState.ACKNOWLEDGING_CONNECT:
        _disconnect_now(engine, peer, data, now)
        release(engine, peer)
    engine.ending = None


def _disconnect_now(engine: EngineState, peer: Peer, data: int, now: int) -> None:
    """Send one DISCONNECT immediately, without waiting for an acknowledgement."""
    reset_queues(engine, peer)
    queue_disconnect_now(engine, peer, data)
    fill_outbox(engine, now, urgent=False)
