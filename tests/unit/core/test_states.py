"""The table of a peer's life."""

from __future__ import annotations

import pytest

from godot_enet.core.engine import PythonEngine
from godot_enet.core.engine.lifecycle import change_state
from godot_enet.core.engine.outgoing import queue_control
from godot_enet.core.interface import Address
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, PeerState
from godot_enet.core.protocol.states import DATA, IN_SESSION, STATES, TRANSITIONS, as_bits
from tests.rows import each_row

UNUSED = {PeerState.CONNECTION_PENDING, PeerState.CONNECTION_SUCCEEDED}


def test_every_state_but_the_unused_has_a_row() -> None:
    assert set(TRANSITIONS) == set(PeerState) - UNUSED
    assert not UNUSED & set().union(*TRANSITIONS.values())


def test_no_state_follows_itself() -> None:
    assert all(state not in following for state, following in TRANSITIONS.items())


def test_every_state_can_be_reached_and_left() -> None:
    reached = {PeerState.DISCONNECTED}
    while (more := set().union(*(TRANSITIONS[state] for state in reached)) | reached) != reached:
        reached = more
    assert reached == set(TRANSITIONS)
    # A slot can be freed at any time.
    assert all(PeerState.DISCONNECTED in TRANSITIONS[state] for state in reached - {PeerState.DISCONNECTED})


def test_a_connection_stands_only_after_a_handshake() -> None:
    before = {state for state, following in TRANSITIONS.items() if PeerState.CONNECTED in following}
    assert before == {PeerState.CONNECTING, PeerState.ACKNOWLEDGING_CONNECT}
    assert TRANSITIONS[PeerState.ZOMBIE] == {PeerState.DISCONNECTED}


@each_row("before", list(TRANSITIONS))
@each_row("after", list(PeerState))
def test_the_engine_keeps_to_the_table(before: PeerState, after: PeerState) -> None:
    engine = PythonEngine(HostConfig())
    peer = engine.table.allocate(Address("10.0.0.1", 1))
    assert peer is not None
    peer.state = before
    if after in TRANSITIONS[before]:
        change_state(engine, peer, after)
        assert peer.state is after
    else:
        with pytest.raises(AssertionError):
            change_state(engine, peer, after)
        assert peer.state is before


def test_no_command_both_counts_and_is_ignored() -> None:
    assert all(not rules.takes & rules.ignores for rules in STATES.values())


def test_packets_are_taken_in_a_session_only_and_sent_while_connected_only() -> None:
    assert {PeerState.CONNECTED, PeerState.DISCONNECT_LATER} == IN_SESSION
    for state, rules in STATES.items():
        assert rules.takes & DATA == (DATA if state in IN_SESSION else set())
        assert rules.sends & DATA == (DATA if state is PeerState.CONNECTED else set())


def test_a_connect_is_for_a_host_not_for_a_peer() -> None:
    assert all(Command.CONNECT not in rules.takes | rules.ignores for rules in STATES.values())


@each_row("state", list(STATES))
@each_row("command", [command for command in Command if command not in DATA])
def test_the_engine_queues_what_the_table_has(state: PeerState, command: Command) -> None:
    engine = PythonEngine(HostConfig())
    peer = engine.table.allocate(Address("10.0.0.1", 1))
    assert peer is not None
    peer.state = state
    if command in STATES[state].sends:
        queue_control(engine, peer, command, b"")
        assert len(peer.control) == 1
    else:
        with pytest.raises(AssertionError):
            queue_control(engine, peer, command, b"")
        assert not peer.control


def test_a_set_of_commands_is_a_number_for_c() -> None:
    assert as_bits(frozenset({Command.ACKNOWLEDGE, Command.PING})) == 0b100010
