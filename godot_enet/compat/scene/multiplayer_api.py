"""MultiplayerAPI: Godot's common face of high-level multiplayers, of which SceneMultiplayer is the one there is."""

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
    """Another peer can be talked to from now on."""
    peer_disconnected = SignalProperty[[int]]("id")
    """Another peer is gone."""
    connected_to_server = SignalProperty[[]]()
    """This client is connected; before ``peer_connected(1)``."""
    connection_failed = SignalProperty[[]]()
    """This client could not be connected."""
    server_disconnected = SignalProperty[[]]()
    """This client has lost its server, or this server has closed."""

    _default: ClassVar[str] = "SceneMultiplayer"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @abstractmethod
    def get_multiplayer_peer(self) -> MultiplayerPeer | None:
        """What packets go through."""

    @abstractmethod
    def set_multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        """Use another transport, or none."""

    @abstractmethod
    def get_unique_id(self) -> int:
        """The id of this end: 1 for a server."""

    @abstractmethod
    def get_peers(self) -> PackedInt32Array:
        """The ids of all peers that can be talked to."""

    @abstractmethod
    def get_remote_sender_id(self) -> int:
        """Who has called the RPC that is running; 0 when none is."""

    @abstractmethod
    def poll(self) -> Error:
        """Do everything that is due."""

    @abstractmethod
    def rpc(self, peer: int, object: Node, method: str, arguments: Sequence[Variant] = ()) -> Error:
        """Call a method of a node on other peers."""

    @abstractmethod
    def object_configuration_add(self, object: object, configuration: Variant) -> Error:
        """Godot's way to tell a multiplayer of spawners, synchronizers and its root path."""

    @abstractmethod
    def object_configuration_remove(self, object: object, configuration: Variant) -> Error:
        """The reverse."""

    _tree_root: Node | None = None
    """Where its tree begins, if it has one."""

    def has_multiplayer_peer(self) -> bool:
        """Whether there is a ``multiplayer_peer``."""
        return self.get_multiplayer_peer() is not None

    def is_server(self) -> bool:
        """Whether this end has the id 1."""
        return self.get_unique_id() == MultiplayerPeer.TARGET_PEER_SERVER

    @property
    def multiplayer_peer(self) -> MultiplayerPeer | None:
        """As the getter and the setter."""
        return self.get_multiplayer_peer()

    @multiplayer_peer.setter
    def multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        self.set_multiplayer_peer(peer)

    @staticmethod
    def set_default_interface(interface_name: str) -> None:
        """Which class :meth:`create_default_interface`, and with it a new SceneTree, takes: the name of a subclass."""
        name = as_str(interface_name, "interface_name")
        if _find(name) is None:
            text = f"Can't make {name} the default multiplayer interface since it does not extend MultiplayerAPI."
            return fail(text, None)
        MultiplayerAPI._default = name

    @staticmethod
    def get_default_interface() -> StringName:
        """The name of that class; ``SceneMultiplayer`` to begin with."""
        return StringName(MultiplayerAPI._default)

    @staticmethod
    def create_default_interface() -> MultiplayerAPI:
        """A new multiplayer of that class."""
        found = _find(MultiplayerAPI._default)
        assert found is not None  # it was there when it became the default
        return found()


def _find(name: str) -> type[MultiplayerAPI] | None:
    """The subclass of that name; the youngest, if there are several."""
    from godot_enet.compat.scene import scene_multiplayer  # noqa: F401 - it defines the usual one, on top of this

    found: list[type[MultiplayerAPI]] = []
    waiting = MultiplayerAPI.__subclasses__()
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__name__ == name:
            found.append(cls)
    return found[-1] if found else None
