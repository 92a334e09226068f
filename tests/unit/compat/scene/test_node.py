"""Nodes: names, places, authority, configuration."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import NodePath, StringName


class Forgetful(Node):
    """Does not call what it overrides."""

    def __init__(self) -> None:
        pass

    @rpc
    def method(self) -> None: ...


class Journal(Node):
    """Writes down what the tree calls."""

    def __init__(self, name: str, lines: list[str]) -> None:
        super().__init__(name)
        self.lines = lines

    def _enter_tree(self) -> None:
        self.lines.append(f"enter {self.name}")

    def _ready(self) -> None:
        self.lines.append(f"ready {self.name}")

    def _exit_tree(self) -> None:
        self.lines.append(f"exit {self.name}")


@pytest.fixture
def tree() -> SceneTree:
    return SceneTree()


def test_a_node_alone(caplog: pytest.LogCaptureFixture) -> None:
    node = Node("a/b")
    assert node.name == StringName("a_b")
    assert isinstance(node.name, StringName)
    assert node.get_parent() is None
    assert node.get_children() == []
    assert not node.is_inside_tree()
    assert node.get_tree() is None
    assert node.get_path().is_empty()
    assert node.multiplayer is None
    assert not node.is_multiplayer_authority()
    assert node.rpc("x") is Error.ERR_UNCONFIGURED
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 4
    with pytest.raises(TypeError, match="name must be a str"):
        Node(cast("Any", 5))


def test_a_class_need_not_call_init(tree: SceneTree) -> None:
    node = Forgetful()
    tree.root.add_child(node, True)
    assert node.name == "Node", "the native class; Godot's scripts have no names"
    assert str(node.get_path()) == "/root/Node"


def test_names_among_siblings_as_in_godot(tree: SceneTree) -> None:
    names = []
    for name, readable in [("Q", False), ("Q", False), ("", False), ("Q", True), ("", True), ("Q2", True)]:
        node = Node(name)
        tree.root.add_child(node, readable)
        names.append(str(node.name))
    assert names[0] == "Q"
    assert names[1].startswith("@Node@")
    assert names[2].startswith("@Node@")
    assert names[3:] == ["Q2", "Node", "Q3"]
    assert [str(child.name) for child in tree.root.get_children()] == names
    assert tree.root.get_child_count() == 6


def test_renaming(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    a, b = Node("a"), Node("b")
    tree.root.add_child(a)
    tree.root.add_child(b)
    a.name = "c"
    assert tree.root.get_node("c") is a
    assert tree.root.get_children() == [a, b]
    assert not tree.root.has_node("a")
    b.name = "c"
    assert b.name == "c2"
    b.name = "c"
    assert b.name == "c2", "as in Godot its own name is free for it"
    b.name = ""
    assert 'Condition "p_name.is_empty()" is true.' in caplog.text
    a.name = "c"
    assert tree.root.get_node("c") is a


def test_paths(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    a, b, c = Node("a"), Node("b"), Node("c")
    tree.root.add_child(a)
    a.add_child(b)
    tree.root.add_child(c)
    assert b.get_path() == NodePath("/root/a/b")
    assert b.get_path_to(c) == NodePath("../../c")
    assert a.get_path_to(a) == NodePath(".")
    assert b.get_node("../../c") is c
    assert b.get_node("/root/a") is a
    assert b.get_node(".") is b
    assert b.get_node(NodePath("..:property")) is a
    assert a.get_node_or_null("nope") is None
    assert a.get_node_or_null("") is None
    assert not caplog.records
    assert a.get_node("nope") is None
    assert a.get_node("/root/nope") is None
    assert a.get_path_to(Node()).is_empty()
    assert [record.getMessage() for record in caplog.records] == [
        'Node not found: "nope" (relative to "/root/a").',
        'Node not found: "/root/nope" (absolute path attempted from "/root/a").',
        'Parameter "common_parent" is null.',
    ]


def test_what_cannot_be_a_child(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    a, b = Node("a"), Node("b")
    a.add_child(b)
    tree.root.add_child(b)
    b.add_child(a)
    a.add_child(a)
    b.add_child(tree.root)
    a.remove_child(tree.root)
    cyclic = (
        "Can't add child '{0}' to 'b' as it would result in a cyclic dependency since '{0}' is already a parent of 'b'."
    )
    assert [record.getMessage() for record in caplog.records] == [
        "Can't add child 'b' to 'root', already has a parent 'a'.",
        cyclic.format("a"),
        "Can't add child 'a' to itself.",
        cyclic.format("root"),
        'Condition "p_child->data.parent != this" is true.',
    ]
    assert tree.root.get_children() == []
    for call in (a.add_child, a.remove_child):
        with pytest.raises(TypeError, match="must be a Node"):
            call(cast("Any", "b"))


def test_coming_and_going(tree: SceneTree) -> None:
    lines: list[str] = []
    parent, child = Journal("parent", lines), Journal("child", lines)
    parent.ready.connect(lambda: lines.append("signal"))
    parent.add_child(child)
    assert lines == []
    tree.root.add_child(parent)
    assert lines == ["enter parent", "enter child", "ready child", "ready parent", "signal"]
    assert child.is_node_ready()
    assert child.get_tree() is tree
    lines.clear()
    tree.root.remove_child(parent)
    assert lines == ["exit child", "exit parent"]
    assert parent.get_parent() is None
    assert child.get_parent() is parent
    lines.clear()
    tree.root.add_child(parent)
    assert lines == ["enter parent", "enter child"]


def test_what_comes_during_ready(tree: SceneTree) -> None:
    lines: list[str] = []

    class Spawner(Journal):
        def _ready(self) -> None:
            super()._ready()
            self.add_child(Journal("late", lines))

    tree.root.add_child(Spawner("parent", lines))
    assert lines == ["enter parent", "ready parent", "enter late", "ready late"]


def test_queue_free(tree: SceneTree) -> None:
    node = Node("a")
    tree.root.add_child(node)
    node.queue_free()
    assert node.is_inside_tree()
    assert node.is_queued_for_deletion()
    tree.process(0.1)
    assert not node.is_inside_tree()
    assert tree.root.get_children() == []
    forgotten = weakref.ref(node)
    del node
    gc.collect()
    assert forgotten() is None


def test_queue_free_outside_of_a_tree_is_done_with_the_next_frame(tree: SceneTree) -> None:
    parent, node = Node("b"), Node("a")
    parent.add_child(node)
    node.queue_free()
    assert parent.get_child_count() == 1
    tree.process(0.1)
    assert parent.get_children() == []


def test_a_freed_node_is_not_added_again(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    node, child = Node("a"), Node("b")
    node.add_child(child)
    node.free()
    node.free()
    tree.root.add_child(node)
    node.add_child(Node("c"))
    tree.root.add_child(child)
    assert tree.root.get_children() == node.get_children() == []
    assert len(caplog.records) == 3
    assert "since one of them was freed" in caplog.text


def test_authority(tree: SceneTree) -> None:
    a, b, c = Node("a"), Node("b"), Node("c")
    tree.root.add_child(a)
    a.add_child(b)
    b.add_child(c)
    assert c.get_multiplayer_authority() == 1
    assert c.is_multiplayer_authority()
    a.set_multiplayer_authority(5)
    assert [node.get_multiplayer_authority() for node in (a, b, c)] == [5, 5, 5]
    assert not c.is_multiplayer_authority()
    b.set_multiplayer_authority(6, False)
    assert [node.get_multiplayer_authority() for node in (a, b, c)] == [5, 6, 5]
    late = Node("late")
    a.add_child(late)
    assert late.get_multiplayer_authority() == 1


def test_configuration(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    node = Forgetful()
    node.rpc_config("foo", {"rpc_mode": 1, "channel": 3})
    assert node.get_node_rpc_config() == {"foo": {"rpc_mode": 1, "channel": 3}}
    node.rpc_config("bar", {"rpc_mode": 1})
    node.rpc_config("bar", None)
    node.rpc_config("baz", cast("Any", 5))
    assert 'Condition "p_config.get_type() != Variant::DICTIONARY" is true.' in caplog.text
    assert node._table().ids == {"foo": 0x8000, "method": 0}
    node.rpc_config("late", {"rpc_mode": 1})
    assert "late" not in node._table().ids  # as in Godot: at the first use it is settled
    assert Forgetful()._table() is Forgetful()._table()
    assert Forgetful()._table().ids == {"method": 0}
