"""The life of a game server: probes, a drain before the end, exit codes, and Agones."""

from __future__ import annotations

import logging
import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from godot_enet.compat.enet_connection import ConnectionMethods
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.metrics.metrics import Metrics
from godot_enet.metrics.serving import Serving, connection_of, transport_of
from godot_enet.ops.agones import Agones
from godot_enet.ops.agones_link import AgonesLink
from godot_enet.ops.endpoint import Answer, Endpoint
from godot_enet.ops.kicks import DisconnectCode, kick_packet
from godot_enet.ops.seats import Seats

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ExitCode", "Server", "port_from_environment"]

_log = logging.getLogger("godot_enet.ops")
_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE
_MAX_LATE_FRAMES = 5
_NAMES_INTERVAL = 0.25
"""Seconds between updates of the list of players for Agones: with thousands of peers one takes milliseconds."""


class ExitCode(NamedIntEnum):
    """The values of :attr:`Server.exit_code`. After a second signal the process ends with 128 plus its number."""

    DRAINED = 0
    """It has ended, after all peers acknowledged everything."""
    DRAIN_LIMIT = 3
    """Peers remained when the time limit of the drain was reached; they were disconnected."""


def port_from_environment(default: int, name: str = "PORT") -> int:
    """Return the port in an environment variable, or the default if that is not set.

    Raises:
        ValueError: it is not a number of 0..65535.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError(f"{name} must be a port, 0..65535, not {text!r}")
    return int(text)


class Server:
    """Gives a game server probes, a drain and an exit code. The program still creates, services and polls it.

    A first SIGTERM or SIGINT starts to drain: the readiness probe fails, new clients are refused with
    :attr:`DisconnectCode.SHUTTING_DOWN`, and ``on_drain`` is called. When all peers are gone, or ``drain_seconds`` are
    over, :attr:`running` is False. A second signal raises ``SystemExit`` at once.

    Args:
        serving: the outermost of the classes, or its namesake of ``godot_enet.aio``: the counterpart of the class from
            which clients receive. A ``SceneMultiplayer``'s transport may be set later.
        probes: the address and port of the HTTP endpoint with ``/healthz``, ``/readyz`` and, with ``metrics``,
            ``/metrics``; None for no endpoint.
        stalled_after: seconds without network work inside ``service()`` after which the server is unhealthy.
        drain_seconds: the limit of a drain.
        on_drain: called when a drain begins, in :attr:`running`. It ends the peers at a time of its choice, such as
            after the match. By default, and if it raises, each peer is kicked with a text.
        metrics: the metrics of ``/metrics``, which count the frames of :meth:`frames`.
        seats: the seats of the server, so that their holds expire, and the seat of a kicked player is not held.
        agones: Agones' SDK server, which gets reports from a thread.
        agones_players: the name of the Agones list of connected players; None for none.
        agones_health_seconds: the time between two health messages to Agones.
        signals: the signals that drain; ``()`` outside the main thread, where Python allows no handlers.
        clock: a monotonic clock in seconds.

    Raises:
        OSError: the port of the probes cannot be bound.
        ValueError: signals outside the main thread.
    """

    def __init__(
        self,
        serving: Serving,
        *,
        probes: tuple[str, int] | None = None,
        stalled_after: float = 5.0,
        drain_seconds: float = 30.0,
        on_drain: Callable[[], object] | None = None,
        metrics: Metrics | None = None,
        seats: Seats | None = None,
        agones: Agones | None = None,
        agones_players: str | None = None,
        agones_health_seconds: float = 2.0,
        signals: Sequence[int] = (signal.SIGTERM, signal.SIGINT),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.serving = serving
        self.stalled_after = stalled_after
        self.drain_seconds = drain_seconds
        self._on_drain = on_drain
        self._metrics = metrics
        self._seats = seats
        self._clock = clock
        self._ready = False
        self._wanted: str | None = None
        """The reason to drain, once requested."""
        self._drain_until: float | None = None
        self._kicked: set[object] = set()
        self._exit_code: ExitCode | None = None
        self._before: dict[int, object] = {}
        self._endpoint = None if probes is None else Endpoint(*probes, self._routes())
        self._agones: AgonesLink | None = None
        self._lists_players = agones_players is not None
        self._next_names = -math.inf
        if not isinstance(serving, ConnectionMethods):
            serving.peer_connected.connect(self._on_connected)
            serving.peer_disconnected.connect(self._on_disconnected)
        try:
            for number in signals:
                self._before[number] = signal.signal(number, self._on_signal)
        except BaseException:
            self.close()
            raise
        if agones is not None:
            self._agones = AgonesLink(agones, self.is_healthy, agones_health_seconds, agones_players)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the endpoint, tell Agones, and restore the signal handlers. Idempotent; the game is not closed."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() has returned
        self._before.clear()
        if not isinstance(self.serving, ConnectionMethods):
            for emitted, handler in (
                (self.serving.peer_connected, self._on_connected),
                (self.serving.peer_disconnected, self._on_disconnected),
            ):
                if emitted.is_connected(handler):
                    emitted.disconnect(handler)
        if self._endpoint is not None:
            self._endpoint.close()
        if self._agones is not None:
            self._agones.close()

    # Probes

    @property
    def probe_port(self) -> int:
        """The port of the HTTP endpoint; 0 without one."""
        return 0 if self._endpoint is None else self._endpoint.port

    def ready(self) -> None:
        """Report that the server is ready for players, to ``/readyz`` and Agones. :meth:`frames` does so with its first
        frame."""
        if not self._ready:
            self._ready = True
            if self._agones is not None:
                self._agones.ready()

    def is_healthy(self) -> bool:
        """Return whether the server is active, and ``service()`` has done network work within ``stalled_after``."""
        try:
            connection = connection_of(self.serving)
            return connection is not None and 0 <= connection.get_idle_time() <= 1000 * self.stalled_after
        except RuntimeError:  # another thread holds the host's lock and does not release it
            return False

    def is_ready(self) -> bool:
        """Return whether players may join: the server is ready, healthy, and not draining."""
        return self._ready and self._wanted is None and self.is_healthy()

    def _routes(self) -> dict[str, Callable[[], Answer]]:
        routes = {"/healthz": lambda: _probe(self.is_healthy()), "/readyz": lambda: _probe(self.is_ready())}
        metrics = self._metrics
        if metrics is not None:
            routes["/metrics"] = lambda: Answer(200, *metrics.render())
        return routes

    # Frames

    @property
    def running(self) -> bool:
        """Whether to continue; read it once a frame. It does the work of a drain, and never blocks."""
        if self._exit_code is not None:
            return False
        if self._seats is not None:
            self._seats.update()
        if self._agones is not None and self._lists_players and (now := self._clock()) >= self._next_names:
            self._next_names = now + _NAMES_INTERVAL
            self._agones.set_players(self._names())
        if self._wanted is not None:
            self._drain(self._wanted)
        return self._exit_code is None

    def frames(self, rate: float = 60.0) -> Iterator[float]:
        """Yield the seconds since the last frame, ``rate`` times a second, while the server is :attr:`running`.

        Late frames are caught up on, unless more than five are missing.

        Raises:
            ValueError: the rate is not greater than 0.
        """
        if not rate > 0:
            raise ValueError(f"rate must be greater than 0, not {rate}")
        self.ready()
        due = last = self._clock()
        while self.running:
            now = self._clock()
            yield now - last
            last, took = now, self._clock() - now
            if self._metrics is not None:
                self._metrics.observe_frame(took)
            due = max(due + 1 / rate, now - _MAX_LATE_FRAMES / rate)
            time.sleep(max(0.0, due - self._clock()))

    # The end

    @property
    def draining(self) -> bool:
        """Whether it drains, or has drained."""
        return self._wanted is not None

    @property
    def exit_code(self) -> ExitCode:
        """What to pass to ``sys.exit``, once it is not :attr:`running`."""
        return self._exit_code or ExitCode.DRAINED

    def drain(self, text: str = "The server is shutting down.") -> None:
        """Start to drain, as a signal does. The work is done by :attr:`running`; may be called from any thread.

        Args:
            text: the text that the default of ``on_drain`` sends to the peers.
        """
        if self._wanted is None:
            self._wanted = text

    def kick(self, peer: int | ENetPacketPeer, text: str, code: DisconnectCode | int = DisconnectCode.KICKED) -> None:
        """Disconnect a peer, after a reliable packet with a text and all that was queued before.

        The client gets the text as an ordinary packet, which :func:`kick_text` recognizes, then its disconnect. A
        client that does not know such packets only sees the disconnect.

        Args:
            peer: its id or, of an ``ENetConnection``, the peer.
            text: why, for the player.
            code: the number in its DISCONNECT event.
        """
        remote = self._remote(peer)
        if remote is None or not remote.is_active():
            return
        packet = kick_packet(text)
        if isinstance(self.serving, SceneMultiplayer):
            assert isinstance(peer, int)
            if peer in self.serving.get_peers():
                self.serving.send_bytes(packet, peer, _RELIABLE)
            if self._seats is not None:
                self._seats.release(peer)
        elif remote.get_state() == ENetPacketPeer.STATE_CONNECTED:
            remote.send(0, packet, ENetPacketPeer.FLAG_RELIABLE)
        remote.peer_disconnect_later(code)
        number = peer if isinstance(peer, int) else None
        about = {"peer": number, "reason": text, "address": str(remote._address)}
        _log.info("Kicked peer %s: %s", peer if number else remote._address, text, extra=about)

    def _remote(self, peer: int | ENetPacketPeer) -> ENetPacketPeer | None:
        if isinstance(peer, ENetPacketPeer):
            return peer
        transport = transport_of(self.serving)
        return transport._peers.get(peer) if isinstance(transport, ENetMultiplayerPeer) else None

    def _peers(self) -> list[int] | list[ENetPacketPeer]:
        """The peers as :meth:`kick` takes them."""
        transport = transport_of(self.serving)
        if isinstance(transport, ENetMultiplayerPeer):
            return list(transport._peers)
        connection = connection_of(self.serving)
        return [] if connection is None else connection.get_peers()

    def _names(self) -> list[str]:
        """The peers as Agones' list shows them: their ids or, of an ``ENetConnection``, their addresses."""
        peers = list(self.serving.get_peers()) if isinstance(self.serving, SceneMultiplayer) else self._peers()
        # Each once: an address has several peers after a client's crash, until the first one times out.
        return sorted({str(peer) if isinstance(peer, int) else str(peer._address) for peer in peers})

    def _on_connected(self, peer: int) -> None:
        remote = self._remote(peer)
        if remote is not None:
            about = {"peer": peer, "address": str(remote._address)}
            _log.info("Peer %d connected from %s.", peer, remote._address, extra=about)

    def _on_disconnected(self, peer: int) -> None:
        remote = self._remote(peer)
        if remote is not None:
            reason = remote._why[0].name
            about = {"peer": peer, "address": str(remote._address), "reason": reason}
            _log.info("Peer %d disconnected: %s.", peer, reason, extra=about)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._wanted is not None:
            raise SystemExit(128 + number)
        self.drain()

    def _drain(self, text: str) -> None:
        """Do the work of a drain in one frame."""
        connection = connection_of(self.serving)
        if self._drain_until is None:
            self._drain_until = self._clock() + self.drain_seconds
            _log.info("Draining for up to %g s: %s", self.drain_seconds, text, extra={"reason": text})
            if connection is not None:
                connection.refuse_connects(True, DisconnectCode.SHUTTING_DOWN)
            self._begin_drain()
        if self._on_drain is None:
            self._kick_all()  # in each frame, since some may have been about to connect
        summary = None if connection is None else connection.summary()
        if summary is None or not summary.connecting + summary.connected + summary.disconnecting:
            self._end(ExitCode.DRAINED, "The server has drained.")
        elif self._clock() >= self._drain_until:
            assert connection is not None
            self._end_peers(connection)
            self._end(ExitCode.DRAIN_LIMIT, "The drain's time is over, and its last peers were disconnected.")

    def _begin_drain(self) -> None:
        """Let the program begin to end its peers. If that fails, they are kicked here."""
        if self._on_drain is None:
            return
        try:
            self._on_drain()
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            _log.exception("on_drain failed, so the peers are kicked at once.")
            self._on_drain = None

    def _kick_all(self) -> None:
        for peer in self._peers():
            if peer not in self._kicked:
                self._kicked.add(peer)
                self.kick(peer, self._wanted or "", DisconnectCode.SHUTTING_DOWN)

    def _end_peers(self, connection: ConnectionMethods) -> None:
        for peer in connection.get_peers():
            peer.peer_disconnect_now(DisconnectCode.SHUTTING_DOWN)

    def _end(self, code: ExitCode, text: str) -> None:
        self._exit_code = code
        _log.log(logging.INFO if code is ExitCode.DRAINED else logging.WARNING, text)


def _probe(good: bool) -> Answer:
    return Answer(200, b"ok\n") if good else Answer(503, b"no\n")
