"""Programs of tree operations, which a real Godot and the package run alike: what happens is written down as lines.

``tests/interop/godot/nodes.gd`` is the same interpreter in GDScript; ``tests/vectors/nodes.json`` has programs and what
Godot 4.6 wrote down; ``python -m tests.interop.node_recorder`` makes it. A program is a list of steps
``[operation, key of a node, ...]``; nodes tell of callbacks and signals, and may have steps of their own, which they do
once, inside a callback.
"""

from __future__ import annotations

import logging
import random
import re
from functools import partial
from itertools import count
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.scene.timer import Timer
from godot_enet.compat.signal import SignalProperty
from tests.godot_lines import godot_line

__all__ = ["Program", "normalised", "random_frames", "random_program", "run"]

Program = list[list[Any]]
_WITH_ANOTHER = {"add", "reparent", "remove", "connect", "move", "sibling", "owner", "compare", "path_to"}
SIGNALS = ("tree_entered", "ready", "tree_exiting", "tree_exited", "renamed")


class Failure(Exception):
    """What a callback raises on purpose."""


class Probe(Node):
    """Tells of everything that happens to it, and does what the program wants then."""

    bang = SignalProperty[[]]()

    def __init__(self, runner: Runner, key: str) -> None:
        super().__init__()
        self.runner, self.key = runner, key
        self.on: dict[str, Program] = {}

    def happened(self, what: str) -> None:
        self.runner.lines.append(f"{self.key} {what}")
        for step in self.on.pop(what.split(" ")[0], []):
            if step[0] == "raise":
                raise Failure
            self.runner.do(step)

    def _enter_tree(self) -> None:
        self.happened("enter")

    def _ready(self) -> None:
        self.happened("ready")

    def _exit_tree(self) -> None:
        self.happened("exit")

    def _process(self, delta: float) -> None:
        self.happened("process")

    def heard_bang(self) -> None:
        self.happened("heard bang")


NOTIFICATIONS = {
    getattr(Node, f"NOTIFICATION_{name}"): name
    for name in (
        *("PREDELETE", "ENTER_TREE", "EXIT_TREE", "READY", "PAUSED", "UNPAUSED", "PHYSICS_PROCESS", "PROCESS"),
        *("PARENTED", "UNPARENTED", "PATH_RENAMED", "CHILD_ORDER_CHANGED", "POST_ENTER_TREE", "DISABLED", "ENABLED"),
    )
} | {12345: "CUSTOM"}


class Watcher(Probe):
    """A probe that also tells of physics frames and notifications, and has something to be called and set."""

    mood: Any = "calm"

    def _physics_process(self, delta: float) -> None:
        self.happened("physics")

    def told(self, text: Any) -> None:
        self.happened(f"told {_shown(text)}")

    def _notification(self, what: int) -> None:
        if what in NOTIFICATIONS:
            self.happened(f"notified {NOTIFICATIONS[what]}")


class Runner(logging.Handler):
    """A tree, its nodes by key, and what has happened."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.tree = SceneTree()
        self.nodes: dict[str, Node] = {"root": self.tree.root}

    def emit(self, record: logging.LogRecord) -> None:
        if not record.exc_info:
            text = godot_line(record).replace("Probe.", "Node::").replace("'Watcher::", "'Node(nodes.gd)::")
            self.lines.append(f"error: {text}")

    def make(self, key: str, name: str, kind: str = "Probe") -> None:
        node = Probe(self, key) if kind == "Probe" else Watcher(self, key) if kind == "Watcher" else Node()
        if kind == "Timer":
            node = timer = Timer()
            timer.timeout.connect(lambda: self.lines.append(f"{key} signal timeout"))
        if isinstance(node, Watcher):
            node.child_entered_tree.connect(lambda child: self.lines.append(f"{key} child_entered_tree {child.name}"))
            node.child_exiting_tree.connect(lambda child: self.lines.append(f"{key} child_exiting_tree {child.name}"))
            node.child_order_changed.connect(lambda: self.lines.append(f"{key} signal child_order_changed"))
        for signal in SIGNALS:
            getattr(node, signal).connect(lambda name=signal: self.lines.append(f"{key} signal {name}"))
        if name:
            node.name = name
        self.nodes[key] = node

    def do(self, step: list[Any]) -> None:
        operation, key, *rest = step
        if operation == "new":
            return self.make(key, *rest)
        node = self.nodes[key]
        if node._freed:
            return self.lines.append(f"{key} is gone")
        other: Any = None
        if operation in _WITH_ANOTHER and rest[0] in self.nodes:
            other = self.nodes[rest[0]]
            if other._freed:
                return self.lines.append(f"{rest[0]} is gone")
        match operation:
            case "on":
                assert isinstance(node, Probe)
                node.on[rest[0]] = rest[1]
            case "add":
                node.add_child(other, *rest[1:])
            case "reparent":
                node.reparent(other)
            case "remove":
                node.remove_child(other)
            case "rename":
                node.name = rest[0]
            case "queue_free" | "free" | "request_ready":
                getattr(node, operation)()
            case "connect":
                assert isinstance(node, Probe)
                node.bang.connect(other.heard_bang, *rest[1:])
            case "emit":
                assert isinstance(node, Probe)
                node.bang.emit()
            case "connections":
                assert isinstance(node, Probe)
                self.lines.append(f"connections {len(node.bang.get_connections())}")
            case "names":
                self.lines.append(" ".join(["names", *(str(child.name) for child in node.get_children())]))
            case "name":
                self.lines.append(f"name {node.name}")
            case "state":
                parent = node.get_parent()
                inside, ready = str(node.is_inside_tree()).lower(), str(node.is_node_ready()).lower()
                where = "none" if parent is None else parent.name
                self.lines.append(f"{key} in {inside} ready {ready} parent {where}")
            case _:
                self.do_more(operation, node, rest)
        return None

    def do_more(self, operation: str, node: Node, rest: list[Any]) -> None:
        """What older programs do without."""
        tree, say = self.tree, self.lines.append
        match operation, rest:
            case "move", [child, index]:
                node.move_child(self.nodes[child], index)
            case "sibling", [other, readable]:
                node.add_sibling(self.nodes[other], readable)
            case "index", []:
                say(f"index {node.get_index()}")
            case "child", [index]:
                say(f"child {_name(node.get_child(index))}")
            case "compare", [key]:
                other = self.nodes[key]
                say(f"above {_shown(node.is_ancestor_of(other))} greater {_shown(node.is_greater_than(other))}")
            case "group", [group]:
                node.add_to_group(group)
            case "ungroup", [group]:
                node.remove_from_group(group)
            case "groups", []:
                say(" ".join(["groups", *node.get_groups()]))
            case "members", [group]:
                members = [str(member.name) for member in tree.get_nodes_in_group(group)]
                first = _name(tree.get_first_node_in_group(group))
                count, is_there = tree.get_node_count_in_group(group), _shown(tree.has_group(group))
                say(" ".join(["members", is_there, str(count), first, *members]))
            case "call_group", [flags, group, method, argument]:
                tree.call_group_flags(flags, group, method, argument)
            case "set_group", [flags, group, name, value]:
                tree.set_group_flags(flags, group, name, value)
            case "notify_group", [flags, group, what]:
                tree.notify_group_flags(flags, group, what)
            case "notification", [what, is_reversed]:
                node.notification(what, is_reversed)
            case "propagate", [what]:
                node.propagate_notification(what)
            case "call_deferred", [method, argument]:
                node.call_deferred(method, argument)
            case "set_deferred", [name, value]:
                node.set_deferred(name, value)
            case "set", [name, value]:
                setattr(node, name, value)
            case "get", [name]:
                say(f"{self.key_of(node)} {name} {_shown(getattr(node, name, None))}")
            case "call", [name, arguments]:
                say(f"{self.key_of(node)} {name} {_shown(getattr(node, name)(*arguments))}")
            case "owner", [key]:
                node.owner = self.nodes.get(key)
            case "owner_of", []:
                say(f"owner {_name(node.owner)} unique {_shown(node.unique_name_in_owner)}")
            case "find", [path]:
                say(f"found {_name(node.get_node_or_null(path))}")
            case "path_to", [key, unique]:
                say(f"path {node.get_path_to(self.nodes[key], unique)}")
            case "find_child", [pattern, recursive, owned]:
                say(f"found {_name(node.find_child(pattern, recursive, owned))}")
            case "find_children", [pattern, kind, recursive, owned]:
                found = node.find_children(pattern, kind, recursive, owned)
                say(" ".join(["found", *(str(each.name) for each in found)]))
            case "find_parent", [pattern]:
                say(f"found {_name(node.find_parent(pattern))}")
            case "pause", [value]:
                tree.paused = value
            case "timer", [key, seconds, always, physics, real]:
                tree.create_timer(seconds, always, physics, real).timeout.connect(lambda: say(f"{key} signal timeout"))
            case "scene", []:
                say(f"scene {_name(tree.current_scene)}")
            case "change_scene", [key]:
                say(f"result {int(tree.change_scene_to_node(self.nodes.get(key)))}")
            case "set_scene", [key]:
                tree.current_scene = self.nodes.get(key)
            case "unload_scene", []:
                tree.unload_current_scene()
            case "watch", []:
                for name in ("node_added", "node_removed", "node_renamed"):
                    getattr(tree, name).connect(partial(self.tell_of_node, name))
                for name in ("tree_changed", "scene_changed", "process_frame", "physics_frame"):
                    getattr(tree, name).connect(partial(say, f"tree {name}"))
            case _:
                raise AssertionError(operation)

    def tell_of_node(self, name: str, node: Node) -> None:
        self.lines.append(f"tree {name} {node.name}")

    def key_of(self, node: Node) -> str:
        """What the program calls a node."""
        return next(key for key, each in self.nodes.items() if each is node)


def _name(node: Node | None) -> str:
    return "none" if node is None else str(node.name)


def _shown(value: Any) -> str:
    """As GDScript writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "<null>" if value is None else str(int(value)) if isinstance(value, int) else str(value)


def run(program: Program) -> list[str]:
    """What the package makes of a program."""
    runner = Runner()
    log = logging.getLogger("godot_enet")
    log.addHandler(runner)
    try:
        for step in program:
            if step[0] == "frame":
                runner.lines.append("frame")
                runner.tree._unscaled_time = 1 / 60
                runner.tree._process(1 / 60)
                runner.tree._physics_process(1 / 60)
            else:
                runner.do(step)
    finally:
        log.removeHandler(runner)
    return normalised(runner.lines)


def normalised(lines: list[str]) -> list[str]:
    """With ``@Node@2`` for the first unique name that was given: the counter is one for a whole process."""
    given: list[int] = sorted({int(number) for line in lines for number in re.findall(r"@\w+@(\d+)", line)})
    first = given[0] if given else 0
    return [re.sub(r"(@\w+@)(\d+)", lambda found: f"{found[1]}{int(found[2]) - first + 2}", line) for line in lines]


NAMES = ["", "A", "A", "B", "A2", "A9", "A09", "A99", "9", "a.b/c", "@A@2", "Zoë7"]
MOMENTS = ["enter", "ready", "process", "exit", "heard"]
ADDING = ["add", "add", "add", "add", "add_root", "add_root", "reparent"]
QUIET = ["remove", "rename", "queue_free", "emit", "connect", "request_ready", "names", "state", "connections"]


def random_program(seed: int, steps: int = 60) -> Program:
    """A program that nobody has thought of.

    In ``exit`` nothing is added: Godot takes that for a part of the tree that the parent has left, and often crashes.
    """
    choose = random.Random(seed)
    keys = [f"n{number}" for number in range(8)]

    def step(operations: list[str]) -> list[Any]:
        key, other = choose.choice(keys), choose.choice(keys)
        operation = choose.choice(operations)
        match operation:
            case "add":
                return ["add", key, other, choose.random() < 0.5]
            case "add_root":
                return ["add", "root", key, choose.random() < 0.5]
            case "remove":
                return ["remove", choose.choice(["root", other]), key]
            case "rename":
                return ["rename", key, choose.choice(NAMES[1:])]
            case "reparent":
                return ["reparent", key, choose.choice(["root", other])]
            case "connect":
                return ["connect", key, other, choose.choice([0, 0, 1, 4, 5, 8])]
            case "on":
                moment = choose.choice(MOMENTS)
                inner = QUIET if moment == "exit" else ADDING + QUIET
                then = [step(inner) for _ in range(choose.randint(1, 2))]
                return ["on", key, moment, then if choose.random() < 0.8 else [*then, ["raise"]]]
            case "frame":
                return ["frame"]
            case _:
                return [operation, key]

    outer = ADDING + QUIET + ["on", "on", "frame", "frame", "free"]
    created: Program = [["new", key, choose.choice(NAMES)] for key in keys]
    return [*created, *(step(outer) for _ in range(steps)), ["frame"], ["frame"], ["names", "root"]]


_DURING = ["ready", "process", "physics", "told", "enter", "notified"]
_CHANGES = ["move", "add", "add_root", "reparent", "remove", "queue_free"]
_LOOKS = ["index", "groups", "members", "compare", "find_child", "owner_of", "find", "names"]
_SETTINGS = ["group", "ungroup", "owner", "unique", "set_process", "set_physics", "priority", "mode", "pause"]
_CALLS = ["call_group", "call_deferred", "set_group", "notify_group", "timer", "request_ready", "rename"]


def random_frames(seed: int, steps: int = 60) -> Program:
    """A program of groups, frames, owners, timers and deferred calls that nobody has thought of.

    Without ``add_sibling``: where that is refused, Godot moves the other node all the same, and mixes up its children.
    In notifications the tree is not changed: they come in the middle of changes, of which Godot loses track then.
    """
    choose = random.Random(seed)
    keys = [f"n{number}" for number in range(7)]
    timers = count()

    def step(operations: list[str]) -> list[Any]:
        key, other, operation = choose.choice(keys), choose.choice(keys), choose.choice(operations)
        flag, group, flags = choose.random() < 0.5, choose.choice("gh"), choose.choice([0, 0, 1, 2, 3, 6])
        match operation:
            case "add":
                return ["add", key, other, flag]
            case "add_root":
                return ["add", "root", key, flag]
            case "reparent":
                return ["reparent", key, choose.choice(["root", other])]
            case "remove":
                return ["remove", choose.choice(["root", other]), key]
            case "move":
                return ["move", choose.choice(["root", key]), other, choose.randint(-3, 4)]
            case "rename":
                return ["rename", key, choose.choice(["A", "B", "A2"])]
            case "compare":
                return ["compare", key, other]
            case "group" | "ungroup":
                return [operation, key, group]
            case "members":
                return ["members", "root", group]
            case "call_group":
                return ["call_group", "root", flags, group, "told", f"word {choose.randint(0, 99)}"]
            case "set_group":
                return ["set_group", "root", flags & 3, group, "process_priority", choose.randint(-1, 1)]
            case "notify_group":
                return ["notify_group", "root", flags & 3, group, 12345]
            case "call_deferred":
                return ["call_deferred", key, "told", f"word {choose.randint(0, 99)}"]
            case "set_process" | "set_physics":
                return ["call", key, "set_process" if operation == "set_process" else "set_physics_process", [flag]]
            case "priority":
                name = choose.choice(["process_priority", "process_physics_priority"])
                return ["set", key, name, choose.randint(-1, 1)]
            case "mode":
                return ["set", key, "process_mode", choose.randint(0, 4)]
            case "pause":
                return ["pause", "root", flag]
            case "owner":
                return ["owner", key, choose.choice([other, "root", "nobody"])]
            case "unique":
                return ["set", key, "unique_name_in_owner", flag]
            case "find":
                return ["find", key, choose.choice(["%A", "%B", "../%A", "A", "../B"])]
            case "find_child":
                return ["find_child", choose.choice(["root", key]), choose.choice(["*", "A*", "?2"]), flag, False]
            case "timer":
                name = f"t{next(timers)}"
                return ["timer", "root", name, choose.choice([0.0, 0.02, 0.04]), flag, choose.random() < 0.5, False]
            case "on":
                moment = choose.choice(_DURING)
                inner = [] if moment == "notified" else _CHANGES
                return [
                    "on",
                    key,
                    moment,
                    [step(inner + _LOOKS + _CALLS + _SETTINGS) for _ in range(choose.randint(1, 2))],
                ]
            case "frame":
                return ["frame"]
            case _:
                return [operation, key]

    created: Program = [["new", key, choose.choice(["A", "B", "A2", ""]), "Watcher"] for key in keys]
    outer = [*_CHANGES, *_LOOKS, *_SETTINGS, *_CALLS, "add", "add_root", "on", "on", "frame", "frame", "frame"]
    return [*created, *(step(outer) for _ in range(steps)), ["frame"], ["frame"], ["names", "root"]]
