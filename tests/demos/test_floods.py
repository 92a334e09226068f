"""A client that sends without end: the servers of the demos go on with everything else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demos import dtls_chat, echo
from demos._buttons import BUTTONS, Buttons
from demos.arena.rules import TICK
from demos.arena.server import Server
from demos.hockey import End
from godot_enet import ENetConnection, ENetPacketPeer, ReceiveEvent, ServiceResult
from godot_enet.netcode import InputSender


class Flood:
    """A connection with a peer, of which a packet has come whenever it is asked."""

    def __init__(
        self, connection: ENetConnection, monkeypatch: pytest.MonkeyPatch, packet: bytes, data: int = 0
    ) -> None:
        self.taken = 0
        self._client = ENetConnection(threaded=False)
        self._client.create_host(1)
        assert self._client.connect_to_host("127.0.0.1", connection.get_local_port(), 0, data) is not None
        event = connection.service(10)
        deadline = time.monotonic() + 60
        while event.type != ENetConnection.EVENT_CONNECT:
            assert time.monotonic() < deadline
            self._client.service(10)
            event = connection.service(10)
        assert event.peer
        self.came, self.peer = event, event.peer
        self._packet = ReceiveEvent(ENetConnection.EVENT_RECEIVE, event.peer, 0, 0)
        monkeypatch.setattr(ENetConnection, "service", lambda _, timeout=0: self._service())
        monkeypatch.setattr(ENetPacketPeer, "get_packet", lambda peer: packet)
        monkeypatch.setattr(ENetPacketPeer, "get_packet_flags", lambda peer: 0)

    def _service(self) -> ServiceResult:
        self.taken += 1
        return self.came if self.taken == 1 else self._packet

    def close(self) -> None:
        self._client.destroy()


@pytest.fixture
def arena() -> Iterator[Server]:
    server = Server("127.0.0.1", 0, bots=1)
    yield server
    server.connection.destroy()


def test_the_arena_moves_on(arena: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = InputSender(BUTTONS)
    inputs.add(Buttons(0))
    flood = Flood(arena.connection, monkeypatch, bytes(6) + inputs.packet(), arena.world.net.schema_hash)
    arena._next_tick = time.monotonic() - TICK
    before = arena.world.tick
    arena.update()
    assert arena.world.tick > before
    assert flood.taken == 1000
    flood.close()


def test_hockey_plays_on(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = ENetConnection(threaded=False)
    connection.create_host_bound("127.0.0.1", 0, 1, 1)
    end = End(0, connection)
    inputs = InputSender(BUTTONS)
    inputs.add(Buttons(0))
    flood = Flood(connection, monkeypatch, bytes(9) + inputs.packet(), BUTTONS.schema_hash)
    end.play(0)
    assert end.match.tick == 1
    assert flood.taken == 1000
    flood.close()
    connection.destroy()


def test_echo_sends_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    server = echo.Server("127.0.0.1", 0, threaded=False)
    flood = Flood(server.connection, monkeypatch, bytes(8))
    server.service()
    assert server.echoed == 999
    flood.close()
    server.connection.destroy()


def test_the_chat_repeats_few_lines_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each goes to everybody."""
    server = dtls_chat.Server("127.0.0.1", 0, tmp_path)
    plain = ENetConnection(threaded=False)
    plain.create_host_bound("127.0.0.1", 0)
    flood = Flood(plain, monkeypatch, b"x")
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    said: list[str] = []
    monkeypatch.setattr(server, "say", said.append)
    for _ in range(5):
        assert server.service()
    assert said == ["guest 1 joined", *["guest 1: x"] * dtls_chat.LINES]
    assert flood.taken == 5 * dtls_chat.MAX_EVENTS_PER_FRAME
    flood.close()
    plain.destroy()
    server.connection.destroy()
