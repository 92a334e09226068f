"""Real minutes with many real peers: memory, descriptors and threads must stay where they are."""

from __future__ import annotations

import os
import threading
import time
from typing import NamedTuple

from godot_enet import ENetConnection, ENetPacketPeer, Error

__all__ = ["Usage", "soak"]

FRAME = 1 / 30
CHURN = 30
"""Frames after which one client leaves and comes back."""


class Usage(NamedTuple):
    """What the process holds."""

    memory: int
    """Bytes in use, as the system counts them."""
    descriptors: int
    threads: int


def usage() -> Usage:
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[1])
    return Usage(pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), threading.active_count())


class Client:
    """A connection to the server that comes back whenever it ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = ENetConnection(threaded=False)
        self.peer: ENetPacketPeer | None = None
        self.connected = False
        self.received = 0
        self.join()

    def join(self) -> None:
        assert self.host.create_host(1) == Error.OK
        self.peer = self.host.connect_to_host("127.0.0.1", self.port, 2)
        self.connected = False

    def leave(self) -> None:
        self.host.destroy()
        self.join()

    def frame(self) -> None:
        while (event := self.host.service()).type != ENetConnection.EVENT_NONE:
            if event.type == ENetConnection.EVENT_CONNECT:
                self.connected = True
            elif event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
                event.peer.get_packet()
                self.received += 1
            else:
                self.leave()
        if self.connected and self.peer is not None:
            self.peer.send(0, b"input", ENetPacketPeer.FLAG_UNSEQUENCED)


def soak(peers: int, seconds: float, warm_up: float) -> tuple[Usage, Usage, int]:
    """Run a server with that many clients, one of whom comes and goes each second.

    Returns what the process held after ``warm_up`` seconds and at the end, and how many packets clients received.
    """
    server = ENetConnection()
    assert server.create_host_bound("127.0.0.1", 0, peers + 64) == Error.OK
    clients = [Client(server.get_local_port()) for _ in range(peers)]
    began = time.monotonic()
    first: Usage | None = None
    frames = 0
    while (now := time.monotonic()) - began < seconds:
        if first is None and now - began >= warm_up:
            first = usage()
        while (event := server.service()).type != ENetConnection.EVENT_NONE:
            if event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
                event.peer.get_packet()
        server.broadcast(1, b"state" * 20, ENetPacketPeer.FLAG_RELIABLE if frames % 10 == 0 else 0)
        server.flush()
        for client in clients:
            client.frame()
        frames += 1
        if frames % CHURN == 0:
            clients[frames // CHURN % peers].leave()
        time.sleep(max(0.0, FRAME - (time.monotonic() - now)))
    last = usage()
    received = sum(client.received for client in clients)
    for client in clients:
        client.host.destroy()
    server.destroy()
    assert first is not None
    return first, last, received
