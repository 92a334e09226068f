"""The high-level multiplayer over ENet itself, on loopback sockets, with each engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import Vector2

SECONDS = 20.0


class Player(Node):
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    @rpc("any_peer", "call_local", "unreliable_ordered", 3)
    def move(self, where: Vector2) -> None:
        self.calls.append(("move", where, self.multiplayer.get_remote_sender_id()))

    @rpc
    def start(self, names: list[str]) -> None:
        self.calls.append(("start", names, self.multiplayer.get_remote_sender_id()))


class End:
    """A server, or a client of the one at a port."""

    def __init__(self, port: int = 0, *, threaded: bool = False) -> None:
        self.tree, self.player, self.transport = SceneTree(), Player(), ENetMultiplayerPeer(threaded=threaded)
        self.player.name = "Player"
        self.tree.root.add_child(self.player)
        self.transport.set_bind_ip("127.0.0.1")
        error = self.transport.create_client("127.0.0.1", port) if port else self.transport.create_server(0)
        assert error is Error.OK
        self.api = self.player.multiplayer
        self.api.multiplayer_peer = self.transport
        self.id = self.api.get_unique_id()

    @property
    def port(self) -> int:
        host = self.transport.get_host()
        assert host is not None
        return host.get_local_port()


@pytest.fixture
def ends(host_engine: str) -> Iterator[list[End]]:
    server = End()
    ends = [server, End(server.port), End(server.port)]
    until(ends, lambda: all(len(end.api.get_peers()) == 2 for end in ends))
    yield ends
    for end in ends:
        end.transport.close()


def until(ends: list[End], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, [end.player.calls for end in ends]
        for end in ends:
            end.tree.process(0.001)
        time.sleep(0.0005)


def test_calls_among_three(ends: list[End]) -> None:
    server, first, second = ends
    assert {*server.api.get_peers()} == {first.id, second.id}
    assert first.player.move.rpc(Vector2(1, 2)) is Error.OK
    assert server.player.start.rpc(["a", "b"]) is Error.OK
    until(ends, lambda: [len(end.player.calls) for end in ends] == [1, 2, 2])
    assert first.player.calls == [("move", Vector2(1, 2), first.id), ("start", ["a", "b"], 1)]
    assert server.player.calls == [("move", Vector2(1, 2), first.id)]
    assert sorted(second.player.calls) == [("move", Vector2(1, 2), first.id), ("start", ["a", "b"], 1)]


def test_one_is_put_out(ends: list[End]) -> None:
    server, first, second = ends
    lost: list[int] = []
    first.api.server_disconnected.connect(lambda: lost.append(first.id))
    second.api.peer_disconnected.connect(lost.append)
    server.api.disconnect_peer(first.id)
    until(ends, lambda: len(lost) == 2)
    assert lost == [first.id, first.id]
    assert list(server.api.get_peers()) == [second.id]
    assert list(second.api.get_peers()) == [1]
    assert list(first.api.get_peers()) == []


@pytest.mark.parametrize("threaded", [True, False], ids=["thread", "inline"])
@pytest.mark.parametrize("polls", [True, False], ids=["noticed", "unnoticed"])
def test_both_ends_opened_again(host_engine: str, threaded: bool, polls: bool) -> None:
    """The same transport objects in another session: the nodes are introduced again."""
    server = End(threaded=threaded)
    client = End(server.port, threaded=threaded)
    ends = [server, client]
    until(ends, lambda: all(len(end.api.get_peers()) == 1 for end in ends))
    for names in (["a"], ["b"]):
        server.player.start.rpc(names)
        until(ends, lambda: client.player.calls[-1:] == [("start", names, 1)])  # noqa: B023 - called here and now
    for end in ends:
        end.transport.close()
    if polls:
        for end in ends:
            end.tree.process(0.001)
            assert list(end.api.get_peers()) == []
    assert server.transport.create_server(0) is Error.OK
    assert client.transport.create_client("127.0.0.1", server.port) is Error.OK
    until(
        ends,
        lambda: all(
            list(end.api.get_peers()) == [other.api.get_unique_id()]
            for end, other in zip(ends, ends[::-1], strict=True)
        ),
    )
    for number in range(3):
        server.player.start.rpc([str(number)])
        until(ends, lambda: client.player.calls[-1:] == [("start", [str(number)], 1)])  # noqa: B023
    assert sum(server.api.counters().values()) == sum(client.api.counters().values()) == 0
    for end in ends:
        end.transport.close()


def test_what_is_too_large_is_refused(ends: list[End], caplog: pytest.LogCaptureFixture) -> None:
    """Of a server to its clients, and of a client through the server."""
    names = ["x" * (33 << 20)]
    server, first, second = ends
    first.player.set_multiplayer_authority(first.id)
    assert server.player.start.rpc(names) is Error.FAILED
    assert first.player.start.rpc_id(second.id, names) is Error.FAILED
    data = bytes(33 << 20)
    assert server.api.send_bytes(data) is Error.FAILED
    assert first.api.send_bytes(data, second.id) is Error.FAILED
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 4
    assert all(line.startswith("Unable to send packet of 346") for line in lines)
    assert server.player.start.rpc(["a"]) is Error.OK
    until(ends, lambda: bool(second.player.calls))
    assert second.player.calls == [("start", ["a"], 1)]
