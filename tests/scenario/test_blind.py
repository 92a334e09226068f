"""Datagrams forged by somebody who cannot read the traffic: what they must guess to end or to slow a connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import CONTROL_WINDOW
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import RAW, Stage

HALF_OPEN = 1000


COMMANDS: dict[str, Callable[[int], bytes]] = {
    "disconnect": raw.disconnect,
    "bandwidth": lambda number: raw.bandwidth_limit(number, 1, 1),
    "throttle": lambda number: raw.throttle_configure(number, 1, 0, 32),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_control_commands_whose_number_does_not_fit_are_dropped(engine_factory: EngineFactory, command: str) -> None:
    forged = COMMANDS[command]
    stage = Stage(engine_factory)
    peer = stage.joined()
    peer.exchange(raw.ping(60))
    window = peer.info.window_size
    for number in (60 + CONTROL_WINDOW + 1, 0x8000, (60 - CONTROL_WINDOW - 1) & 0xFFFF):
        assert peer.exchange(forged(number)) == []
    assert stage.engine.drops[Drop.WRONG_SESSION] == 3
    assert peer.state == PeerState.CONNECTED
    assert peer.info.window_size == window
    assert len(peer.exchange(forged(60 + CONTROL_WINDOW))) == 1
    assert stage.engine.drops[Drop.WRONG_SESSION] == 3


def test_the_disconnect_that_nobody_acknowledges_has_a_number_too(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    peer.exchange(raw.disconnect(5000, command=0x44))
    assert peer.state.name == "CONNECTED"
    peer.exchange(raw.disconnect(2, command=0x44))
    assert peer.state == PeerState.DISCONNECTED


def test_numbers_wrap(engine_factory: EngineFactory) -> None:
    peer = Stage(engine_factory).joined()
    number = 1
    while number < 0x10000 + 50:
        number += CONTROL_WINDOW
        peer.exchange(raw.ping(number & 0xFFFF))
    peer.exchange(raw.disconnect(number - 1 & 0xFFFF))
    assert peer.state == PeerState.DISCONNECTED


def test_an_answer_without_the_connect_id_does_not_end_the_attempt(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.raw()
    peer.handle = stage.engine.connect(RAW, 2, 0)
    (asked,) = peer.commands()
    peer.slot = asked.u16(4)
    assert peer.exchange(raw.verify(connect_id=b"nope")) == []
    assert peer.state.name == "CONNECTING"
    assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1
    peer.exchange(raw.verify(connect_id=asked.raw[40:44]))
    assert peer.state == PeerState.CONNECTED


def test_the_number_and_the_session_of_a_client_must_be_guessed(engine_factory: EngineFactory) -> None:
    asked = []
    for seed in range(1, 60):
        stage = Stage(engine_factory, half_open_limit=HALF_OPEN, seed=seed)
        peer = stage.raw()
        stage.engine.connect(RAW, 2, 0)
        (connect,) = peer.commands()
        asked.append((connect.u16(4), connect.u8(6), connect.u8(7)))
    assert len({number for number, _, _ in asked}) > 50
    assert max(number for number, _, _ in asked) < 4095
    assert {session for _, session, _ in asked} == {session for _, _, session in asked} == {0, 1, 2, 3}
