"""The decorator, and what it makes of methods."""

from __future__ import annotations

import gc
import weakref
from copy import copy
from typing import Any

import pytest

from godot_enet.compat.deferred import run_deferred
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import BoundRpc, RpcMethod, rpc, script_methods
from godot_enet.compat.signal import Signal
from godot_enet.compat.variant import VariantType, typeof


class Base(Node):
    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error:
        self.sent.append((peer_id, method, *args))
        return Error.OK

    @rpc
    def plain(self, a: int, b: int = 2) -> int:
        """Adds."""
        return a + b

    @rpc("any_peer", "call_local", "unreliable", 3)
    def full(self, *, key: str = "") -> str:
        return key

    @rpc()
    def empty(self) -> None: ...

    def undecorated(self) -> None: ...


class Child(Base):
    def plain(self, a: int, b: int = 3) -> int:  # type: ignore[override]  # keeps its decoration
        return super().plain(a, b) * 10

    @rpc("any_peer")
    def empty(self) -> None: ...

    @rpc
    def undecorated(self) -> None: ...


def test_called_like_any_method() -> None:
    assert Base().plain(1) == 3
    assert Base().plain(b=5, a=1) == 6
    assert Base.plain(Base(), 1) == 3
    assert Base().full(key="x") == "x"
    assert Base().sent == []


def test_called_on_others() -> None:
    node = Base()
    assert node.plain.rpc(1) is Error.OK
    node.plain.rpc_id(5, 1, 2)
    node.plain.rpc_id(-5, b=4, a=3)
    node.plain.rpc(a=1)
    assert node.sent == [(0, "plain", 1), (5, "plain", 1, 2), (-5, "plain", 3, 4), (0, "plain", 1, 2)]


def test_options() -> None:
    methods = script_methods(Base)
    assert {name: tuple(config) for name, (config, _) in methods.items()} == {
        "plain": (2, 2, False, 0),
        "full": (1, 0, True, 3),
        "empty": (2, 2, False, 0),
    }
    with pytest.raises(ValueError, match="'everybody' must be one of"):
        rpc("everybody")


def test_an_override_keeps_the_options_as_in_gdscript() -> None:
    methods = script_methods(Child)
    assert sorted(methods) == ["empty", "full", "plain", "undecorated"]
    assert methods["empty"][0].mode == 1
    assert methods["plain"][0] == script_methods(Base)["plain"][0]
    node = Child()
    assert node.plain(1) == 40
    assert isinstance(node.plain, BoundRpc)
    node.plain.rpc(1)
    assert node.sent == [(0, "plain", 1)]
    assert methods["plain"][1](node, 1) == 40


def test_a_bound_one_is_like_a_bound_method() -> None:
    node, other = Base(), Base()
    assert node.plain == node.plain
    assert node.plain != other.plain
    assert node.plain != node.empty
    assert len({node.plain, node.plain, other.plain}) == 2
    assert node.plain.__name__ == "plain"
    assert node.plain.__qualname__ == "Base.plain"
    assert node.plain.__self__ is node
    assert "plain" in repr(node.plain)
    assert typeof(node.plain) is VariantType.TYPE_CALLABLE
    assert isinstance(Base.plain, RpcMethod)
    assert Base.plain.__doc__ == "Adds."
    assert copy(node.plain) == node.plain
    with pytest.raises(AttributeError):
        node.plain.no_such_thing  # noqa: B018


def test_signals_can_be_connected_to_it() -> None:
    node = Base()
    signal: Signal[...] = Signal(node, "hit")
    signal.connect(node.empty)
    assert signal.is_connected(node.empty)
    signal.disconnect(node.empty)
    assert not signal.has_connections()


@pytest.mark.parametrize("flags", [0, Signal.CONNECT_DEFERRED, Signal.CONNECT_REFERENCE_COUNTED])
def test_signals_can_be_connected_to_its_rpc(flags: int) -> None:
    """It is one and the same whenever it is asked for, and its node's end is the connection's."""
    door, node = Node(), Base()
    heard: Signal[...] = Signal(door, "opened", ("a",))
    assert heard.connect(node.plain.rpc, flags) is Error.OK
    assert heard.is_connected(node.plain.rpc)
    assert not heard.is_connected(node.empty.rpc)
    assert not heard.is_connected(node.plain.rpc_id)
    assert not heard.is_connected(node.plain)
    assert not heard.is_connected(Base().plain.rpc)
    if not flags & Signal.CONNECT_REFERENCE_COUNTED:
        assert heard.connect(node.plain.rpc, flags) is Error.ERR_INVALID_PARAMETER
    heard.emit(7)
    run_deferred()
    assert node.sent == [(0, "plain", 7)]
    watched = weakref.ref(node)
    node.free()
    assert not heard.has_connections()
    del node
    gc.collect()
    assert watched() is None
