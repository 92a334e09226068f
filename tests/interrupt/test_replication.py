"""An exception at each place in scene replication where a signal handler can run: nothing is lost, doubled or stuck."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from godot_enet.compat.variant import Vector2
from tests.interrupt.interruption import Interrupted, Interruption
from tests.unit.compat.scene.replication.ends import A, Ends, Player

TRIES = 20_000
PARTS = tuple(
    f"compat/scene/replication/{name}"
    for name in ("spawn_receiver", "sync_receiver", "spawn_sender", "sync_sender", "plan", "packets", "replicator")
)
"""Where no exception of the program is caught: what is raised here has no handler's frame to be told by."""
STRIDE = 5


class Story:
    """A client that has one node, is about to get another and values, and to lose the first."""

    def __init__(self) -> None:
        self.ends = Ends(A)
        self.old, self.new = Player("Old"), Player("New")
        self.ends.add(self.old)
        self.ends.settle()
        self.heard: list[str] = []
        spawner = self.ends.spawner(A)
        spawner.spawned.connect(lambda node: self.heard.append(f"spawned {node.name}"))
        spawner.despawned.connect(lambda node: self.heard.append(f"despawned {node.name}"))
        sync = self.ends.at(A, "Players/Old/Sync")
        sync.delta_synchronized.connect(lambda: self.heard.append(f"health {sync.get_parent().health}"))

    def change(self) -> None:
        """At the server."""
        self.new.health, self.new.position = 5, Vector2(1, 2)
        self.ends.add(self.new)
        self.old.health = 7

    def receive(self) -> None:
        self.ends[A].api.poll()

    def send(self) -> None:
        self.ends[1].api.poll()

    def check(self, place: str | None) -> None:
        self.ends.settle()
        assert self.ends.at(A, "Players/New") is not None, place
        new, old = self.ends.at(A, "Players/New"), self.ends.at(A, "Players/Old")
        assert (new.health, new.position, old.health) == (5, Vector2(1, 2), 7)
        self.old.free()
        self.ends.settle()
        assert self.ends.at(A, "Players/Old") is None
        self.new.health = 6
        self.ends.settle()
        assert new.health == 6


def broken_off(prepare: Callable[[Story], object], call: Callable[[Story], object], *, once: bool) -> int:
    """Does a call over and over, broken off a few places later each time; how often that was."""
    for times, after in enumerate(range(1, TRIES, STRIDE)):
        story = Story()
        prepare(story)
        with Interruption(after, PARTS, anywhere=False) as interruption, contextlib.suppress(Interrupted):
            call(story)
        story.check(interruption.place)
        if once:
            assert story.heard == ["spawned New", "health 7", "despawned Old"], interruption.place
        if interruption.place is None:
            return times
    raise AssertionError("it does not end")


@pytest.mark.parametrize("polls", [1, 2])
def test_what_is_received(polls: int) -> None:
    def prepare(story: Story) -> None:
        story.change()
        for _ in range(polls):
            story.send()

    assert broken_off(prepare, Story.receive, once=True) > 10


def test_what_is_sent() -> None:
    assert broken_off(Story.change, Story.send, once=False) > 10


def test_a_node_that_goes() -> None:
    def prepare(story: Story) -> None:
        story.change()
        story.ends.settle()
        story.old.queue_free()
        story.ends[1].tree.process(0.0)

    for after in range(1, TRIES, STRIDE):
        story = Story()
        prepare(story)
        with Interruption(after, PARTS, anywhere=False) as interruption, contextlib.suppress(Interrupted):
            story.receive()
        story.ends.settle()
        assert story.ends.at(A, "Players/Old") is None
        assert story.heard.count("despawned Old") == 1, interruption.place
        if interruption.place is None:
            return
    raise AssertionError("it does not end")
