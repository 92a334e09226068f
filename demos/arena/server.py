"""The authority: only the server moves the world. Clients send their buttons, and the server sends the result."""

from __future__ import annotations

import time
from contextlib import suppress

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.netcode import MessageError

from .._link import admit, events_of, listen, round_trip_and_loss, say_goodbye
from .._options import GOODBYE
from . import rules
from .bots import Bot
from .world import CHANNELS, STATE, WELCOME, World

MEASURE_EVERY = 15  # ticks between two measurements of the links
LATE = 5  # maximum ticks to catch up after a stall


class Server:
    """Receives inputs, moves the players, sends snapshots."""

    def __init__(self, address: str, port: int, bots: int, threaded: bool = True, seed: int = 1) -> None:
        # One slot more than players, to tell further clients that the arena is full.
        self.connection = listen(address, port, rules.MAX_PLAYERS + 1, CHANNELS, threaded)
        self.world = World(seed)
        self.players = self.world.players
        self.without_delta: set[int] = set()
        """Players who get whole states, to see the difference."""
        self.moving = 0.0
        """Seconds spent on bots and movement, without networking."""
        self._numbers: dict[ENetPacketPeer, int] = {}
        self._next_tick = time.monotonic()
        for number in range(bots):
            self.world.add(Bot(number))

    @property
    def port(self) -> int:
        return self.connection.get_local_port()

    def update(self) -> None:
        """Call once per frame, or more often."""
        for kind, peer, data, _ in events_of(self.connection):
            number = self._numbers.get(peer)
            if kind == ENetConnection.EVENT_CONNECT:
                self._join(peer, data)
            elif kind == ENetConnection.EVENT_DISCONNECT and number is not None:
                del self._numbers[peer]
                self.world.remove(number)
                print(f"player {number} {'left' if data == GOODBYE else 'timed out'}")
            elif kind == ENetConnection.EVENT_RECEIVE:
                packet = peer.get_packet()
                if number is not None:
                    with suppress(MessageError):  # never trust received data
                        self.world.net.receive(number, packet)
        now = time.monotonic()
        self._next_tick = max(self._next_tick, now - LATE * rules.TICK)
        while now >= self._next_tick:
            self._next_tick += rules.TICK
            began = time.perf_counter()
            self.world.move()
            self.moving += time.perf_counter() - began
            self.world.net.update(self.world.tick, self.world.states())
            for peer, number in self._numbers.items():
                peer.send(STATE, self.world.message(number, whole=number in self.without_delta), 0)
                if self.world.tick % MEASURE_EVERY == 0:
                    player = self.players[number]
                    player.round_trip, player.loss = map(round, round_trip_and_loss(peer))
            self.connection.flush()

    def wait(self) -> None:
        """Sleep until the next tick, for a program without other work."""
        time.sleep(max(0.0, self._next_tick - time.monotonic()))

    def close(self) -> None:
        say_goodbye(self.connection)

    def _join(self, peer: ENetPacketPeer, version: int) -> None:
        if admit(peer, self.world.is_full(), version == self.world.net.schema_hash):
            number = self._numbers[peer] = self.world.add()
            peer.send(WELCOME, bytes([number]), ENetPacketPeer.FLAG_RELIABLE)
            print(f"player {number} joined from {peer.get_remote_address()}")
