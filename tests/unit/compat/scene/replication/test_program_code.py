"""Code of the program that runs in the middle of replication, and takes away what is being worked with."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack
from types import MappingProxyType
from typing import Any

import pytest

from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.state import ReplicationState
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from tests.unit.compat.scene.replication.ends import A, B, Ends, Player
from tests.unit.compat.scene.replication.scenes import ALWAYS, ON_CHANGE, configuration
from tests.unit.compat.scene.replication.test_hostile import delta, spawn, sync

_CUSTOM = pack("<I", 4) + bytes(4)


@pytest.fixture
def ends() -> Ends:
    """The client has the spawner under number 1, node 1 and synchronizer 2."""
    ends = Ends(A)
    ends.add(Player("P"))
    ends.settle()
    return ends


def state_of(ends: Ends, number: int) -> ReplicationState:
    api: Any = ends[number].api
    found: ReplicationState = api._poll._replicator._state
    return found


def _disconnect(ends: Ends) -> None:
    ends[A].api.disconnect_peer(1)


def _drop_transport(ends: Ends) -> None:
    ends[A].api.multiplayer_peer = None


def _free_parent(ends: Ends) -> None:
    ends.at(A, "Players").free()


@pytest.mark.parametrize("act", [_disconnect, _drop_transport, _free_parent])
def test_a_factory_takes_away_what_the_spawn_needs(ends: Ends, act: Callable[[Ends], None]) -> None:
    made: list[Player] = []

    def make(_: object) -> Node:
        act(ends)
        made.append(Player())
        return made[0]

    ends.spawner(A).spawn_function = make
    ends[A].transport.inject(spawn(scene=255, rest=_CUSTOM), 1)
    ends[A].api.poll()
    assert ends.at(A, "Players/X") is None
    assert made[0]._freed
    assert ends[A].api.counters()[SceneDrop.SPAWN] == 1
    state = state_of(ends, A)
    assert id(made[0]) not in state.tracked
    assert all(made[0] is not each.node for peer in state.peers.values() for each in peer.recv_nodes.values())


def test_a_filter_frees_the_node_that_it_is_asked_about() -> None:
    ends = Ends(A, B, join=False)
    ends[1].join()
    ends[A].join()
    ends.settle()
    player = Player("P")
    ends.add(player)
    ends.settle()

    def visible(peer: int) -> bool:
        if peer == B:
            player.free()
        return True

    player.sync.add_visibility_filter(visible)
    ends[B].join()
    ends.settle()
    assert player._freed
    assert [ends.at(number, "Players/P") for number in (1, A, B)] == [None] * 3
    assert all(len(peer.sync_nodes) == 0 for peer in state_of(ends, 1).peers.values())
    ends.add(Player("Q"))
    ends.settle()
    assert ends.at(B, "Players/Q") is not None


def test_a_getter_frees_the_node_whose_spawn_is_being_made(ends: Ends) -> None:
    class Fleeting(Player):
        scene_file_path = "res://player.tscn"

        @property
        def position(self) -> int:
            if self._tree is not None:
                self.free()
            return 0

        @position.setter
        def position(self, _: object) -> None:
            pass

    had = len(state_of(ends, 1).peers[A].spawn_nodes)
    ends.network.log.clear()
    ends.add(Fleeting("F"))
    ends.settle()
    assert len(state_of(ends, 1).peers[A].spawn_nodes) == had
    assert not [packet for packet in ends.network.log if packet.data[0] in (4, 5)]


class _Odd(Player):
    def __getattr__(self, name: str) -> Any:
        if name == "position":
            raise KeyError(name)
        raise AttributeError(name)


def test_an_attribute_hook_raises_where_a_value_is_set(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    player = ends.at(A, "Players/P")
    player.__class__ = _Odd
    del player.__dict__["position"]
    ends[A].transport.inject(sync(2, b"\2\5"), 1)
    ends[A].api.poll()
    assert "Error setting property '.:position' of 'P'." in caplog.text
    ends[A].transport.inject(delta(2, b"\2\5"), 1)
    ends[A].api.poll()
    assert player.health == 5


def test_a_read_only_mapping_is_sent_on_change(ends: Ends) -> None:
    ends.at(1, "Players/P").health = MappingProxyType({"a": 1})
    ends.settle()
    assert ends.at(A, "Players/P").health == {"a": 1}


class _Moody(dict[str, int]):
    def __len__(self) -> int:
        raise ValueError("not today")


def test_a_value_that_cannot_be_compared_is_left_out(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    player = ends.at(1, "Players/P")
    player.health = {"a": 1}
    ends.settle()
    player.health = _Moody(a=2)
    ends.settle()
    assert "Error comparing property '.:health' of 'P'." in caplog.text
    player.health = 5
    ends.settle()
    assert ends.at(A, "Players/P").health == 5


def test_a_root_that_is_freed_outside_of_the_tree_is_not_sent() -> None:
    ends = Ends(A)
    for number in (1, A):
        root, synchronizer = Player("R"), MultiplayerSynchronizer("S")
        synchronizer.replication_config = configuration((".:position", True, ALWAYS), (".:health", True, ON_CHANGE))
        ends[number].node.add_child(root)
        synchronizer.root_path = "../R"
        ends[number].node.add_child(synchronizer)
    ends.settle()
    ends.settle()
    root = ends.at(1, "R")
    ends[1].node.remove_child(root)
    ends[1].api.poll()
    root.free()
    root.health = 1
    ends.network.log.clear()
    ends[1].api.poll()
    assert ends.network.log == []


def test_nodes_end_at_the_multiplayer_that_they_began_at(ends: Ends) -> None:
    old = ends[1].api
    ends[1].tree.set_multiplayer(SceneMultiplayer(), "/root/Main")
    ends.at(1, "Players/P").free()
    state = state_of(ends, 1)
    assert (len(state.sync_nodes), len(state.tracked), len(state.spawned.copy())) == (0, 0, 0)
    old.poll()
    ends[A].api.poll()
    assert ends.at(A, "Players/P") is None


def test_numbers_begin_anew_after_31_bits(ends: Ends) -> None:
    state_of(ends, 1)._last_net_id = 0x7FFFFFFC
    for name in "QRS":
        ends.add(Player(name))
    ends.settle()
    ends.at(1, "Players/S").health = 1
    ends.settle()
    assert ends.at(A, "Players/S").health == 1


@pytest.mark.parametrize("exact", [False, True])
def test_values_of_a_peer_that_returns_with_its_id_are_taken(exact: bool) -> None:
    ends = Ends(A, exact=exact)
    for number in (1, A):
        player = Player("Q")
        player.set_multiplayer_authority(A)
        ends[number].node.add_child(player)
    ends.at(A, "Q").position = 1
    for _ in range(5):
        ends.settle()
    assert ends.at(1, "Q").position == 1
    ends[A].transport.close()
    ends.settle()
    ends[A].join()
    ends.at(A, "Q").position = 2
    ends.settle()
    ends.settle()
    assert ends.at(1, "Q").position == (1 if exact else 2)
