"""A room: one arena in a process of its own. Players come with a token for a reserved seat, and go to other rooms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from demos._disc import Disc
from demos.arena import rules
from demos.arena.world import World
from godot_enet import ENetMultiplayerPeer, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.netcode import MessageError
from godot_enet.ops import Seat, Seats, Server, port_from_environment

from .bus import Bus, Unreachable, log
from .directory import Directory
from .messages import MAX_LOAD, MAX_POINTS, Announcement, BadMessage, Chat, Move, Refusal, Reserve, Ticket, Traveller
from .pace import Pace

HOLD_SECONDS = 20.0  # for a seat that is reserved, or whose player has dropped
LINGER_SECONDS = 3.0  # how long a player may stay connected after moving to another room
ANNOUNCE_SECONDS = 0.25
ASK_SECONDS = 0.2  # between two lines of one player in the chat, and two moves
TIMEOUT = (32, 1500, 5000)  # a silent player has dropped after 1.5 to 5 s


@dataclass
class Guest:
    """A player with a seat here."""

    traveller: Traveller
    """As it came or, while it is away, as it left."""
    number: int | None = None
    """In the arena, while it is there."""
    moving: bool = False
    """Another room has been asked for a seat."""


class Room(Node):
    """Plays the arena. Clients have a node of the same name and RPCs: ``RoomLink`` in player.py."""

    def __init__(self, name: str, address: tuple[str, int], bus: Bus, multiplayer: SceneMultiplayer) -> None:
        super().__init__("Room")
        self.room, self.host, self.port = name, *address
        self.bus = bus
        self.directory = Directory()
        self.open = True
        self.load = 0.0
        self.world = World()
        self.seats = Seats(multiplayer, HOLD_SECONDS)
        probes = port_from_environment(0, "PROBE_PORT")
        self.server = Server(
            multiplayer,
            probes=("0.0.0.0", probes) if probes else None,
            seats=self.seats,
            drain_seconds=10,
            on_drain=self._send_all_on,
        )
        self._guests: dict[str, Seat] = {}
        """By player: all seats that are taken, held or reserved. Their ``data`` is a Guest."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._travelling_pace, self._speaking_pace = Pace(ASK_SECONDS), Pace(ASK_SECONDS)
        self.seats.taken.connect(lambda peer, seat: self.server.kick(peer, "Enter through the gateway."))
        self.seats.resumed.connect(self._on_resumed)
        self.seats.left.connect(self._leave_arena)
        self.seats.released.connect(self._on_released)

    async def connect(self, url: str) -> None:
        """Connect to NATS, and listen."""
        await self.bus.connect(url, self.room)
        await self.bus.listen("fleet.room.*", Announcement, self.directory.hear)
        await self.bus.listen("fleet.chat", Chat, self._on_chat)
        await self.bus.answer(f"fleet.reserve.{self.room}", Reserve, self._on_reserve)
        await self.bus.answer(f"fleet.move.{self.room}", Move, lambda move: self.hand_over(move.player, move.room))

    async def announce(self) -> None:
        travellers = [self._traveller(seat.data) for seat in self._guests.values() if not seat.data.moving]
        load = min(round(self.load, 3), MAX_LOAD)  # after a long stop it is any number
        await self.bus.publish(
            f"fleet.room.{self.room}",
            Announcement(self.room, self.host, self.port, rules.MAX_PLAYERS, load, self.open, travellers),
        )

    # The arena

    def tick(self) -> None:
        """Move the arena by a tick, and send it."""
        coins = list(self.world.coins)
        self.world.move()
        if coins != self.world.coins:
            self._send_table()
        self.world.net.update(self.world.tick, self.world.states())
        for seat in self._guests.values():
            if seat.data.number is not None and seat.peer:
                self.rpc_id(seat.peer, "state", self.world.message(seat.data.number))

    @rpc("any_peer", "unreliable")
    def act(self, packet: bytes) -> None:
        seat = self._sender_seat()
        if seat is not None and seat.data.number is not None:
            with suppress(MessageError):  # never trust received data
                self.world.net.receive(seat.data.number, packet)

    def _sender_seat(self) -> Seat | None:
        seat = self.seats.seat_of(self.multiplayer.get_remote_sender_id())
        if seat is None or not isinstance(seat.data, Guest):
            return None
        has_moved = self._guests.get(seat.data.traveller.player) is not seat
        return None if has_moved else seat

    def _enter_arena(self, seat: Seat) -> None:
        guest: Guest = seat.data
        guest.number = self.world.add()  # there are no more guests than places
        player = self.world.players[guest.number]
        player.points = guest.traveller.points
        player.body = Disc(guest.traveller.x, guest.traveller.y)
        rules.keep_free(player.body)
        self.rpc_id(seat.peer, "welcome", self.room, guest.number)
        self._send_table()

    def _leave_arena(self, seat: Seat) -> None:
        guest = seat.data
        if isinstance(guest, Guest) and guest.number is not None:
            guest.traveller = self._traveller(guest)
            self.world.remove(guest.number)
            guest.number = None
            self._send_table()

    def _traveller(self, guest: Guest) -> Traveller:
        """The player as it is now."""
        player = None if guest.number is None else self.world.players[guest.number]
        if player is None:
            return guest.traveller
        x, y = min(max(player.body.x, 0), rules.WIDTH), min(max(player.body.y, 0), rules.HEIGHT)
        return replace(guest.traveller, points=min(player.points, MAX_POINTS), x=round(x, 1), y=round(y, 1))

    def _send_table(self) -> None:
        rows = [self._traveller(seat.data) for seat in self._guests.values() if seat.data.number is not None]
        self.rpc("table", [[row.name, row.points] for row in rows])

    # Coming and going

    async def _on_reserve(self, reserve: Reserve) -> Ticket | Refusal:
        ticket = self._reserve(reserve.traveller)
        await self.announce()
        return ticket

    def _reserve(self, traveller: Traveller) -> Ticket | Refusal:
        if not self.open or len(self._guests) >= rules.MAX_PLAYERS:
            return Refusal("The room is full.")
        if traveller.player in self._guests:
            return Refusal("This player is here. Try again.")
        seat, token = self.seats.reserve(Guest(traveller))
        self._guests[traveller.player] = seat
        return Ticket(self.room, self.host, self.port, token.hex())

    async def hand_over(self, player: str, room: str) -> Ticket | Refusal:
        """Get the player a seat in that room, with all it has, and let it go. If that fails, it stays."""
        seat = self._guests.get(player)
        if seat is None or seat.data.moving:
            return Refusal("This player is not here. Try again.")
        if room != self.room and room not in self.directory:
            return Refusal("There is no such room.")
        guest: Guest = seat.data
        guest.moving = True
        self._leave_arena(seat)
        if room == self.room:  # back after a lost connection
            self._let_go(seat)
            answer = self._reserve(guest.traveller)
        else:
            try:
                answer = await self.bus.ask(f"fleet.reserve.{room}", Reserve(guest.traveller))
            except Unreachable:
                answer = Refusal("The room has just gone.")
            if isinstance(answer, Ticket):
                self._let_go(seat)
            elif seat.peer and guest.number is None:
                self._enter_arena(seat)
        guest.moving = False
        await self.announce()
        return answer

    def _let_go(self, seat: Seat) -> None:
        self._leave_arena(seat)
        self._guests.pop(seat.data.traveller.player, None)
        self.seats.release(seat)
        if seat.peer:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._part, seat, seat.peer)

    def _part(self, seat: Seat, peer: int) -> None:
        if self.seats.seat_of(peer) is seat:
            self.server.kick(peer, "You have moved to another room.")

    def _on_resumed(self, peer: int, seat: Seat) -> None:
        if self._guests.get(seat.data.traveller.player) is not seat:
            self.server.kick(peer, "You have moved to another room.")
            return
        transport = self.multiplayer.multiplayer_peer
        assert isinstance(transport, ENetMultiplayerPeer)
        transport.get_peer(peer).set_timeout(*TIMEOUT)  # type: ignore[union-attr]  # it is connected
        self._leave_arena(seat)
        self._enter_arena(seat)

    def _on_released(self, seat: Seat) -> None:
        if isinstance(seat.data, Guest):
            self._leave_arena(seat)
            if self._guests.get(seat.data.traveller.player) is seat:
                del self._guests[seat.data.traveller.player]

    @rpc("any_peer", "reliable")
    def travel(self, room: str) -> None:
        """Ask to be moved to another room."""
        seat = self._sender_seat()
        if seat is not None and room != self.room and self._travelling_pace.allows(seat.peer):
            self._start(self._send_on(seat, room))

    async def _send_on(self, seat: Seat, room: str) -> None:
        answer = await self.hand_over(seat.data.traveller.player, room)
        if seat.peer and isinstance(answer, Ticket):
            self.rpc_id(seat.peer, "moved", answer.room, answer.host, answer.port, bytes.fromhex(answer.token))
        elif seat.peer:
            self.rpc_id(seat.peer, "refused", answer.reason if isinstance(answer, Refusal) else "")

    def _send_all_on(self) -> None:
        """The room drains: move everyone into other rooms."""
        self.open = False
        self._start(self._evacuate())

    async def _evacuate(self) -> None:
        await self.announce()
        for seat in list(self._guests.values()):
            if seat.peer:
                await self._send_on(seat, self.directory.best(without=self.room))
                if seat.data.number is not None:  # no room took the player
                    self.server.kick(seat.peer, "The room is closed.")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Chat

    @rpc("any_peer", "reliable")
    def say(self, text: str) -> None:
        """Say something to the players of all rooms."""
        seat = self._sender_seat()
        if seat is not None and self._speaking_pace.allows(seat.peer):
            try:
                line = Chat(self.room, seat.data.traveller.name, text)
            except BadMessage:
                return
            self._start(self.bus.publish("fleet.chat", line))

    def _on_chat(self, subject: str, line: Chat) -> None:
        self.rpc("chat", line.room, line.name, line.text)

    # The clients have these

    @rpc("authority", "reliable")
    def welcome(self, room: str, number: int) -> None: ...

    @rpc("authority", "unreliable")
    def state(self, packet: bytes) -> None: ...

    @rpc("authority", "reliable")
    def table(self, rows: list[list[object]]) -> None: ...

    @rpc("authority", "reliable")
    def chat(self, room: str, name: str, text: str) -> None: ...

    @rpc("authority", "reliable")
    def moved(self, room: str, host: str, port: int, token: bytes) -> None: ...

    @rpc("authority", "reliable")
    def refused(self, reason: str) -> None: ...


async def run(url: str, name: str, host: str, bind: str, port: int) -> int:
    """Play until a drain has ended. Returns the exit code."""
    transport = ENetMultiplayerPeer()
    transport.set_bind_ip(bind)
    if transport.create_server(port, 2 * rules.MAX_PLAYERS) is not Error.OK:
        log.error("%s cannot listen on port %d.", name, port)
        return 1
    tree = SceneTree()
    multiplayer = tree.get_multiplayer()
    assert isinstance(multiplayer, SceneMultiplayer)
    multiplayer.multiplayer_peer = transport
    own = transport.get_host()
    assert own is not None
    room = Room(name, (host, own.get_local_port()), Bus(), multiplayer)
    tree.root.add_child(room)
    with room.server as server:
        joining = asyncio.create_task(room.connect(url))  # for as long as it takes; probes and a drain work meanwhile
        due = time.monotonic()
        announced = 0.0
        while server.running:
            began = time.monotonic()
            tree.process(rules.TICK)
            room.tick()
            room.directory.update(room.bus.is_there)
            if joining.done():
                joining.result()  # which raises what went wrong
                server.ready()
            if joining.done() and began - announced >= ANNOUNCE_SECONDS:
                announced = began
                await room.announce()
            room.load += 0.1 * ((time.monotonic() - began) / rules.TICK - room.load)
            due = max(due + rules.TICK, began - 5 * rules.TICK)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        joining.cancel()
    await room.bus.close()
    transport.close()
    return server.exit_code
