"""Records the traffic on the wire, as a stage around a transport or a listener of a virtual network."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.host import with_stage
from godot_enet.core.interface import Address, Datagram, HostView, Transport
from godot_enet.recording.format import DEFAULT_LIMIT, Moment, RecordedDatagram, RecordingWriter

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["METHODS_NOTE", "SCENE_NOTE", "Recorder", "record"]

_log = logging.getLogger("godot_enet")
_INACTIVE = "the connection is not active: call create_host first"
_ENCRYPTED = (
    "the connection is encrypted, and would be recorded decrypted: call record() before dtls_server_setup() or "
    "dtls_client_setup() to record what goes over the wire, or pass decrypted=True"
)
_SHARDS = "several shards have connections: call record() before clients connect"
_UNBOUND = Address("0.0.0.0", 0)
METHODS_NOTE = "methods."
"""Before the checksum of a list of RPC methods: each method as ``number:name``, with commas in between."""
SCENE_NOTE = "multiplayer"
"""The note of a recording with packets of a SceneMultiplayer."""


class Recorder:
    """Writes a recording until :meth:`close`; made by :func:`record` and by ``Network.record``.

    It also ends when its limit is reached, when the file cannot be written, which is logged, and when the connection is
    destroyed. The connection continues. Any thread may call its methods. ``with`` closes it.

    Args:
        path: the file, which is replaced.
        limit: bytes before compression after which nothing more is recorded.

    Raises:
        OSError: the file cannot be created.
    """

    def __init__(self, path: str | Path, limit: int = DEFAULT_LIMIT) -> None:
        self.path = Path(path)
        self.datagrams = 0
        """Number of recorded datagrams."""
        self._lock = threading.RLock()  # a signal handler may close it in the middle of a call
        self._writer: RecordingWriter | None = RecordingWriter(self.path.open("wb"), limit)
        self._began: int | None = None

    def __repr__(self) -> str:
        state = "recording" if self.is_recording else "closed"
        return f"<Recorder {str(self.path)!r} {state}, {self.datagrams} datagrams>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_recording(self) -> bool:
        """Whether datagrams are still written."""
        return self._writer is not None

    def note(self, name: str, value: str) -> None:
        """Add a note: see :attr:`Recording.notes <godot_enet.recording.Recording.notes>`."""
        with self._lock:
            if self._writer is not None:
                try:
                    self._writer.note(name, value)
                except OSError as error:
                    self._abandon(self._writer, error)

    def note_methods(self, tree: SceneTree | Node) -> None:
        """Note the names of all RPC methods of a tree, which are not sent: Godot sends their numbers.

        Call it again after new scenes were added.
        """
        waiting = [tree.root if isinstance(tree, SceneTree) else tree]
        while waiting:
            node = waiting.pop()
            waiting += node.get_children()
            table = node._table()
            if table.ids:
                names = ",".join(f"{number}:{name}" for name, number in table.ids.items() if name.isidentifier())
                self.note(METHODS_NOTE + table.checksum, names)

    def datagram(self, now: int, moment: Moment, source: Address, destination: Address, data: bytes) -> None:
        """Record one datagram, at ``now`` milliseconds."""
        with self._lock:
            writer = self._writer
            if writer is None:
                return
            if self._began is None:
                self._began = now
            try:
                writer.datagram(RecordedDatagram((now - self._began) * 1000, moment, source, destination, data))
            except OSError as error:
                self._abandon(writer, error)
                return
            if writer.is_full:
                _log.warning("Recording stopped: %s has reached its limit.", self.path)
                self.close()
            else:
                self.datagrams += 1

    def _abandon(self, writer: RecordingWriter, error: OSError) -> None:
        _log.warning("Recording stopped: cannot write %s: %s.", self.path, error.strerror or error)
        self._writer = None
        writer.abandon()

    def close(self) -> None:
        """Stop recording, and complete the file. Idempotent."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                try:
                    writer.close()
                except OSError as error:
                    _log.warning("Recording is incomplete: cannot write %s: %s.", self.path, error.strerror or error)


class _RecordingTransport(ForwardingTransport):
    """A :class:`~godot_enet.core.interface.Transport` that records its traffic."""

    def __init__(self, inner: Transport, recorder: Recorder) -> None:
        super().__init__(inner)
        self._recorder = recorder
        self._address: Address | None = None

    def _local(self) -> Address:
        if self._address is None:
            self._address = self._inner.local_address()  # None until the first datagram was sent
        return self._address or _UNBOUND

    def receive(self, limit: int, now: int) -> list[Datagram]:
        arrived = self._inner.receive(limit, now)
        if arrived and self._recorder.is_recording:
            here = self._local()
            for data, address in arrived:
                self._recorder.datagram(now, Moment.ARRIVED, address, here, data)
        return arrived

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        batch = list(batch)
        taken = self._inner.send(batch, now)
        if self._recorder.is_recording:
            here = self._local()
            for data, address in batch:
                self._recorder.datagram(now, Moment.SENT, here, address, data)
        return taken

    def close(self) -> None:
        self._inner.close()
        self._recorder.close()


def record(
    connection: ENetConnection | ENetMultiplayerPeer,
    path: str | Path,
    *,
    methods: SceneTree | Node | None = None,
    limit: int = DEFAULT_LIMIT,
    decrypted: bool = False,
) -> Recorder:
    """Record all datagrams of an active connection, with their times in milliseconds.

    A recording contains everything that is sent: chat, passwords, the addresses of players. Before
    ``dtls_server_setup`` or ``dtls_client_setup`` it contains the encrypted datagrams, and never a key.

    The engine of a native host stays in C; its socket and network thread move to Python, as for
    :class:`~godot_enet.tools.bad_network.BadNetwork`. A connection that is not recorded has no costs.

    Args:
        connection: after ``create_host``, ``create_server`` or the like. To replay it, begin before the first client
            connects, or before ``connect_to_host``.
        path: the file, which is replaced.
        methods: a tree whose RPC methods are noted by name: see :meth:`Recorder.note_methods`.
        limit: bytes before compression after which nothing more is recorded, at most 256 MiB.
        decrypted: whether to record an encrypted connection as plain text.

    Returns:
        The recorder; close it at the end.

    Raises:
        ValueError: the connection is inactive, or encrypted without ``decrypted``, or has several shards with
            connections, or ended because its host cannot be served from Python (the log says so).
        OSError: the file cannot be created.
    """
    is_multiplayer = isinstance(connection, ENetMultiplayerPeer)
    host = connection.host if isinstance(connection, ENetMultiplayerPeer) else connection
    if host is None or host._host is None:
        raise ValueError(_INACTIVE)
    if host._setup.dtls is not None and not decrypted:
        raise ValueError(_ENCRYPTED)
    recorder = Recorder(path, limit)
    recorder.note("started", datetime.now(timezone.utc).isoformat(timespec="seconds"))
    if is_multiplayer:
        recorder.note(SCENE_NOTE, "scene")
    if methods is not None:
        recorder.note_methods(methods)

    def stage(transport: Transport, _view: HostView) -> Transport:
        return _RecordingTransport(transport, recorder)

    outcome = host._replace_host(lambda old: with_stage(old, stage))
    if outcome is not Error.OK:
        recorder.close()
        raise ValueError(_SHARDS if outcome is Error.ERR_UNAVAILABLE else _INACTIVE)
    return recorder
