"""Whatever lies under a name that remotes can call, and whatever it does: ``poll()`` does not raise, and goes on."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from tests.rows import each_row
from tests.unit.compat.scene.party import Party

C = 7
SECONDS = 30.0


class RaisesWhenShown(Exception):
    def __str__(self) -> NoReturn:
        raise ValueError("no text")


class RaisesWhenRead:
    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise OSError("from __get__")


class RaisesWhenCalled:
    def __call__(self, *args: Any) -> NoReturn:
        raise OSError("from __call__")


class RaisesForItsSignature:
    def __call__(self, *args: Any) -> None: ...

    @property
    def __signature__(self) -> NoReturn:
        raise OSError("from __signature__")


class Strange(Enum):
    A = 1

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise OSError("from _missing_")


class StrangeInt(int, Enum):
    A = 1

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise OSError("from _missing_")


class Victim(Node):
    """Under some of its names are methods, under others whatever there can be."""

    number = 5
    text = "text"
    nothing = None
    a_list: list[int] = []  # noqa: RUF012
    a_class = dict
    builtin = len
    compiled = dict.fromkeys
    partial = functools.partial(print, end="")
    from_descriptor = RaisesWhenRead()
    from_call = RaisesWhenCalled()
    from_signature = RaisesForItsSignature()

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.on_instance = SimpleNamespace()
        for name in HARMFUL:
            self.rpc_config(name, {"rpc_mode": SceneMultiplayer.RPC_MODE_ANY_PEER})

    def __getattr__(self, name: str) -> Any:
        if name == "from_getattr":
            raise OSError("from __getattr__")
        raise AttributeError(name)

    @property
    def a_property(self) -> int:
        return 5

    @property
    def a_failing_property(self) -> NoReturn:
        raise OSError("from a property")

    @property
    def a_failing_property_2(self) -> NoReturn:
        raise AttributeError("from a property")

    @staticmethod
    def a_static_method(x: int, y: int) -> None: ...

    @classmethod
    def a_class_method(cls, x: int, y: int) -> None: ...

    def a_generator(self, *args: Any) -> Iterator[int]:
        self.heard.append("a_generator")
        yield 1

    async def an_async_generator(self, *args: Any) -> AsyncIterator[int]:
        self.heard.append("an_async_generator")
        yield 1

    async def a_failing_coroutine(self, *args: Any) -> NoReturn:
        raise OSError("from a coroutine")

    async def a_waiting_coroutine(self, *args: Any) -> None:
        import asyncio

        await asyncio.sleep(0)

    async def a_coroutine_that_will_not_end(self, *args: Any) -> None:
        import asyncio

        with contextlib.suppress(GeneratorExit):
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    def too_many_parameters(self, a: Any, b: Any, c: Any) -> None: ...
    def keyword_only(self, *args: Any, key: int) -> None: ...
    def strange(self, x: StrangeInt) -> None: ...
    def nameless(self, x: no_such_name) -> NoReturn:  # type: ignore[name-defined] # noqa: F821
        raise OSError("it was called")

    def stops(self, *args: Any) -> NoReturn:
        raise StopIteration

    def shows_nothing(self, *args: Any) -> NoReturn:
        raise RaisesWhenShown

    def recursive(self, *args: Any) -> None:
        self.recursive(*args)

    def frees_itself(self, *args: Any) -> NoReturn:
        parent = self.get_parent()
        assert parent is not None
        parent.remove_child(self)
        try:
            raise OSError("from outside of the tree")
        finally:
            parent.add_child(self)

    def polls(self, *args: Any) -> NoReturn:
        self.multiplayer.poll()
        raise OSError("after a poll")

    @rpc("any_peer")
    def work(self, x: int) -> None:
        self.heard.append(x)


HARMFUL = {
    **dict.fromkeys(["number", "text", "nothing", "a_list", "on_instance", "missing"], SceneDrop.UNKNOWN_METHOD),
    **dict.fromkeys(["a_property", "a_failing_property_2"], SceneDrop.UNKNOWN_METHOD),
    **dict.fromkeys(["a_static_method", "a_class_method", "too_many_parameters"], SceneDrop.WRONG_ARGUMENTS),
    **dict.fromkeys(["a_class", "builtin", "compiled"], SceneDrop.FAILED_CALL),
    **dict.fromkeys(["from_descriptor", "from_call", "from_getattr", "a_failing_property"], SceneDrop.FAILED_CALL),
    **dict.fromkeys(["a_generator", "an_async_generator", "a_failing_coroutine"], SceneDrop.FAILED_CALL),
    **dict.fromkeys(["a_waiting_coroutine", "a_coroutine_that_will_not_end"], SceneDrop.FAILED_CALL),
    **dict.fromkeys(["keyword_only", "strange", "nameless", "stops", "shows_nothing"], SceneDrop.FAILED_CALL),
    **dict.fromkeys(["recursive", "frees_itself", "polls", "from_signature"], SceneDrop.FAILED_CALL),
}
"""Names, and what a call with one int comes to."""


@pytest.mark.parametrize("name", HARMFUL)
def test_whatever_has_the_name(name: str, caplog: pytest.LogCaptureFixture) -> None:
    party = Party(C, make_node=Victim)
    server, client = party[1].node, party[C].node
    assert isinstance(server, Victim)
    assert client.rpc_id(1, name, 5) is Error.OK
    assert client.rpc_id(1, "work", 6) is Error.OK
    party.settle()
    assert server.heard[-1] == 6, "the calls after it arrive"
    assert party[1].api.counters() == {HARMFUL[name]: 1}
    assert f"'{name}' of " in caplog.text
    assert party[1].api.get_remote_sender_id() == 0


def test_what_is_harmless() -> None:
    party = Party(C, make_node=Victim)
    values: list[Any] = [None, "x", [1], {}, 1.5]
    for value in values:
        party[C].node.rpc_id(1, "partial", value)
    party.settle()
    assert party[1].api.counters() == {}


class Interrupted(Node):
    @rpc("any_peer")
    def interrupt(self) -> None:
        raise KeyboardInterrupt

    @rpc("any_peer")
    async def leave(self) -> None:
        sys.exit(3)


@pytest.mark.parametrize(("name", "error"), [("interrupt", KeyboardInterrupt), ("leave", SystemExit)])
def test_the_program_may_be_ended(name: str, error: type[BaseException]) -> None:
    party = Party(C, make_node=Interrupted)
    party[C].node.rpc_id(1, name)
    with pytest.raises(error):
        party.settle()
    assert party[1].api.get_remote_sender_id() == 0


@each_row("given", [None, "x", 1.5, [], True])
@each_row("option", ["rpc_mode", "transfer_mode", "channel"])
def test_a_configuration_is_read_when_it_is_made(option: str, given: object) -> None:
    with pytest.raises(TypeError, match=rf"rpc_config: '{option}' must be an int"):
        Node().rpc_config("f", {"rpc_mode": 1, option: given})


Callback = Callable[[int, bytes], object]


async def a_coroutine(peer: int, data: bytes) -> NoReturn:
    raise OSError("from the callback")


def a_generator(peer: int, data: bytes) -> Iterator[int]:
    yield 1


def a_failing_function(peer: int, data: bytes) -> NoReturn:
    raise OSError("from the callback")


def greet(party: Party, number: int, peer: int) -> None:
    party[number].api.send_auth(peer, b"x")


@pytest.mark.parametrize("callback", [a_coroutine, a_generator, a_failing_function, lambda: None])
def test_an_auth_callback(callback: Callback, caplog: pytest.LogCaptureFixture) -> None:
    party = Party(C, join=False)
    for number, member in party.members.items():
        member.api.auth_callback = callback
        member.api.peer_authenticating.connect(functools.partial(greet, party, number))
        member.join()
    party.settle()
    assert party[1].api.counters() == {SceneDrop.FAILED_CALL: 1}
    assert "auth_callback" in caplog.text


@pytest.mark.parametrize("threaded", [True, False])
def test_over_enet(host_engine: str, threaded: bool) -> None:
    server, client = ENetMultiplayerPeer(threaded=threaded), ENetMultiplayerPeer(threaded=threaded)
    server.set_bind_ip("127.0.0.1")
    assert server.create_server(0) is Error.OK
    host = server.get_host()
    assert host is not None
    assert client.create_client("127.0.0.1", host.get_local_port()) is Error.OK
    trees, nodes = (SceneTree(), SceneTree()), (Victim(), Victim())
    for tree, node, peer in zip(trees, nodes, (server, client), strict=True):
        tree.root.add_child(node, True)
        tree.get_multiplayer().multiplayer_peer = peer

    def until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline
            for tree in trees:
                tree.process(0.01)
            time.sleep(0.0005)

    until(lambda: all(tree.get_multiplayer().get_peers() for tree in trees))
    for name in HARMFUL:
        nodes[1].rpc_id(1, name, 5)
    nodes[1].work.rpc_id(1, 6)
    until(lambda: 6 in nodes[0].heard)
    server.close()
    client.close()
