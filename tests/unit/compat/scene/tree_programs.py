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
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.signal import SignalProperty

__all__ = ["Program", "normalised", "random_program", "run"]

Program = list[list[Any]]
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


class Runner(logging.Handler):
    """A tree, its nodes by key, and what has happened."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.tree = SceneTree()
        self.nodes: dict[str, Node] = {"root": self.tree.root}

    def emit(self, record: logging.LogRecord) -> None:
        if not record.exc_info:
            self.lines.append(f"error: {record.getMessage()}".replace("Probe.", "Node::"))

    def make(self, key: str, name: str, *, quiet: bool) -> None:
        node = Node() if quiet else Probe(self, key)
        for signal in SIGNALS:
            getattr(node, signal).connect(lambda name=signal: self.lines.append(f"{key} signal {name}"))
        if name:
            node.name = name
        self.nodes[key] = node

    def do(self, step: list[Any]) -> None:
        operation, key, *rest = step
        if operation == "new":
            return self.make(key, rest[0], quiet=len(rest) > 1)
        node = self.nodes[key]
        if node._freed:
            return self.lines.append(f"{key} is gone")
        other: Any = None
        if operation in ("add", "reparent", "remove", "connect"):
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
                raise AssertionError(operation)
        return None


def run(program: Program) -> list[str]:
    """What the package makes of a program."""
    runner = Runner()
    log = logging.getLogger("godot_enet")
    log.addHandler(runner)
    try:
        for step in program:
            if step[0] == "frame":
                runner.lines.append("frame")
                runner.tree.process(0.01)
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
