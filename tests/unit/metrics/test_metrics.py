"""The numbers of each class, as Prometheus and OpenTelemetry get them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from godot_enet import ENetConnection, ENetPacketPeer, Error, Node, SceneCount, SceneMultiplayer, SceneTree, rpc
from godot_enet.metrics import Metrics, instrument
from godot_enet.metrics import opentelemetry as adapter
from tests.unit.compat.scene.party import Party
from tests.unit.compat.stage import Stage


def page(metrics: Metrics) -> dict[tuple[str, str], float]:
    """The samples of a scrape, by name and labels."""
    text = metrics.render()[0].decode()
    return {
        (sample.name, ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def stage(host_engine: str) -> Iterator[Stage]:
    made = Stage(threaded=False)
    yield made
    made.close()


class TestConnection:
    def test_inactive(self) -> None:
        assert page(Metrics(ENetConnection())) == {("godot_enet_active", ""): 0.0}

    def test_the_numbers(self, stage: Stage) -> None:
        link = stage.link()
        link.fence()
        link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA)
        found = page(Metrics(link.server))
        assert found["godot_enet_peers", "state=connected"] == 1
        assert found["godot_enet_peers", "state=connecting"] == 0
        assert found["godot_enet_received_bytes_total", ""] > 0
        assert found["godot_enet_received_bytes_total", ""] == link.server.get_total(2)
        assert found["godot_enet_round_trip_time_seconds_bucket", "le=+Inf"] == 1
        assert found["godot_enet_round_trip_time_seconds_gcount", ""] == 1
        trip = link.at_server.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) / 1000
        assert found["godot_enet_round_trip_time_seconds_gsum", ""] == trip
        throttle = link.at_server.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) / 32
        assert found["godot_enet_packet_throttle_ratio", ""] == throttle > 0
        assert found["godot_enet_drops_total", "cause=connect_refused"] == 0
        assert 0 <= found["godot_enet_service_age_seconds", ""] < 60
        assert not any("peer=" in labels for _, labels in found)

    def test_names_follow_the_conventions(self, stage: Stage) -> None:
        metrics = Metrics(stage.link().server, per_peer=True)
        metrics.observe_frame(0.01)
        for family in metrics.families():
            assert family.name.startswith("godot_enet_")
            assert not family.name.endswith("_total")
            assert family.name.endswith(family.unit)
            assert family.help.endswith(".")

    def test_peers_if_asked(self, stage: Stage) -> None:
        link = stage.link()
        found = page(Metrics(link.server, per_peer=True))
        port = link.at_server.get_remote_port()
        assert found["godot_enet_peer_round_trip_time_seconds", f"peer=127.0.0.1:{port}"] < 60
        assert found["godot_enet_peer_packet_loss_ratio", f"peer=127.0.0.1:{port}"] == 0

    def test_an_address_has_one_row(self, stage: Stage) -> None:
        """A client that has ended without a word is back from the same port before the server has noticed."""
        link = stage.link()
        port = link.at_server.get_remote_port()
        link.client.destroy()
        client = stage.connection()
        assert client.create_host_bound("127.0.0.1", port) is Error.OK
        stage.join(link.server, client)
        assert len(link.server.get_peers()) == 2
        text = Metrics(link.server, per_peer=True).render()[0].decode()
        assert text.count('godot_enet_peer_round_trip_time_seconds{peer="') == 1

    @pytest.mark.parametrize("seconds", [-0.001, float("nan"), float("inf")])
    def test_no_frame_spoils_the_sum(self, seconds: float) -> None:
        metrics = Metrics(ENetConnection())
        metrics.observe_frame(0.5)
        with pytest.raises(ValueError, match="seconds must be"):
            metrics.observe_frame(seconds)
        assert page(metrics)["godot_enet_frame_seconds_sum", ""] == 0.5


class Player(Node):
    @rpc("any_peer")
    def move(self, x: int) -> None:
        pass


class TestScene:
    def test_drops_operations_and_profiles(self) -> None:
        party = Party(7, make_node=Player)
        server = party[1].api
        metrics = Metrics(server, profile=True)
        party[7].node.rpc("move", 5)
        party[1].transport.inject(b"", 7)
        party.settle()
        found = page(metrics)
        assert found["godot_enet_scene_drops_total", "cause=malformed"] == 1
        assert found["godot_enet_scene_operations_total", "direction=received,operation=sync"] == 0
        labels = "direction=received,name=move,operation=rpc"
        assert found["godot_enet_scene_messages_total", labels] == 1
        assert found["godot_enet_scene_message_bytes_total", labels] > 0

    def test_without_a_profile_there_are_no_rows(self) -> None:
        party = Party(7, make_node=Player)
        party[7].node.rpc("move", 5)
        party.settle()
        assert not any("name=" in labels for _, labels in page(Metrics(party[1].api)))

    def test_names_from_remotes_are_bounded(self) -> None:
        tree = SceneTree()
        multiplayer = tree.get_multiplayer()
        assert isinstance(multiplayer, SceneMultiplayer)
        metrics = Metrics(multiplayer, profile=True)
        for number in range(300):
            node = Node(f"Sync{number}")
            tree.root.add_child(node)
            multiplayer._traffic.count(SceneCount.SYNCS_RECEIVED, 10, node)
        rows = [labels for name, labels in page(metrics) if name == "godot_enet_scene_message_bytes_total"]
        assert len(rows) == 201
        assert "direction=received,name=(others),operation=sync" in rows
        total = sum(value for (name, _), value in page(metrics).items() if name == "godot_enet_scene_messages_total")
        assert total == 300

    def test_another_thread_may_ask_while_rows_are_added(self) -> None:
        tree = SceneTree()
        multiplayer = tree.get_multiplayer()
        assert isinstance(multiplayer, SceneMultiplayer)
        metrics = Metrics(multiplayer, profile=True)
        ended = threading.Event()
        problems: list[BaseException] = []

        def ask() -> None:
            try:
                while not ended.is_set():
                    metrics.families()
            except BaseException as error:
                problems.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        for number in range(500):
            node = Node(f"Sync{number}")
            tree.root.add_child(node)
            multiplayer._traffic.count(SceneCount.SYNCS_RECEIVED, 10, node)
        ended.set()
        thread.join()
        assert problems == []


class TestFrames:
    def test_classes(self) -> None:
        metrics = Metrics(ENetConnection())
        for seconds in (0.0005, 0.03, 7.0):
            metrics.observe_frame(seconds)
        with metrics.frame():
            pass
        found = page(metrics)
        assert found["godot_enet_frame_seconds_bucket", "le=0.001"] == 2
        assert found["godot_enet_frame_seconds_bucket", "le=0.0334"] == 3
        assert found["godot_enet_frame_seconds_count", ""] == 4
        assert found["godot_enet_frame_seconds_sum", ""] == pytest.approx(7.0305, abs=0.5)


class TestRendering:
    def test_a_page_serves_many_scrapes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [10.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        metrics = Metrics(ENetConnection(), max_age=1)
        first = metrics.render()
        metrics.observe_frame(0.01)
        now[0] = 10.9
        assert metrics.render() is first
        now[0] = 11.1
        assert b"frame_seconds" in metrics.render()[0]

    def test_a_collector_for_a_registry_of_the_program(self) -> None:
        registry = CollectorRegistry()
        registry.register(Metrics(ENetConnection()).collector())
        assert registry.get_sample_value("godot_enet_active") == 0.0

    @pytest.mark.parametrize(("module", "use"), [("prometheus_client", "render"), ("opentelemetry", "instrument")])
    def test_without_the_extra(self, monkeypatch: pytest.MonkeyPatch, module: str, use: str) -> None:
        for name in list(sys.modules):
            if name.startswith((module, "godot_enet.metrics.prometheus", "godot_enet.metrics.opentelemetry")):
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, module, None)
        import godot_enet.metrics

        for name in ("prometheus", "opentelemetry"):
            monkeypatch.delattr(godot_enet.metrics, name, raising=False)
        metrics = Metrics(ENetConnection())
        with pytest.raises(ImportError, match=r"pip install 'godot_enet\[metrics\]'"):
            metrics.render() if use == "render" else instrument(metrics)


class TestOpenTelemetry:
    def test_the_same_numbers(self, stage: Stage) -> None:
        link = stage.link()
        link.fence()
        reader = InMemoryMetricReader()
        provider = MeterProvider([reader])
        metrics = Metrics(link.server)
        instrument(metrics, provider.get_meter("test"))
        metrics.observe_frame(0.02)
        data: Any = reader.get_metrics_data()
        (scope,) = data.resource_metrics[0].scope_metrics
        found = {metric.name: metric for metric in scope.metrics}
        assert found["godot_enet.sent"].unit == "By"
        assert [point.value for point in found["godot_enet.sent"].data.data_points] == [link.server.get_total(0)]
        peers = {point.attributes["state"]: point.value for point in found["godot_enet.peers"].data.data_points}
        assert peers == {"connecting": 0, "connected": 1, "disconnecting": 0}
        trips = {point.attributes["le"]: point.value for point in found["godot_enet.round_trip_time"].data.data_points}
        assert trips["+Inf"] == 1
        assert found["godot_enet.frame"].data.data_points[0].count == 1
        provider.shutdown()

    def test_every_metric_has_an_instrument(self, stage: Stage) -> None:
        party = Party(7, make_node=Player)
        party[1].api.profiling = True
        party[7].node.rpc("move", 5)
        party.settle()
        both = [*Metrics(stage.link().server, per_peer=True).families(), *Metrics(party[1].api).families()]
        names = {family.name: family.kind for family in both}
        assert {name for name, kind in names.items() if kind == "counter"} == set(adapter._COUNTED)
        assert {name for name, kind in names.items() if "gauge" in kind} == set(adapter._OBSERVED)
