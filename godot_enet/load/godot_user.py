"""GodotUser: a bot with a scene tree, remote calls and replication."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from godot_enet.compat.deferred import in_frame
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.errors import exceptions
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import BoundRpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.load.user import LoadUser

__all__ = ["GodotUser"]

_SERVER = MultiplayerPeer.TARGET_PEER_SERVER


class GodotUser(LoadUser):
    """A bot that joins a game with Godot's high-level multiplayer, for Locust and for ``python -m godot_enet load``.

    Set ``host`` to ``"ADDRESS:PORT"``, and override :meth:`make_tree`. In each frame the bot calls :meth:`on_frame` and
    then ``tree.process``, with ``_process``, ``_physics_process`` and synchronizers. RPCs and other packets are handled
    when they arrive. See :class:`ENetUser` for methods that block, for exceptions, which include those of nodes, and
    for Locust.
    """

    abstract: ClassVar[bool] = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._tree: SceneTree | None = None
        self._multiplayer: SceneMultiplayer | None = None
        self._transport: ENetMultiplayerPeer | None = None

    # For the program

    @property
    def tree(self) -> SceneTree:
        """The tree of this bot.

        Raises:
            RuntimeError: the bot has not begun to connect.
        """
        if self._tree is None:
            raise RuntimeError("the bot has no tree before it begins to connect: see make_tree()")
        return self._tree

    @property
    def multiplayer(self) -> SceneMultiplayer:
        """The multiplayer of the tree, whose transport is the connection to the server. Raises as :attr:`tree`."""
        if self._multiplayer is None:
            raise RuntimeError("the bot has no multiplayer before it begins to connect: see make_tree()")
        return self._multiplayer

    def make_tree(self) -> SceneTree:
        """Return a new tree for this bot, with the nodes that the game has when a client begins to connect.

        Override it, for instance with the ``make_tree`` of the module that ``scene-skeleton`` prints.
        """
        return SceneTree()

    def request(self, method: BoundRpc[Any, Any], *arguments: Any, reply: str, name: str = "") -> Error:
        """Call a method on the server, and measure the time until the server calls another one here.

        Args:
            method: the RPC of a node in the tree.
            arguments: its arguments.
            reply: the name of the RPC of the same node that is the answer. The first one answers the oldest request.
            name: of the request in the results; by default the name of the method.

        Returns:
            As ``rpc_id()``; after an error nothing is measured.
        """
        error = method.rpc_id(_SERVER, *arguments)
        if error is Error.OK:
            self._begin("RPC", name or method.__name__, (id(method.__self__), reply))
        return error

    # For the crowd

    def _open(self, address: str, port: int) -> tuple[ENetConnection, ENetPacketPeer]:
        tree = self._tree = self.make_tree()
        multiplayer = tree.root.multiplayer
        if not isinstance(multiplayer, SceneMultiplayer):
            raise TypeError(f"the tree of a bot needs a SceneMultiplayer, not {type(multiplayer).__name__}")
        self._multiplayer = multiplayer
        transport = self._transport = self._make_transport()
        host = remote = None
        if transport.create_client(address, port) is Error.OK:
            host, remote = transport.host, transport.get_peer(_SERVER)
        if host is None or remote is None:
            raise OSError(f"no connection to {address} port {port} could be begun; the log has the reason")
        multiplayer.connected_to_server.connect(self._on_connected)
        multiplayer.connection_failed.connect(self._on_ended)
        multiplayer.server_disconnected.connect(self._on_ended)
        multiplayer._calls.on_received = self._on_rpc
        multiplayer.multiplayer_peer = transport
        return host, remote

    def _make_transport(self) -> ENetMultiplayerPeer:
        return ENetMultiplayerPeer(threaded=False, config=self.config)

    def _on_rpc(self, node: Node, method: str, size: int) -> None:
        self._end((id(node), method), size)

    def _on_ended(self) -> None:
        self._fail(self._reason())

    def _frame(self, delta: float) -> None:
        if self._tree is not None and not self.has_ended:
            self._run(self._tree.process, delta)

    def _serve(self) -> None:
        multiplayer = self._multiplayer
        if multiplayer is not None and not self.has_ended:
            self._run(in_frame, multiplayer._poll.receive, remote=True)

    def _run(self, work: Callable[..., object], *arguments: Any, **options: Any) -> None:
        """Do a part of the game's work. Exceptions in its methods are logged by the game, and counted here."""
        outer, exceptions.listener = exceptions.listener, self._on_exception
        try:
            work(*arguments, **options)
        finally:
            exceptions.listener = outer

    def _leave(self) -> None:
        transport = self._transport
        if transport is not None:
            self._is_connected, self.has_ended = False, True
            transport.close()
        super()._leave()
        self._tree = self._multiplayer = self._transport = None
