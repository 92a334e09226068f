"""An engine with a peer in any state, without a handshake: for tests of single functions."""

from __future__ import annotations

from typing import Any

from godot_enet.core.engine import PythonEngine
from godot_enet.core.engine.lifecycle import change_state, set_mtu
from godot_enet.core.engine.peer import Peer
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.events import Event
from tests.tight import TightConfig

__all__ = ["ADDRESS", "add_peer", "drain", "make_engine"]

ADDRESS = Address("10.0.0.1", 4242)


def make_engine(**config: Any) -> PythonEngine:
    """An engine without peers, with ENet's own timing and handshake unless it is asked for another."""
    return PythonEngine(TightConfig(**{"early_retransmit": False, "half_open_limit": 0, **config}))


def add_peer(engine: PythonEngine, address: Address = ADDRESS, channels: int = 4) -> Peer:
    """A connected peer with nothing queued and no event left."""
    peer = engine.table.allocate(address)
    assert peer is not None
    peer.channel_count = channels
    set_mtu(engine, peer, peer.mtu)
    change_state(engine, peer, PeerState.CONNECTING)
    change_state(engine, peer, PeerState.CONNECTED)
    return peer


def drain(engine: PythonEngine) -> list[Event]:
    """All events there are."""
    events: list[Event] = []
    while (event := engine.poll_event()) is not None:
        events.append(event)
    return events
