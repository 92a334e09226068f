"""Bots and a server on a virtual network: no socket, and no time passes but in the crowd's waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from godot_enet import ENetConnection, ENetMultiplayerPeer, SceneTree
from godot_enet.load.crowd import Crowd, Seat
from godot_enet.load.results import Results
from godot_enet.load.user import LoadUser
from godot_enet.testing import LinkConfig, Network

PORT = 7000
SERVER = "10.0.0.1"
_STEP = 8
"""Milliseconds between calls of the server."""
_User = TypeVar("_User", bound=LoadUser)


class VirtualWaiter:
    """Lets virtual time pass; the sockets of a virtual network have no descriptors."""

    def __init__(self, network: Network, server: Callable[[], object]) -> None:
        self._network = network
        self._server = server

    def watch(self, descriptor: int, owner: Seat) -> None:
        raise AssertionError(f"descriptor {descriptor} of {owner.member}")

    def unwatch(self, descriptor: int) -> None:
        raise AssertionError(f"descriptor {descriptor}")

    def wake(self) -> None: ...

    def wait(self, seconds: float) -> list[Seat]:
        end = self._network.now + max(1, round(seconds * 1000))
        while self._network.now < end:
            self._network.run(min(_STEP, end - self._network.now))
            self._server()
        return []


class Stage:
    """A server, which a test provides, and a crowd of bots."""

    def __init__(self, link: LinkConfig | None = None) -> None:
        self.network = Network(seed=1, link=link)
        self.machine = self.network.machine(SERVER)
        self.serve: Callable[[], object] = lambda: None
        self.results = Results()
        self.crowd = Crowd(VirtualWaiter(self.network, lambda: self.serve()), lambda: self.network.now / 1000)

    def echo_server(self) -> ENetConnection:
        """One that sends back what it gets."""
        server = self.machine.connection(threaded=False)
        server.create_host_bound("*", PORT, 100)

        def serve() -> None:
            for event in server.events() if server.engine_name else ():
                if event.type == ENetConnection.EVENT_RECEIVE:
                    event.peer.send(event.channel, event.peer.get_packet(), 1)

        self.serve = serve
        return server

    def game_server(self, tree: SceneTree) -> ENetMultiplayerPeer:
        """One with this tree, which is processed in each step."""
        peer = self.machine.multiplayer_peer(threaded=False)
        peer.create_server(PORT, 100)
        tree.root.multiplayer.multiplayer_peer = peer
        self.serve = lambda: tree.process(_STEP / 1000)
        return peer

    def add(self, of: type[_User], **attributes: Any) -> _User:
        """Let a bot in. Its class need not say where the server is."""
        machine = self.network.machine()
        network = self.network

        class Here(of):  # type: ignore[misc,valid-type]
            host = f"{SERVER}:{PORT}"
            _clock = staticmethod(lambda: network.now / 1000)

            def _make_connection(self) -> ENetConnection:
                return machine.connection(threaded=False)

            def _make_transport(self) -> ENetMultiplayerPeer:
                return machine.multiplayer_peer(threaded=False)

        Here.__qualname__ = of.__qualname__
        bot: _User = Here(self.results)
        for name, value in attributes.items():
            setattr(bot, name, value)
        bot.on_start()
        self.crowd.add(bot)
        return bot

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.network.now + round(seconds * 1000)
        while self.network.now < end:
            self.crowd.turn((end - self.network.now) / 1000)

    def run_until(self, condition: Callable[[], bool], limit: float = 60.0) -> None:
        """Let time pass until this is so."""
        end = self.network.now + round(limit * 1000)
        while not condition():
            assert self.network.now < end, f"not within {limit} s: {self.results.failures}"
            self.crowd.turn(_STEP / 1000)

    def counts(self) -> dict[str, int]:
        """How many requests there were, by kind and name."""
        return {f"{kind} {name}": row.count for (kind, name), row in self.results.rows.items()}

    def failures(self) -> Counter[tuple[str, str, str]]:
        """What failed, and why."""
        return self.results.failures
