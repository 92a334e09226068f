"""A player: enters through the gateway, moves from room to room, and is back elsewhere when its room is gone."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

from demos._buttons import BUTTONS, Buttons
from demos._disc import Disc
from demos.arena.bots import Bot
from demos.arena.rules import STEP, TICK, moved
from demos.arena.world import BODIES, SEEN, Seen, coins_of, table
from godot_enet import ENetMultiplayerPeer, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.netcode import GameClient
from godot_enet.ops import SeatTicket

from .messages import PASSPORT_SIZE

SILENT_SECONDS = 2.0  # without a state of the world the room is gone
MOVE_SECONDS = 5.0  # for a new room to let the player in
TIMEOUT = (32, 1500, 3000)  # a server that acknowledges nothing for about 3 s is gone, the gateway too
ASK_SECONDS = 0.5  # between two questions to the gateway
MAX_LATE = 5  # inputs that are caught up with after a stall


class Link(Node):
    """A node of one server, with a tree and a connection of its own."""

    def __init__(self, name: str, host: str, port: int, token: bytes = b"") -> None:
        super().__init__(name)
        self.tree = SceneTree()
        multiplayer = self.tree.get_multiplayer()
        assert isinstance(multiplayer, SceneMultiplayer)
        if token:
            SeatTicket(multiplayer, token)
        self.began = time.monotonic()
        self.gone = False
        """The connection has ended, or could not be made."""
        self.connected = False
        multiplayer.connected_to_server.connect(self._on_connected)
        multiplayer.connection_failed.connect(self.close)
        multiplayer.server_disconnected.connect(self.close)
        self.transport = ENetMultiplayerPeer()
        if self.transport.create_client(host, port) is Error.OK:
            multiplayer.multiplayer_peer = self.transport
        else:
            self.gone = True
        self.tree.root.add_child(self)

    def _on_connected(self) -> None:
        self.connected = True
        server = self.transport.get_peer(1)
        if server is not None:
            server.set_timeout(*TIMEOUT)

    def close(self) -> None:
        self.gone = True
        self.connected = False
        self.transport.close()


class GatewayLink(Link):
    """The client's half of ``Gateway``."""

    def __init__(self, host: str, port: int, player: Player) -> None:
        super().__init__("Gateway", host, port)
        self.player = player

    @rpc("any_peer", "reliable")
    def list_rooms(self) -> None: ...

    @rpc("any_peer", "reliable")
    def enter(self, passport: bytes, name: str, room: str) -> None: ...

    @rpc("authority", "reliable")
    def rooms(self, listed: list[dict[str, Any]]) -> None:
        self.player.rooms = {each["room"]: each for each in listed}

    @rpc("authority", "reliable")
    def moved(self, room: str, host: str, port: int, token: bytes) -> None:
        self.player.move(host, port, token)

    @rpc("authority", "reliable")
    def refused(self, reason: str) -> None:
        self.player.tell(reason)


class RoomLink(Link):
    """The client's half of ``Room``."""

    def __init__(self, host: str, port: int, token: bytes, player: Player) -> None:
        super().__init__("Room", host, port, token)
        self.player = player
        self.room = ""
        self.number = 0
        self.heard = 0.0
        """When the last state of the world came."""
        self.rows: list[tuple[str, int]] = []
        """The names and points of the players here."""
        self.net: GameClient[Seen, Disc, Buttons] = GameClient(
            SEEN, BODIES, BUTTONS, lambda body, action: moved(body, action.held), 1 / TICK
        )
        self.pressed = 0
        """Inputs so far."""

    @property
    def others(self) -> list[Disc]:
        return [Disc(seen.x, seen.y) for number, seen in table(self.net.newest).items() if number != self.number]

    def press(self, buttons: int) -> None:
        self.pressed += 1
        self.rpc_id(1, "act", self.net.act(Buttons(buttons)))

    @rpc("any_peer", "unreliable")
    def act(self, packet: bytes) -> None: ...

    @rpc("any_peer", "reliable")
    def travel(self, room: str) -> None: ...

    @rpc("any_peer", "reliable")
    def say(self, text: str) -> None: ...

    @rpc("authority", "reliable")
    def welcome(self, room: str, number: int) -> None:
        self.room, self.number = room, number

    @rpc("authority", "unreliable")
    def state(self, packet: bytes) -> None:
        now = time.monotonic()
        if self.net.receive(packet, 1000 * now):
            self.heard = now

    @rpc("authority", "reliable")
    def table(self, rows: list[list[Any]]) -> None:
        self.rows = [(name, points) for name, points in rows]

    @rpc("authority", "reliable")
    def chat(self, room: str, name: str, text: str) -> None:
        self.player.hear(f"{name} in {room}: {text}")

    @rpc("authority", "reliable")
    def moved(self, room: str, host: str, port: int, token: bytes) -> None:
        self.player.move(host, port, token)

    @rpc("authority", "reliable")
    def refused(self, reason: str) -> None:
        self.player.tell(reason)


class Player:
    """Call ``update`` once a frame."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self.name = name
        self.tell: Callable[[str], object] = print
        """Gets a line of text for the player."""
        self.hear: Callable[[str], object] = print
        """Gets a line of the chat."""
        self.rooms: dict[str, dict[str, Any]] = {}
        """What the gateway has listed: by name, each with players, seats and load."""
        self.room: RoomLink | None = None
        self._address = host, port
        self._passport = secrets.token_bytes(PASSPORT_SIZE)
        self._gateway = GatewayLink(host, port, self)
        self._next: RoomLink | None = None
        """The room to move to. The old one is shown until the new one has sent a state."""
        self._asked = self._due = 0.0
        self._bot = Bot(random.randrange(1000))

    @property
    def points(self) -> int:
        """The own points, as the room says."""
        return dict(self.room.rows).get(self.name, 0) if self.room else 0

    def update(self, buttons: int | None = None) -> None:
        """Do what there is to do. Without buttons, a bot plays."""
        now = time.monotonic()
        self._gateway = self._served(self._gateway) or self._gateway
        if self._gateway.gone and now - self._gateway.began > ASK_SECONDS:
            self._gateway = GatewayLink(*self._address, self)
        self.room = self._served(self.room)  # which may set the next one
        self._next = self._served(self._next)
        if self._next and self._next.net.own:
            if self.room:
                self.room.close()
            self.room, self._next = self._next, None
            self.tell(f"{self.name} is in {self.room.room}.")
        elif self._next and now - self._next.began > MOVE_SECONDS:
            self._next.close()
            self._next = None
        if self.room and not self._next and now - self.room.heard > SILENT_SECONDS:
            self.tell(f"{self.name} has lost {self.room.room}.")
            self.room.close()
            self.room = None
        if self._gateway.connected and now - self._asked > ASK_SECONDS:
            self._asked = now
            self._gateway.list_rooms.rpc_id(1)
            if not self.room and not self._next:
                self._gateway.enter.rpc_id(1, self._passport, self.name, "")
        self._due = max(self._due, now - MAX_LATE * STEP)
        while self._due <= now:  # whatever the frame rate is: an input is for STEP seconds
            self._due += STEP
            if self.room and self.room.net.prediction.state:
                self.room.press(self._steer(self.room) if buttons is None else buttons)

    def _steer(self, room: RoomLink) -> int:
        if room.pressed % 300 < 30:  # now and then it goes anywhere, since it may be stuck at a wall
            return room.pressed // 300 % 15 + 1
        body = room.net.prediction.state
        return self._bot.steer(body, coins_of(room.net.newest), room.others) if body else 0

    def travel(self, room: str) -> None:
        """Ask for a move to that room."""
        if self.room:
            self.room.travel.rpc_id(1, room)

    def say(self, text: str) -> None:
        """Say something in all rooms."""
        if self.room:
            self.room.say.rpc_id(1, text)

    def move(self, host: str, port: int, token: bytes) -> None:
        """Connect to a room beside the one that is played in."""
        if self._next:
            self._next.close()
        self._next = RoomLink(host, port, token, self)

    def close(self) -> None:
        for link in (self._gateway, self._next, self.room):
            if link:
                link.close()

    @staticmethod
    def _served(link: _L | None) -> _L | None:
        """The link after a frame of its connection; None if that has ended."""
        if link is None or link.gone:
            return None
        link.tree.process(0.0)
        return None if link.gone else link


_L = TypeVar("_L", bound=Link)
