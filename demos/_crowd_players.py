"""The players of the crowd demo: a few sockets with many connections each, in a process of its own."""

from __future__ import annotations

import logging
import math
import random
import struct
import time
from dataclasses import dataclass
from itertools import cycle, islice

from godot_enet.core import Address, AnyHost, EventType, Host, HostConfig, PeerHandle, PeerOption

__all__ = ["POSITION", "RATE", "SIZE", "play"]

SIZE = 4096  # the world is a square
RATE = 5  # positions a second of each player
POSITION = struct.Struct("!HH")
PLAYERS_PER_SOCKET = 50  # the kernel divides sockets, not players, between the shards
JOINING = 64  # connections at once, so that no buffer of the system overflows
TICK = 0.02  # seconds


@dataclass(slots=True)
class Player:
    """A star of a galaxy: the further out, the slower."""

    host: AnyHost
    peer: PeerHandle
    distance: float
    angle: float

    def send(self, now: float) -> None:
        """Send the position, unreliably: the next one is newer."""
        angle = self.angle + now * 20 / (self.distance + 200)
        middle = SIZE / 2
        x, y = middle + self.distance * math.cos(angle), middle + self.distance * math.sin(angle)
        self.host.send(self.peer, 1, POSITION.pack(int(x), int(y)), 0)


def make_player(host: AnyHost, peer: PeerHandle) -> Player:
    """A player in one of two arms."""
    distance = SIZE / 2 * random.betavariate(1.3, 2.2)
    # A busy machine answers late; ENet would take that for a full link, and drop most positions.
    host.configure(peer, PeerOption.THROTTLE, 5000, 32, 0)
    angle = random.choice((0.0, math.pi)) + distance / 500 + random.gauss(0.0, 0.35)
    return Player(host, peer, distance, angle)


def play(address: str, port: int, count: int) -> None:
    """Connect ``count`` players and move them until the server ends all connections."""
    logging.getLogger("godot_enet").setLevel(logging.ERROR)  # on a busy machine some need to try longer
    sockets = -(-count // PLAYERS_PER_SOCKET)
    hosts = [Host.open(HostConfig(peer_count=PLAYERS_PER_SOCKET), threaded=False) for _ in range(sockets)]
    joined: dict[tuple[int, PeerHandle], Player] = {}
    begun = ended = turn = 0
    try:
        while ended < count:
            now = time.monotonic()
            while begun < count and begun - len(joined) - ended < JOINING:
                hosts[begun % sockets].connect(Address(address, port), 2)
                begun += 1
            for number, host in enumerate(hosts):
                while (event := host.service()) is not None:
                    if event.type is EventType.CONNECT:
                        joined[number, event.peer] = make_player(host, event.peer)
                    elif event.type is EventType.DISCONNECT:
                        joined.pop((number, event.peer), None)
                        ended += 1
            players = list(joined.values())
            share = round(len(players) * RATE * TICK)
            for player in islice(cycle(players), turn, turn + share):
                player.send(now)
            turn = (turn + share) % max(1, len(players))
            for host in hosts:
                host.flush()
            time.sleep(max(0.0, now + TICK - time.monotonic()))
    finally:
        for host in hosts:
            host.close()
