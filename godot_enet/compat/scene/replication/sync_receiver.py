"""Handles SYNC and DELTA packets: sets the values of synchronizers that a remote has authority over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.replication.decoding import StateError, decode_state
from godot_enet.compat.scene.replication.packets import (
    DELTA,
    DELTA_ELEMENT,
    PATH_ID,
    SYNC_ELEMENT,
    SYNC_HEAD,
    TOO_LARGE,
)
from godot_enet.compat.scene.replication.property_paths import PropertyError, write_all
from godot_enet.compat.scene.replication.state import ReplicationState, place
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic
from godot_enet.compat.scene.scene_commands import SYNC
from godot_enet.compat.steps import Steps

if TYPE_CHECKING:
    from godot_enet.compat.scene.path_cache import PathCache
    from godot_enet.compat.scene.remote_sender import RemoteSender
    from godot_enet.compat.scene.replication.limits import ReplicationLimits

__all__ = ["SyncReceiver"]

_SHORTEST = 11
_DELTA_FLAG = DELTA & ~SYNC
_NOT_OURS = "Ignoring sync data from non-authority or for missing node."
_NO_DELTA = "Ignoring delta for non-authority or invalid synchronizer."


class SyncReceiver:
    """Receives the values of one multiplayer.

    Args:
        state: the state of the replicator.
        cache: the path ids of remotes.
        limits: the limits of each packet.
        reporter: counts and logs rejected packets.
        traffic: counts packets.
        current_sender: is set to the sender of the packet that is being handled.
    """

    # godot: scene_replication_interface.cpp: on_sync_receive, on_delta_receive

    def __init__(
        self,
        state: ReplicationState,
        cache: PathCache,
        limits: ReplicationLimits,
        reporter: SceneReporter,
        traffic: SceneTraffic,
        current_sender: RemoteSender,
    ) -> None:
        self.state = state
        self.cache = cache
        self.limits = limits
        self.reporter = reporter
        self.traffic = traffic
        self.current_sender = current_sender

    def receive(self, sender: int, packet: bytes) -> Steps | None:
        """Return the steps that handle a SYNC or DELTA packet."""
        if len(packet) < _SHORTEST:
            self.reporter.refuse(SceneDrop.MALFORMED, sender, ["Invalid sync packet received"], "")
            return None
        kind = _Deltas if packet[0] & _DELTA_FLAG else _Syncs
        return [kind(self, sender, packet).work]

    def find(self, sender: int, number: bytes) -> tuple[MultiplayerSynchronizer | None, list[str]]:
        """The synchronizer with the sender's number, and errors if there is none."""
        if number[3] & 0x80:
            found, lines = self.cache.find(sender, int.from_bytes(number, "little") & ~PATH_ID)
            return (found if isinstance(found, MultiplayerSynchronizer) else None), lines
        peer = self.state.peers.get(sender)
        return (None if peer is None else peer.recv_sync_ids.get(number)), []


class _Elements:
    """The elements of one packet, in order.

    Signals are emitted in between, as separate steps. An interrupted step is repeated from the unfinished element on.
    """

    head: int
    """Bytes before the values of an element."""
    position: int

    def __init__(self, receiver: SyncReceiver, sender: int, packet: bytes) -> None:
        self.receiver = receiver
        self.sender = sender
        self.packet = packet
        self.begun = 0
        """The number of elements handled so far."""

    def work(self, steps: Steps) -> None:
        """A step, up to the next signal or the end."""
        length, head, most = len(self.packet), self.head, self.receiver.limits.elements_per_packet
        while self.position + head < length:
            if self.begun >= most:
                self.refuse([f"more than {most} synchronizers"], "", SceneDrop.REPLICATION_LIMIT)
                break
            self.begun += 1
            start = self.position + head
            size = int.from_bytes(self.packet[start - 4 : start], "little")
            if size > length - start:
                self.refuse([TOO_LARGE], "", SceneDrop.MALFORMED)
                break
            signal_steps = self.take(start, size)
            if signal_steps is None:
                break
            self.position = start + size
            if signal_steps:
                steps[0:0] = self.receiver.current_sender.during(self.sender, signal_steps)
                return
        del steps[0]

    def take(self, start: int, size: int) -> Steps | None:
        """Set the values of one element. Returns the steps that follow; None if the rest of the packet is ignored."""
        raise NotImplementedError

    def refuse(self, lines: list[str], path: str, cause: SceneDrop = SceneDrop.SYNC) -> None:
        self.receiver.reporter.refuse(cause, self.sender, lines, path)


class _Syncs(_Elements):
    """The elements of a SYNC packet."""

    head = SYNC_ELEMENT.size

    def __init__(self, receiver: SyncReceiver, sender: int, packet: bytes) -> None:
        super().__init__(receiver, sender, packet)
        self.position = SYNC_HEAD.size
        self._time = int(SYNC_HEAD.unpack_from(packet)[1])
        self._accepted = 0
        """The offset of the element whose time was accepted, since a repeated element must not count as old."""

    def take(self, start: int, size: int) -> Steps | None:
        receiver, sender = self.receiver, self.sender
        synchronizer, lines = receiver.find(sender, self.packet[self.position : self.position + 4])
        if synchronizer is None:
            receiver.reporter.refuse(SceneDrop.SYNC, sender, lines, "")
            return []
        root = synchronizer._root
        if synchronizer._authority != sender or root is None or root._freed:
            self.refuse([_NOT_OURS], place(synchronizer))
            return []
        if self._accepted != start:
            if not synchronizer._is_new(self._time):
                return []
            self._accepted = start
        config = synchronizer._config
        if config is None:  # Godot crashes
            self.refuse(['Parameter "sync->get_replication_config_ptr()" is null.'], place(synchronizer))
            return None
        paths = config._by_use().sync
        try:
            values, _ = decode_state(self.packet[start : start + size], len(paths))
            write_all(paths, root, values)
        except StateError as error:
            self.refuse([*error.lines, 'Condition "err" is true. Returning: err'], place(synchronizer))
            return None
        except PropertyError as error:
            self.refuse([*error.lines, 'Condition "err" is true. Returning: err'], place(synchronizer))
            return None
        receiver.traffic.count(SceneCount.SYNCS_RECEIVED, self.head + size, synchronizer)
        return _emission(synchronizer, "synchronized")


class _Deltas(_Elements):
    """The elements of a DELTA packet."""

    head = DELTA_ELEMENT.size

    def __init__(self, receiver: SyncReceiver, sender: int, packet: bytes) -> None:
        super().__init__(receiver, sender, packet)
        self.position = 1

    def take(self, start: int, size: int) -> Steps | None:
        receiver, sender = self.receiver, self.sender
        number, bits, _ = DELTA_ELEMENT.unpack_from(self.packet, self.position)
        synchronizer, lines = receiver.find(sender, self.packet[self.position : self.position + 4])
        root = None if synchronizer is None else synchronizer._root
        if synchronizer is None or synchronizer._authority != sender or root is None or root._freed:
            self.refuse([*lines, _NO_DELTA], f"number {number}" if synchronizer is None else place(synchronizer))
            return []
        config = synchronizer._config
        if config is None:
            lines = ['Condition "replication_config.is_null()" is true. Returning: out']
        paths = [] if config is None else config._by_use().watch
        chosen = [path for index, path in enumerate(paths) if bits >> index & 1]
        if not chosen:
            lines.append('Condition "props.is_empty()" is true. Returning: ERR_INVALID_DATA')
            self.refuse(lines, place(synchronizer))
            return None
        try:
            values, used = decode_state(self.packet[start : start + size], len(chosen))
            if used != size:
                raise StateError
            write_all(chosen, root, values)
        except StateError as error:
            last = "err != OK" if error.lines else "uint32_t(consumed) != size"
            code = "err" if error.lines else "ERR_INVALID_DATA"
            self.refuse([*error.lines, f'Condition "{last}" is true. Returning: {code}'], place(synchronizer))
            return None
        except PropertyError as error:
            self.refuse([*error.lines, 'Condition "err != OK" is true. Returning: err'], place(synchronizer))
            return None
        receiver.traffic.count(SceneCount.DELTAS_RECEIVED, self.head + size, synchronizer)
        return _emission(synchronizer, "delta_synchronized")


def _emission(synchronizer: MultiplayerSynchronizer, name: str) -> Steps:
    """The steps of a signal; none if nothing is connected, at little cost."""
    signal = synchronizer.__dict__.get(name)
    return [] if signal is None or not signal._slots else signal._steps()
