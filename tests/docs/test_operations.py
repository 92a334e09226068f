"""docs/operations.md: its worked example, examples/agones/server.py, runs as the page says; and what the page lists."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import scrape
from godot_enet import ENetConnection, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.metrics import Metrics
from godot_enet.ops import SeatTicket
from tests.demos.program import PATIENCE, ROOT, Program, free_port, free_tcp_port
from tests.docs.snippets import page
from tests.unit.ops.agones_stand_in import StandIn

SERVER = ROOT / "examples" / "agones" / "server.py"
DASHBOARD = ROOT / "examples" / "grafana" / "dashboard.json"


class Game(Node):
    def __init__(self) -> None:
        super().__init__("Game")
        self.totals: list[int] = []

    @rpc("any_peer", "reliable")
    def count(self) -> None:
        """The server has this."""

    @rpc("authority", "reliable")
    def counted(self, total: int) -> None:
        self.totals.append(total)


class Player:
    """A client of the example."""

    def __init__(self, port: int, token: bytes = b"") -> None:
        self.tree, self.game = SceneTree(), Game()
        self.tree.root.add_child(self.game)
        multiplayer = self.tree.get_multiplayer()
        assert isinstance(multiplayer, SceneMultiplayer)
        self.multiplayer = multiplayer
        self.ticket = SeatTicket(multiplayer, token)
        self.gone: list[bool] = []
        multiplayer.server_disconnected.connect(lambda: self.gone.append(True))
        transport = self.ticket.transport()
        assert transport.create_client("127.0.0.1", port) is Error.OK
        multiplayer.multiplayer_peer = transport

    def until(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline
            self.tree.process(0.01)
            time.sleep(0.005)


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


@pytest.mark.skipif(os.name == "nt", reason="its processes have no SIGTERM")
def test_the_worked_example() -> None:
    port, probes = free_port(), free_tcp_port()
    with StandIn() as sidecar:
        ports = {"PORT": str(port), "PROBE_PORT": str(probes), "AGONES_SDK_HTTP_PORT": str(sidecar.port)}
        with Program(SERVER, environment=os.environ | ports) as server:
            first = Player(port)
            first.until(first.multiplayer.get_peers)
            first.game.rpc_id(1, "count")
            first.game.rpc_id(1, "count")
            first.until(lambda: first.game.totals == [1, 2])
            assert get(probes, "/readyz") == (200, "ok\n")
            first.until(lambda: sidecar.state == "Ready" and sidecar.health and sidecar.lists["players"][0])
            first.multiplayer.get_multiplayer_peer().close()  # type: ignore[union-attr]

            second = Player(port, first.ticket.token)
            second.until(lambda: second.game.totals)
            assert (second.ticket.number, second.ticket.resumed, second.game.totals) == (1, True, [2])
            metrics = get(probes, "/metrics")[1]
            assert 'godot_enet_peers{state="connected"} 1.0' in metrics
            labels = 'direction="received",name="count",operation="rpc"'
            assert f"godot_enet_scene_messages_total{{{labels}}} 2.0" in metrics

            server._process.send_signal(signal.SIGTERM)
            second.until(lambda: second.gone)
            assert server.finish() == 0, server.output
    assert sidecar.state == "Shutdown"
    lines = [json.loads(line) for line in server.lines]
    assert [line.get("reason") for line in lines if "disconnected" in line["message"]] == ["REMOTE", "LOCAL"]
    assert any(line["message"] == "The server has drained." for line in lines)


@pytest.fixture
def families() -> set[str]:
    """Every metric that there is."""
    from tests.unit.compat.scene.party import Party

    class Caller(Node):
        @rpc("any_peer")
        def move(self) -> None:
            pass

    party = Party(7, make_node=Caller)
    party[1].api.profiling = True
    party[7].node.rpc("move")
    party.settle()
    with ENetConnection() as connection:
        connection.create_host_bound("127.0.0.1", 0)
        metrics = Metrics(connection, per_peer=True)
        metrics.observe_frame(0.01)
        found = [*metrics.families(), *Metrics(party[1].api).families()]
    return {family.name + "_total" * (family.kind == "counter") for family in found}


def test_the_page_lists_every_metric(families: set[str]) -> None:
    table = page("docs/operations.md").partition("## Numbers")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(godot_enet_\w+)", table, re.MULTILINE)) == families


def test_the_dashboard_shows_metrics_that_exist(families: set[str]) -> None:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    shown = {name for text in expressions for name in re.findall(r"godot_enet_\w+", text)}
    suffix = re.compile("_(bucket|sum|count|gcount|gsum)$")
    assert len(expressions) >= 10
    assert {suffix.sub("", name) for name in shown} <= families


def test_the_manifests_name_what_exists() -> None:
    folder = ROOT / "examples" / "agones"
    fleet = (folder / "fleet.yaml").read_text(encoding="utf-8")
    program = SERVER.read_text(encoding="utf-8")
    assert re.findall(r"lists:\n +(\w+):", fleet) == re.findall(r'agones_players="(\w+)"', program) == ["players"]
    docker = (folder / "Dockerfile").read_text(encoding="utf-8")
    for path in re.findall(r"^COPY (examples\S+) ", docker, re.MULTILINE):
        assert (ROOT / path).is_file()
    for file in folder.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert file.name in text.partition("\n")[0]
        assert re.search(r"^apiVersion: [\w.]*agones\.dev/v1$", text, re.MULTILINE)
    assert "containerPort: 7777" in fleet
    assert "port: 8080" in fleet


def test_the_figures_have_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert scrape.main(["--peers", "20", "--scrapes", "5"]) == 0
    assert re.search(r"^20 peers, .*\nsums: .* ms\npage: .* ms\nover HTTP: .* of a core", capsys.readouterr().out)
