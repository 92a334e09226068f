"""How a frame is divided: physics frames of equal length, timers, time that runs slower; scenes that change.

Orders and the like are in the vectors, which a real Godot has recorded.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.scenes import register_scene
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.scene.timer import Timer
from godot_enet.compat.signal import SignalProperty
from tests.rows import each_row


class Recorder(Node):
    """Writes down the frames it is called in, and their length in milliseconds."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.frames: list[str] = []

    def _physics_process(self, delta: float) -> None:
        self.frames.append(f"p{delta * 1000:.1f}")
        assert delta == self.get_physics_process_delta_time()

    def _process(self, delta: float) -> None:
        self.frames.append(f"f{delta * 1000:.1f}")
        assert delta == self.get_process_delta_time()


def frames(tree: SceneTree, *deltas: float) -> list[str]:
    """What is called in frames of these lengths."""
    node = Recorder()
    tree.root.add_child(node)
    for delta in deltas:
        tree.process(delta)
    node.free()
    return node.frames


@each_row(
    ("deltas", "expected"),
    [
        ([1 / 60] * 3, ["p16.7", "f16.7"] * 3),
        ([1 / 30] * 2, ["p16.7", "p16.7", "f33.3"] * 2),
        ([1 / 120] * 4, ["f8.3", "p16.7", "f8.3"] * 2),
        ([0.0, 1 / 60], ["f0.0", "p16.7", "f16.7"]),
        # Seen in Godot 4.6.3 with frames that take 300 ms: eight steps, and the rest of the time is lost.
        ([0.3, 1 / 60], ["p16.7"] * 8 + ["f133.3", "p16.7", "f16.7"]),
    ],
)
def test_a_frame_has_as_many_physics_frames_as_are_due(deltas: list[float], expected: list[str]) -> None:
    assert frames(SceneTree(), *deltas) == expected


def test_physics_frames_are_as_the_tree_says() -> None:
    tree = SceneTree()
    assert (tree.physics_ticks_per_second, tree.max_physics_steps_per_frame, tree.time_scale) == (60, 8, 1.0)
    tree.physics_ticks_per_second = 20
    tree.max_physics_steps_per_frame = 3
    assert frames(tree, 0.05, 0.3) == ["p50.0", "f50.0", "p50.0", "p50.0", "p50.0", "f150.0"]
    tree.time_scale = 0.5
    assert frames(tree, 0.05) == ["p25.0", "f25.0"]
    assert tree.get_frame() == 5


@pytest.mark.parametrize("name", ["physics_ticks_per_second", "max_physics_steps_per_frame"])
def test_there_is_at_least_one_physics_frame(name: str, caplog: pytest.LogCaptureFixture) -> None:
    tree = SceneTree()
    before = getattr(tree, name)
    setattr(tree, name, 0)
    assert getattr(tree, name) == before
    assert len(caplog.records) == 1
    with pytest.raises(TypeError, match=name):
        setattr(tree, name, 1.5)


def test_timers_go_by_the_time_of_the_game_unless_they_ignore_its_scale() -> None:
    tree = SceneTree()
    tree.time_scale = 0.5
    heard: list[str] = []
    for real in (False, True):
        node = Timer(f"node {real}")
        node.ignore_time_scale = real
        tree.root.add_child(node)
        node.start(0.09)
        for source, timer in (
            (node.timeout, "Timer"),
            (tree.create_timer(0.09, ignore_time_scale=real).timeout, "tree"),
        ):
            source.connect(lambda name=f"{timer} {real}": heard.append(name))  # type: ignore[misc]
    tree.process(0.1)
    assert heard == ["Timer True", "tree True"]
    tree.process(0.1)
    assert sorted(heard[2:]) == ["Timer False", "Timer True", "tree False"]


def test_a_timer_of_the_tree_can_be_given_more_time() -> None:
    tree, heard = SceneTree(), list[str]()
    timer = tree.create_timer(0.05)
    timer.timeout.connect(lambda: heard.append("timeout"))
    tree.process(0.04)
    assert timer.time_left == pytest.approx(0.01)
    timer.time_left = 0.1
    tree.process(0.09)
    assert heard == []
    tree.process(0.09)
    assert heard == ["timeout"]
    assert timer.get_time_left() == 0.0


def test_a_timer_whose_handler_raises_or_makes_another_one(caplog: pytest.LogCaptureFixture) -> None:
    tree, heard = SceneTree(), list[str]()

    def again() -> None:
        heard.append("timeout")
        tree.create_timer(0.0).timeout.connect(again)
        raise RuntimeError("boom")

    tree.create_timer(0.0).timeout.connect(again)
    tree.process(0.001)
    assert heard == ["timeout"], "the new one waits for the next frame"
    tree.process(0.001)
    assert heard == ["timeout"] * 2
    assert "boom" in caplog.text


@pytest.mark.refcounts
def test_a_tree_that_is_dropped_ends_with_its_timers_and_scenes() -> None:
    gc.disable()
    try:
        tree = SceneTree()
        tree.create_timer(5.0)
        tree.change_scene_to_node(Timer("t"))
        tree.root.add_to_group("g")
        tree.process(0.1)
        seen = weakref.ref(tree)
        del tree
        assert seen() is None
    finally:
        gc.enable()


class Menu(Node):
    """A scene."""


def test_a_scene_is_changed_by_its_path_its_class_or_what_makes_it(caplog: pytest.LogCaptureFixture) -> None:
    tree = SceneTree()
    register_scene("res://menu.tscn", Menu)
    try:
        assert tree.reload_current_scene() is Error.ERR_UNCONFIGURED
        assert tree.change_scene_to_file("res://nothing.tscn") is Error.ERR_CANT_OPEN
        assert tree.change_scene_to_packed(None) is Error.ERR_INVALID_PARAMETER
        assert len(caplog.records) == 3
        assert tree.change_scene_to_file("res://menu.tscn") is Error.OK
        assert tree.current_scene is None
        tree.process(0.01)
        first = tree.current_scene
        assert isinstance(first, Menu)
        assert first.scene_file_path == "res://menu.tscn"
        assert tree.reload_current_scene() is Error.OK
        assert not first.is_inside_tree()
        tree.process(0.01)
        assert isinstance(tree.current_scene, Menu)
        assert tree.current_scene is not first
        assert tree.change_scene_to_packed(lambda: Node("made")) is Error.OK
        tree.process(0.01)
        assert [str(node.name) for node in tree.root.get_children()] == ["made"]
        assert tree.change_scene_to_packed(lambda: None) is Error.ERR_CANT_CREATE
    finally:
        register_scene("res://menu.tscn", None)


def test_deferred_calls_that_cannot_be_made_are_logged_and_the_others_are(caplog: pytest.LogCaptureFixture) -> None:
    class Fixed(Node):
        done = 0

        @property
        def size(self) -> int:
            return 1

        def work(self, amount: int) -> None:
            self.done += amount

    tree, node = SceneTree(), Fixed("fixed")
    tree.root.add_child(node)
    node.call_deferred("nothing")
    node.call_deferred("work")
    node.set_deferred("size", 2)
    node.call_deferred("work", 3)
    tree.process(0.001)
    assert node.done == 3
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "Error calling deferred method: 'Fixed::nothing': Method not found.",
        "Error calling deferred method: 'Fixed::work'.",
        "Error setting deferred property: 'Fixed::size'.",
    ]
    with pytest.raises(TypeError, match="method must be a str"):
        node.call_deferred(node.work, 3)  # type: ignore[arg-type]


def test_a_group_whose_members_fail_is_called_to_its_end(caplog: pytest.LogCaptureFixture) -> None:
    class Member(Node):
        heard = 0

        def hear(self, number: int) -> None:
            self.heard += 10 // number

    tree, members = SceneTree(), [Member(name) for name in "abc"]
    for member in members:
        member.add_to_group("g")
        tree.root.add_child(member)
    members[1].hear = None  # type: ignore[method-assign, assignment]
    tree.call_group("g", "hear", 0)
    assert [record.getMessage() for record in caplog.records] == [
        f'Error calling group method on node "{name}": hear.' for name in "ac"
    ]
    tree.call_group("g", "hear", 5)
    assert [member.heard for member in members] == [2, 0, 2]


def test_a_coroutine_waits_for_signals_of_timers_and_nodes() -> None:
    done: list[Any] = []

    class Waits(Node):
        async def _ready(self) -> None:  # type: ignore[override]
            tree = self.get_tree()
            assert tree is not None
            done.append("begun")
            done.append(await tree.create_timer(0.05).timeout)
            done.append(await self.child_entered_tree)

    async def main() -> None:
        tree, node, child = SceneTree(), Waits("n"), Node("child")
        tree.root.add_child(node)
        for _ in range(4):
            tree.process(0.02)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert done == ["begun", None]
        node.add_child(child)
        for _ in range(3):
            await asyncio.sleep(0)
        assert done == ["begun", None, child]
        assert not node.child_entered_tree.has_connections()

    asyncio.run(main())


def test_a_wait_that_is_cancelled_or_impossible_leaves_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    class Thing(Node):
        moved = SignalProperty[[int, int]]("x", "y")

    node = Thing("n")

    async def wait() -> Any:
        return await node.moved

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert node.moved.has_connections()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not node.moved.has_connections()
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        node.moved.emit(1, 2)
        assert await task == [1, 2]
        node.free()
        assert await wait() is None

    asyncio.run(main())
    assert len(caplog.records) == 1


def test_a_wait_without_a_loop_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    class Waits(Node):
        async def _ready(self) -> None:  # type: ignore[override]
            await self.renamed

    tree = SceneTree()
    tree.root.add_child(Waits("n"))
    assert "no asyncio loop runs in this thread" in caplog.text


def test_coroutines_of_a_group_and_attributes_that_cannot_be_set(caplog: pytest.LogCaptureFixture) -> None:
    class Member(Node):
        heard = 0

        @property
        def fixed(self) -> int:
            return 1

        async def hear(self, *, fails: bool = False) -> None:
            await asyncio.sleep(0)
            self.heard += 1
            raise RuntimeError("late")

    async def main() -> None:
        tree, member = SceneTree(), Member("m")
        tree.root.add_child(member)
        member.add_to_group("g")
        tree.set_group("g", "fixed", 2)
        tree.set_group("g", "nothing of this name", 2)
        tree.call_group("g", "hear")
        member.call_deferred("hear")
        tree.process(0.001)
        for _ in range(3):
            await asyncio.sleep(0)
        assert member.heard == 2

    asyncio.run(main())
    assert [record.getMessage() for record in caplog.records] == [
        'Error setting group property on node "m": fixed.',
        'Error calling group method on node "m": hear.',
        "Error calling deferred method: 'Member::hear'.",
    ]


def test_a_node_that_is_busy_with_its_children_can_still_end(caplog: pytest.LogCaptureFixture) -> None:
    """Godot crashes here. The node ends, and nothing of it stays in the tree."""

    class FreesParent(Node):
        def _ready(self) -> None:
            ready.append(str(self.name))
            parent.free()

    tree, parent, ready = SceneTree(), Node("p"), list[str]()
    for name in "abc":
        parent.add_child(FreesParent(name))
    tree.root.add_child(parent)
    assert tree.get_node_count() == 1
    assert ready == ["a"]
    assert not caplog.records


def test_arguments_of_a_wrong_type_raise_and_unknown_numbers_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    tree, timer = SceneTree(), Timer("t")
    tree.root.add_child(timer)
    wrong: Any = "1"
    for call in (timer.start, timer.set_wait_time, tree.create_timer, tree.create_timer(1).set_time_left):
        with pytest.raises(TypeError, match="must be a float"):
            call(wrong)
    timer.process_mode = 9
    timer.process_callback = 2
    assert timer.process_mode is Node.PROCESS_MODE_INHERIT
    assert timer.process_callback is Timer.TIMER_PROCESS_IDLE
    assert [record.getMessage() for record in caplog.records] == [
        "Unknown process mode 9.",
        "Unknown process callback 2.",
    ]
