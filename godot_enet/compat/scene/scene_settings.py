"""The settings of SceneMultiplayer: Godot's getters, setters and properties."""

from __future__ import annotations

from collections.abc import Callable

from godot_enet.compat.errors import as_int, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.authentication import Authentication
from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
from godot_enet.compat.variant import NodePath, Variant

__all__ = ["AuthCallback", "SceneSettings"]

AuthCallback = Callable[[int, bytes], object]
_NO_PEER = "No multiplayer peer is assigned. Unable to {} 'refuse_new_connections'."
_OUT_OF_REACH = (
    "MultiplayerSpawner and MultiplayerSynchronizer are not supported: nothing is spawned or synchronized. "
    "Use RPCs in their place."
)


class SceneSettings(MultiplayerAPI):
    """Abstract: what can be set, and does nothing by itself."""

    def __init__(self, auth: Authentication, *, exact: bool) -> None:
        self.exact = exact
        self._auth = auth
        self._root_path = NodePath()
        self._allow_objects = False
        self._server_relay = True
        self._max_sync_packet_size = 1350
        self._max_delta_packet_size = 65535

    def get_root_path(self) -> NodePath:
        """The node that all paths begin at; empty to begin with, and then nothing but authentication is received."""
        return self._root_path

    def set_root_path(self, path: NodePath | str) -> None:
        """Set the node that all paths begin at: an absolute path, the same at all peers. A SceneTree does it."""
        value = NodePath(path)
        if not value.is_absolute() and not value.is_empty():
            return fail(f"SceneMultiplayer root path must be absolute. Got '{value}'.", None)
        self._root_path = value

    def get_auth_callback(self) -> AuthCallback | None:
        """What is called with the id of a peer and what it has sent with ``send_auth``."""
        return self._auth.callback

    def set_auth_callback(self, callback: AuthCallback | None) -> None:
        """Have peers authenticate before they are let in; None, as to begin with, lets everybody in.

        Both ends must do the same: with only one, that end waits for the other until ``auth_timeout``.
        """
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be something that can be called, not {type(callback).__name__}")
        self._auth.callback = callback

    def get_auth_timeout(self) -> float:
        """Seconds that peers have for it; 3 to begin with."""
        return self._auth.timeout

    def set_auth_timeout(self, timeout: float) -> None:
        """Set the seconds that peers have to authenticate; 0 is without end."""
        if isinstance(timeout, str) or not hasattr(timeout, "__float__"):
            raise TypeError(f"timeout must be a float, not {type(timeout).__name__}")
        if timeout < 0:
            return fail(f"Timeout must be greater or equal to 0 (where 0 means no timeout). Got {timeout}.", None)
        self._auth.timeout = float(timeout)

    def is_refusing_new_connections(self) -> bool:
        """Whether the ``multiplayer_peer`` lets nobody connect any more."""
        peer = self.get_multiplayer_peer()
        return fail(_NO_PEER.format("get"), False) if peer is None else peer.is_refusing_new_connections()

    def set_refuse_new_connections(self, refuse: bool) -> None:
        """Have the ``multiplayer_peer`` refuse who connects from now on, or let them in again."""
        value, peer = as_bool(refuse, "refuse"), self.get_multiplayer_peer()
        if peer is None:
            return fail(_NO_PEER.format("set"), None)
        return peer.set_refuse_new_connections(value)

    def is_object_decoding_allowed(self) -> bool:
        """False to begin with."""
        return self._allow_objects

    def set_allow_object_decoding(self, enable: bool) -> None:
        """Keep the names of classes and scripts in typed arrays and dictionaries. Objects are never decoded here."""
        self._allow_objects = as_bool(enable, "enable")

    def is_server_relay_enabled(self) -> bool:
        """Whether clients know of each other, and the server passes on what they send each other."""
        return self._server_relay

    def set_server_relay_enabled(self, enabled: bool) -> None:
        """Set whether clients know of each other; True to begin with. Both ends must say the same."""
        self._server_relay = as_bool(enabled, "enabled")

    def get_max_sync_packet_size(self) -> int:
        """1350 to begin with; without effect, since nothing is synchronized."""
        return self._max_sync_packet_size

    def set_max_sync_packet_size(self, size: int) -> None:
        """At least 128; without effect."""
        if (value := as_int(size, "size")) < 128:
            return fail(f"Sync maximum packet size must be at least 128 bytes. Got {value}.", None)
        self._max_sync_packet_size = value

    def get_max_delta_packet_size(self) -> int:
        """65535 to begin with; without effect, since nothing is synchronized."""
        return self._max_delta_packet_size

    def set_max_delta_packet_size(self, size: int) -> None:
        """At least 128; without effect."""
        if (value := as_int(size, "size")) < 128:
            return fail(f"Sync maximum packet size must be at least 128 bytes. Got {value}.", None)
        self._max_delta_packet_size = value

    def object_configuration_add(self, object: object, configuration: Variant) -> Error:
        """With no object, set ``root_path``. Spawners and synchronizers are not supported.

        Returns:
            ``OK``; ``ERR_UNAVAILABLE`` for spawners and synchronizers, else ``ERR_INVALID_PARAMETER``.
        """
        if object is None and isinstance(configuration, NodePath):
            self.set_root_path(configuration)
            return Error.OK
        return self._no_replication(object)

    def object_configuration_remove(self, object: object, configuration: Variant) -> Error:
        """With no object, make ``root_path`` empty, if it is this one.

        Returns:
            As :meth:`object_configuration_add`.
        """
        if object is None and isinstance(configuration, NodePath):
            if self._root_path != configuration:
                text = 'Condition "root_path != p_config.operator NodePath()" is true.'
                return fail(f"{text} Returning: ERR_INVALID_PARAMETER", Error.ERR_INVALID_PARAMETER)
            self._root_path = NodePath()
            return Error.OK
        return self._no_replication(object)

    def _no_replication(self, object: object) -> Error:
        if object is None:
            return Error.ERR_INVALID_PARAMETER
        return fail(_OUT_OF_REACH, Error.ERR_UNAVAILABLE)

    @property
    def exact(self) -> bool:
        """Whether to send what Godot 4.6 sends, byte for byte, also where that is a fault; False to begin with.

        (Beyond Godot.) Without it an RPC reaches the node that has its path, or none: a node that is renamed, or whose
        parent is, is introduced anew to each peer. With it, RPCs go on to the node that had the path when it was first
        used, as between two Godots, and the server also relays system commands, which receivers drop.
        """
        return self._exact

    @exact.setter
    def exact(self, exact: bool) -> None:
        self._exact = as_bool(exact, "exact")

    def _is_exact(self) -> bool:
        return self._exact

    @property
    def root_path(self) -> NodePath:
        """As the getter and the setter."""
        return self.get_root_path()

    @root_path.setter
    def root_path(self, path: NodePath | str) -> None:
        self.set_root_path(path)

    @property
    def auth_callback(self) -> AuthCallback | None:
        """As the getter and the setter."""
        return self.get_auth_callback()

    @auth_callback.setter
    def auth_callback(self, callback: AuthCallback | None) -> None:
        self.set_auth_callback(callback)

    @property
    def auth_timeout(self) -> float:
        """As the getter and the setter."""
        return self.get_auth_timeout()

    @auth_timeout.setter
    def auth_timeout(self, timeout: float) -> None:
        self.set_auth_timeout(timeout)

    @property
    def allow_object_decoding(self) -> bool:
        """As the getter and the setter."""
        return self.is_object_decoding_allowed()

    @allow_object_decoding.setter
    def allow_object_decoding(self, enable: bool) -> None:
        self.set_allow_object_decoding(enable)

    @property
    def refuse_new_connections(self) -> bool:
        """As the getter and the setter."""
        return self.is_refusing_new_connections()

    @refuse_new_connections.setter
    def refuse_new_connections(self, refuse: bool) -> None:
        self.set_refuse_new_connections(refuse)

    @property
    def server_relay(self) -> bool:
        """As the getter and the setter."""
        return self.is_server_relay_enabled()

    @server_relay.setter
    def server_relay(self, enabled: bool) -> None:
        self.set_server_relay_enabled(enabled)

    @property
    def max_sync_packet_size(self) -> int:
        """As the getter and the setter."""
        return self.get_max_sync_packet_size()

    @max_sync_packet_size.setter
    def max_sync_packet_size(self, size: int) -> None:
        self.set_max_sync_packet_size(size)

    @property
    def max_delta_packet_size(self) -> int:
        """As the getter and the setter."""
        return self.get_max_delta_packet_size()

    @max_delta_packet_size.setter
    def max_delta_packet_size(self, size: int) -> None:
        self.set_max_delta_packet_size(size)
