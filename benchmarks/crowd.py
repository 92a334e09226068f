"""Many clients in a process of their own, so that only the server is measured.

As a program, ``python -m benchmarks.crowd PORT COUNT CHANNELS`` connects COUNT clients to a local server and keeps
them answering until its standard input closes.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contenders import End
from godot_enet import ENetConnection

__all__ = ["crowd"]

ROOT = Path(__file__).parents[1]
PAUSE = 0.02  # seconds between two rounds of service(); ENet pings twice a second
PATIENCE = 60.0  # seconds for all of them to connect


@contextmanager
def crowd(server: End, count: int, channels: int) -> Iterator[None]:
    """Connect ``count`` clients that ask for ``channels`` channels each, for the length of the block."""
    command = [sys.executable, "-m", "benchmarks.crowd", str(server.port()), str(count), str(channels)]
    wanted = server.connected + count
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while server.connected < wanted:
                server.drain(1)
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"only {count - wanted + server.connected} of {count} clients connected")
            yield
        finally:
            assert process.stdin is not None
            process.stdin.close()


def main(port: int, count: int, channels: int) -> None:
    over = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    clients = [ENetConnection(threaded=False) for _ in range(count)]
    for client in clients:
        client.create_host(1)
        client.connect_to_host("127.0.0.1", port, channels)
        client.flush()
    while not over.wait(PAUSE):
        for client in clients:
            client.service()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
