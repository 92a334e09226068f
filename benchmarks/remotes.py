"""Remotes in other processes: many idle clients, an echo, an observer. So only one side is measured.

As a program, ``python -m benchmarks.remotes ROLE ARGUMENTS``; each role ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contenders import CONTENDERS, RELIABLE, End
from benchmarks.libenet import libenet_program
from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.core import Address, EventType, HostConfig
from godot_enet.core.host import Host

__all__ = ["InputCrowd", "crowd", "remote"]

ROOT = Path(__file__).parents[1]
TIMEOUT = 60.0  # seconds for all of them to connect
JOINING = 64  # simultaneous connection attempts
TICK = 0.004  # seconds between the messages of the observer


@contextmanager
def remote(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a role in its own process for the duration of the block."""
    command = [sys.executable, "-m", "benchmarks.remotes", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


@contextmanager
def crowd(server: End, count: int, channels: int) -> Iterator[None]:
    """``count`` connections that request ``channels`` channels and send one packet on each of the first two."""
    wanted = server.connected + count
    with remote("crowd", server.port(), count, channels) as process:
        deadline = time.monotonic() + TIMEOUT
        while server.connected < wanted:
            server.drain(1)
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"only {count - wanted + server.connected} of {count} clients connected")
        yield


class InputCrowd:
    """libenet clients in C that each send an input and read the state, on command."""

    def __init__(self, server: End, count: int) -> None:
        program = libenet_program()
        assert program is not None
        self.process = subprocess.Popen(
            [program, "crowd", str(server.port()), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + TIMEOUT
        while server.connected < count:
            server.drain(1)
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"only {server.connected} of {count} clients connected")
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:  # the last one still has to receive the answer
            server.drain(1)
        self.read()

    def read(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def order(self, line: str) -> int:
        """Make all clients do so. Returns the number of packets that they received."""
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)
        return self.read()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


def join(port: int, count: int, channels: int) -> None:
    """Connect, and stay idle. One host has all connections; Godot's classes would need a host for each."""
    host = Host.open(HostConfig(peer_count=count), threaded=False)
    connected = 0
    for begun in range(0, count, JOINING):
        wanted = min(begun + JOINING, count)
        for _ in range(begun, wanted):
            host.connect(Address("127.0.0.1", port), channels)
        while connected < wanted:
            event = host.service(10)
            if event is not None and event.type is EventType.CONNECT:
                connected += 1
                for channel in range(min(2, channels)):
                    host.send(event.peer, channel, b"hello", RELIABLE)
    while True:
        host.service(20)


def answer(name: str, wait: int) -> None:
    """Echo all packets."""
    [contender] = [contender for contender in CONTENDERS if contender.name == name]
    end = contender.listen(1)
    print(end.port(), flush=True)
    end.answer(wait)


def watch(port: int, seconds: float) -> None:
    """Send reliable messages; print the longest round trip in ms, as ENet measures it."""
    host = ENetConnection(threaded=False)
    host.create_host(1)
    peer = host.connect_to_host("127.0.0.1", port, 1)
    assert peer is not None
    while host.service(10).type != ENetConnection.EVENT_CONNECT:
        pass
    longest = 0.0
    while host.service(20).type != ENetConnection.EVENT_NONE:
        pass
    print("ready", flush=True)
    start = due = time.monotonic()
    while (now := time.monotonic()) - start < seconds:
        if now >= due:
            peer.send(0, b"are you there?", RELIABLE)
            due += TICK
        host.service(1)
        longest = max(longest, peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME))
    print(longest, flush=True)


def main(role: str, *arguments: str) -> None:
    def wait_for_the_end() -> None:
        with contextlib.suppress(OSError):
            sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    if role == "crowd":
        join(*map(int, arguments))
    elif role == "answer":
        answer(arguments[0], int(arguments[1]))
    else:
        watch(int(arguments[0]), float(arguments[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
