"""A server with many connected peers that are quiet, and what they cost.

Argument: how many. Writes its port, and when they have all connected one JSON object: bytes of memory that each peer
takes in "core" and "compat", and microseconds of the processor that a call of ``service()`` takes.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
import time
import tracemalloc

from godot_enet import ENetConnection

WARM = 10
"""Peers that come first and are not counted, so that what all share is there already."""
CALM = 1024
"""Bytes by which memory may change in 2.5 s of rest."""
BATCHES, CALLS = 9, 500


def serve_until(server: ENetConnection, peers: int) -> None:
    """Service until so many have connected, and then until the handshake's last commands are acknowledged.

    Those include the bandwidth, which is sent a second after a peer has connected. A busy machine acknowledges late, so
    that the end is when nothing has been allocated or freed for a while.
    """
    deadline = time.monotonic() + 300
    while len(server.get_peers()) < peers:
        assert time.monotonic() < deadline
        server.service(10)
    for peer in server.get_peers():
        peer.ping_interval(1_000_000)
    memory = -1
    while abs(memory - (memory := tracemalloc.get_traced_memory()[0])) > CALM:
        assert time.monotonic() < deadline
        settled = time.monotonic() + 2.5
        while time.monotonic() < settled:
            server.service(10)


def allocated() -> dict[str, int]:
    """Bytes allocated by the lines of each of the two sub-packages."""
    gc.collect()
    sizes = {"core": 0, "compat": 0}
    for statistic in tracemalloc.take_snapshot().statistics("filename"):
        path = statistic.traceback[0].filename.replace("\\", "/")
        for name in sizes:
            if f"/godot_enet/{name}/" in path:
                sizes[name] += statistic.size
    return sizes


def main() -> None:
    count = int(sys.argv[1])
    logging.getLogger("godot_enet.network").setLevel(logging.ERROR)  # so many at once ask twice, which is no mistake
    server = ENetConnection(threaded=False)
    server.create_host_bound("127.0.0.1", 0, WARM + count)
    tracemalloc.start()
    sys.stdout.write(f"{server.get_local_port()}\n")
    sys.stdout.flush()
    serve_until(server, WARM)
    before = allocated()
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    serve_until(server, WARM + count)
    after = allocated()
    tracemalloc.stop()
    costs = {name: (after[name] - before[name]) / count for name in after}
    times = []
    for _ in range(BATCHES):
        began = time.thread_time()
        for _ in range(CALLS):
            server.service()
        times.append((time.thread_time() - began) / CALLS * 1e6)
    costs["microseconds"] = min(times)  # other programs only add to it
    sys.stdout.write(json.dumps(costs) + "\n")
    server.destroy()


if __name__ == "__main__":
    main()
