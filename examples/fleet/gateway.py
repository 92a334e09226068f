"""The gateway: lists the rooms, and gets a player a seat in one of them. It keeps nothing that it could not hear again,
so there may be any number of gateways."""

from __future__ import annotations

import asyncio

from godot_enet import ENetMultiplayerPeer, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.ops import Server

from .bus import Bus, Unreachable, log
from .directory import Directory
from .messages import Announcement, BadMessage, Move, Refusal, Reserve, Ticket, Traveller, player_id
from .pace import Pace

FRAME = 1 / 30
MAX_CLIENTS = 1024
ASK_SECONDS = 0.25  # between two questions of one client; players ask half as often


class Gateway(Node):
    """Answers clients. Those have a node of the same name and RPCs: ``GatewayLink`` in player.py."""

    def __init__(self, bus: Bus) -> None:
        super().__init__("Gateway")
        self.bus = bus
        self.directory = Directory()
        self._players: dict[int, str] = {}
        """The player of each peer. If it could be another one each time, a client would reserve all seats there are."""
        self._answering: dict[int, asyncio.Task[None]] = {}
        """By peer: each gets one answer at a time."""
        self._entering_pace, self._listing_pace = Pace(ASK_SECONDS), Pace(ASK_SECONDS)

    def _ready(self) -> None:
        self.multiplayer.peer_disconnected.connect(lambda peer: self._players.pop(peer, None))

    async def connect(self, url: str) -> None:
        """Connect to NATS, and listen."""
        await self.bus.connect(url, "gateway")
        await self.bus.listen("fleet.room.*", Announcement, self.directory.hear)

    @rpc("any_peer", "reliable")
    def list_rooms(self) -> None:
        peer = self.multiplayer.get_remote_sender_id()
        if not self._listing_pace.allows(peer):
            return
        rooms = [
            {"room": each.room, "players": len(each.travellers), "seats": each.seats, "load": each.load}
            for each in self.directory.rooms()
            if each.open
        ]
        self.rpc_id(peer, "rooms", rooms)

    @rpc("any_peer", "reliable")
    def enter(self, passport: bytes, name: str, room: str) -> None:
        """Ask for a seat: of the player with this passport, in this room or, if that is empty, in any."""
        peer = self.multiplayer.get_remote_sender_id()
        if not self._entering_pace.allows(peer) or peer in self._answering:
            return
        try:
            traveller = Traveller(player_id(passport), name)
        except BadMessage as error:
            self.rpc_id(peer, "refused", str(error))
            return
        if self._players.setdefault(peer, traveller.player) != traveller.player:
            self.rpc_id(peer, "refused", "This client is another player.")
            return
        self._answering[peer] = asyncio.get_running_loop().create_task(self._answer(peer, traveller, room))

    async def _answer(self, peer: int, traveller: Traveller, room: str) -> None:
        try:
            answer = await self._find_seat(traveller, room)
        except BadMessage as error:
            answer = Refusal(str(error))
        finally:
            del self._answering[peer]
        if peer not in self.multiplayer.get_peers():
            return
        if isinstance(answer, Ticket):
            self.rpc_id(peer, "moved", answer.room, answer.host, answer.port, bytes.fromhex(answer.token))
        else:
            self.rpc_id(peer, "refused", answer.reason)

    async def _find_seat(self, traveller: Traveller, wanted: str) -> Ticket | Refusal:
        player = traveller.player
        traveller = self.directory.last(player) or traveller
        holder = self.directory.holder(player)
        if holder is not None:  # that room knows best what the player has
            target = wanted or (holder.room if holder.open else self.directory.best())
            try:
                return await self.bus.ask(f"fleet.move.{holder.room}", Move(player, target))
            except Unreachable:
                self.directory.drop(holder.room)
        target = wanted or self.directory.best()
        if target not in self.directory:
            return Refusal("There is no such room, or no free one. Try again.")
        try:
            return await self.bus.ask(f"fleet.reserve.{target}", Reserve(traveller))
        except Unreachable:
            self.directory.drop(target)
            return Refusal("The room has just gone. Try again.")

    @rpc("authority", "reliable")
    def rooms(self, listed: list[dict[str, object]]) -> None:
        """The clients have this."""

    @rpc("authority", "reliable")
    def moved(self, room: str, host: str, port: int, token: bytes) -> None:
        """The clients have this."""

    @rpc("authority", "reliable")
    def refused(self, reason: str) -> None:
        """The clients have this."""


async def run(url: str, bind: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    transport = ENetMultiplayerPeer()
    transport.set_bind_ip(bind)
    if transport.create_server(port, MAX_CLIENTS) is not Error.OK:
        log.error("The gateway cannot listen on port %d.", port)
        return 1
    tree = SceneTree()
    multiplayer = tree.get_multiplayer()
    assert isinstance(multiplayer, SceneMultiplayer)
    multiplayer.multiplayer_peer = transport
    bus = Bus()
    gateway = Gateway(bus)
    tree.root.add_child(gateway)
    log.info("The gateway is open on port %d.", port)
    with Server(multiplayer, drain_seconds=5) as server:
        joining = asyncio.create_task(gateway.connect(url))  # for as long as it takes; a drain works meanwhile
        while server.running:
            if joining.done():
                joining.result()  # which raises what went wrong
            gateway.directory.update(bus.is_there)
            tree.process(FRAME)
            await asyncio.sleep(FRAME)
        joining.cancel()
    await bus.close()
    transport.close()
    return server.exit_code
