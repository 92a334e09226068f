"""Public classes speak of themselves by their own names: in errors, and where they are printed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import godot_enet
from godot_enet import (
    BoundRpc,
    ENetConnection,
    ENetPacketPeer,
    HashingContext,
    HMACContext,
    Node,
    RpcMethod,
    SceneTree,
    Signal,
    TLSOptions,
)
from godot_enet.compat.own_methods import copy_methods, rename_methods
from tests.rows import each_row
from tests.unit.compat.stage import Stage


def classes() -> list[type]:
    """Every class that the package offers; Protocols only describe some."""
    found = [getattr(godot_enet, name) for name in godot_enet.__all__]
    return [
        each
        for each in found
        if inspect.isclass(each)
        and each.__module__.startswith("godot_enet")
        and not getattr(each, "_is_protocol", False)
    ]


def methods() -> Iterator[Any]:
    """Their methods, with those that they inherit."""
    names = {each.__name__ for each in classes()}
    for cls in classes():
        if cls is BoundRpc:  # its arguments are those of the method
            continue
        for name, member in inspect.getmembers(cls, callable):
            if not name.startswith("_") and not inspect.isclass(member):
                inherited = next(each for each in cls.__mro__ if name in vars(each))
                takes_all = name == "emit"
                if inherited.__module__.startswith("godot_enet") and not takes_all:
                    yield pytest.param(names, member, name, id=f"{cls.__name__}.{name}")


@each_row(("names", "method", "name"), list(methods()))
def test_errors_name_public_classes(names: set[str], method: Any, name: str) -> None:
    with pytest.raises(TypeError) as caught:
        method(*range(30), nonsense=1)
    said = re.match(r"(?:godot_enet\.core\.native\.)?(\w+)\.(\w+)\(\)", str(caught.value))
    if said is None:  # C has a few words of its own
        assert "PeerMethods" not in str(caught.value)
    else:
        assert said[1] in names
        assert said[2] == name


def test_the_methods_of_a_peer_and_a_connection(stage: Stage) -> None:
    link = stage.link()
    for owner, instance, names in (
        ("ENetPacketPeer", link.at_client, ["send", "get_packet", "get_packet_flags", "get_available_packet_count"]),
        ("ENetConnection", link.client, ["service", "flush", "connect_to_host", "broadcast"]),
    ):
        for name in names:
            with pytest.raises(TypeError, match=rf"\b{owner}\.{name}\(\)"):
                getattr(instance, name)(*range(30))


class _Inner:
    class Kind:
        pass

    def method(self, number: int = 3) -> int:
        """Doc."""
        return number

    @property
    def twice(self) -> int:
        return self.method() * 2

    @staticmethod
    def same(value: int) -> int:
        return value

    @classmethod
    def make(cls) -> _Inner:
        return cls()


class Public(_Inner):
    def method(self, number: int = 4) -> int:
        return super().method(number)


class Other(_Inner):
    pass


def test_copies_do_the_same_under_another_name() -> None:
    _Inner.__module__ = "godot_enet.test"
    copy_methods(Public, [Public, Other])
    copy_methods(Other, [Public, Other])
    assert (Public().twice, Other().twice, Other.same(5), type(Other.make())) == (8, 6, 5, Other)
    assert Other.method.__qualname__ == "Other.method"
    assert (Other.method.__doc__, inspect.signature(Other.method)) == ("Doc.", inspect.signature(_Inner.method))
    assert Public.method.__qualname__ == "Public.method"
    assert _Inner.method.__qualname__ == "_Inner.method"
    rename_methods(_Inner, "Shown")
    assert (_Inner.method.__qualname__, _Inner.Kind.__qualname__) == ("Shown.method", "Shown.Kind")


@each_row("cls", classes(), ids=lambda cls: cls.__name__)
def test_every_class_prints_itself(cls: type) -> None:
    assert any("__repr__" in vars(each) for each in cls.__mro__[:-1])
    if (
        inspect.isabstract(cls)
        or cls in (BoundRpc, ENetPacketPeer, RpcMethod, Signal, TLSOptions)
        or hasattr(cls, "__members__")
        or hasattr(cls, "_fields")
    ):
        return
    text = repr(cls())
    assert " object at 0x" not in text
    assert len(text) < 300


def test_a_connection_prints_what_it_is(stage: Stage, host_engine: str) -> None:
    server, client, idle = stage.server(), stage.client(), stage.connection()
    port = server.get_local_port()
    assert repr(idle) == "<ENetConnection inactive>"
    assert repr(server) == f"<ENetConnection {host_engine} on 127.0.0.1:{port}, 0 peers>"
    assert repr(client) == f"<ENetConnection {host_engine} without a port yet, 0 peers>"
    link = stage.join(server, client)
    assert repr(server) == f"<ENetConnection {host_engine} on 127.0.0.1:{port}, 1 peers>"
    assert repr(link.at_client) == f"<ENetPacketPeer 127.0.0.1:{port} connected>"
    link.at_client.reset()
    assert repr(link.at_client) == f"<ENetPacketPeer 127.0.0.1:{port} inactive>"
    client.destroy()
    assert repr(client) == "<ENetConnection inactive>"


def test_others_print_what_they_are() -> None:
    tree = SceneTree()
    tree.root.add_child(Node("A"))
    assert repr(tree).startswith("<SceneTree of 2 nodes, <SceneMultiplayer over <OfflineMultiplayerPeer>")
    context, keyed = HashingContext(), HMACContext()
    assert (repr(context), repr(keyed)) == ("<HashingContext not started>", "<HMACContext not started>")
    context.start(HashingContext.HASH_SHA256)
    keyed.start(HashingContext.HASH_SHA1, b"secret")
    assert repr(context) == "<HashingContext sha256>"
    assert "sha1" in repr(keyed)
    assert "secret" not in repr(keyed)
    assert repr(ENetConnection()) == "<ENetConnection inactive>"
    assert repr(vars(SceneTree)["process_frame"]) == "<SignalProperty process_frame()>"
