"""``python -m benchmarks.recovery``: a reliable stream over a lossy link, compared with libenet.

Measures messages of 1 KB a second with 192 in flight, and the 99th percentile of the latency at 100 messages a second,
over a relay with a round trip of 50 ms. Sender and receiver are this package, pyenet, or one of each.
See docs/hostile-networks.md.
"""

from __future__ import annotations

import argparse
import importlib
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from benchmarks.engines import native_is_missing
from benchmarks.relay import DELAY, lossy_link
from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.core.host import choose_engine

UNDER_WAY = 192
SIZE = 1000
SMALL = 100
INTERVAL = 0.01
STAMP = struct.Struct("d")
TIMEOUT = 15.0
PAUSE = 0.0003


class End(Protocol):
    """One host with one connection."""

    up: bool

    def port(self) -> int: ...
    def connect(self, port: int) -> None: ...
    def send(self, packet: bytes) -> None: ...
    def poll(self) -> list[bytes]: ...
    def close(self) -> None: ...


class Ours:
    """An ``ENetConnection``."""

    def __init__(self, listens: bool) -> None:
        self._connection = ENetConnection(threaded=False)
        self._peer: ENetPacketPeer | None = None
        self.up = False
        if listens:
            self._connection.create_host_bound("127.0.0.1", 0, 1)
        else:
            self._connection.create_host(1)

    def port(self) -> int:
        return self._connection.get_local_port()

    def connect(self, port: int) -> None:
        self._connection.connect_to_host("127.0.0.1", port, 1)

    def send(self, packet: bytes) -> None:
        assert self._peer is not None
        self._peer.send(0, packet, ENetPacketPeer.FLAG_RELIABLE)

    def poll(self) -> list[bytes]:
        packets: list[bytes] = []
        while (event := self._connection.service()).type != ENetConnection.EVENT_NONE:
            if event.type == ENetConnection.EVENT_RECEIVE:
                assert event.peer is not None
                packets.append(event.peer.get_packet())
            else:
                self.up, self._peer = event.type == ENetConnection.EVENT_CONNECT, event.peer
        return packets

    def close(self) -> None:
        self._connection.destroy()


class Theirs:
    """A pyenet host."""

    def __init__(self, listens: bool) -> None:
        self._enet: Any = importlib.import_module("enet")
        self._host = self._enet.Host(self._enet.Address(b"127.0.0.1", 0) if listens else None, 1, 1, 0, 0)
        self._peer: Any = None
        self.up = False

    def port(self) -> int:
        return int(self._host.address.port)

    def connect(self, port: int) -> None:
        self._peer = self._host.connect(self._enet.Address(b"127.0.0.1", port), 1)

    def send(self, packet: bytes) -> None:
        self._peer.send(0, self._enet.Packet(packet, self._enet.PACKET_FLAG_RELIABLE))

    def poll(self) -> list[bytes]:
        packets: list[bytes] = []
        while (event := self._host.service(0)).type != self._enet.EVENT_TYPE_NONE:
            if event.type == self._enet.EVENT_TYPE_RECEIVE:
                packets.append(bytes(event.packet.data))
            else:
                self.up, self._peer = event.type == self._enet.EVENT_TYPE_CONNECT, event.peer
        return packets

    def close(self) -> None:
        self._peer = self._host = None


@contextmanager
def connected(
    sender: type[Ours | Theirs], receiver: type[Ours | Theirs], loss: float, seed: int
) -> Iterator[tuple[End, End]]:
    """Two ends with a relay between them."""
    server, client = receiver(True), sender(False)
    with lossy_link(server.port(), loss, seed) as link:
        try:
            client.connect(link.port)
            deadline = time.perf_counter() + TIMEOUT
            while not (client.up and server.up):
                if time.perf_counter() > deadline:
                    raise RuntimeError("no connection")
                client.poll(), server.poll()
                time.sleep(PAUSE)
            yield client, server
        finally:
            client.close()
            server.close()


def stream(client: End, server: End, seconds: float, interval: float, size: int) -> tuple[float, float]:
    """Messages a second, and the 99th percentile of the latency in ms. Without an interval, as many as possible."""
    body = bytes(size - STAMP.size)
    latencies: list[float] = []
    begin = due = time.perf_counter()
    sent = 0
    while (now := time.perf_counter()) - begin < seconds:
        if interval:
            while now >= due:
                client.send(STAMP.pack(due) + body)
                due += interval
        else:
            while sent - len(latencies) < UNDER_WAY:
                client.send(STAMP.pack(now) + body)
                sent += 1
        client.poll()
        packets = server.poll()
        now = time.perf_counter()
        latencies.extend(now - STAMP.unpack_from(packet)[0] for packet in packets)
        if not client.up:
            break  # timed out: count the received messages
        time.sleep(PAUSE)
    latencies.sort()
    late = latencies[len(latencies) * 99 // 100] * 1000 if latencies else float("inf")
    return len(latencies) / seconds, late


PAIRS: dict[str, tuple[type[Ours | Theirs], type[Ours | Theirs]]] = {
    "pyenet to pyenet": (Theirs, Theirs),
    "ours to ours": (Ours, Ours),
    "ours to pyenet": (Ours, Theirs),
}
LOSSES = (0.01, 0.05, 0.2)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement; default: %(default)s")
    options = parser.parse_args(arguments)
    if native_is_missing():
        return 1
    print(f"Ours: {choose_engine()} engine. Round trip {2000 * DELAY:.0f} ms; {options.seconds:.0f} s each.\n")
    print(
        "| loss | | 1 KB messages/s | against pyenet | p99 at 100/s, ms | against pyenet |\n|---|---|---|---|---|---|"
    )
    for loss in LOSSES:
        base: tuple[float, float] | None = None
        for name, (sender, receiver) in PAIRS.items():
            with connected(sender, receiver, loss, 1) as (client, server):
                goodput, _ = stream(client, server, options.seconds, 0.0, SIZE)
            with connected(sender, receiver, loss, 2) as (client, server):
                _, late = stream(client, server, options.seconds, INTERVAL, SMALL)
            base = base or (goodput, late)
            gains = f"{goodput:,.0f} | {goodput / base[0]:.2f}x | {late:,.0f} | {late / base[1]:.2f}x"
            print(f"| {loss:.0%} | {name} | {gains} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
