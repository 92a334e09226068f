"""The room of lobby.py: its players and its chat. The server decides; clients send requests by RPC.

A secret token, created when the program starts, identifies a player. A player who loses the connection reconnects with
the token, and gets back its name, its ready state, and each line of chat that it missed, once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable

from godot_enet import ENetMultiplayerPeer, Error, Node, OfflineMultiplayerPeer, rpc

from ._lobby_lan import printable
from ._lobby_seat import Seat
from ._options import SILENCE, bad_address, port_in_use

NAME, LINE, HISTORY = 16, 200, 100  # characters of a name and of a line; lines that the server stores
MAX_PLAYERS = 16
AWAY = 30.0  # seconds that a seat is reserved for a player who lost the connection
TOKEN, SHOWN = 64, 1000  # maximum characters of a token; lines kept for display
RETRY, RETRIES = 1.0, 15  # seconds between attempts to reconnect, and their number
HELP = "/ready   /kick NAME (host only)   /quit   other text: chat"

Secure = Callable[[ENetMultiplayerPeer], None]


class Room(Node):
    """One end of the lobby. ``lines``, ``roster`` and ``status`` are for display."""

    def __init__(self, player: str, secure: Secure = lambda _: None) -> None:
        super().__init__("Room")
        self.player = player
        self.lines: list[str] = []
        self.heard = 0
        """Number of lines received so far."""
        self.roster: list[tuple[str, bool, bool]] = []
        """Name, ready, connected."""
        self.status = ""
        self.begun = self.hosts = self.inside = self.ended = False
        self.id = os.urandom(8).hex()
        """Id of the joined lobby; before that, of its own."""
        self._secure = secure
        self._token = os.urandom(16).hex()
        self._seen = 0
        self._server = ("", 0)
        self._retries, self._wait = 0, 0.0
        self._seats: dict[str, Seat] = {}  # from here on: used only by the server
        self._banned: set[str] = set()
        self._said: deque[tuple[int, str]] = deque(maxlen=HISTORY)
        self._number = 0

    def _ready(self) -> None:
        self.multiplayer.connected_to_server.connect(self._request_entry)
        self.multiplayer.connection_failed.connect(self._lost)
        self.multiplayer.server_disconnected.connect(self._lost)
        self.multiplayer.peer_disconnected.connect(self._peer_gone)

    # Joining and leaving

    def host(self, port: int) -> None:
        peer = ENetMultiplayerPeer()
        if peer.create_server(port, MAX_PLAYERS) != Error.OK:
            raise port_in_use(port)
        self._secure(peer)
        self.multiplayer.multiplayer_peer = peer
        self.begun = self.hosts = True
        self.status = f"hosting on port {port}"
        self._request_entry()

    def join(self, address: str, port: int) -> None:
        peer = ENetMultiplayerPeer()
        if peer.create_client(address, port) != Error.OK:
            raise bad_address(address, port)
        self._secure(peer)
        server = peer.get_peer(1)
        assert server
        server.set_timeout(*SILENCE)
        self.multiplayer.multiplayer_peer = peer
        self.begun, self._server = True, (address, port)
        self.status = f"connecting to {address}:{port} ..."

    def say_goodbye(self) -> None:
        """Tell the others that we leave, so that they do not have to wait for a timeout."""
        if self.multiplayer.is_server():
            for peer in self.multiplayer.get_peers():
                self._dismiss(peer, "The lobby was closed.")
        elif self.inside:
            self.quit.rpc_id(1)

    def leave(self, why: str) -> None:
        """End the connection."""
        if isinstance(self.multiplayer.multiplayer_peer, ENetMultiplayerPeer):
            self.multiplayer.multiplayer_peer.close()
        self.multiplayer.multiplayer_peer = OfflineMultiplayerPeer()
        self.inside, self.ended, self.status = False, True, why

    def _request_entry(self) -> None:
        self.enter.rpc_id(1, self.player, self._token, self.id, self._seen)

    def _lost(self) -> None:
        """The server is unreachable: reconnect, if we had joined and were not removed."""
        if self.ended or not self._server[0]:
            return
        if not self.inside and not self._retries:
            return self.leave(f"No lobby answered at {self._server[0]}:{self._server[1]}.")
        self.inside = False
        self._retries += 1
        if self._retries > RETRIES:
            return self.leave("The lobby is not reachable any more.")
        self._wait = RETRY
        self.status = f"connection lost, reconnecting (attempt {self._retries}) ..."
        self.multiplayer.multiplayer_peer = OfflineMultiplayerPeer()

    def _process(self, delta: float) -> None:
        if self._wait > 0:
            self._wait -= delta
            if self._wait <= 0:
                self.join(*self._server)
        for token, seat in list(self._seats.items()):
            if not seat.peer:
                seat.away += delta
                if seat.away > AWAY:
                    self._remove(token, "did not reconnect")

    # Requests to the server

    @rpc("any_peer", "call_local", "reliable")
    def enter(self, name: str, token: str, lobby: str, seen: int) -> None:
        peer = self.multiplayer.get_remote_sender_id()
        if not self.multiplayer.is_server() or self._seat_of(peer) or len(token) > TOKEN:
            return
        seat = self._seats.get(token)
        if token in self._banned:
            return self._dismiss(peer, "You were removed from this lobby.")
        if seat is None and len(self._seats) >= MAX_PLAYERS:
            return self._dismiss(peer, "The lobby is full.")
        if seat is None:
            seat = self._seats[token] = Seat(self._free_name(name), peer)
        elif seat.peer:
            self._dismiss(seat.peer, "You joined from another program.")  # or its timeout is still pending
        seat.peer, seat.away = peer, 0.0
        self.welcome.rpc_id(peer, seat.name, self.id)
        for number, text in self._said:
            if lobby != self.id or number > seen:
                self.hear.rpc_id(peer, number, text)
        self._broadcast(f"* {seat.name} joined")
        self._publish()

    @rpc("any_peer", "call_local", "reliable")
    def say(self, text: str) -> None:
        seat = self._seat_of(self.multiplayer.get_remote_sender_id())
        if seat and seat.allow_request() and (clean := printable(text, LINE)):
            self._broadcast(f"{seat.name}: {clean}")

    @rpc("any_peer", "call_local", "reliable")
    def set_ready(self, ready: bool) -> None:
        seat = self._seat_of(self.multiplayer.get_remote_sender_id())
        if seat and seat.allow_request() and seat.ready != ready:
            seat.ready = ready
            self._publish()
            if len(self._seats) > 1 and all(other.ready for other in self._seats.values()):
                self._broadcast("* everyone is ready")

    @rpc("any_peer", "call_remote", "reliable")
    def quit(self) -> None:
        sender = self.multiplayer.get_remote_sender_id()
        for token, seat in list(self._seats.items()):
            if seat.peer == sender:
                self._remove(token, "left")
        self._dismiss(sender, "You left.")

    # Calls from the server

    @rpc("authority", "call_local", "reliable")
    def welcome(self, name: str, lobby: str) -> None:
        self._seen = self._seen if lobby == self.id else 0
        self.player, self.id = printable(name, NAME), lobby
        self.inside, self._retries = True, 0
        self.status = self.status if self.multiplayer.is_server() else "connected"

    @rpc("authority", "call_local", "reliable")
    def hear(self, number: int, text: str) -> None:
        if number > self._seen:
            self._seen = number
            self.lines.append(printable(text, 2 * LINE))
            self.heard += 1
            del self.lines[:-SHOWN]

    @rpc("authority", "call_local", "reliable")
    def show(self, roster: list[list[object]]) -> None:
        self.roster = [(printable(str(name), NAME), bool(ready), bool(here)) for name, ready, here in roster]

    @rpc("authority", "call_remote", "reliable")
    def refuse(self, why: str) -> None:
        self.leave(printable(why, LINE))

    # Server only

    def kick(self, name: str) -> None:
        """Remove a player permanently: the token is banned."""
        for token, seat in list(self._seats.items()):
            if seat.name == name and seat.peer != 1:
                self._banned.add(token)
                self._remove(token, "was removed")
                if seat.peer:
                    self._dismiss(seat.peer, "You were removed.")

    def _remove(self, token: str, how: str) -> None:
        self._broadcast(f"* {self._seats.pop(token).name} {how}")
        self._publish()

    def _dismiss(self, peer: int, why: str) -> None:
        self.refuse.rpc_id(peer, why)
        transport = self.multiplayer.multiplayer_peer
        if isinstance(transport, ENetMultiplayerPeer) and (remote := transport.get_peer(peer)):
            remote.peer_disconnect_later()  # after the message has arrived

    def _peer_gone(self, peer: int) -> None:
        seat = self._seat_of(peer)
        if seat:
            seat.peer = 0
            self._broadcast(f"* {seat.name} lost the connection")
            self._publish()

    def _seat_of(self, peer: int) -> Seat | None:
        return next((seat for seat in self._seats.values() if seat.peer == peer and peer), None)

    def _free_name(self, wanted: str) -> str:
        name = printable(wanted, NAME) or "player"
        taken = {seat.name for seat in self._seats.values()}
        return next(each for each in (name, *(f"{name} {n}" for n in range(2, 99))) if each not in taken)

    def _broadcast(self, text: str) -> None:
        """Send a line to each connected player; others get it when they reconnect."""
        self._number += 1
        self._said.append((self._number, text))
        for seat in self._seats.values():
            if seat.peer:
                self.hear.rpc_id(seat.peer, self._number, text)

    def _publish(self) -> None:
        self.show.rpc([[seat.name, seat.ready, seat.peer != 0] for seat in self._seats.values()])
