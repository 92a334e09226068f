"""What a host notes about servers that it does not reach, and about remotes that use DTLS where it does not."""

from __future__ import annotations

import pytest

from godot_enet.core.interface import Address, DropReport
from godot_enet.core.protocol.drops import Drop
from tests.conftest import EngineFactory
from tests.rows import each_row
from tests.scenario.engine_stage import RAW, Stage

SILENT = DropReport(Drop.NO_ANSWER, RAW, 1)
HELLO = bytes([22, 0xFE, 0xFD]) + bytes(8) + (50).to_bytes(2, "big") + bytes(50)


@pytest.fixture
def stage(engine_factory: EngineFactory) -> Stage:
    return Stage(engine_factory)


@each_row("early", [False, True])
def test_silence_is_noted_once_after_three_seconds(engine_factory: EngineFactory, early: bool) -> None:
    stage = Stage(engine_factory, early_retransmit=early)
    stage.engine.connect(RAW, 1, 0)
    stage.wait(2999)
    assert stage.engine.poll_drops() == []
    stage.wait(501)  # the third copy of the CONNECT
    assert stage.engine.poll_drops() == [SILENT]
    stage.wait(40_000)
    assert stage.engine.poll_drops() == []
    assert stage.engine.peers() == []


def test_each_attempt_is_noted(stage: Stage) -> None:
    for _ in range(2):
        stage.engine.connect(RAW, 1, 0)
        stage.wait(40_000)
    assert stage.engine.drops[Drop.NO_ANSWER] == 2


def test_a_server_that_answers_is_not_silent(stage: Stage) -> None:
    stage.raw().accept()
    stage.wait(20_000)
    assert stage.engine.drops[Drop.NO_ANSWER] == 0


def test_a_connected_server_that_goes_silent_is_a_timeout_and_no_more(stage: Stage) -> None:
    peer = stage.joined()
    stage.engine.send(peer.handle, 0, b"", 1)
    stage.wait(60_000)
    assert stage.engine.drops[Drop.NO_ANSWER] == 0


@each_row("cause", [Drop.PORT_UNREACHABLE, Drop.ADDRESS_UNREACHABLE])
def test_what_the_system_reports_is_noted_and_the_attempt_goes_on(engine_factory: EngineFactory, cause: Drop) -> None:
    stage = Stage(engine_factory)
    stage.engine.connect(RAW, 1, 0)
    stage.wait(100)
    stage.engine.on_unreachable(RAW, cause)
    assert stage.engine.poll_drops() == [DropReport(cause, RAW, 1)]
    assert stage.events() == []
    assert len(stage.engine.peers()) == 1


def test_a_report_about_anything_else_is_ignored(stage: Stage) -> None:
    """A connected peer is not gone because somebody says so."""
    peer = stage.joined()
    for address in (peer.mailbox.address, Address("10.9.9.9", 9)):
        stage.engine.on_unreachable(address, Drop.PORT_UNREACHABLE)
    assert stage.engine.poll_drops() == []
    assert stage.engine.peers() == [peer.handle]


@each_row("kind", [20, 21, 22, 23])
def test_dtls_is_recognized(engine_factory: EngineFactory, kind: int) -> None:
    stage = Stage(engine_factory)
    stage.raw().mailbox.send(stage.host.address, bytes([kind]) + HELLO[1:])
    stage.settle()
    assert stage.engine.poll_drops() == [DropReport(Drop.DTLS_RECORD, RAW, 1)]


@each_row(
    "data", [HELLO[:-1], HELLO[:12], bytes([19]) + HELLO[1:], bytes([24]) + HELLO[1:], HELLO[:1] + b"\3" + HELLO[2:]]
)
def test_what_only_resembles_it_is_not(engine_factory: EngineFactory, data: bytes) -> None:
    stage = Stage(engine_factory)
    stage.raw().mailbox.send(stage.host.address, data)
    stage.settle()
    ((cause, _, _),) = stage.engine.poll_drops()
    assert cause == Drop.UNKNOWN_PEER
