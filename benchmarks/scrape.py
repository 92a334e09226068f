"""``python -m benchmarks.scrape``: the time of one scrape of the metrics, and the load of many."""

from __future__ import annotations

import argparse
import http.client
import statistics
import time
from collections.abc import Callable, Sequence

from godot_enet import ENetConnection
from godot_enet.core import Address, AnyHost, Host, HostConfig
from godot_enet.metrics import Metrics
from godot_enet.ops import Server

BATCH = 50
"""Clients that connect at the same time."""


def crowd(peers: int) -> tuple[ENetConnection, AnyHost]:
    """A server with ``peers`` connected peers, and the host that they share."""
    server = ENetConnection(config=HostConfig(half_open_limit=0))
    server.create_host_bound("127.0.0.1", 0, peers)
    client = Host.open(HostConfig(peer_count=peers))
    address = Address("127.0.0.1", server.get_local_port())
    joined = 0
    while joined < peers:
        for _ in range(min(BATCH, peers - joined)):
            client.connect(address, 1)
            joined += 1
        while (summary := server.summary()) is not None and summary.connected < joined:
            server.service(1)
            client.service(0)
    return server, client


def milliseconds(work: Callable[[], object], times: int) -> str:
    """The median and the longest of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return f"median {statistics.median(taken):.2f} ms, 99 % within {statistics.quantiles(taken, n=100)[98]:.2f} ms"


def flood(server: ENetConnection, metrics: Metrics, scrapes: int) -> str:
    """Scrape over HTTP as fast as one caller can, up to a thousand times a second."""
    with Server(server, probes=("127.0.0.1", 0), metrics=metrics, signals=()) as kept:
        start, busy = time.perf_counter(), time.process_time()
        for number in range(scrapes):
            connection = http.client.HTTPConnection("127.0.0.1", kept.probe_port)
            connection.request("GET", "/metrics")
            connection.getresponse().read()
            connection.close()
            time.sleep(max(0.0, start + number / 1000 - time.perf_counter()))
        took = time.perf_counter() - start
        share = (time.process_time() - busy) / took
    return f"{scrapes / took:.0f} a second take {share:.0%} of a core, the caller's part included"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scrape", description=__doc__)
    parser.add_argument("--peers", type=int, default=4000)
    parser.add_argument("--scrapes", type=int, default=1000)
    options = parser.parse_args(argv)
    server, clients = crowd(options.peers)
    metrics = Metrics(server, max_age=0)
    metrics.render()
    print(f"{options.peers} peers, {server.engine_name} engine")
    print("sums:", milliseconds(server.summary, 200))
    print("page:", milliseconds(metrics.render, 200))
    print("over HTTP:", flood(server, Metrics(server), options.scrapes))
    clients.close()
    server.destroy()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
