"""The states of a peer as a table: legal transitions, and the commands that each state accepts and sends.

Both engines follow it. ``change_state`` and the functions that queue commands check it, in C in a checked build
(``GDE_CHECKED``, which the strict build sets). A command that a state does not list ends the datagram.

CONNECTION_PENDING and CONNECTION_SUCCEEDED exist in the reference only for programs that service a host without taking
its events; an engine without I/O queues its events, so it does not need them.
enet: protocol.c: enet_protocol_change_state, enet_protocol_dispatch_state, enet_protocol_handle_*; peer.c.
"""

from __future__ import annotations

from dataclasses import dataclass

from godot_enet.core.protocol.constants import Command, PeerState

__all__ = ["DATA", "IN_SESSION", "STATES", "TRANSITIONS", "State", "as_bits"]

DATA = frozenset(
    {
        Command.SEND_RELIABLE,
        Command.SEND_UNRELIABLE,
        Command.SEND_FRAGMENT,
        Command.SEND_UNSEQUENCED,
        Command.SEND_UNRELIABLE_FRAGMENT,
    }
)
"""The commands that carry packets."""
_ALL = frozenset(Command) - {Command.NONE}
_NOTHING: frozenset[Command] = frozenset()
_SESSION = frozenset({Command.PING, Command.BANDWIDTH_LIMIT, Command.THROTTLE_CONFIGURE})


@dataclass(frozen=True)
class State:
    """The rules of one state."""

    following: frozenset[PeerState]
    """States that may follow it."""
    takes: frozenset[Command] = _NOTHING
    """Commands of the remote that have an effect."""
    ignores: frozenset[Command] = _NOTHING
    """Commands of the remote without effect, which may be late or repeated. Any other ends the datagram."""
    acknowledges: frozenset[Command] = _NOTHING
    """Commands of the remote that are acknowledged on request."""
    sends: frozenset[Command] = _NOTHING
    """Commands that may be queued for the remote. Those queued earlier may still be in flight."""


STATES: dict[PeerState, State] = {
    # A free slot: this host connects, or a client does.
    PeerState.DISCONNECTED: State(frozenset({PeerState.CONNECTING, PeerState.ACKNOWLEDGING_CONNECT})),
    # CONNECT sent: verified; refused, timed out or disconnected by the remote; cancelled here. A CONNECT is never
    # acknowledged; a forged acknowledgement would stop its resends forever.
    PeerState.CONNECTING: State(
        frozenset({PeerState.CONNECTED, PeerState.ZOMBIE, PeerState.DISCONNECTED}),
        takes=frozenset({Command.VERIFY_CONNECT, Command.DISCONNECT}),
        ignores=frozenset({Command.ACKNOWLEDGE}),
        acknowledges=_ALL,
        sends=frozenset({Command.CONNECT, Command.DISCONNECT}),
    ),
    # VERIFY_CONNECT sent: acknowledged, or gone without an event.
    PeerState.ACKNOWLEDGING_CONNECT: State(
        frozenset({PeerState.CONNECTED, PeerState.DISCONNECTED}),
        takes=frozenset({Command.ACKNOWLEDGE, Command.DISCONNECT}),
        ignores=frozenset({Command.VERIFY_CONNECT}),
        sends=frozenset({Command.VERIFY_CONNECT, Command.DISCONNECT}),
    ),
    PeerState.CONNECTED: State(
        frozenset(
            {
                PeerState.DISCONNECT_LATER,
                PeerState.DISCONNECTING,
                PeerState.ACKNOWLEDGING_DISCONNECT,
                PeerState.ZOMBIE,
                PeerState.DISCONNECTED,
            }
        ),
        takes=DATA | _SESSION | {Command.ACKNOWLEDGE, Command.DISCONNECT},
        ignores=frozenset({Command.VERIFY_CONNECT}),
        acknowledges=_ALL,
        sends=DATA | _SESSION | {Command.DISCONNECT},
    ),
    # Received packets are acknowledged and discarded.
    PeerState.DISCONNECT_LATER: State(
        frozenset(
            {PeerState.DISCONNECTING, PeerState.ACKNOWLEDGING_DISCONNECT, PeerState.ZOMBIE, PeerState.DISCONNECTED}
        ),
        takes=DATA | _SESSION | {Command.ACKNOWLEDGE, Command.DISCONNECT},
        ignores=frozenset({Command.VERIFY_CONNECT}),
        acknowledges=_ALL,
        sends=_SESSION | {Command.DISCONNECT},
    ),
    # Our DISCONNECT waits for its acknowledgement (or theirs crossed it, or it timed out).
    PeerState.DISCONNECTING: State(
        frozenset({PeerState.ZOMBIE, PeerState.DISCONNECTED}),
        takes=frozenset({Command.ACKNOWLEDGE, Command.DISCONNECT}),
        ignores=frozenset({Command.VERIFY_CONNECT}),
    ),
    # Their DISCONNECT must still be acknowledged. A PING is for unvalidated peers, see
    # Peer.validation_credit.
    PeerState.ACKNOWLEDGING_DISCONNECT: State(
        frozenset({PeerState.ZOMBIE, PeerState.DISCONNECTED}),
        takes=frozenset({Command.ACKNOWLEDGE}),
        ignores=frozenset({Command.VERIFY_CONNECT, Command.DISCONNECT}),
        acknowledges=frozenset({Command.DISCONNECT}),
        sends=frozenset({Command.PING, Command.DISCONNECT}),
    ),
    # Dead; the slot is free once the program has taken the DISCONNECT event. Its datagrams count as an unknown peer's.
    PeerState.ZOMBIE: State(frozenset({PeerState.DISCONNECTED})),
}

TRANSITIONS: dict[PeerState, frozenset[PeerState]] = {state: rules.following for state, rules in STATES.items()}
IN_SESSION = frozenset(state for state, rules in STATES.items() if rules.takes >= DATA)
"""States of an established connection."""


def as_bits(commands: frozenset[Command]) -> int:
    """A set of commands as a bit mask: bit n is command n."""
    return sum(1 << command for command in commands)
