"""RPCs that are coroutines, as any function with ``await`` is in GDScript."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_tree import SceneTree
from tests.unit.compat.scene.party import Party

C = 7
SECONDS = 30.0


class Lobby(Node):
    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.rpc_config("configured", {"rpc_mode": 1})

    def note(self, what: str) -> None:
        self.heard.append((what, self.multiplayer.get_remote_sender_id()))

    @rpc("any_peer", "call_local")
    async def login(self, name: str) -> None:
        self.note(f"{name} begins")
        await asyncio.sleep(0)
        self.note(f"{name} ends")

    @rpc("any_peer", "call_local")
    async def at_once(self, name: str) -> None:
        self.note(name)

    @rpc("any_peer")
    def say(self, text: str) -> None:
        self.note(text)

    @rpc("any_peer", "call_local")
    async def fail(self, late: bool) -> None:
        if late:
            await asyncio.sleep(0)
        raise ValueError(f"late: {late}")

    async def configured(self, name: str) -> None:
        self.note(name)


def lobby(party: Party, number: int) -> Lobby:
    node = party[number].node
    assert isinstance(node, Lobby)
    return node


async def later(party: Party) -> None:
    party.settle()
    for _ in range(3):
        await asyncio.sleep(0)


def test_it_runs_in_order_with_the_others_until_it_waits() -> None:
    async def main() -> None:
        party = Party(C, make_node=Lobby)
        lobby(party, C).login.rpc_id(1, "eve")
        lobby(party, C).say.rpc_id(1, "hello")
        party.settle()
        assert lobby(party, 1).heard == [("eve begins", C), ("hello", C)]
        await later(party)
        # whose call it was is known until the first wait, as in GDScript
        assert lobby(party, 1).heard[2:] == [("eve ends", 0)]

    asyncio.run(main())


def test_without_a_loop() -> None:
    party = Party(C, make_node=Lobby)
    for name in ("at_once", "configured"):
        lobby(party, C).rpc_id(1, name, "eve")
    party.settle()
    assert lobby(party, 1).heard == [("eve", C), ("eve", C)]
    lobby(party, 1).at_once.rpc_id(1, "here")
    assert lobby(party, 1).heard[2:] == [("here", 1)]


def test_to_wait_without_a_loop_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    party = Party(C, make_node=Lobby)
    lobby(party, C).login.rpc_id(1, "eve")
    party.settle()
    assert lobby(party, 1).heard == [("eve begins", C)]
    assert party[1].api.counters() == {SceneDrop.FAILED_CALL: 1}
    assert "poll from inside asyncio.run()" in caplog.text


@pytest.mark.parametrize("late", [False, True])
def test_an_exception_is_logged(late: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        party = Party(C, make_node=Lobby)
        lobby(party, C).fail.rpc_id(1, late)
        await later(party)
        assert party[1].api.counters() == {SceneDrop.FAILED_CALL: 1}
        assert f"ValueError: late: {late}" in caplog.text
        assert "Received a packet from peer 7: the call raised an exception ('fail' of /root/Main)" in caplog.text

    asyncio.run(main())


def test_a_local_call(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        party = Party(C, make_node=Lobby)
        server = lobby(party, 1)
        assert server.login.rpc_id(1, "here") is Error.OK
        assert server.heard == [("here begins", 1)]
        await later(party)
        assert server.heard[1:] == [("here ends", 0)]
        with pytest.raises(ValueError, match="late: False"):
            server.fail.rpc_id(1, False)
        server.fail.rpc_id(1, True)
        await later(party)
        assert "RPC 'fail' of /root/Main failed." in caplog.text
        assert "ValueError: late: True" in caplog.text

    asyncio.run(main())


def test_called_like_any_method_it_is_a_coroutine() -> None:
    async def main() -> None:
        party = Party(make_node=Lobby)
        await lobby(party, 1).login("me")
        assert lobby(party, 1).heard == [("me begins", 0), ("me ends", 0)]

    asyncio.run(main())


def test_an_auth_callback_may_be_one() -> None:
    async def main() -> None:
        party = Party(C, join=False)

        async def authenticate(peer: int, data: bytes) -> None:
            await asyncio.sleep(0)
            party[1].api.complete_auth(peer)

        party[1].api.auth_callback = authenticate
        party[C].api.auth_callback = lambda peer, data: None
        party[C].api.peer_authenticating.connect(lambda peer: party[C].api.send_auth(peer, b"x"))
        for member in party.members.values():
            member.join()
        await later(party)
        party[C].api.complete_auth(1)
        await later(party)
        assert list(party[1].api.get_peers()) == [C]

    asyncio.run(main())


def test_a_callable_of_a_signal_may_be_one(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Any] = []

    async def greet(peer: int) -> None:
        heard.append(peer)
        await asyncio.sleep(0)
        heard.append("later")
        raise ValueError("late")

    async def fail(peer: int) -> None:
        raise ValueError("early")

    async def main() -> None:
        party = Party(C, join=False)
        party[1].api.peer_connected.connect(greet)
        party[1].api.peer_connected.connect(fail)
        for member in party.members.values():
            member.join()
        await later(party)

    asyncio.run(main())
    assert heard == [C, "later"]
    for error in ("early", "late"):
        assert f"ValueError: {error}" in caplog.text
    assert caplog.text.count("Error calling from signal 'peer_connected' to callable: ") == 2


@pytest.mark.parametrize("threaded", [True, False])
def test_over_enet(host_engine: str, threaded: bool) -> None:
    async def main() -> None:
        server, client = ENetMultiplayerPeer(threaded=threaded), ENetMultiplayerPeer(threaded=threaded)
        server.set_bind_ip("127.0.0.1")
        assert server.create_server(0) is Error.OK
        host = server.get_host()
        assert host is not None
        assert client.create_client("127.0.0.1", host.get_local_port()) is Error.OK
        trees, nodes = (SceneTree(), SceneTree()), (Lobby(), Lobby())
        for tree, node, peer in zip(trees, nodes, (server, client), strict=True):
            node.name = "Lobby"
            tree.root.add_child(node)
            tree.get_multiplayer().multiplayer_peer = peer
        deadline = time.monotonic() + SECONDS
        is_sent = False
        while len(nodes[0].heard) < 2:
            assert time.monotonic() < deadline
            for tree in trees:
                tree.process(0.01)
            if not is_sent and all(tree.get_multiplayer().get_peers() for tree in trees):
                is_sent = True
                nodes[1].login.rpc_id(1, "eve")
            await asyncio.sleep(0.0005)
        assert nodes[0].heard == [("eve begins", client.get_unique_id()), ("eve ends", 0)]
        server.close()
        client.close()

    asyncio.run(main())
