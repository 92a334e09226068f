"""A real Prometheus scrapes a server, and answers each query of the dashboard."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from godot_enet import ENetMultiplayerPeer, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.metrics import Metrics
from godot_enet.ops import Server
from tests.demos.program import free_tcp_port

from .conftest import missing

pytestmark = pytest.mark.interop
DEADLINE = 120.0
DASHBOARD = Path(__file__).parents[2] / "examples" / "grafana" / "dashboard.json"
QUIET = {"godot_enet_drops_total", "godot_enet_scene_drops_total"}
"""What their panels show is empty while nothing is dropped."""


class Main(Node):
    @rpc("any_peer", "reliable")
    def say(self, text: str) -> None:
        """Received."""


class End:
    def __init__(self, port: int = 0) -> None:
        self.tree, self.main, transport = SceneTree(), Main("Main"), ENetMultiplayerPeer()
        self.tree.root.add_child(self.main)
        transport.set_bind_ip("127.0.0.1")
        error = transport.create_client("127.0.0.1", port) if port else transport.create_server(0)
        assert error is Error.OK
        multiplayer = self.tree.get_multiplayer()
        assert isinstance(multiplayer, SceneMultiplayer)
        self.multiplayer, self.transport = multiplayer, transport
        multiplayer.multiplayer_peer = transport


class Prometheus:
    """Scrapes one target ten times a second."""

    def __init__(self, program: str, folder: Path, target: int) -> None:
        self.port = free_tcp_port()
        config = {
            "global": {"scrape_interval": "100ms", "scrape_timeout": "100ms"},
            "scrape_configs": [{"job_name": "game", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        self.output = (folder / "output").open("wb")
        self.process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def get(self, path: str) -> Any:
        """The data of an answer; None while it starts."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read()
        except ConnectionError:
            return None
        finally:
            connection.close()
        if answer.status == 503:
            return None
        found = json.loads(text)
        assert found["status"] == "success", found
        return found["data"]

    def query(self, expression: str) -> list[Any]:
        data = self.get("/api/v1/query?" + urlencode({"query": expression}))
        return [] if data is None else data["result"]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.output.close()


@pytest.fixture
def game() -> Iterator[tuple[End, End, Server]]:
    server = End()
    client = End(server.transport.host.get_local_port())  # type: ignore[union-attr]
    metrics = Metrics(server.multiplayer, profile=True, max_age=0)
    with Server(server.multiplayer, probes=("127.0.0.1", 0), metrics=metrics, signals=()) as kept:
        yield server, client, kept
    for end in (client, server):
        end.transport.close()


def test_it_scrapes_and_answers(game: tuple[End, End, Server], tmp_path: Path) -> None:
    program = os.environ.get("PROMETHEUS") or shutil.which("prometheus")
    if program is None:
        missing("Prometheus is not installed (run tests/interop/install_prometheus.sh or set PROMETHEUS)")
    server, client, kept = game
    prometheus = Prometheus(program, tmp_path, kept.probe_port)
    try:
        frames = kept.frames(100)
        deadline = time.monotonic() + DEADLINE

        def until(done: Callable[[], object]) -> None:
            for _ in frames:
                server.tree.process(0.01)
                client.tree.process(0.01)
                if client.multiplayer.get_peers():
                    client.main.rpc_id(1, "say", "x" * 100)
                if done():
                    return
                assert time.monotonic() < deadline, prometheus.get("/api/v1/targets")

        until(lambda: prometheus.query("up == 1"))
        until(lambda: value(prometheus, 'godot_enet_peers{state="connected"}') == 1)
        until(lambda: (value(prometheus, "rate(godot_enet_received_bytes_total[5s])") or 0) > 0)

        queries = [
            target["expr"].replace("$__rate_interval", "5s").replace("$job", ".*").replace("$instance", ".*")
            for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
            for target in panel["targets"]
        ]
        for query in queries:
            if set(re.findall(r"godot_enet_\w+", query)) & QUIET:
                assert prometheus.query(query) == []
            else:
                until(lambda query=query: prometheus.query(query))  # type: ignore[misc]

        types = prometheus.get("/api/v1/metadata")
        assert types["godot_enet_sent_bytes_total"][0]["type"] == "counter"
        assert types["godot_enet_frame_seconds"][0]["type"] == "histogram"
        assert types["godot_enet_peers"][0]["type"] == "gauge"
    finally:
        prometheus.close()


def value(prometheus: Prometheus, expression: str) -> float | None:
    found = prometheus.query(expression)
    return float(found[0]["value"][1]) if found else None
