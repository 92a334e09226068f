"""Frames, and who has which multiplayer."""

from __future__ import annotations

import threading

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene import scene_tree
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import NodePath


class Polled(SceneMultiplayer):
    polls = 0

    def poll(self) -> Error:
        self.polls += 1
        return super().poll()


@pytest.fixture
def tree() -> SceneTree:
    return SceneTree()


def test_the_default_multiplayer(tree: SceneTree) -> None:
    api = tree.root.multiplayer
    assert isinstance(api, SceneMultiplayer)
    assert api is tree.get_multiplayer()
    assert api.root_path == NodePath("/root")
    assert SceneTree().get_multiplayer() is not api


def test_another_default(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    old, new = tree.root.multiplayer, SceneMultiplayer()
    tree.set_multiplayer(new)
    assert tree.root.multiplayer is new
    assert new.root_path == NodePath("/root")
    assert old.root_path.is_empty()
    tree.set_multiplayer(None)
    assert tree.root.multiplayer is new
    assert len(caplog.records) == 1


def test_a_branch_of_its_own(tree: SceneTree, caplog: pytest.LogCaptureFixture) -> None:
    main, inner, other = Node("Main"), Node("x"), Node("Mainx")
    tree.root.add_child(main)
    tree.root.add_child(other)
    main.add_child(inner)
    api = SceneMultiplayer()
    tree.set_multiplayer(api, "/root/Main")
    assert main.multiplayer is inner.multiplayer is api
    assert other.multiplayer is tree.root.multiplayer
    assert other.multiplayer is not api
    assert api.root_path == NodePath("/root/Main")
    assert tree.get_multiplayer("/root/Main/anything") is api
    assert tree.get_multiplayer("/root/Mainx") is not api
    tree.set_multiplayer(SceneMultiplayer(), "/root/Main/x")
    assert "Multiplayer is already configured for a parent of this path: '/root/Main/x' in '/root/Main'." in caplog.text
    tree.set_multiplayer(SceneMultiplayer(), "Main")
    assert len(caplog.records) == 2
    tree.set_multiplayer(None, "/root/Main")
    assert main.multiplayer is tree.root.multiplayer
    assert api.root_path.is_empty()


def test_a_frame(tree: SceneTree) -> None:
    happened: list[str] = []

    class Busy(Node):
        def _process(self, delta: float) -> None:
            happened.append(f"{self.name} {delta}")
            if self.name == "first":
                second.queue_free()

    class Quiet(Node):
        pass

    api, branch = Polled(), Polled()
    tree.set_multiplayer(api)
    tree.set_multiplayer(branch, "/root/branch")
    tree.process_frame.connect(lambda: happened.append(f"frame {api.polls} {branch.polls}"))
    first, second = Busy("first"), Busy("second")
    for node in (first, second, Quiet("quiet")):
        tree.root.add_child(node)
    tree.process(0.125)
    assert happened == ["frame 1 1", "first 0.125", "second 0.125"]
    tree.process(0.0625)
    assert happened[3:] == ["frame 2 2", "first 0.0625"]
    tree.set_multiplayer_poll_enabled(False)
    tree.process(0.0625)
    assert api.polls == branch.polls == 2
    assert not tree.is_multiplayer_poll_enabled()


def test_a_node_that_removes_another_in_its_frame(tree: SceneTree) -> None:
    ran: list[str] = []

    class Remover(Node):
        def _process(self, delta: float) -> None:
            ran.append(str(self.name))
            for sibling in tree.root.get_children():
                if sibling is not self:
                    tree.root.remove_child(sibling)

    tree.root.add_child(Remover("a"))
    tree.root.add_child(Remover("b"))
    tree.process(0)
    assert ran == ["a"]


def test_run_until_quit(tree: SceneTree) -> None:
    frames: list[int] = []

    def frame() -> None:
        frames.append(1)
        if len(frames) == 3:
            tree.quit(7)

    tree.process_frame.connect(frame)
    assert tree.run(1000) == 7
    assert len(frames) == 3
    frames.clear()
    assert tree.run(1000) == 7


@pytest.mark.parametrize("pace", [0, 0.0, -1, float("nan"), float("-inf")])
def test_a_pace_that_cannot_be(tree: SceneTree, pace: float) -> None:
    with pytest.raises(ValueError, match=f"frames_per_second must be greater than 0, not {pace}"):
        tree.run(pace)


@pytest.mark.parametrize("pace", [1e300, float("inf")])
def test_any_other_pace(tree: SceneTree, pace: float) -> None:
    tree.process_frame.connect(tree.quit)
    assert tree.run(pace) == 0


def test_a_frame_in_a_century(tree: SceneTree, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's sleep takes no longer time; and nothing waits for a frame after the last one."""
    asked: list[float] = []

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        tree.quit()

    monkeypatch.setattr(scene_tree, "sleep", sleep)
    assert tree.run(5e-324) == 0
    assert len(asked) == 1
    assert asked[0] <= threading.TIMEOUT_MAX


@pytest.mark.parametrize("path", ["root/a", "/elsewhere", "a:b"])
def test_a_part_that_cannot_be_says_which(tree: SceneTree, path: str, caplog: pytest.LogCaptureFixture) -> None:
    tree.set_multiplayer(SceneMultiplayer(), path)
    assert [record.getMessage() for record in caplog.records] == [
        f"Custom multiplayer root path must be an absolute path in the tree. Got '{path}'."
    ]
    assert tree.get_multiplayer(path) is tree.get_multiplayer()
