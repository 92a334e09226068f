"""MultiplayerSynchronizer: replicates properties of a node to all peers that may see it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from godot_enet.compat.coroutines import at_once
from godot_enet.compat.errors import as_float, as_int, fail, log_exception
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.revision import revision
from godot_enet.compat.scene.replication.watchers import Watchers
from godot_enet.compat.signal import SignalProperty, same_callable
from godot_enet.compat.variant import NodePath
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI

__all__ = ["MultiplayerSynchronizer", "VisibilityFilter"]

VisibilityFilter = Callable[[int], bool]

_INTERVAL = "Interval must be greater or equal to 0 (where 0 means default)"
_BAD_FILTER = (
    'Condition "err.error != Callable::CallError::CALL_OK || ret.get_type() != Variant::BOOL" is true. Returning: false'
)


class MultiplayerSynchronizer(Node):
    """Sends properties of its root node, and of nodes below that, to all peers that may see them.

    Only the peer with authority over the synchronizer sends; the others receive. All peers need a synchronizer at the
    same path and with the same configuration.

    The authority decides which peers may see it: those allowed by :meth:`set_visibility_for`, where 0 stands for all
    peers, except those that a visibility filter rejects. A node that a :class:`MultiplayerSpawner` has made exists only
    at the peers that may see one of its synchronizers.
    """

    class VisibilityUpdateMode(NamedIntEnum):
        """When the visibility filters of a synchronizer are evaluated."""

        VISIBILITY_PROCESS_IDLE = 0
        """In each frame, and by ``update_visibility``."""
        VISIBILITY_PROCESS_PHYSICS = 1
        """In each physics frame, and by ``update_visibility``."""
        VISIBILITY_PROCESS_NONE = 2
        """Only by ``update_visibility``."""

    VISIBILITY_PROCESS_IDLE = VisibilityUpdateMode.VISIBILITY_PROCESS_IDLE
    VISIBILITY_PROCESS_PHYSICS = VisibilityUpdateMode.VISIBILITY_PROCESS_PHYSICS
    VISIBILITY_PROCESS_NONE = VisibilityUpdateMode.VISIBILITY_PROCESS_NONE

    synchronized = SignalProperty[[]]()
    """Properties that are always sent were received and set."""
    delta_synchronized = SignalProperty[[]]()
    """Properties that are sent on change were received and set."""
    visibility_changed = SignalProperty[[int]]("for_peer")
    """The visibility for a peer, or with 0 for all, is evaluated again; emitted at the authority."""

    _native_class = "MultiplayerSynchronizer"

    _root_path: NodePath
    _sync_interval: int
    _delta_interval: int
    """Microseconds."""
    _config: SceneReplicationConfig | None
    _update_mode: int
    _peers: set[int]
    _filters: list[VisibilityFilter]
    _root: Node | None
    """The root node, while it is registered with a multiplayer."""
    _api: Callable[[], MultiplayerAPI | None]
    """The multiplayer where it is registered: its part of the tree may have another one by now."""
    _net_id: int
    _last_sync: int
    """The time of the last SYNC, in microseconds."""
    _last_inbound: int
    _started: bool
    """Whether a SYNC was received, which had the time ``_last_inbound``."""
    _watchers: Watchers
    _sync_element: bytes | list[str] | None
    """Its element in the SYNC packets of a step, or the errors if there is none."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        node = super().__new__(cls, *args, **kwargs)
        node._root_path = NodePath("..")
        node._sync_interval = node._delta_interval = 0
        node._config = None
        node._update_mode = int(cls.VISIBILITY_PROCESS_IDLE)
        node._peers = {0}
        node._filters = []
        node._root = None
        node._api = _no_api
        node._reset()
        return node

    # Its properties

    def get_root_path(self) -> NodePath:
        """Return the path from here to the node at which the paths of properties start; the parent by default."""
        return self._root_path

    def set_root_path(self, path: NodePath | str) -> None:
        """Set the node at which the paths of properties start. It must exist when the synchronizer enters the tree."""
        value = NodePath(path)
        if value != self._root_path:
            self._stop()
            self._root_path = value
            self._start()

    def get_replication_config(self) -> SceneReplicationConfig | None:
        """Return the configuration with the properties; None by default."""
        return self._config

    def set_replication_config(self, config: SceneReplicationConfig | None) -> None:
        """Set the configuration with the properties; the same at all peers."""
        if config is not None and not isinstance(config, SceneReplicationConfig):
            raise TypeError(f"config must be a SceneReplicationConfig, not {type(config).__name__}")
        self._config = config
        revision.count += 1

    def get_replication_interval(self) -> float:
        """Return the seconds between two SYNC packets; with 0, the default, there is one in each poll."""
        return self._sync_interval / 1_000_000

    def set_replication_interval(self, milliseconds: float) -> None:
        """Set the time between two SYNC packets: in seconds, whatever Godot's name for the argument says."""
        value = as_float(milliseconds, "milliseconds")
        if value < 0:
            return fail(_INTERVAL, None, detail=f"got {value}")
        self._sync_interval = int(value * 1000 * 1000)
        revision.count += 1
        return None

    def get_delta_interval(self) -> float:
        """Return the seconds between two DELTA packets; with 0, the default, changes are sent in the next poll."""
        return self._delta_interval / 1_000_000

    def set_delta_interval(self, milliseconds: float) -> None:
        """Set the time between two DELTA packets: in seconds, whatever Godot's name for the argument says."""
        value = as_float(milliseconds, "milliseconds")
        if value < 0:
            return fail(_INTERVAL, None, detail=f"got {value}")
        self._delta_interval = int(value * 1000 * 1000)
        revision.count += 1
        return None

    # Visibility

    def get_visibility_update_mode(self) -> VisibilityUpdateMode:
        """Return when filters are evaluated. (As in Godot, any number can be set and is returned.)"""
        try:
            return MultiplayerSynchronizer.VisibilityUpdateMode(self._update_mode)
        except ValueError:
            return self._update_mode  # type: ignore[return-value]

    def set_visibility_update_mode(self, mode: VisibilityUpdateMode | int) -> None:
        """Set when filters are evaluated."""
        self._update_mode = as_int(mode, "mode")
        self._update_process()

    def update_visibility(self, for_peer: int = 0) -> None:
        """Evaluate the visibility again for one peer, or for all with 0. Without effect unless this end is its
        authority."""
        peer = as_int(for_peer, "for_peer")
        api = self.get_multiplayer()
        if api is None or self._find_root() is None or not api.has_multiplayer_peer():
            return
        if self._authority == api.get_unique_id():
            self.visibility_changed.emit(peer)

    def is_visibility_public(self) -> bool:
        """Return whether all peers that no filter rejects may see it; True by default."""
        return 0 in self._peers

    def set_visibility_public(self, visible: bool) -> None:
        """Let all peers see it, or only those allowed by :meth:`set_visibility_for`."""
        self.set_visibility_for(0, visible)

    def get_visibility_for(self, peer: int) -> bool:
        """Return whether a peer was allowed to see it by :meth:`set_visibility_for`."""
        return as_int(peer, "peer") in self._peers

    def set_visibility_for(self, peer: int, visible: bool) -> None:
        """Let a peer see it, or not; 0 stands for all peers."""
        number, value = as_int(peer, "peer"), as_bool(visible, "visible")
        if (number in self._peers) == value:
            return
        if value:
            self._peers.add(number)
        else:
            self._peers.discard(number)
        self.update_visibility(number)

    def add_visibility_filter(self, filter: VisibilityFilter) -> None:
        """Add a filter: a callable that takes the id of a peer, or 0 for all, and returns True or False.

        If it returns False, the peer does not see the synchronizer. It should have no side effects, and be quick.
        """
        if not callable(filter):
            raise TypeError(f"filter must be callable, not {type(filter).__name__}")
        if not any(same_callable(filter, known) for known in self._filters):
            self._filters.append(filter)
        self._update_process()

    def remove_visibility_filter(self, filter: VisibilityFilter) -> None:
        """Remove a filter."""
        for index, known in enumerate(self._filters):
            if same_callable(filter, known):
                last = self._filters.pop()  # it takes the place, as in Godot's sets
                if index < len(self._filters):
                    self._filters[index] = last
                break
        self._update_process()

    def set_multiplayer_authority(self, id: int, recursive: bool = True) -> None:
        """Set the peer that sends; replication starts over with it. See :meth:`Node.set_multiplayer_authority`."""
        number = as_int(id, "id")
        if number == self._authority:
            return
        self._stop()
        super().set_multiplayer_authority(number, recursive)
        self._start()

    # Its life in the tree

    def _native_notification(self, what: int) -> None:
        super()._native_notification(what)
        if what == self.NOTIFICATION_ENTER_TREE and not self._root_path.is_empty():
            self._start()
        elif what == self.NOTIFICATION_EXIT_TREE:
            self._stop()
        elif what in (self.NOTIFICATION_INTERNAL_PROCESS, self.NOTIFICATION_INTERNAL_PHYSICS_PROCESS):
            self.update_visibility(0)

    def _find_root(self) -> Node | None:
        found = None if self._tree is None else self.get_node_or_null(self._root_path)
        return found if isinstance(found, Node) else None

    def _start(self) -> None:
        # godot: multiplayer_synchronizer.cpp: _start
        self._reset()
        self._root = self._find_root()
        api = self.get_multiplayer()
        if self._root is not None and api is not None:
            self._api = weakref.ref(api)
            api.object_configuration_add(self._root, self)
            self._update_process()

    def _stop(self) -> None:
        # godot: multiplayer_synchronizer.cpp: _stop; but where the root is not found any more it ends nevertheless
        root, self._root = self._root, None
        api = self._api()
        if root is not None and api is not None:
            api.object_configuration_remove(root, self)
        self._reset()

    def _reset(self) -> None:
        """Forget what was sent and received."""
        self._net_id = 0
        self._last_sync = 0
        self._last_inbound = 0
        self._started = False
        self._watchers = Watchers()
        self._sync_element = None
        revision.count += 1

    def _update_process(self) -> None:
        if self._find_root() is None:
            return
        mode = self._update_mode if self._filters else self.VISIBILITY_PROCESS_NONE
        self.set_process_internal(mode == self.VISIBILITY_PROCESS_IDLE)
        self.set_physics_process_internal(mode == self.VISIBILITY_PROCESS_PHYSICS)

    # For the replicator

    def _is_visible_to(self, peer: int) -> bool:
        """Whether a peer may see it, or with 0 whether all may."""
        for visible in list(self._filters):
            try:
                answer = visible(peer)
                if not isinstance(answer, bool):
                    at_once(answer)
            except Exception as error:
                if raised_by_signal_handler(error):
                    raise
                log_exception(f"Error calling a visibility filter of '{self._name}'.", error)
                return fail(_BAD_FILTER, False)
            if not isinstance(answer, bool):
                return fail(_BAD_FILTER, False)
            if not answer:
                return False
        return 0 in self._peers or peer in self._peers

    def _is_new(self, time: int) -> bool:
        """Return whether a received SYNC with this time is no older than the last one; if so, it becomes the last
        one."""
        # godot: multiplayer_synchronizer.cpp: update_inbound_sync_time; no arithmetic modulo 65536
        if self._started and time <= self._last_inbound and self._last_inbound - time < 32767:
            return False
        self._started = True
        self._last_inbound = time
        return True

    # Properties

    @property
    def root_path(self) -> NodePath:
        """As :meth:`get_root_path`; can be set."""
        return self.get_root_path()

    @root_path.setter
    def root_path(self, path: NodePath | str) -> None:
        self.set_root_path(path)

    @property
    def replication_config(self) -> SceneReplicationConfig | None:
        """As :meth:`get_replication_config`; can be set."""
        return self.get_replication_config()

    @replication_config.setter
    def replication_config(self, config: SceneReplicationConfig | None) -> None:
        self.set_replication_config(config)

    @property
    def replication_interval(self) -> float:
        """As :meth:`get_replication_interval`; can be set."""
        return self.get_replication_interval()

    @replication_interval.setter
    def replication_interval(self, seconds: float) -> None:
        self.set_replication_interval(seconds)

    @property
    def delta_interval(self) -> float:
        """As :meth:`get_delta_interval`; can be set."""
        return self.get_delta_interval()

    @delta_interval.setter
    def delta_interval(self, seconds: float) -> None:
        self.set_delta_interval(seconds)

    @property
    def visibility_update_mode(self) -> VisibilityUpdateMode:
        """As :meth:`get_visibility_update_mode`; can be set."""
        return self.get_visibility_update_mode()

    @visibility_update_mode.setter
    def visibility_update_mode(self, mode: VisibilityUpdateMode | int) -> None:
        self.set_visibility_update_mode(mode)

    @property
    def public_visibility(self) -> bool:
        """As :meth:`is_visibility_public`; can be set."""
        return self.is_visibility_public()

    @public_visibility.setter
    def public_visibility(self, visible: bool) -> None:
        self.set_visibility_public(visible)


def _no_api() -> None:
    """The reference of a synchronizer that is not registered."""
