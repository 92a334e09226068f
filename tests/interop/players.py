"""An ENetMultiplayerPeer of ours and one in Godot behind the same methods, so that a test can mix them."""

from __future__ import annotations

import base64
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error

from .programs import Program

__all__ = ["Game", "Heard", "LocalPlayer", "Player", "RemotePlayer"]

DEADLINE = 15.0
PAUSE = 0.0005


class Heard(NamedTuple):
    """A signal (``connected``, ``disconnected``) or a packet."""

    kind: str
    peer: int
    channel: int = 0
    mode: int = 0
    data: bytes = b""


class Player(ABC):
    """One participant."""

    name: str

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        """Every signal and packet so far, in order."""
        self.id = 0
        self.port = 0

    def of(self, kind: str) -> list[Heard]:
        """What was heard of one kind."""
        return [heard for heard in self.heard if heard.kind == kind]

    def signals(self) -> list[tuple[str, int]]:
        """The signals alone."""
        return [heard[:2] for heard in self.heard if heard.kind != "packet"]

    def serve(self, clients: int = 8, compression: int = 0) -> None:
        """Become a server; sets ``port``."""
        self._open("server", clients=clients, compression=compression)

    def dial(self, port: int, channels: int = 0, compression: int = 0) -> None:
        """Become a client of the server there."""
        self._open("client", port=port, channels=channels, compression=compression)

    def gather(self, id: int) -> None:
        """Become a member of a mesh."""
        self._open("mesh", id=id)

    @abstractmethod
    def _open(self, role: str, **arguments: int) -> None: ...

    @abstractmethod
    def join(self, peer: int, port: int = 0) -> int:
        """Begin a connection of a mesh: to a port, or listening, which returns it."""

    @abstractmethod
    def put(self, data: bytes, target: int = 0, mode: int = 2, channel: int = 0) -> int: ...

    @abstractmethod
    def echo(self) -> None:
        """From now on take every packet as a value and send that back."""

    @abstractmethod
    def end(self, peer: int, force: bool = False) -> None: ...

    @abstractmethod
    def shut(self) -> None:
        """Close, and live on."""

    @abstractmethod
    def refuse(self, refuse: bool) -> None: ...

    @abstractmethod
    def timeout(self, peer: int, limit: int, minimum: int, maximum: int) -> None: ...

    @abstractmethod
    def channels(self, peer: int) -> int: ...

    @abstractmethod
    def status(self) -> int: ...

    @abstractmethod
    def step(self) -> None:
        """What a frame does."""

    @abstractmethod
    def close(self) -> None: ...


class LocalPlayer(Player):
    """One of this package.

    Args:
        engine: ``"python"`` or ``"native"``.
        driver: ``"inline"`` or ``"thread"``.
    """

    def __init__(self, engine: str, driver: str) -> None:
        super().__init__()
        self.name = f"ours ({engine}, {driver})"
        self._engine = engine
        self._threaded = driver == "thread"
        self._joining: dict[int, ENetConnection] = {}
        self._connections: list[ENetConnection] = []
        self._echo = False
        self.peer = ENetMultiplayerPeer(threaded=self._threaded)
        self.peer.peer_connected.connect(lambda id: self.heard.append(Heard("connected", id)))
        self.peer.peer_disconnected.connect(lambda id: self.heard.append(Heard("disconnected", id)))

    def _open(self, role: str, **arguments: int) -> None:
        peer = self.peer
        peer.set_bind_ip("127.0.0.1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GODOT_ENET_ENGINE", self._engine)
            if role == "server":
                error = peer.create_server(0, arguments["clients"])
            elif role == "client":
                error = peer.create_client("127.0.0.1", arguments["port"], arguments["channels"])
            else:
                error = peer.create_mesh(arguments["id"])
        assert error is Error.OK
        if role != "mesh":
            host = peer.host
            assert host is not None
            assert host.engine_name == self._engine
            host.compress(arguments["compression"])
            self.port = host.get_local_port()
        self.id = peer.get_unique_id()

    def join(self, peer: int, port: int = 0) -> int:
        connection = self._joining[peer] = ENetConnection(threaded=self._threaded)
        self._connections.append(connection)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GODOT_ENET_ENGINE", self._engine)
            if port:
                assert connection.create_host(1) is Error.OK
                assert connection.connect_to_host("127.0.0.1", port) is not None
                return 0
            assert connection.create_host_bound("127.0.0.1", 0, 1) is Error.OK
        return connection.get_local_port()

    def put(self, data: bytes, target: int = 0, mode: int = 2, channel: int = 0) -> int:
        self.peer.set_target_peer(target)
        self.peer.set_transfer_mode(mode)  # type: ignore[arg-type]
        self.peer.set_transfer_channel(channel)
        return int(self.peer.put_packet(data))

    def echo(self) -> None:
        self._echo = True

    def end(self, peer: int, force: bool = False) -> None:
        self.peer.disconnect_peer(peer, force)

    def shut(self) -> None:
        self.peer.close()

    def refuse(self, refuse: bool) -> None:
        self.peer.refuse_new_connections = refuse

    def timeout(self, peer: int, limit: int, minimum: int, maximum: int) -> None:
        self._at(peer).set_timeout(limit, minimum, maximum)

    def channels(self, peer: int) -> int:
        return self._at(peer).get_channels()

    def status(self) -> int:
        return int(self.peer.get_connection_status())

    def step(self) -> None:
        for other, connection in list(self._joining.items()):
            if connection.service().type == ENetConnection.EVENT_CONNECT:
                del self._joining[other]
                assert self.peer.add_mesh_peer(other, connection) is Error.OK
        peer = self.peer
        if peer.get_connection_status() == ENetMultiplayerPeer.CONNECTION_DISCONNECTED:
            return
        peer.poll()
        while peer.get_available_packet_count():
            sender, channel, mode = peer.get_packet_peer(), peer.get_packet_channel(), peer.get_packet_mode()
            if self._echo:
                peer.set_target_peer(sender)
                peer.put_var(peer.get_var())
            else:
                self.heard.append(Heard("packet", sender, channel, mode, peer.get_packet()))

    def close(self) -> None:
        self.peer.close()
        for connection in self._connections:
            if connection.engine_name:
                connection.destroy()

    def _at(self, peer: int) -> ENetPacketPeer:
        found = self.peer.get_peer(peer)
        assert found is not None
        return found


class RemotePlayer(Player):
    """One in Godot."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.name = program.name
        self.program = program
        self._host = 0

    def _open(self, role: str, **arguments: int) -> None:
        if self._host:
            self._call("close")
        answer = self.program.call("open_player", role=role, **arguments)
        assert answer["error"] == 0
        self._host, self.port, self.id = int(answer["host"]), int(answer["port"]), int(answer["id"])

    def join(self, peer: int, port: int = 0) -> int:
        return int(self._call("join", peer=peer, port=port))

    def put(self, data: bytes, target: int = 0, mode: int = 2, channel: int = 0) -> int:
        text = base64.b64encode(data).decode()
        return int(self._call("put", data=text, target=target, mode=mode, channel=channel))

    def echo(self) -> None:
        self._call("echo")

    def end(self, peer: int, force: bool = False) -> None:
        self._call("end", peer=peer, force=force)

    def shut(self) -> None:
        self._call("shut")

    def refuse(self, refuse: bool) -> None:
        self._call("refuse", refuse=refuse)

    def timeout(self, peer: int, limit: int, minimum: int, maximum: int) -> None:
        self._call("timeout", peer=peer, limit=limit, minimum=minimum, maximum=maximum)

    def channels(self, peer: int) -> int:
        return int(self._call("channels", peer=peer))

    def status(self) -> int:
        return int(self._call("status"))

    def step(self) -> None:
        self._call("poll")

    def close(self) -> None:
        if self._host and self.program.alive:
            self._call("close")

    def _call(self, do: str, **arguments: Any) -> Any:
        result = self.program.call(do, host=self._host, **arguments)
        for event in self.program.events.pop(self._host, []):
            peer, channel, mode = (int(event.get(name, 0)) for name in ("peer", "channel", "mode"))
            self.heard.append(Heard(event["kind"], peer, channel, mode, base64.b64decode(event.get("data", ""))))
        return result


class Game:
    """The players of one test, stepped together until something is so.

    Args:
        ours: makes a player of ours.
        theirs: makes one in Godot.
    """

    def __init__(self, ours: Callable[[], Player], theirs: Callable[[], Player]) -> None:
        self._makers = {"ours": ours, "theirs": theirs}
        self._players: list[Player] = []

    def add(self, side: str) -> Player:
        """A new player, of ``"ours"`` or of ``"theirs"``."""
        player = self._makers[side]()
        self._players.append(player)
        return player

    def server(self, side: str, **arguments: int) -> Player:
        """A new server."""
        server = self.add(side)
        server.serve(**arguments)
        return server

    def client(self, side: str, server: Player, **arguments: int) -> Player:
        """A new client, which both sides say is connected."""
        client = self.add(side)
        client.dial(server.port, **arguments)
        self.until(lambda: ("connected", client.id) in server.signals(), f"{server.name} to hear of {client.name}")
        self.until(lambda: ("connected", 1) in client.signals(), f"{client.name} to connect to {server.name}")
        return client

    def mesh(self, *sides_and_ids: tuple[str, int]) -> list[Player]:
        """A new mesh of members with these ids, each connected to each."""
        members = []
        for side, id in sides_and_ids:
            member = self.add(side)
            member.gather(id)
            members.append(member)
        for first, one in enumerate(members):
            for two in members[first + 1 :]:
                two.join(one.id, one.join(two.id))
        for member in members:
            self.until(partial(self._knows, member, members), f"{member.name} to know the others")
        return members

    @staticmethod
    def _knows(member: Player, members: list[Player]) -> bool:
        return set(member.signals()) == {("connected", other.id) for other in members if other is not member}

    def until(self, condition: Callable[[], bool], what: str, each: Callable[[], object] | None = None) -> None:
        """Step everybody until ``condition`` holds; ``each`` is called four times a second."""
        deadline = time.monotonic() + DEADLINE
        next_call = time.monotonic()
        while not condition():
            now = time.monotonic()
            if now > deadline:
                heard = "\n".join(f"{player.name}: {player.heard[-8:]}" for player in self._players)
                raise AssertionError(f"waited {DEADLINE:.0f} s for: {what}\nlast heard\n{heard}")
            if each is not None and now >= next_call:
                each()
                next_call = now + 0.25
            for player in self._players:
                player.step()
            time.sleep(PAUSE)

    def spend(self, seconds: float) -> None:
        """Step everybody for a time in which nothing in particular is expected."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end, "the time to pass")

    def deliver(self, sender: Player, receiver: Player, data: bytes, target: int, mode: int, channel: int) -> Heard:
        """Send a packet and wait for it; an unreliable one is sent until it arrives."""
        before = len(receiver.of("packet"))

        def send() -> None:
            assert sender.put(data, target, mode, channel) == 0

        if mode == 2:
            send()
        what = f"a packet from {sender.name} to {receiver.name}"
        self.until(lambda: len(receiver.of("packet")) > before, what, each=None if mode == 2 else send)
        return receiver.of("packet")[before]

    def close(self) -> None:
        """Close everybody."""
        for player in self._players:
            player.close()
