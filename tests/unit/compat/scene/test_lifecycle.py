"""Callbacks that raise, and what is left of a change that was interrupted; the rest is in test_node_golden.py."""

from __future__ import annotations

import asyncio

import pytest

from godot_enet.compat import errors
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.core.reporting import Limiter
from tests.rows import each_row

CALLBACKS = ["_enter_tree", "_ready", "_process", "_exit_tree"]


class Fails(Node):
    """Raises what it is told to, in one callback."""

    where = ""
    error: BaseException = RuntimeError("boom")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise self.error

    def _enter_tree(self) -> None:
        self.fail("_enter_tree")

    def _ready(self) -> None:
        self.fail("_ready")

    def _process(self, delta: float) -> None:
        self.fail("_process")

    def _exit_tree(self) -> None:
        self.fail("_exit_tree")


def family(where: str, error: BaseException) -> tuple[Node, list[Node]]:
    """A parent with three children, of which the second fails."""
    parent, children = Node("p"), [Node("a"), Fails("b"), Node("c")]
    bad = children[1]
    assert isinstance(bad, Fails)
    bad.where, bad.error = where, error
    for child in children:
        parent.add_child(child)
    return parent, children


@pytest.mark.parametrize("where", CALLBACKS)
def test_an_exception_is_logged_with_its_traceback_and_the_rest_goes_on(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    tree = SceneTree()
    parent, children = family(where, RuntimeError("boom"))
    tree.root.add_child(parent)
    tree.process(0.1)
    assert all(node.is_inside_tree() and node.is_node_ready() for node in (parent, *children))
    children[0].queue_free()
    parent.queue_free()
    tree.process(0.1)
    assert tree.root.get_children() == []
    assert not any(node.is_inside_tree() for node in (parent, *children))
    record = caplog.records[0]
    assert len(caplog.records) == 1
    assert record.levelname == "ERROR"
    assert record.getMessage() == f"Error calling {where}() of a Fails named 'b'."
    assert "RuntimeError: boom" in caplog.text


def test_one_that_raises_each_frame_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "_limiter", Limiter())
    tree = SceneTree()
    parent, _ = family("_process", RuntimeError("boom"))
    tree.root.add_child(parent)
    for _ in range(120):
        tree.process(0.01)
    assert len(caplog.records) == 1


@each_row("error", [KeyboardInterrupt(), SystemExit(3)], ids=["ctrl-c", "exit"])
@each_row("where", CALLBACKS)
def test_an_interrupt_goes_on_to_the_program_and_leaves_nothing_half_done(where: str, error: BaseException) -> None:
    tree = SceneTree()
    parent, children = family(where, error)
    bad = children[1]
    assert isinstance(bad, Fails)
    inside = where in ("_process", "_exit_tree")
    if not inside:
        with pytest.raises(type(error)):
            tree.root.add_child(parent)
    else:
        tree.root.add_child(parent)
        with pytest.raises(type(error)):
            tree.process(0.1) if where == "_process" else tree.root.remove_child(parent)
    inside = where == "_process"
    assert [node.is_inside_tree() for node in (parent, *children)] == [inside] * 4
    assert (parent.get_parent() is tree.root) is inside
    bad.where = ""
    if not inside:
        tree.root.add_child(parent)
    tree.process(0.1)
    assert all(node.is_inside_tree() and node.is_node_ready() for node in (parent, *children))
    tree.root.remove_child(parent)
    tree.root.add_child(parent)


def test_callbacks_and_listeners_that_are_coroutines(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    class Waits(Node):
        async def _ready(self) -> None:  # type: ignore[override]
            done.append("begun")
            await asyncio.sleep(0)
            done.append("ready")

        async def listen(self) -> None:
            await asyncio.sleep(0)
            raise RuntimeError("late")

    async def main() -> None:
        tree, node = SceneTree(), Waits("n")
        tree.root.add_child(node)
        assert done == ["begun"]
        node.renamed.connect(node.listen)
        node.name = "m"
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert done == ["begun", "ready"]
    assert [record.getMessage() for record in caplog.records] == [
        "Error calling from signal 'renamed' to callable: "
        "test_callbacks_and_listeners_that_are_coroutines.<locals>.Waits.listen."
    ]


def test_a_child_that_is_added_in_exit_tree_leaves_with_its_parent() -> None:
    tree = SceneTree()
    late = Node("late")

    class Adds(Node):
        def _exit_tree(self) -> None:
            self.add_child(late)

    parent = Adds("p")
    tree.root.add_child(parent)
    left: list[str] = []
    late.tree_exited.connect(lambda: left.append("late"))
    tree.root.remove_child(parent)
    assert not late.is_inside_tree()
    assert left == ["late"]


def test_a_node_of_another_tree_is_freed_with_the_frame_of_its_own() -> None:
    first, second = SceneTree(), SceneTree()
    node = Node("a")
    second.root.add_child(node)
    node.queue_free()
    first.process(0.1)
    assert node.is_inside_tree()
    second.process(0.1)
    assert not node.is_inside_tree()
