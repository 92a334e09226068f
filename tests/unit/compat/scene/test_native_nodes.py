"""Classes that are Godot's own: when they are told, what they are named, and how old they are."""

from __future__ import annotations

from functools import partial

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_tree import SceneTree


class Watcher(Node):
    """What Godot would do in C++, beside the callbacks of a program."""

    _native_class = "Watcher"

    def __init__(self, name: str = "", heard: list[str] | None = None) -> None:
        super().__init__(name)
        self.heard: list[str] = [] if heard is None else heard
        for signal in (self.tree_entered, self.ready, self.tree_exiting, self.tree_exited):
            signal.connect(partial(self.tell, signal.get_name()))

    def tell(self, what: str) -> None:
        self.heard.append(f"{self.name} {what}")

    def _native_notification(self, what: int) -> None:
        names = {
            Node.NOTIFICATION_ENTER_TREE: "ENTER",
            Node.NOTIFICATION_EXIT_TREE: "EXIT",
            Node.NOTIFICATION_READY: "READY",
            Node.NOTIFICATION_POST_ENTER_TREE: "POST_ENTER",
        }
        if what in names:
            self.tell(names[what])

    def _enter_tree(self) -> None:
        self.tell("_enter_tree")

    def _ready(self) -> None:
        self.tell("_ready")

    def _exit_tree(self) -> None:
        self.tell("_exit_tree")


def test_a_native_class_is_told_between_the_callbacks_as_in_godot() -> None:
    # godot: scene/main/node.cpp: _propagate_enter_tree, _propagate_ready, _propagate_exit_tree
    tree, heard = SceneTree(), list[str]()
    parent, child = Watcher("p", heard), Watcher("c", heard)
    parent.add_child(child)
    parent.child_entered_tree.connect(lambda node: heard.append(f"p child_entered_tree {node.name}"))
    parent.child_exiting_tree.connect(lambda node: heard.append(f"p child_exiting_tree {node.name}"))
    tree.root.add_child(parent)
    assert heard == [
        *("p ENTER", "p _enter_tree", "p tree_entered"),
        *("c ENTER", "c _enter_tree", "c tree_entered", "p child_entered_tree c"),
        *("c POST_ENTER", "c _ready", "c READY", "c ready"),
        *("p POST_ENTER", "p _ready", "p READY", "p ready"),
    ]
    heard.clear()
    tree.root.remove_child(parent)
    assert heard == [
        *("c _exit_tree", "c tree_exiting", "c EXIT", "p child_exiting_tree c"),
        *("p _exit_tree", "p tree_exiting", "p EXIT"),
        *("c tree_exited", "p tree_exited"),
    ]
    heard.clear()
    tree.root.add_child(parent)
    assert [line for line in heard if "POST" in line or "ready" in line.lower()] == ["c POST_ENTER", "p POST_ENTER"]


def test_unnamed_nodes_are_named_after_the_native_class() -> None:
    class Scripted(Watcher):
        pass

    tree, parent = SceneTree(), Node("p")
    tree.root.add_child(parent)
    for node in (Scripted(), Scripted()):
        parent.add_child(node)
        assert str(node.name).startswith("@Watcher@")
    for node, name in ((Scripted(), "Watcher"), (Scripted(), "Watcher2")):
        parent.add_child(node, True)
        assert node.name == name


def test_who_was_made_later_has_a_higher_instance_id() -> None:
    nodes = [Node() for _ in range(3)]
    ids = [node.get_instance_id() for node in nodes]
    SceneTree().root.add_child(nodes[2])
    assert ids == sorted(set(ids)) == [node.get_instance_id() for node in nodes]


def test_authority_is_handed_down_through_each_class() -> None:
    asked: list[str] = []

    class Stubborn(Node):
        def set_multiplayer_authority(self, id: int, recursive: bool = True) -> None:
            asked.append(f"{self.name} {id} {recursive}")
            super().set_multiplayer_authority(7 if self.name == "b" else id, recursive)

    top, a, b, c = Node("top"), Stubborn("a"), Stubborn("b"), Stubborn("c")
    top.add_child(a)
    a.add_child(b)
    b.add_child(c)
    top.set_multiplayer_authority(5)
    assert asked == ["a 5 True", "b 5 True", "c 7 True"]
    assert [node.get_multiplayer_authority() for node in (top, a, b, c)] == [5, 5, 7, 7]


def test_a_scene_file_path_is_set_on_a_node_or_its_class() -> None:
    class Player(Node):
        scene_file_path = "res://player.tscn"

    node = Node()
    assert node.get_scene_file_path() == ""
    node.scene_file_path = "res://a.tscn"
    assert node.get_scene_file_path() == node.scene_file_path == "res://a.tscn"
    assert Player().get_scene_file_path() == "res://player.tscn"
