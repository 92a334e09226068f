"""The table of a peer's life."""

from __future__ import annotations

import pytest

from godot_enet.core.engine import PythonEngine
from godot_enet.core.interface import Address
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.states import TRANSITIONS
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
        engine.change_state(peer, after)
        assert peer.state is after
    else:
        with pytest.raises(AssertionError):
            engine.change_state(peer, after)
        assert peer.state is before
