"""The life of a peer as data: which state may follow which, and what each state allows.

Every transition the reference makes is in ``TRANSITIONS``; the engine changes states through one method that
checks it. CONNECTION_PENDING and CONNECTION_SUCCEEDED exist in the reference only for programs that service a
host without taking its events; an engine without I/O has its events queued, so it never needs them.
enet: protocol.c: enet_protocol_change_state, enet_protocol_dispatch_state; peer.c.
"""

from __future__ import annotations

from godot_enet.core.protocol.constants import PeerState

__all__ = ["TRANSITIONS"]

TRANSITIONS: dict[PeerState, frozenset[PeerState]] = {
    # A free slot: we connect, or somebody connects to us.
    PeerState.DISCONNECTED: frozenset({PeerState.CONNECTING, PeerState.ACKNOWLEDGING_CONNECT}),
    # CONNECT sent: verified; refused, timed out or told to go; given up here.
    PeerState.CONNECTING: frozenset({PeerState.CONNECTED, PeerState.ZOMBIE, PeerState.DISCONNECTED}),
    # VERIFY_CONNECT sent: acknowledged; or gone again, which nobody gets to know.
    PeerState.ACKNOWLEDGING_CONNECT: frozenset({PeerState.CONNECTED, PeerState.DISCONNECTED}),
    PeerState.CONNECTED: frozenset(
        {
            PeerState.DISCONNECT_LATER,
            PeerState.DISCONNECTING,
            PeerState.ACKNOWLEDGING_DISCONNECT,
            PeerState.ZOMBIE,
            PeerState.DISCONNECTED,
        }
    ),
    PeerState.DISCONNECT_LATER: frozenset(
        {PeerState.DISCONNECTING, PeerState.ACKNOWLEDGING_DISCONNECT, PeerState.ZOMBIE, PeerState.DISCONNECTED}
    ),
    # Our DISCONNECT waits for its acknowledgement (or theirs crossed it, or time ran out).
    PeerState.DISCONNECTING: frozenset({PeerState.ZOMBIE, PeerState.DISCONNECTED}),
    # Their DISCONNECT must still be acknowledged.
    PeerState.ACKNOWLEDGING_DISCONNECT: frozenset({PeerState.ZOMBIE, PeerState.DISCONNECTED}),
    # Dead; the slot is free once the program has taken the DISCONNECT event.
    PeerState.ZOMBIE: frozenset({PeerState.DISCONNECTED}),
}
