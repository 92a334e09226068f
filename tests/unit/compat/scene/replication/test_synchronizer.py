"""MultiplayerSynchronizer: its settings, who may see it, and what is sent when."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.replication.traffic import SceneCount
from godot_enet.compat.variant import NodePath, Vector2
from tests.unit.compat.scene.replication.ends import A, B, Ends, Player


@pytest.fixture
def synchronizer() -> MultiplayerSynchronizer:
    return MultiplayerSynchronizer("Sync")


def test_what_it_begins_with(synchronizer: MultiplayerSynchronizer) -> None:
    assert synchronizer.root_path == NodePath("..")
    assert (synchronizer.replication_interval, synchronizer.delta_interval) == (0.0, 0.0)
    assert synchronizer.replication_config is None
    assert synchronizer.visibility_update_mode is MultiplayerSynchronizer.VISIBILITY_PROCESS_IDLE
    assert synchronizer.public_visibility
    assert synchronizer.get_visibility_for(0)
    assert not synchronizer.get_visibility_for(A)


def test_its_settings(synchronizer: MultiplayerSynchronizer) -> None:
    config = SceneReplicationConfig()
    synchronizer.replication_config = config
    synchronizer.root_path = ".."
    synchronizer.root_path = "../X"
    synchronizer.replication_interval = 0.1234567
    synchronizer.delta_interval = 2
    synchronizer.visibility_update_mode = 7
    assert synchronizer.get_replication_config() is config
    assert synchronizer.get_root_path() == NodePath("../X")
    assert synchronizer.get_replication_interval() == 0.123456  # whole microseconds
    assert synchronizer.get_delta_interval() == 2.0
    assert synchronizer.get_visibility_update_mode() == 7
    synchronizer.visibility_update_mode = MultiplayerSynchronizer.VISIBILITY_PROCESS_NONE
    assert synchronizer.visibility_update_mode is MultiplayerSynchronizer.VISIBILITY_PROCESS_NONE


@pytest.mark.parametrize(
    "call",
    [
        lambda synchronizer: synchronizer.set_root_path(5),
        lambda synchronizer: synchronizer.set_replication_interval("1"),
        lambda synchronizer: synchronizer.set_replication_config({}),
        lambda synchronizer: synchronizer.set_visibility_for("1", True),
        lambda synchronizer: synchronizer.set_visibility_for(1, "yes"),
        lambda synchronizer: synchronizer.set_visibility_public(None),
        lambda synchronizer: synchronizer.add_visibility_filter(5),
        lambda synchronizer: synchronizer.update_visibility("0"),
        lambda synchronizer: synchronizer.set_visibility_update_mode("idle"),
    ],
)
def test_other_types_are_refused(synchronizer: MultiplayerSynchronizer, call: Any) -> None:
    with pytest.raises(TypeError):
        call(synchronizer)


def test_outside_of_a_tree_visibility_changes_nothing(synchronizer: MultiplayerSynchronizer) -> None:
    heard: list[int] = []
    synchronizer.visibility_changed.connect(heard.append)
    synchronizer.set_visibility_for(A, True)
    synchronizer.public_visibility = False
    synchronizer.update_visibility()
    assert heard == []
    assert synchronizer.get_visibility_for(A)
    assert not synchronizer.is_visibility_public()


def test_a_filter_counts_once(synchronizer: MultiplayerSynchronizer) -> None:
    class Team:
        def sees(self, peer: int) -> bool:
            return peer == A

    team = Team()
    synchronizer.add_visibility_filter(team.sees)
    synchronizer.add_visibility_filter(team.sees)
    assert synchronizer._is_visible_to(A)
    assert not synchronizer._is_visible_to(B)
    synchronizer.remove_visibility_filter(team.sees)
    synchronizer.remove_visibility_filter(team.sees)
    assert synchronizer._is_visible_to(B)


def test_a_filter_that_raises_is_a_no(synchronizer: MultiplayerSynchronizer, caplog: pytest.LogCaptureFixture) -> None:
    def fails(peer: int) -> bool:
        raise ValueError(peer)

    synchronizer.add_visibility_filter(fails)
    assert not synchronizer._is_visible_to(A)
    assert "ValueError: 5" in caplog.text


def test_a_coroutine_is_no_filter(synchronizer: MultiplayerSynchronizer, caplog: pytest.LogCaptureFixture) -> None:
    async def sees(peer: int) -> bool:
        return True

    coroutine: Any = sees
    synchronizer.add_visibility_filter(coroutine)
    assert not synchronizer._is_visible_to(5)
    assert "sees is a coroutine, but its result is needed at once; use def, not async def" in caplog.text


def test_a_filter_in_each_frame_and_none_in_mode_none() -> None:
    ends = Ends(A, B)
    player, seen = Player("P"), {B}
    player.sync.add_visibility_filter(lambda peer: peer in seen)
    ends.add(player)
    ends.settle()
    assert [ends.at(number, "Players/P") is not None for number in (A, B)] == [False, True]
    seen.add(A)
    ends[1].tree.process(0.0)
    ends.settle()
    assert ends.at(A, "Players/P") is not None
    player.sync.visibility_update_mode = MultiplayerSynchronizer.VISIBILITY_PROCESS_NONE
    seen.clear()
    ends[1].tree.process(0.0)
    ends.settle()
    assert ends.at(A, "Players/P") is not None
    player.sync.update_visibility()
    ends.settle()
    assert [ends.at(number, "Players/P") is not None for number in (A, B)] == [False, False]


def test_a_filter_in_physics_frames() -> None:
    ends = Ends(A)
    player, seen = Player("P"), set[int]()
    player.sync.visibility_update_mode = MultiplayerSynchronizer.VISIBILITY_PROCESS_PHYSICS
    player.sync.add_visibility_filter(lambda peer: peer in seen)
    ends.add(player)
    seen.add(A)
    for _ in range(3):
        ends[1].tree.process(0.1)
    ends.settle()
    assert ends.at(A, "Players/P") is not None


def test_a_client_that_has_authority_sends() -> None:
    ends = Ends(A, B)
    ends.add(Player("P"))
    ends.settle()
    for number in (1, A, B):
        ends.at(number, "Players/P/Sync").set_multiplayer_authority(A)
    ends.settle()
    ends.at(A, "Players/P").health = 9
    ends.at(A, "Players/P").position = Vector2(3, 4)
    ends.settle()
    for number in (1, B):
        assert (ends.at(number, "Players/P").health, ends.at(number, "Players/P").position) == (9, Vector2(3, 4))


def test_one_without_authority_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)
    for number in (1, A):
        ends[number].node.add_child(Player("Placed"))
    ends.settle()
    ends.at(A, "Placed/Sync").set_multiplayer_authority(A)  # only there
    ends.at(A, "Placed").health = 1
    ends.settle()
    assert ends.at(1, "Placed").health == 100
    assert "Ignoring sync data from non-authority or for missing node.; /root/Main/Placed/Sync" in caplog.text
    lines = [text for text in caplog.messages if "from peer 5" in text and "Ignoring sync data" in text]
    assert len(lines) == 1, "once in ten seconds"
    assert ends[1].api.counters()[SceneDrop.SYNC] > 5


@pytest.mark.parametrize("exact", [False, True])
def test_a_synchronizer_that_comes_later_gets_the_values(exact: bool) -> None:
    ends = Ends(A, exact=exact)
    ends[1].node.add_child(Player("Placed"))
    ends.at(1, "Placed").health = 3
    ends.settle()
    ends[A].node.add_child(Player("Placed"))
    ends.settle()
    assert ends.at(A, "Placed").health == (100 if exact else 3)  # Godot never confirms a path that came early


def test_setters_and_handlers_that_raise_end_nothing(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)

    class Strict(Player):
        @property
        def health(self) -> int:
            return 0

        @health.setter
        def health(self, value: int) -> None:
            if value == 13:
                raise ValueError("unlucky")

    ends.spawner(A)._scenes[0].factory = Strict
    player = Player("P")
    ends.add(player)
    ends.settle()
    heard = []

    def hear() -> None:
        heard.append(ends[A].api.get_remote_sender_id())
        raise ValueError("handler")

    ends.at(A, "Players/P/Sync").delta_synchronized.connect(hear)
    player.health, player.position = 13, Vector2(1, 1)
    ends.settle()
    assert heard == [1]
    assert "unlucky" in caplog.text
    assert "handler" in caplog.text
    assert ends.at(A, "Players/P").position == Vector2(1, 1)


def test_a_value_that_godot_has_not_is_named(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)
    player = Player("P")
    ends.add(player)
    ends.settle()
    player.position, player.health = (1, 2), {1, 2}
    ends.settle()
    assert "Unable to encode sync state. (/root/Main/Players/P: tuple is not a Variant type" in caplog.text
    assert "Unable to encode delta state. (/root/Main/Players/P/Sync: set is not a Variant type" in caplog.text
    player.position, player.health = Vector2(1, 2), 5
    ends.settle()
    assert ends.at(A, "Players/P").health == 5


def test_a_setter_is_interrupted_and_the_rest_still_comes() -> None:
    ends = Ends(A)
    tries: list[int] = []

    class Interrupted(Player):
        @property
        def health(self) -> int:
            return tries[-1] if tries else 0

        @health.setter
        def health(self, value: int) -> None:
            if value == 5 and 5 not in tries:
                tries.append(value)
                raise KeyboardInterrupt
            tries.append(value)

    ends.spawner(A)._scenes[0].factory = Interrupted
    player = Player("P")
    ends.add(player)
    ends.settle()
    player.health = 5
    ends[1].api.poll()
    with pytest.raises(KeyboardInterrupt):
        ends.settle()
    ends.settle()
    assert tries.count(5) == 2


def test_counters_and_who_causes_them() -> None:
    ends = Ends(A, B)
    ends[1].api.profiling = True
    player = Player("P")
    ends.add(player)
    for _ in range(3):
        ends[1].api.poll()
    player.free()
    ends.settle()
    counted = ends[1].api.counters()
    assert counted[SceneCount.SPAWNS_SENT] == counted[SceneCount.DESPAWNS_SENT] == 2
    assert counted[SceneCount.SYNCS_SENT] == 6
    assert counted[SceneCount.DELTAS_SENT] == 2
    received = ends[A].api.counters()
    assert received[SceneCount.SPAWNS_RECEIVED] == received[SceneCount.DESPAWNS_RECEIVED] == 1
    assert received[SceneCount.SYNCS_RECEIVED] == 3
    assert received[SceneCount.DELTAS_RECEIVED] == 1
    rows = {row.kind: row for row in ends[1].api.traffic()}
    sync = rows[SceneCount.SYNCS_SENT]
    assert (sync.path, sync.times, sync.bytes) == ("/root/Main/Players/P/Sync", 6, 6 * (8 + 12))
    assert rows[SceneCount.SPAWNS_SENT].path == "/root/Main/Players/P"
    assert ends[A].api.traffic() == []
    ends[1].api.profiling = True
    assert ends[1].api.traffic() == []
