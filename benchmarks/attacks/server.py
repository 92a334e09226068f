"""A server under attack, in a process of its own: ``python -m benchmarks.attacks.server NAME [packed] [at HOST]``.

Prints its port. For every line it reads, it prints how it is: one JSON object. Ends with its standard input.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import sys
import time
from collections.abc import Callable
from typing import Any

PEERS = 32


def memory() -> int:
    """Resident bytes of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def ours(engine: str, packed: bool, host: str) -> tuple[int, Callable[[], int], Callable[[], dict[str, int]]]:
    """Port, one turn (which returns the number of CONNECT events), and totals."""
    os.environ["GODOT_ENET_ENGINE"] = engine
    from godot_enet import ENetConnection

    connection = ENetConnection(threaded=False)
    connection.create_host_bound(host, 0, PEERS)
    if packed:
        connection.compress(ENetConnection.COMPRESS_RANGE_CODER)
    received = 0

    def turn() -> int:
        joined = 0
        while (event := connection.service()).type != ENetConnection.EVENT_NONE:
            joined += event.type == ENetConnection.EVENT_CONNECT
        return joined

    def totals() -> dict[str, int]:
        nonlocal received
        received += int(connection.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS))
        return {"received": received, "dropped": sum(connection.counters().values())}

    return connection.get_local_port(), turn, totals


def theirs(packed: bool, address: str) -> tuple[int, Callable[[], int], Callable[[], dict[str, int]]]:
    """The same for libenet."""
    enet: Any = importlib.import_module("enet")
    host = enet.Host(enet.Address(address.encode(), 0), PEERS, 255, 0, 0)
    if packed:
        host.compress_with_range_coder()

    def turn() -> int:
        joined = 0
        while (event := host.service(0)).type != enet.EVENT_TYPE_NONE:
            joined += event.type == enet.EVENT_TYPE_CONNECT
        return joined

    return host.address.port, turn, lambda: {"received": int(host.totalReceivedPackets), "dropped": 0}


def main(name: str, packed: bool, host: str = "127.0.0.1") -> None:
    """Serve until standard input closes."""
    port, turn, totals = theirs(packed, host) if name == "pyenet" else ours(name, packed, host)
    print(port, flush=True)
    joined, longest, base = 0, 0.0, memory()
    peak = base
    last_look = time.monotonic()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.0)
        if ready:
            if not sys.stdin.readline():
                return
            state = {"joined": joined, "longest": longest, "memory": peak - base, "cpu": time.process_time()}
            print(json.dumps({**state, **totals()}), flush=True)
            longest = 0.0
        before = time.monotonic()
        joined += turn()
        now = time.monotonic()
        longest = max(longest, now - before)
        if now - last_look > 0.05:
            peak, last_look = max(peak, memory()), now
        time.sleep(0.0005)


if __name__ == "__main__":
    main(sys.argv[1], "packed" in sys.argv[2:], *(sys.argv[-1:] if "at" in sys.argv[2:] else ()))
