"""Letting peers in: who has to say what, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene import authentication
from godot_enet.compat.scene.drops import SceneDrop
from tests.unit.compat.scene.party import Member, Party

C = 7


class Pair:
    """A server and a client that ask each other."""

    def __init__(self, *asking: int, timeout: float = 3.0) -> None:
        self.party = Party(C, join=False)
        self.got: list[tuple[int, int, bytes]] = []
        for number in asking or (1, C):
            self.party[number].api.auth_callback = self._callback(number)
            self.party[number].api.auth_timeout = timeout
        for member in self.party.members.values():
            member.join()
            self.party.settle()
        self.server, self.client = self.party[1], self.party[C]

    def _callback(self, number: int) -> Any:
        return lambda peer, data: self.got.append((number, peer, data))


def kinds(member: Member) -> list[str]:
    return [heard[0] for heard in member.take()]


def test_both_are_satisfied() -> None:
    pair = Pair()
    server, client = pair.server, pair.client
    assert server.take() == [("peer_authenticating", C)]
    assert client.take() == [("peer_authenticating", 1)]
    assert list(server.api.get_authenticating_peers()) == [C]
    assert list(server.api.get_peers()) == []
    assert client.api.send_auth(1, b"\xaa\xbb") is Error.OK
    assert server.api.send_auth(C, bytearray(b"\xcc")) is Error.OK
    pair.party.settle()
    assert sorted(pair.got) == [(1, C, b"\xaa\xbb"), (C, 1, b"\xcc")]
    assert client.api.complete_auth(1) is Error.OK
    pair.party.settle()
    assert client.take() == server.take() == []
    assert server.api.complete_auth(C) is Error.OK
    assert server.take() == [("peer_connected", C)]
    pair.party.settle()
    assert client.take() == [("connected_to_server",), ("peer_connected", 1)]
    assert list(server.api.get_authenticating_peers()) == []
    sent = [packet[2] for packet in pair.party.packets()]
    assert sent == ["0700aabb", "0700cc", "0700", "0700"]


def test_returns_as_in_godot(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    api = pair.server.api
    assert api.send_auth(9, b"x") is Error.ERR_INVALID_PARAMETER
    assert api.complete_auth(9) is Error.ERR_INVALID_PARAMETER
    assert api.send_auth(C, b"") is Error.ERR_INVALID_PARAMETER
    assert api.complete_auth(C) is Error.OK
    assert api.complete_auth(C) is Error.ERR_FILE_CANT_WRITE
    assert api.send_auth(C, b"x") is Error.ERR_FILE_CANT_WRITE
    assert api.send_bytes(b"x", C) is Error.ERR_BUG
    pair.party.settle()
    assert pair.client.api.send_auth(1, b"x") is Error.ERR_FILE_CANT_WRITE
    assert "The remote peer notified" in caplog.text
    api.multiplayer_peer = None
    assert api.send_auth(C, b"x") is Error.ERR_UNCONFIGURED
    assert api.complete_auth(C) is Error.ERR_UNCONFIGURED


def test_nothing_else_is_taken_from_who_is_not_in() -> None:
    pair = Pair()
    for packet in (b"\x03x", b"\x07", b"", b"\x07\x01\x05\0\0\0", b"\0\1\0", b"\x07\x03\0\0\0\0\x03x"):
        pair.server.transport.inject(packet, C)
    pair.party.settle()
    assert pair.server.api.counters() == {SceneDrop.NOT_AUTHENTICATED: 6}
    assert kinds(pair.server) == ["peer_authenticating"]


def test_who_is_in_is_not_asked_again() -> None:
    pair = Pair(1)
    pair.server.api.complete_auth(C)
    pair.party.settle()
    assert list(pair.server.api.get_authenticating_peers()) == [C]  # the client never says that it is satisfied
    assert kinds(pair.client) == ["connected_to_server", "peer_connected"]
    assert pair.client.api.counters() == {}
    pair.client.transport.inject(b"\x07\x00late", 1)
    pair.party.settle()
    assert pair.client.api.counters() == {SceneDrop.LATE_AUTHENTICATION: 1}


def test_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(authentication, "monotonic", lambda: now[0])
    pair = Pair(timeout=0.5)
    now[0] += 0.49
    pair.party.settle()
    assert kinds(pair.server) == ["peer_authenticating"]
    now[0] += 0.02
    pair.server.api.poll()
    assert kinds(pair.server) == ["peer_authentication_failed"]
    pair.party.settle()
    assert kinds(pair.client) == ["peer_authenticating", "peer_authentication_failed", "server_disconnected"]
    assert kinds(pair.server) == []


def test_no_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(authentication, "monotonic", lambda: now[0])
    pair = Pair(timeout=0.0)
    now[0] += 1e6
    pair.party.settle()
    assert kinds(pair.server) == ["peer_authenticating"]


def test_who_leaves_has_failed() -> None:
    pair = Pair()
    pair.client.transport.close()
    pair.party.settle()
    assert kinds(pair.server) == ["peer_authenticating", "peer_authentication_failed"]
    assert kinds(pair.client) == ["peer_authenticating", "server_disconnected"]


def test_a_callback_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()

    def callback(peer: int, data: bytes) -> None:
        raise ValueError("no such user")

    pair.server.api.auth_callback = callback
    pair.client.api.send_auth(1, b"x")
    pair.party.settle()
    assert pair.server.api.counters() == {SceneDrop.FAILED_CALL: 1}
    assert "no such user" in caplog.text
    pair.server.api.auth_callback = None
    pair.client.api.send_auth(1, b"x")
    pair.party.settle()
    assert pair.server.api.counters() == {SceneDrop.FAILED_CALL: 1}


def test_a_callback_may_end_it_all() -> None:
    pair = Pair()
    api = pair.server.api

    def callback(peer: int, data: bytes) -> None:
        api.multiplayer_peer = None

    api.auth_callback = callback
    pair.client.api.send_auth(1, b"x")
    pair.client.api.send_auth(1, b"y")
    pair.party.settle()
    assert api.multiplayer_peer is None
    assert api.counters() == {}


class TestGrace:
    """A client without auth_callback is admitted by a server with ``auth_grace``."""

    def test_its_first_packet_admits_it_and_is_used(self) -> None:
        pair = Pair(1)
        server = pair.server.api
        server.auth_grace = 60
        packets: list[tuple[int, bytes]] = []
        server.peer_packet.connect(lambda peer, packet: packets.append((peer, packet)))
        pair.client.api.send_bytes(b"hello", 1)
        pair.party.settle()
        assert kinds(pair.server) == ["peer_authenticating", "peer_connected", "peer_packet"]
        assert packets == [(C, b"hello")]
        assert server.counters() == {}
        pair.party.settle()
        assert [packet[2][:4] for packet in pair.party.packets() if packet[0] == 1] == []  # it is sent nothing

    def test_a_silent_one_is_admitted_when_the_grace_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1000.0]
        monkeypatch.setattr(authentication, "monotonic", lambda: now[0])
        pair = Pair(1)
        pair.server.api.auth_grace = 1
        now[0] += 0.99
        pair.party.settle()
        assert kinds(pair.server) == ["peer_authenticating"]
        now[0] += 0.02
        pair.party.settle()
        assert kinds(pair.server) == ["peer_connected"]

    def test_one_that_has_begun_must_complete(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1000.0]
        monkeypatch.setattr(authentication, "monotonic", lambda: now[0])
        pair = Pair()
        pair.server.api.auth_grace = 1
        pair.client.api.send_auth(1, b"x")
        pair.party.settle()
        now[0] += 2
        pair.server.transport.inject(b"\x03x", C)
        pair.party.settle()
        assert pair.server.api.counters() == {SceneDrop.NOT_AUTHENTICATED: 1}
        now[0] += 2
        pair.server.api.poll()
        assert kinds(pair.server) == ["peer_authenticating", "peer_authentication_failed"]

    def test_the_setting(self) -> None:
        api = Pair().server.api
        assert api.auth_grace is None
        with pytest.raises(ValueError, match="must not be negative, not -1"):
            api.auth_grace = -1
        with pytest.raises(TypeError):
            api.auth_grace = "x"  # type: ignore[assignment]
        api.auth_grace = 2
        assert api.auth_grace == 2.0
