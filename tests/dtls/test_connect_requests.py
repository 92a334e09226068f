"""The hook that chooses who may connect sees what is behind the encryption, whichever was set up first."""

from __future__ import annotations

import pytest

from godot_enet import ENetConnection, Error
from tests.dtls.certificates import localhost
from tests.dtls.conftest import secure_client, server_options
from tests.unit.compat.stage import Stage, kinds

Verdict = ENetConnection.ConnectVerdict


@pytest.mark.parametrize("order", ["hook first", "hook last"])
def test_strangers_are_chosen_among(stage: Stage, order: str) -> None:
    server = stage.server()
    asked: list[int] = []

    def door(ip: str, port: int, data: int) -> int:
        asked.append(data)
        return Verdict.ACCEPT if data == 1 else Verdict.DENY

    if order == "hook first":
        assert server.on_connect_request(door) is Error.OK
    assert server.dtls_server_setup(server_options(localhost())) is Error.OK
    if order == "hook last":
        assert server.on_connect_request(door) is Error.OK
    stage.join(server, secure_client(stage), 2, 1).deliver(b"x")
    denied = secure_client(stage)
    denied.connect_to_host("127.0.0.1", server.get_local_port(), 2, 2)
    stage.run(lambda: stage.peek(denied))
    assert kinds(stage.events(denied)) == [ENetConnection.EVENT_DISCONNECT]
    assert stage.events(server) == []
    assert set(asked) == {1, 2}


def test_a_plain_client_is_not_asked_about(inline: Stage) -> None:
    server = inline.server()
    asked: list[int] = []

    def door(ip: str, port: int, data: int) -> int:
        asked.append(data)
        return Verdict.ACCEPT

    server.on_connect_request(door)
    server.dtls_server_setup(server_options(localhost()))
    plain = inline.client()
    peer = plain.connect_to_host("127.0.0.1", server.get_local_port(), 2, 3)
    assert peer is not None
    inline.join(server, secure_client(inline), 2, 4).deliver(b"x")
    # The hook that came first stands before the encryption, too: what is not encrypted goes no further than that.
    assert 4 in asked
    assert inline.events(server) == []
    assert len(server.get_peers()) == 1
