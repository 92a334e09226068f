"""Bots with a scene tree: remote calls as requests, replication, and exceptions of nodes."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet import (
    Error,
    MultiplayerSpawner,
    MultiplayerSynchronizer,
    Node,
    SceneReplicationConfig,
    SceneTree,
    Vector2,
    rpc,
)
from godot_enet.load import GodotUser, NetworkProfile
from tests.unit.load.stage import Stage

pytestmark = pytest.mark.usefixtures("host_engine")


class Shop(Node):
    """On both ends."""

    def __init__(self) -> None:
        super().__init__("Shop")
        self.bought_things: list[str] = []
        self.paid: list[int] = []

    @rpc("any_peer")
    def buy(self, thing: str) -> None:
        self.bought_things.append(thing)
        if thing == "nothing":
            raise ValueError("nothing to buy")
        self.bought.rpc_id(self.multiplayer.get_remote_sender_id(), 10)

    @rpc("authority")
    def bought(self, price: int) -> None:
        self.paid.append(price)
        if price < 0:
            raise ValueError("a present")


class Walker(Node):
    """A node that walks, replicated from the server."""

    def __init__(self, number: Any = 0) -> None:
        super().__init__(f"Walker{number}")
        self.position = Vector2()
        config = SceneReplicationConfig()
        config.add_property(".:position")
        sync = MultiplayerSynchronizer("Sync")
        sync.replication_config = config
        self.add_child(sync)


class World(Node):
    def __init__(self) -> None:
        super().__init__("World")
        self.add_child(Shop())
        spawner = MultiplayerSpawner("Spawner")
        spawner.spawn_path = ".."
        spawner.spawn_function = Walker
        self.add_child(spawner)


def make_tree() -> SceneTree:
    tree = SceneTree()
    tree.root.add_child(World())
    return tree


class Customer(GodotUser):
    frame_rate = 20.0

    def make_tree(self) -> SceneTree:
        return make_tree()

    @property
    def shop(self) -> Shop:
        found: Shop = self.tree.root.get_node("World/Shop")
        return found

    def on_start(self) -> None:
        self.frames = 0

    def on_frame(self, delta: float) -> None:
        self.frames += 1
        if self.frames % 10 == 1:
            self.request(self.shop.buy, f"sword {self.frames}", reply="bought")

    def on_disconnected(self, reason: str) -> None:
        self.reason = reason


class TestCalls:
    def test_calls_are_requests_with_their_round_trip(self) -> None:
        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bots = [stage.add(Customer) for _ in range(3)]
        stage.run_until(lambda: all(bot.is_connected for bot in bots))
        stage.run(3)
        row = stage.results.rows["RPC", "buy"]
        assert not stage.failures()
        assert row.count == sum(len(bot.shop.paid) for bot in bots)
        assert row.count == pytest.approx(3 * 6, abs=3)
        assert row.bytes > row.count
        longest = row.percentile(1.0)
        assert longest is not None
        assert 8 <= longest <= 120

    def test_a_name_of_its_own_and_no_answer(self) -> None:
        stage = Stage()
        stage.game_server(make_tree())
        bot = stage.add(Customer, reply_timeout=1.0)
        stage.run_until(lambda: bot.is_connected)
        bot.frames = 2  # and so for half a second it asks nothing itself
        assert bot.request(bot.shop.buy, "bread", reply="never_called", name="bread") is Error.OK
        stage.run(3)
        assert stage.failures() == {("RPC", "bread", "no answer within 1 s"): 1}

    def test_a_call_that_cannot_be_made_is_not_measured(self) -> None:
        stage = Stage()
        bot = stage.add(Customer)
        stage.crowd.turn(0.01)
        assert bot.request(bot.shop.buy, "early", reply="bought") is not Error.OK
        assert stage.counts() == {}

    def test_a_bot_that_has_not_begun_has_no_tree(self) -> None:
        stage = Stage()
        bot = Customer(stage.results)
        with pytest.raises(RuntimeError, match="make_tree"):
            _ = bot.tree
        with pytest.raises(RuntimeError, match="make_tree"):
            _ = bot.multiplayer


class TestReplication:
    def test_spawns_and_values_arrive_at_every_bot(self) -> None:
        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bots = [stage.add(Customer, network=NetworkProfile("4G")) for _ in range(3)]
        stage.run_until(lambda: all(bot.is_connected for bot in bots))
        walker = tree.root.get_node("World/Spawner").spawn(7)
        walker.position = Vector2(3, 4)

        def arrived() -> bool:
            nodes = [bot.tree.root.get_node_or_null("World/Walker7") for bot in bots]
            return all(node is not None and node.position == Vector2(3, 4) for node in nodes)

        stage.run_until(arrived)
        assert not stage.failures()

    def test_the_bots_own_values_leave_with_its_frames(self) -> None:
        """And not whenever something arrives."""
        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bot = stage.add(Customer, frame_rate=5.0)
        stage.run_until(lambda: bot.is_connected)
        for each in (tree, bot.tree):
            walker = Walker(1)
            walker.set_multiplayer_authority(bot.multiplayer.get_unique_id())
            each.root.get_node("World").add_child(walker)
        stage.run(1)
        before = bot.multiplayer.counters()
        for _ in range(50):
            bot._serve()
        stage.run(2)
        sent = {kind: count - before.get(kind, 0) for kind, count in bot.multiplayer.counters().items()}
        assert [count for kind, count in sent.items() if kind.name == "SYNCS_SENT"] == [pytest.approx(10, abs=2)]


class TestFailures:
    def test_no_server(self) -> None:
        stage = Stage()
        bot = stage.add(Customer, connect_timeout=2.0)
        stage.run(4)
        assert bot.reason == "no answer within 2 s"

    def test_enets_own_timeout(self) -> None:
        stage = Stage()
        bot = stage.add(Customer, connect_timeout=1000.0)
        stage.run_until(lambda: bot.has_ended, 100)
        assert bot.reason == "the server does not answer"
        assert stage.failures() == {("ENET", "connect", bot.reason): 1}

    def test_a_kick(self) -> None:
        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bot = stage.add(Customer)
        stage.run_until(lambda: bot.is_connected)
        stage.run(0.2)
        tree.root.multiplayer.disconnect_peer(bot.multiplayer.get_unique_id())
        stage.run(1)
        assert bot.has_ended
        assert bot.reason == "disconnected by the server"
        assert len(stage.crowd) == 0

    def test_the_end_tells_the_server(self) -> None:
        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bot = stage.add(Customer)
        stage.run_until(lambda: bot.is_connected)
        stage.run(0.2)
        assert len(tree.root.multiplayer.get_peers()) == 1
        stage.crowd.remove(bot)
        stage.run(0.2)
        assert len(tree.root.multiplayer.get_peers()) == 0
        assert not stage.failures()


class TestExceptions:
    def test_those_of_nodes_are_counted_however_often(self, caplog: pytest.LogCaptureFixture) -> None:
        class Dice(Node):
            def _process(self, delta: float) -> None:
                raise ZeroDivisionError("each frame")

        class Gambler(Customer):
            def make_tree(self) -> SceneTree:
                tree = make_tree()
                tree.root.add_child(Dice("Dice"))
                return tree

        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bot = stage.add(Gambler)
        stage.run_until(lambda: bot.is_connected)
        stage.run(0.2)
        shop = tree.root.get_node("World/Shop")
        for _ in range(3):
            shop.bought.rpc(-1)
        stage.run(1)
        assert bot.is_connected
        counted = {name.rpartition(".")[2]: count for (kind, name, _), count in stage.failures().items()}
        assert counted["bought"] == 3
        assert counted["_process"] >= 20

    def test_those_of_the_server_in_this_process_are_not(self) -> None:
        stage = Stage()
        tree = make_tree()
        stage.game_server(tree)
        bot = stage.add(Customer)
        stage.run_until(lambda: bot.is_connected)
        bot.shop.buy.rpc_id(1, "nothing")
        stage.run(1)
        assert "nothing" in tree.root.get_node("World/Shop").bought_things
        assert not stage.failures()

    def test_make_tree(self) -> None:
        class Lost(Customer):
            def make_tree(self) -> SceneTree:
                raise FileNotFoundError("project.godot")

        stage = Stage()
        stage.add(Lost)
        stage.run(0.1)
        assert {failure for _, _, failure in stage.failures()} == {
            "FileNotFoundError: project.godot",
            "cannot connect: project.godot",
        }
