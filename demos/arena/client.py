"""A client: sends the buttons of its player, predicts that player, and draws the others in the recent past."""

from __future__ import annotations

import time

from godot_enet import ENetConnection
from godot_enet.netcode import Blend, DeltaReceiver, InputSender, Interpolation, Prediction, TickClock, unwrap_tick
from godot_enet.tools.bad_network import BadNetwork
from godot_enet.tools.netstats import NetStats

from .._options import GOODBYE, SILENCE, DemoError, bad_address
from . import messages
from .rules import TICK, Body, moved

TELEPORT = 120.0  # pixels; larger corrections are drawn at once
Places = dict[int, tuple[float, float]]


class Client:
    """One player's end of the link. ``link`` can add latency, jitter and losses to it."""

    def __init__(self, address: str, port: int, threaded: bool = True, seed: int = 1) -> None:
        self.threaded = threaded
        self.connection = ENetConnection(threaded=threaded)
        self.connection.create_host(1)
        self.link = BadNetwork(self.connection, seed=seed)
        peer = self.connection.connect_to_host(address, port, messages.CHANNELS, messages.HASH)
        if peer is None:
            raise bad_address(address, port)
        self.peer = peer
        self.peer.set_timeout(*SILENCE)
        self.server = f"{address}:{port}"
        self.stats: NetStats | None = None
        """Counts packets by kind, if set."""

        self.predicts = self.interpolates = True  # toggled by the player
        self.number: int | None = None
        self.own: Body | None = None
        """The last position known to the server: the ghost."""
        self.coins: list[tuple[int, int]] = []
        self.scores: list[messages.Score] = []
        self.ended = False
        self.corrections: list[float] = []
        """Pixels by which each message moved the own player on the screen, without smoothing."""
        self._clock = TickClock(1 / TICK)
        self._inputs = InputSender(messages.BUTTONS)
        self._receiver = DeltaReceiver(messages.PLACES)
        self._others: Interpolation[int, messages.Place] = Interpolation(Blend(messages.Place))
        self._prediction: Prediction[Body, messages.Buttons] = Prediction(
            lambda body, action: moved(body, action.held),
            Blend(Body),
            teleports=lambda one, other: one.distance(other.x, other.y) > TELEPORT,
        )

    def poll(self) -> None:
        """Call once per frame: handles everything that has arrived."""
        for event in self.connection.events():
            if event.type == ENetConnection.EVENT_RECEIVE:
                self._receive(event.channel, self.peer.get_packet())
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                self._lose(event.data)
        self._clock.update(1000 * time.monotonic())

    def send(self, buttons: int) -> None:
        """Call once per frame: sends the buttons. Unreliable, because late inputs are useless; but each packet repeats
        the latest inputs, so an input is lost only if many packets in a row are lost."""
        if self.ended or self.own is None:
            return
        action = self._inputs.add(messages.Buttons(buttons))
        self._prediction.act(self._inputs.number, action)
        packet = self._receiver.ack() + self._inputs.packet()
        self.peer.send(messages.STATE, packet, 0)
        if self.stats:
            self.stats.count("inputs", len(packet))
        self.connection.flush()

    def close(self) -> None:
        if not self.ended:
            self.link.change(latency=0, jitter=0, loss=0.0, reorder=1.0)  # overtakes what is under way, and then lost
            self.peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()

    # For drawing

    def places(self) -> Places:
        """The positions at which to draw all players now."""
        tick = self._clock.shown_tick if self.interpolates else None
        others = self._receiver.states if tick is None else self._others.at(tick)
        places = {number: (place.x, place.y) for number, place in others.items()}
        own = self._prediction.shown if self.predicts else self.own
        if own is not None and self.number is not None:
            places[self.number] = own.x, own.y
        return places

    def others(self) -> list[Body]:
        """The other players as they are drawn, for an autopilot."""
        return [Body(x, y) for number, (x, y) in self.places().items() if number != self.number]

    def steering_body(self) -> Body | None:
        """The player's own position, as drawn, for an autopilot."""
        return self._prediction.state if self.predicts else self.own

    # Receiving

    def _receive(self, channel: int, message: bytes) -> None:
        if channel == messages.STATE:
            self._take_state(message)
        elif message[0] == messages.WELCOME:
            self.number = message[1]
            print(f"You are player {self.number}.")
        elif message[0] == messages.SCORES:
            self.scores = messages.unpack_scores(message)
        else:
            self.coins = messages.unpack_coins(message)
        if self.stats:
            self.stats.count("world" if channel == messages.STATE else "events", len(message), received=True)

    def _take_state(self, message: bytes) -> None:
        update = self._receiver.receive(message[messages.OWN_SIZE :])
        if update is None:
            return
        self._clock.receive_snapshot(update.tick, 1000 * time.monotonic())
        self._others.add(update.tick, update.states)
        for number in update.gone:
            self._others.remove(number, update.tick)
        before, (done, self.own) = self.own, messages.unpack_own(message)
        predicted = self._prediction.correct(unwrap_tick(done, self._inputs.number), self.own)
        now = self._prediction.state
        if before is not None and now is not None:
            one, other = (predicted, now) if self.predicts else (before, self.own)
            self.corrections.append(one.distance(other.x, other.y))

    def _lose(self, data: int) -> None:
        self.ended = True
        if data == messages.FULL:
            raise DemoError("The arena is full.")
        if data == messages.OTHER_VERSION:
            raise DemoError("The server has another version of the game.")
        if self.number is None:
            raise DemoError(f"No server answered at {self.server}.")
        print("The server said goodbye." if data == GOODBYE else "The server timed out.")
