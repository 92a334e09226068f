"""MultiplayerAPI: Godot's base class of high-level multiplayers. SceneMultiplayer is the only implementation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from godot_enet.compat.errors import as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.rpc_config import RPCMode
from godot_enet.compat.signal import SignalProperty
from godot_enet.compat.variant import PackedInt32Array, StringName, Variant

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["MultiplayerAPI"]


class MultiplayerAPI(ABC):
    """Abstract: see :class:`SceneMultiplayer`."""

    RPCMode = RPCMode
    RPC_MODE_DISABLED = RPCMode.RPC_MODE_DISABLED
    RPC_MODE_ANY_PEER = RPCMode.RPC_MODE_ANY_PEER
    RPC_MODE_AUTHORITY = RPCMode.RPC_MODE_AUTHORITY

    peer_connected = SignalProperty[[int]]("id")
    """Another peer has connected."""
    peer_disconnected = SignalProperty[[int]]("id")
    """Another peer has disconnected."""
    connected_to_server = SignalProperty[[]]()
    """This client has connected; emitted before ``peer_connected(1)``."""
    connection_failed = SignalProperty[[]]()
    """This client could not connect."""
    server_disconnected = SignalProperty[[]]()
    """This client has lost its server, or this server was closed."""

    _default: ClassVar[str] = "SceneMultiplayer"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @abstractmethod
    def get_multiplayer_peer(self) -> MultiplayerPeer | None:
        """Return the transport."""

    @abstractmethod
    def set_multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        """Set the transport, or None."""

    @abstractmethod
    def get_unique_id(self) -> int:
        """Return the id of this end: 1 for a server."""

    @abstractmethod
    def get_peers(self) -> PackedInt32Array:
        """Return the ids of all connected peers."""

    @abstractmethod
    def get_remote_sender_id(self) -> int:
        """Return the caller of the running RPC; 0 if none is running."""

    @abstractmethod
    def poll(self) -> Error:
        """Handle received packets, emit signals and send pending updates."""

    @abstractmethod
    def rpc(self, peer: int, object: Node, method: str, arguments: Sequence[Variant] = ()) -> Error:
        """Call a method of a node on other peers."""

    @abstractmethod
    def object_configuration_add(self, object: object, configuration: Variant) -> Error:
        """Register a spawner, a synchronizer or the root path."""

    @abstractmethod
    def object_configuration_remove(self, object: object, configuration: Variant) -> Error:
        """Undo :meth:`object_configuration_add`."""

    def _set_tree_root(self, root: Node) -> None:  # noqa: B027 - not every one asks
        """Become the multiplayer of a tree, or of a part of it, with this root."""

    def has_multiplayer_peer(self) -> bool:
        """Return whether a ``multiplayer_peer`` is set."""
        return self.get_multiplayer_peer() is not None

    def is_server(self) -> bool:
        """Return whether this end has the id 1."""
        return self.get_unique_id() == MultiplayerPeer.TARGET_PEER_SERVER

    @property
    def multiplayer_peer(self) -> MultiplayerPeer | None:
        """As :meth:`get_multiplayer_peer`; can be set."""
        return self.get_multiplayer_peer()

    @multiplayer_peer.setter
    def multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        self.set_multiplayer_peer(peer)

    @staticmethod
    def set_default_interface(interface_name: str) -> None:
        """Set the class of :meth:`create_default_interface`, and so of new SceneTrees, by the name of a subclass."""
        name = as_str(interface_name, "interface_name")
        if _find(name) is None:
            text = f"Can't make {name} the default multiplayer interface since it does not extend MultiplayerAPI."
            return fail(text, None)
        MultiplayerAPI._default = name

    @staticmethod
    def get_default_interface() -> StringName:
        """Return the name of that class; ``SceneMultiplayer`` by default."""
        return StringName(MultiplayerAPI._default)

    @staticmethod
    def create_default_interface() -> MultiplayerAPI:
        """Create a multiplayer of that class."""
        found = _find(MultiplayerAPI._default)
        assert found is not None  # it existed when it became the default
        return found()


def _find(name: str) -> type[MultiplayerAPI] | None:
    """The subclass with that name; the latest, if there are several. ``SceneMultiplayer`` is always Godot's."""
    from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer  # which is above this module

    if name == SceneMultiplayer.__name__:
        return SceneMultiplayer
    found: list[type[MultiplayerAPI]] = []
    waiting = MultiplayerAPI.__subclasses__()
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__name__ == name:
            found.append(cls)
    return found[-1] if found else None
