"""Bots under the real Locust: alone, with master and workers, and what its results and exit code say.

tests/unit/load has the bots themselves, without Locust.

Environment:
    GODOT_ENET_LOAD_BOTS: how many bots a master and two workers run; 200 by default.
    GODOT_ENET_LOAD_SECONDS: how long they all play; 4 by default.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demos.program import Program, free_tcp_port

from .conftest import missing

pytestmark = [pytest.mark.interop, pytest.mark.timeout(280)]

MANY = int(os.environ.get("GODOT_ENET_LOAD_BOTS", "200"))
SECONDS = int(os.environ.get("GODOT_ENET_LOAD_SECONDS", "4"))
BOTS = """\
import os
import gevent
from locust import events, task
from locust.runners import WorkerRunner
from godot_enet import Node, SceneTree, rpc
from godot_enet.load import ENetUser, GodotUser, NetworkProfile

@events.init.add_listener
def end_with_enough_results(environment, **_):
    "The time of --run-time would be that of a busy machine, too."
    wanted = dict(each.split("=") for each in os.environ["ENOUGH"].split(","))

    def watch():
        while True:
            gevent.sleep(0.1)
            found = {f"{kind} {name}": entry.num_requests for (name, kind), entry in environment.stats.entries.items()}
            if all(found.get(name, 0) >= int(number) for name, number in wanted.items()):
                gevent.sleep(2.5)  # in which its files of failures are written
                return environment.runner.quit()

    if not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(watch)

class Player(ENetUser):
    frame_rate = 5.0

    def on_start(self):
        gevent.sleep(0.01)  # a login, say
        self.has_started = True

    def on_connected(self):
        assert self.has_started

    def on_frame(self, delta):
        self.send(b"buy", request="buy")

    def on_packet(self, packet, channel):
        self.end_request("buy", size=len(packet))

class Far(Player):
    network = NetworkProfile("overseas")

class Broken(Player):
    def on_frame(self, delta):
        raise ValueError("a bug in the bot")

class Busy(Player):
    @task
    def shop(self):
        self.environment.events.request.fire(
            request_type="HTTP", name="shop", response_time=1.0, response_length=0, exception=None, context={}
        )

class Shop(Node):
    @rpc("any_peer")
    def buy(self, thing): ...

    @rpc("authority")
    def bought(self, price): ...

class Customer(GodotUser):
    frame_rate = 10.0

    def make_tree(self):
        tree = SceneTree()
        tree.root.add_child(Shop("Shop"))
        return tree

    def on_frame(self, delta):
        self.request(self.tree.root.get_node("Shop").buy, "sword", reply="bought")
"""
GAME = """\
from godot_enet import ENetMultiplayerPeer, Node, SceneTree, rpc

class Shop(Node):
    @rpc("any_peer")
    def buy(self, thing):
        self.bought.rpc_id(self.multiplayer.get_remote_sender_id(), 10)

    @rpc("authority")
    def bought(self, price): ...

tree = SceneTree()
tree.root.add_child(Shop("Shop"))
peer = ENetMultiplayerPeer()
peer.create_server(0, 100)
tree.root.multiplayer.multiplayer_peer = peer
print("listening on port", peer.host.get_local_port())
tree.run(60)
"""


@pytest.fixture(scope="module", autouse=True)
def _has_locust() -> None:
    if importlib.util.find_spec("locust") is None:
        missing("Locust is not installed (pip install 'godot_enet[load]')")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with two shards that sends back what it gets."""
    options = ["--bind", "127.0.0.1", "--peers", str(MANY + MANY // 10 + 100), "--shards", "2"]
    with Program("-m", "godot_enet", "echo", "0", *options) as server:
        server.wait_for("listening on port")
        line = next(line for line in server.lines if line.startswith("listening"))
        yield "127.0.0.1:" + line.split()[3].rstrip(",")


@pytest.fixture
def bots(tmp_path: Path) -> Path:
    file = tmp_path / "bots.py"
    file.write_text(BOTS, encoding="utf-8")
    return file


class Locust(Program):
    """``locust -f bots.py ...``, until there are enough requests: ``"KIND name=NUMBER,..."``."""

    def __init__(self, file: Path, enough: str, *arguments: str) -> None:
        environment = os.environ | {"NO_COLOR": "1", "ENOUGH": enough}
        super().__init__("-m", "locust", "-f", str(file), "-t", "200s", *arguments, environment=environment)


def results(file: Path) -> dict[str, dict[str, Any]]:
    """Locust's final numbers by kind and name."""
    return {f"{row['method']} {row['name']}": row for row in json.loads(file.read_text(encoding="utf-8"))}


def table(bots: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file of Locust's that lists failures or exceptions."""
    with open(bots.parent / f"results_{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def median(row: dict[str, Any]) -> float:
    """Milliseconds."""
    return statistics.median(float(time) for time, count in row["response_times"].items() for _ in range(count))


def run(bots: Path, enough: str, users: int, *arguments: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """The exit code, the results and the output of a run without web page."""
    options = ["-u", str(users), "-r", str(users), "--csv", str(bots.parent / "results")]
    with Locust(bots, enough, *headless(bots), *options, *arguments) as locust:
        code = locust.finish(250)
        return code, results(bots.parent / "results.json"), locust.output


def headless(bots: Path) -> list[str]:
    """The options of a run without web page, with a file of results beside the bots."""
    return ["--headless", "--only-summary", "--json-file", str(bots.parent / "results")]


class TestAlone:
    def test_requests_have_names_times_and_bytes(self, bots: Path, address: str) -> None:
        code, rows, output = run(bots, "PACKET buy=200,ENET round trip=20", 20, "-H", address, "Player")
        assert code == 0, output
        assert rows["ENET connect"]["num_requests"] == 20
        assert rows["PACKET buy"]["num_failures"] == 0
        assert rows["PACKET buy"]["total_content_length"] == 3 * rows["PACKET buy"]["num_requests"]
        assert median(rows["PACKET buy"]) < 150, "not rounded to the frame of 200 ms"
        assert rows["ENET round trip"]["total_content_length"] > 0
        assert "Traceback" not in output
        assert "gevent is active" not in output

    def test_a_profile_of_the_network(self, bots: Path, address: str) -> None:
        code, rows, output = run(bots, "PACKET buy=50", 5, "-H", address, "Far")
        assert code == 0, output
        assert median(rows["PACKET buy"]) >= 220

    def test_remote_calls(self, bots: Path) -> None:
        with Program("-c", GAME) as game:
            game.wait_for("listening on port")
            host = "127.0.0.1:" + game.lines[-1].split()[-1]
            code, rows, output = run(bots, "RPC buy=200", 10, "-H", host, "Customer")
        assert code == 0, output
        assert rows["RPC buy"]["total_content_length"] > rows["RPC buy"]["num_requests"]

    def test_tasks_of_locust_run_beside_the_frames(self, bots: Path, address: str) -> None:
        code, rows, output = run(bots, "PACKET buy=50,HTTP shop=5", 5, "-H", address, "Busy")
        assert code == 0, output
        assert rows["ENET connect"]["num_requests"] == 5


class TestFailures:
    def test_exceptions_are_counted_by_method_and_end_no_worker(self, bots: Path, address: str) -> None:
        enough = "PACKET buy=100,METHOD Broken.on_frame=100"
        code, rows, output = run(bots, enough, 20, "-H", address, "Broken", "Player")
        assert code == 1, output
        assert rows["METHOD Broken.on_frame"]["num_failures"] >= 100
        assert rows["PACKET buy"]["num_failures"] == 0
        assert table(bots, "failures")[0]["Error"] == "ValueError: a bug in the bot"
        exceptions = table(bots, "exceptions")
        assert [row["Message"] for row in exceptions] == ["Broken.on_frame: ValueError: a bug in the bot"]
        assert "in on_frame" in exceptions[0]["Traceback"]

    def test_a_server_that_is_not_there(self, bots: Path) -> None:
        with bots.open("a", encoding="utf-8") as file:
            file.write("\nPlayer.connect_timeout = 1.0\n")
        code, rows, output = run(bots, "ENET connect=5", 5, "-H", "127.0.0.1:9", "Player")
        assert code == 1, output
        assert rows["ENET connect"]["num_failures"] == 5
        assert [(row["Error"], row["Occurrences"]) for row in table(bots, "failures")] == [
            ("no answer within 1 s", "5")
        ]


class TestManyProcesses:
    def test_a_master_and_two_workers_lose_no_bot(self, bots: Path, address: str) -> None:
        port = str(free_tcp_port())
        master = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--expect-workers", "2"]
        worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
        options = [*headless(bots), "-u", str(MANY), "-r", str(max(100, MANY // 20)), "-H", address, "Player"]
        enough = f"ENET connect={MANY},PACKET buy={MANY * 5 * SECONDS}"
        with (
            Locust(bots, enough, *master, *options) as leading,
            Locust(bots, enough, *worker) as first,
            Locust(bots, enough, *worker) as second,
        ):
            assert leading.finish(250) == 0, leading.output
            assert [each.finish(60) for each in (first, second)] == [0, 0], first.output + second.output
        rows = results(bots.parent / "results.json")
        assert rows["ENET connect"]["num_requests"] == MANY
        assert sum(row["num_failures"] for row in rows.values()) == 0

    @pytest.mark.skipif(sys.platform == "win32", reason="Locust forks no processes there")
    def test_processes_that_locust_forks(self, bots: Path, address: str) -> None:
        port = str(free_tcp_port())
        options = ["--processes", "2", "--master-bind-port", port, "--master-port", port, "-H", address, "Player"]
        code, rows, output = run(bots, "PACKET buy=200", 20, *options)
        assert code == 0, output
        assert rows["ENET connect"]["num_requests"] == 20


class TestWebPage:
    def test_it_starts_stops_and_reports(self, bots: Path, address: str) -> None:
        port = free_tcp_port()
        report = bots.parent / "report.html"
        arguments = ["--web-host", "127.0.0.1", "--web-port", str(port), "--autostart", "--html", str(report)]
        with Locust(bots, "PACKET buy=1000000", *arguments, "-u", "10", "-r", "10", "-H", address, "Player") as locust:
            locust.wait_for("All users spawned")
            stats: dict[str, Any] = {"stats": []}
            while "round trip" not in [row["name"] for row in stats["stats"]]:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=60) as answer:
                    stats = json.load(answer)
                time.sleep(0.2)
            assert stats["user_count"] == 10
            locust.interrupt()
            assert locust.finish() == 0, locust.output
        text = report.read_text(encoding="utf-8")
        assert "round trip" in text
        assert "buy" in text
