"""Ends of the high-level multiplayer: one in this process, one in a Godot; scene_main.gd is the twin of ``Main``."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import bytes_to_var, var_to_bytes

from .programs import Program

__all__ = ["Event", "GodotEnd", "OurEnd", "SceneEnd", "until"]

DEADLINE = 15.0
PAUSE = 0.001
SIGNALS = (
    "peer_connected",
    "peer_disconnected",
    "connected_to_server",
    "connection_failed",
    "server_disconnected",
    "peer_authenticating",
    "peer_authentication_failed",
)


class Event(NamedTuple):
    """Something that happened at an end: a signal, or ``"call "`` and the method that was called."""

    kind: str
    arguments: list[Any]
    peer: int
    """The sender of a call; of a signal, the peer it is about."""


class SceneEnd(ABC):
    """A server, or a client that has begun to connect."""

    id: int
    port: int
    events: list[Event]

    def of(self, kind: str) -> list[Event]:
        """The events of a kind so far."""
        return [event for event in self.events if event.kind == kind]

    @abstractmethod
    def poll(self) -> None:
        """A frame, and what happened in it."""

    @abstractmethod
    def rpc(self, peer: int, method: str, *arguments: Any, node: str = "Main") -> int: ...

    @abstractmethod
    def send(self, data: bytes, peer: int, mode: int = 2, channel: int = 0) -> int: ...

    @abstractmethod
    def peers(self) -> list[int]: ...

    @abstractmethod
    def authority(self, peer: int) -> None:
        """Who decides about the node, as far as this end knows."""

    @abstractmethod
    def rename(self, name: str) -> None:
        """Give the node another name."""

    @abstractmethod
    def disconnect_peer(self, peer: int) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


def until(ends: Iterable[SceneEnd], condition: Callable[[], bool], what: str) -> None:
    """Poll all ends until something is so; it must be within ``DEADLINE`` seconds."""
    ends = list(ends)
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            seen = "\n".join(f"{type(end).__name__} {end.id}: {end.events[-8:]}" for end in ends)
            raise AssertionError(f"waited {DEADLINE:.0f} s for: {what}\nlast events\n{seen}")
        for end in ends:
            end.poll()
        time.sleep(PAUSE)


class GodotEnd(SceneEnd):
    """In a Godot, driven by scene_host.gd."""

    def __init__(
        self, program: Program, port: int = 0, *, secret: str = "", auth_timeout: float = 3.0, relay: bool = True
    ) -> None:
        options = {"port": port, "secret": secret, "auth_timeout": auth_timeout, "relay": relay}
        answer = program.call("open_scene", **options)
        assert answer["error"] == 0
        self._program = program
        self._host = int(answer["host"])
        self.id = int(answer["id"])
        self.port = int(answer["port"])
        self.events = []

    def _call(self, do: str, **fields: Any) -> Any:
        return self._program.call(do, host=self._host, **fields)

    def poll(self) -> None:
        self._program.call("poll")
        for event in self._program.events.pop(self._host, []):
            arguments = bytes_to_var(bytes.fromhex(event["arguments"]))
            self.events.append(Event(event["kind"], arguments, int(event["peer"])))

    def rpc(self, peer: int, method: str, *arguments: Any, node: str = "Main") -> int:
        packed = var_to_bytes(list(arguments)).hex()
        return int(self._call("rpc_to", peer=peer, method=method, arguments=packed, node=node))

    def send(self, data: bytes, peer: int, mode: int = 2, channel: int = 0) -> int:
        return int(self._call("send", data=data.hex(), peer=peer, mode=mode, channel=channel))

    def peers(self) -> list[int]:
        return [int(peer) for peer in self._call("peers")]

    def authority(self, peer: int) -> None:
        self._call("authority", peer=peer)

    def rename(self, name: str) -> None:
        self._call("rename", name=name)

    def disconnect_peer(self, peer: int) -> None:
        self._call("disconnect_peer", peer=peer)

    def close(self) -> None:
        if self._host:
            self._call("close")
            self._host = 0


class RecordingPeer(ENetMultiplayerPeer):
    """Remembers how the last packet came."""

    last: tuple[int, int] = (-1, -1)
    """Its mode and channel."""

    def _take_into(self, taken: list[tuple[bytes, int, int, ENetMultiplayerPeer.TransferMode]]) -> None:
        super()._take_into(taken)
        _, _, channel, mode = taken[-1]
        self.last = int(mode), channel


class Main(Node):
    """The node whose methods both ends call."""

    def __init__(self, end: OurEnd) -> None:
        self._end = end
        self.rpc_config("configured", {"rpc_mode": SceneMultiplayer.RPC_MODE_ANY_PEER, "channel": 2})

    def _called(self, method: str, *arguments: Any) -> None:
        sender = self.multiplayer.get_remote_sender_id()
        self._end.events.append(Event(f"call {method}", list(arguments), sender))
        self._end.ways.append((method, *self._end.transport.last))

    @rpc("any_peer")
    def plain(self, x: Any) -> None:
        self._called("plain", x)

    @rpc("any_peer", "call_remote", "unreliable")
    def loose(self, x: Any) -> None:
        self._called("loose", x)

    @rpc("any_peer", "unreliable_ordered")
    def ordered(self, x: Any) -> None:
        self._called("ordered", x)

    @rpc("any_peer", "call_remote", "reliable", 3)
    def channel_three(self, x: Any) -> None:
        self._called("channel_three", x)

    @rpc("any_peer", "call_remote", "unreliable", 4)
    def loose_four(self, x: Any) -> None:
        self._called("loose_four", x)

    @rpc("any_peer", "call_local")
    def here_too(self, x: Any) -> None:
        self._called("here_too", x)

    @rpc
    def by_authority(self, x: Any) -> None:
        self._called("by_authority", x)

    @rpc("any_peer")
    def nothing(self) -> None:
        self._called("nothing")

    @rpc("any_peer")
    def two(self, a: int, b: str = "default") -> None:
        self._called("two", a, b)

    @rpc("any_peer")
    def back(self, x: Any) -> None:
        self._called("back", x)
        self.plain.rpc_id(self.multiplayer.get_remote_sender_id(), x)

    def configured(self, x: Any) -> None:
        self._called("configured", x)


class Other(Node):
    """A node whose methods differ from those in scene_other.gd."""

    def __init__(self, end: OurEnd) -> None:
        self._end = end

    @rpc("any_peer")
    def known(self, x: Any) -> None:
        self._end.events.append(Event("call known", [x], 0))


class OurEnd(SceneEnd):
    """In this process.

    Args:
        way: an engine and a driver, such as ``"native-thread"``; the engine is what ``GODOT_ENET_ENGINE`` says.
        port: of the server to connect to; 0 for a server.
        secret: what both ends must know.
        auth_timeout: seconds to authenticate.
        relay: whether clients hear of each other.
    """

    def __init__(
        self, way: str, port: int = 0, *, secret: str = "", auth_timeout: float = 3.0, relay: bool = True
    ) -> None:
        self.events = []
        self.ways: list[tuple[str, int, int]] = []
        """For each call: the method, and the mode and channel of the packet."""
        self.tree = SceneTree()
        self.main, self.other = Main(self), Other(self)
        self.main.name, self.other.name = "Main", "Other"
        self.tree.root.add_child(self.main)
        self.tree.root.add_child(self.other)
        self.api = self.main.multiplayer
        for name in SIGNALS:
            getattr(self.api, name).connect(self._listener(name))
        self.api.peer_packet.connect(self._on_packet)
        if secret:
            self.api.auth_callback = self._on_auth
            self.api.auth_timeout = auth_timeout
            self.api.peer_authenticating.connect(lambda peer: self.api.send_auth(peer, secret.encode()))
        self._secret = secret
        self.api.server_relay = relay
        self.transport = RecordingPeer(threaded=way.endswith("thread"))
        self.transport.peer_connected.connect(self._steady)
        if port:
            assert self.transport.create_client("127.0.0.1", port) is Error.OK
        else:
            self.transport.set_bind_ip("127.0.0.1")
            assert self.transport.create_server(0) is Error.OK
        self.api.multiplayer_peer = self.transport
        host = self.transport.get_host()
        assert host is not None
        self.port = host.get_local_port() if not port else 0
        self.id = self.api.get_unique_id()

    def _steady(self, peer: int) -> None:
        """See that a late answer on a busy machine drops no unreliable packet."""
        remote = self.transport.get_peer(peer)
        assert remote is not None
        remote.throttle_configure(5000, 2, 0)

    def _listener(self, name: str) -> Callable[..., None]:
        return lambda *peer: self.events.append(Event(name, list(peer), peer[0] if peer else 0))

    def _on_packet(self, peer: int, data: bytes) -> None:
        self.events.append(Event("peer_packet", [peer, data], peer))
        self.ways.append(("peer_packet", self.transport.last[0], self.api.get_packet_channel()))

    def _on_auth(self, peer: int, data: bytes) -> None:
        self.events.append(Event("auth", [data], peer))
        if data.decode() == self._secret:
            self.api.complete_auth(peer)

    def poll(self) -> None:
        self.tree.process(PAUSE)

    def rpc(self, peer: int, method: str, *arguments: Any, node: str = "Main") -> int:
        return int((self.main if node == "Main" else self.other).rpc_id(peer, method, *arguments))

    def send(self, data: bytes, peer: int, mode: int = 2, channel: int = 0) -> int:
        return int(self.api.send_bytes(data, peer, mode, channel))

    def peers(self) -> list[int]:
        return list(self.api.get_peers())

    def authority(self, peer: int) -> None:
        self.main.set_multiplayer_authority(peer)

    def rename(self, name: str) -> None:
        self.main.name = name

    def disconnect_peer(self, peer: int) -> None:
        self.api.disconnect_peer(peer)

    def close(self) -> None:
        self.transport.close()
        self.api.poll()
