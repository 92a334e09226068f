"""A client: sends the buttons of its player, predicts that player, and draws the others in the recent past."""

from __future__ import annotations

import time
from collections.abc import Callable

from godot_enet import ENetConnection
from godot_enet.netcode import GameClient

from .._buttons import BUTTONS, Buttons
from .._disc import Disc
from .._link import FULL, Link, connect, events_of, lost_server, say_goodbye
from .._options import DemoError
from .rules import TICK, moved
from .world import BODIES, CHANNELS, FIRST_COIN, SEEN, STATE, WELCOME, coins_of


class Client:
    """One player's end of the link. ``link`` can add latency, jitter and losses to it."""

    def __init__(self, address: str, port: int, threaded: bool = True, seed: int = 1) -> None:
        self.net = GameClient(SEEN, BODIES, BUTTONS, lambda body, action: moved(body, action.held), 1 / TICK)
        self.connection, self.peer = connect(address, port, CHANNELS, self.net.schema_hash, threaded)
        self.link = Link(self.connection, seed)
        self.server, self.threaded = f"{address}:{port}", threaded
        self.count: Callable[..., object] = lambda *_, **__: None  # of a net graph: packets by kind
        self.predicts = self.interpolates = True  # toggled by the player
        self.ended = False
        self.number: int | None = None
        self.corrections: list[float] = []
        """Pixels by which each message moved the own player on the screen, without smoothing."""

    @property
    def body(self) -> Disc | None:
        """The own player without smoothing, to steer by."""
        return self.net.prediction.state if self.predicts else self.net.own

    @property
    def coins(self) -> list[tuple[float, float]]:
        return coins_of(self.net.newest)

    def places(self) -> dict[int, tuple[float, float]]:
        """The positions at which to draw all players now."""
        states = self.net.others() if self.interpolates else self.net.newest
        places = {number: (seen.x, seen.y) for number, seen in states.items() if number < FIRST_COIN}
        own = self.net.prediction.shown if self.predicts else self.net.own
        return places if own is None or self.number is None else places | {self.number: (own.x, own.y)}

    def others(self) -> list[Disc]:
        """The other players as they are drawn, to steer by."""
        return [Disc(*place) for number, place in self.places().items() if number != self.number]

    def poll(self) -> None:
        """Call once per frame: handles everything that has arrived."""
        for kind, peer, data, channel in events_of(self.connection):
            if kind == ENetConnection.EVENT_DISCONNECT:
                self._lose(data)
            elif kind == ENetConnection.EVENT_RECEIVE and channel == WELCOME:
                self.number = peer.get_packet()[0]
                print(f"You are player {self.number}.")
            elif kind == ENetConnection.EVENT_RECEIVE:
                self._take_states(peer.get_packet())
        self.net.update(1000 * time.monotonic())

    def send(self, buttons: int) -> None:
        """Call once per frame: sends the buttons. Unreliable, because late inputs are useless; but each packet repeats
        the latest inputs, so an input is lost only if many packets in a row are lost."""
        packet = self.net.act(Buttons(buttons))
        if packet and not self.ended:
            self.peer.send(STATE, packet, 0)
            self.count("inputs", len(packet))
            self.connection.flush()

    def close(self) -> None:
        say_goodbye(self.connection, self.link)

    def _take_states(self, message: bytes) -> None:
        before = self.body
        if self.net.receive(message, 1000 * time.monotonic()) and before and self.body:
            self.corrections.append(before.distance(self.body.x, self.body.y))
        self.count("states", len(message), received=True)

    def _lose(self, data: int) -> None:
        self.ended = True
        if data == FULL:
            raise DemoError("The arena is full.")
        lost_server(data, self.server, self.number is not None)
