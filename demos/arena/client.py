"""A client: sends what its player presses, and shows what the server says, in between as well as it can guess."""

from __future__ import annotations

import time
from collections import deque

from demos._options import GOODBYE, SILENCE, DemoError, bad_address
from demos.arena.interpolation import Interpolation, Places, newest_places
from demos.arena.messages import (
    CHANNELS,
    FULL,
    REDUNDANT,
    STATE,
    WELCOME,
    Score,
    Snapshot,
    pack_inputs,
    unpack_scores,
    unpack_snapshot,
    unpack_welcome,
)
from demos.arena.prediction import Prediction
from demos.arena.rules import Body
from godot_enet import ENetConnection
from godot_enet.tools.bad_network import BadNetwork
from godot_enet.tools.netstats import NetStats


class Client:
    """One player's end of the line. ``line`` makes that line as bad as one likes."""

    def __init__(self, address: str, port: int, threaded: bool = True, seed: int = 1) -> None:
        self.connection = ENetConnection(threaded=threaded)
        self.connection.create_host(1)
        self.line = BadNetwork(self.connection, seed=seed)
        peer = self.connection.connect_to_host(address, port, CHANNELS)
        if peer is None:
            raise bad_address(address, port)
        self.peer = peer
        self.peer.set_timeout(*SILENCE)
        self.server = f"{address}:{port}"
        self.stats: NetStats | None = None
        """Where to count packets by kind, if anywhere."""

        self.predicts = self.interpolates = True  # the player switches them
        self.number: int | None = None
        self.snapshot: Snapshot | None = None
        self.scores: list[Score] = []
        self.ended = False
        self.corrections: list[float] = []
        """By how many pixels each snapshot moved the own player on the screen, but for smoothing."""
        self._prediction = Prediction()
        self._interpolation = Interpolation()
        self._inputs: deque[int] = deque(maxlen=REDUNDANT + 1)
        self._newest = 0

    @property
    def playing(self) -> bool:
        """Whether the server has put us into the arena."""
        return self.own_body() is not None

    def poll(self) -> None:
        """Once per frame: everything that has arrived."""
        while not self.ended and (event := self.connection.service()).peer is not None:
            if event.type == ENetConnection.EVENT_RECEIVE:
                self._receive(event.channel, self.peer.get_packet())
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                self._lose(event.data)

    def send(self, buttons: int) -> None:
        """Once per frame: what the player presses. Unreliable, since what is late is worthless; but each packet has
        the latest inputs once more, so none is lost before many packets are."""
        if self.ended or self.number is None:
            return
        self._newest += 1
        self._inputs.append(buttons)
        self._prediction.act(self._newest, buttons)
        packet = pack_inputs(self._newest, self._inputs)
        self.peer.send(STATE, packet, 0)
        if self.stats:
            self.stats.count("inputs", len(packet))
        self.connection.flush()

    def close(self) -> None:
        if not self.ended:
            self.peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()

    # What to draw

    def places(self) -> Places:
        """Everybody, as they are to be drawn now."""
        if self.snapshot is None:
            return {}
        places = self._interpolation.places(time.monotonic()) if self.interpolates else newest_places(self.snapshot)
        body = self.own_body()
        if self.number is not None and body is not None:
            shown = self._prediction.shown() if self.predicts else None
            places[self.number] = shown or (body.x, body.y)
        return places

    def own_body(self) -> Body | None:
        """Where the server has last seen us: the ghost."""
        if self.snapshot is None or self.number not in self.snapshot.players:
            return None
        return self.snapshot.players[self.number][1]

    def steering_body(self) -> Body | None:
        """What a player sees of itself, for an autopilot."""
        return self._prediction.body if self.predicts and self._prediction.body else self.own_body()

    # What arrives

    def _receive(self, channel: int, message: bytes) -> None:
        if channel == STATE:
            self._take_snapshot(unpack_snapshot(message))
        elif message[0] == WELCOME:
            self.number = unpack_welcome(message)
            print(f"You are player {self.number}.")
        else:
            self.scores = unpack_scores(message)
        if self.stats:
            self.stats.count("world" if channel == STATE else "events", len(message), received=True)

    def _take_snapshot(self, snapshot: Snapshot) -> None:
        before = self.own_body()
        self.snapshot = snapshot
        self._interpolation.add(snapshot, time.monotonic())
        if self.number in snapshot.players:
            done, truth = snapshot.players[self.number]
            wrong = self._prediction.reconcile(done, truth)
            moved = before.distance(truth.x, truth.y) if before else 0.0
            self.corrections.append(wrong if self.predicts else moved)

    def _lose(self, data: int) -> None:
        self.ended = True
        if data == FULL:
            raise DemoError("The arena is full.")
        if self.number is None:
            raise DemoError(f"No server answered at {self.server}.")
        print("The server said goodbye." if data == GOODBYE else "The server vanished.")
