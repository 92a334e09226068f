"""Nodes are what they are, whatever their classes say about being equal, hashable, true or empty."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.signal import ConnectFlags, SignalProperty
from tests.unit.compat.scene.party import Party


class Base(Node):
    """Counts what reaches it, by ``id()``."""

    bang = SignalProperty[[]]()
    reached: list[int] = []  # noqa: RUF012 - of all of them

    def _process(self, delta: float) -> None:
        self.reached.append(id(self))

    def on_bang(self) -> None:
        self.reached.append(id(self))

    @rpc("any_peer", "call_local")
    def hit(self) -> None:
        self.reached.append(id(self))


@dataclass
class Unhashable(Base):
    health: int = 3


@dataclass(unsafe_hash=True)
class Equal(Base):
    health: int = 3


class Everything(Base):
    """Is equal to all, has no hash, is false and empty."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> NoReturn:
        raise RuntimeError("no hash")

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class Raising(Base):
    """Cannot be compared at all."""

    def __eq__(self, other: object) -> NoReturn:
        raise RuntimeError("not comparable")

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise RuntimeError("neither")


KINDS: list[Callable[[], Base]] = [Unhashable, Equal, Everything, Raising]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def make(request: pytest.FixtureRequest) -> Callable[[], Base]:
    Base.reached.clear()
    kind: Callable[[], Base] = request.param
    return kind


def test_each_is_processed_and_removed_by_itself(make: Callable[[], Base]) -> None:
    tree, a, b, c = SceneTree(), make(), make(), make()
    for node in (a, b):
        tree.root.add_child(node)
    b.add_child(c)
    assert [id(node) for node in tree.root.get_children()] == [id(a), id(b)]
    tree.process(0.1)
    assert Base.reached == [id(a), id(b), id(c)]
    tree.root.remove_child(a)
    a.queue_free()
    Base.reached.clear()
    tree.process(0.1)
    assert Base.reached == [id(b), id(c)]
    assert a._freed
    assert not b._freed
    c.reparent(tree.root)
    assert c.get_parent() is tree.root
    assert str(b.get_path_to(c)) == f"../{c.name}"


def test_each_is_connected_by_itself(make: Callable[[], Base]) -> None:
    a, b, c = make(), make(), make()
    for node in (a, b):
        assert c.bang.connect(node.on_bang) is Error.OK
        assert c.bang.connect(node.hit) is Error.OK
    assert c.bang.connect(a.on_bang) is Error.ERR_INVALID_PARAMETER
    assert c.bang.connect(a.hit) is Error.ERR_INVALID_PARAMETER
    c.bang.disconnect(b.on_bang)
    assert c.bang.is_connected(a.on_bang)
    assert not c.bang.is_connected(b.on_bang)
    c.bang.emit()
    assert Base.reached == [id(a), id(a), id(b)]
    b.free()
    Base.reached.clear()
    c.bang.emit()
    assert Base.reached == [id(a), id(a)]


def test_callables_that_are_equal(make: Callable[[], Base]) -> None:
    kind: Any = type(make())
    heard: list[object] = []
    callable_kind: Any = type("Callable", (kind,), {"__call__": lambda self: heard.append(id(self))})
    a, b, source = callable_kind(), callable_kind(), Equal()
    assert source.bang.connect(a) is source.bang.connect(b, ConnectFlags.CONNECT_DEFERRED) is Error.OK
    source.bang.emit()
    SceneTree().process(0)
    assert heard == [id(a), id(b)]
    a.free()
    source.bang.emit()
    assert heard == [id(a), id(b)]


def test_each_has_rpcs_of_its_own(make: Callable[[], Base]) -> None:
    party = Party(5)
    nodes = {}
    for member in party.members.values():
        for name in ("A", "B"):
            node = make()
            node.name = name
            member.node.add_child(node)
            nodes[member.number, name] = node
    for _ in range(2):
        nodes[1, "A"].hit.rpc()
        nodes[1, "B"].hit.rpc()
        party.settle()
    assert Base.reached == [id(nodes[key]) for key in [(1, "A"), (1, "B"), (5, "A"), (5, "B")] * 2]


def test_a_freed_one_is_let_go(make: Callable[[], Base]) -> None:
    tree, node, source = SceneTree(), make(), make()
    tree.root.add_child(node)
    source.bang.connect(node.on_bang)
    watched = weakref.ref(node)
    node.queue_free()
    tree.process(0.1)
    del node
    gc.collect()
    assert watched() is None
