"""What all bots have in common: their life, their requests, and exceptions in their methods."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from godot_enet.compat.addresses import parse_ip, resolve
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.core import DisconnectReason, HostConfig
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.constants import Command
from godot_enet.load.profiles import Impairment, NetworkProfile, NetworkTimeline
from godot_enet.load.recorder import describe, method_of, text_of
from godot_enet.load.requests import OpenRequest, OpenRequests

if TYPE_CHECKING or "locust" not in sys.modules:
    from godot_enet.load.plain_base import PlainBase as Base
else:
    from godot_enet.load.locust_base import make_base

    Base = make_base()

if TYPE_CHECKING:
    from godot_enet.compat.crypto import TLSOptions

__all__ = ["ENDED_HERE", "LoadUser", "parse_host"]

ENDED_HERE = "ended on the side of the bot; the log may have the reason"

_CHECK_INTERVAL = 1.0
_COARSE_RATE = 20.0
"""Frames per second below which frames alone are too rare for ENet's deadlines."""


def parse_host(text: str) -> tuple[str, int]:
    """Return the address and port of ``"HOST:PORT"``, which may begin with ``enet://``.

    Raises:
        ValueError: it is something else.
    """
    address, _, port = text.partition("://")[2 if "://" in text else 0].rstrip("/").rpartition(":")
    if not address or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"the host of a bot must be ADDRESS:PORT, not {text!r}")
    return address.removeprefix("[").removesuffix("]"), int(port)


@cache
def _address_of(name: str) -> str:
    """Return the IP address of a name; it is looked up once for all bots."""
    if parse_ip(name) is not None or "%" in name:
        return name
    found = resolve(name)
    if not found:
        raise ValueError(f"the name {name!r} has no address")
    return found[0]


class LoadUser(Base):
    """The base of :class:`ENetUser` and :class:`GodotUser`."""

    abstract: ClassVar[bool] = True
    frame_rate: float = 30.0
    """Calls of :meth:`on_frame` per second."""
    network: NetworkProfile | NetworkTimeline | None = None
    """The network between the bot and the server; None adds nothing to the real one."""
    compression: int = ENetConnection.COMPRESS_NONE
    """A mode of :meth:`~godot_enet.ENetConnection.compress`, which must be that of the server."""
    tls_options: TLSOptions | None = None
    """``TLSOptions.client()`` or ``client_unsafe()`` to encrypt with DTLS."""
    tls_hostname: str = ""
    """The name in the server's certificate; by default the address in ``host``."""
    config: HostConfig | None = None
    """Settings of ENet, as for :class:`~godot_enet.ENetConnection`."""
    connect_timeout: float = 10.0
    """Seconds after which a connection attempt has failed."""
    reply_timeout: float = 10.0
    """Seconds after which a request has failed for want of an answer."""
    ping_interval: float = 1.0
    """Seconds between samples of ENet's own round-trip time, ``ENET round trip``: 1 or more, or 0 for none."""

    has_ended: bool
    """Whether the bot plays no more."""
    _clock = staticmethod(perf_counter)
    _created = 0

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        LoadUser._created += 1
        self._seed = LoadUser._created
        self._record = self._make_recorder()
        self._requests = OpenRequests()
        self._connection: ENetConnection | None = None
        self._remote: ENetPacketPeer | None = None
        self._impairment: Impairment | None = None
        self._descriptor = -1
        self._needs_deadlines = False
        self._is_connected = False
        self.has_ended = False
        self._began = 0.0
        self._next_check = 0.0
        self._next_sample = 0.0

    # For the program

    @property
    def is_connected(self) -> bool:
        """Whether the bot is connected: from :meth:`on_connected` on, until its connection has ended."""
        return self._is_connected

    def on_connected(self) -> None:
        """Called when the bot is connected. Override it."""

    def on_frame(self, delta: float) -> None:
        """Called in each frame while the bot is connected. Override it.

        Args:
            delta: seconds since the last frame.
        """

    def on_disconnected(self, reason: str) -> None:
        """Called when the connection has ended or failed, unless the bot has ended it. Override it.

        Args:
            reason: why, in words, as the results have it.
        """

    def quit(self) -> None:
        """Disconnect and end the bot, without a failure."""
        self.has_ended = True

    def begin_request(self, name: str, key: Hashable = None) -> None:
        """Begin to measure a request, until :meth:`end_request`.

        Without an answer within :attr:`reply_timeout`, or when the connection ends, it fails.

        Args:
            name: the request, as the results have it.
            key: tells requests of the same name apart. Without one, the first answer belongs to the oldest request,
                which is wrong where packets may be lost.
        """
        self._begin("PACKET", name, (name, key))

    def end_request(self, name: str, key: Hashable = None, *, size: int = 0, failure: str = "") -> None:
        """Report the answer to a request: its round-trip time is that from :meth:`begin_request` to now.

        Args:
            name: as for :meth:`begin_request`.
            key: as for :meth:`begin_request`.
            size: bytes of the answer.
            failure: why the answer is wrong; empty if it is right.

        An answer to no open request, such as one that comes too late, is ignored.
        """
        self._end((name, key), size, failure)

    # Requests and failures

    def _begin(self, kind: str, name: str, key: Hashable) -> None:
        self._requests.begin(key, OpenRequest(kind, name, self._clock()))

    def _end(self, key: Hashable, size: int, failure: str = "") -> None:
        request = self._requests.end(key)
        if request is not None:
            self._report(request.kind, request.name, self._clock() - request.began, size, failure)

    def _report(self, kind: str, name: str, seconds: float, size: int = 0, failure: str = "") -> None:
        self._record.request(kind, name, seconds, size, failure)

    def _call(self, method: Callable[..., object], *arguments: object) -> None:
        """Call a method of the program. An exception is counted and shown, and the bot goes on."""
        try:
            method(*arguments)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            self._on_exception(error, getattr(method, "__qualname__", "a method"))

    def _on_exception(self, error: BaseException, default: str) -> None:
        if isinstance(error, self._stop_exceptions):
            self.quit()
            return
        name = method_of(error, default)
        self._report("METHOD", name, 0.0, failure=describe(error))
        self._record.exception(self, name, error)

    def _fail(self, reason: str) -> None:
        """End the bot, since its connection has failed or ended."""
        if self.has_ended:
            return
        if self._is_connected:
            self._report("ENET", "connection", 0.0, failure=reason)
        else:
            self._report("ENET", "connect", self._clock() - self._began, failure=reason)
        self._is_connected, self.has_ended = False, True
        self._abort_requests(f"disconnected: {reason}")
        self._call(self.on_disconnected, reason)

    def _abort_requests(self, failure: str) -> None:
        now = self._clock()
        for request in self._requests.expire(float("inf")):
            self._report(request.kind, request.name, now - request.began, failure=failure)

    # For the crowd

    def _enter(self, now: float) -> None:
        """Begin to connect."""
        self._began = now
        self._next_check = self._began + _CHECK_INTERVAL
        self._next_sample = self._began + self.ping_interval
        self._needs_deadlines = self.frame_rate < _COARSE_RATE or self.network is not None
        try:
            if not self.frame_rate > 0:
                raise ValueError(f"frame_rate must be greater than 0, not {self.frame_rate}")
            name, port = parse_host(self.host or "")
            self._adopt(*self._open(_address_of(name), port), name)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            if method_of(error, ""):  # and not the setting of a class
                self._on_exception(error, "")
            self._fail(f"cannot connect: {text_of(error)}")

    def _open(self, address: str, port: int) -> tuple[ENetConnection, ENetPacketPeer]:
        """Begin to connect. Nothing is sent yet."""
        raise NotImplementedError

    def _adopt(self, connection: ENetConnection, remote: ENetPacketPeer, name: str) -> None:
        """Set up a connection that has begun."""
        self._connection, self._remote = connection, remote
        if self.network is not None:
            self._impairment = Impairment(connection, self.network, self._seed)
        if self.compression:
            connection.compress(self.compression)
        if self.tls_options is not None:
            error = connection.dtls_client_setup(self.tls_hostname or name, self.tls_options)
            if error is not Error.OK:
                raise ValueError(f"DTLS cannot be set up ({error.name})")
        self._descriptor = connection.fileno()

    def _play(self, now: float, delta: float) -> None:
        """Play a frame."""
        if self._is_connected:
            try:
                self.on_frame(delta)
            except Exception as error:
                if raised_by_signal_handler(error):
                    raise
                self._on_exception(error, "on_frame")
        self._frame(delta)
        if now >= self._next_check and not self.has_ended:
            self._check(now)

    def _frame(self, delta: float) -> None:
        """Send and receive."""
        raise NotImplementedError

    def _serve(self) -> None:
        """Handle received data and deadlines."""
        raise NotImplementedError

    def _next_deadline(self) -> float | None:
        """Return in how many seconds :meth:`_serve` is needed; None if never."""
        connection = self._connection
        return None if connection is None else connection.poll_timeout()

    def _check(self, now: float) -> None:
        """Look for what takes its time: connecting, answers, the network profile."""
        self._next_check = now + _CHECK_INTERVAL
        if self._impairment is not None:
            self._impairment.advance(now - self._began)
        if not self._is_connected:
            if now - self._began >= self.connect_timeout:
                self._fail(f"no answer within {self.connect_timeout:g} s")
            return
        for request in self._requests.expire(now - self.reply_timeout):
            failure = f"no answer within {self.reply_timeout:g} s"
            self._report(request.kind, request.name, now - request.began, failure=failure)
        if self.ping_interval > 0 and now >= self._next_sample:
            self._next_sample += max(self.ping_interval, _CHECK_INTERVAL)
            self._sample()

    def _sample(self) -> None:
        connection, remote = self._connection, self._remote
        if connection is not None and remote is not None and remote.is_active():
            milliseconds = remote.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
            received = connection.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA)
            self._report("ENET", "round trip", milliseconds / 1000, int(received))

    def _on_connected(self) -> None:
        self._report("ENET", "connect", self._clock() - self._began)
        self._is_connected = True
        self._call(self.on_connected)

    def _reason(self, data: int = 0) -> str:
        """Return why the connection has ended."""
        remote = self._remote
        if remote is None:
            return "it was not begun"
        number = f", number {data}" if data else ""
        reason = remote.get_disconnect_reason()
        if reason is DisconnectReason.TIMEOUT:
            command = remote.get_timed_out_command()
            if command is Command.CONNECT:
                return "the server does not answer"
            return f"timeout: the server no longer acknowledges ({command.name})"
        if reason is DisconnectReason.REMOTE:
            return f"{'disconnected' if self._is_connected else 'refused'} by the server{number}"
        return _REASONS.get(reason, reason.name.lower())

    def _leave(self) -> None:
        """Disconnect and give up the socket. Requests without an answer yet are not counted."""
        self._is_connected, self.has_ended = False, True
        connection, remote = self._connection, self._remote
        self._connection = None
        self._descriptor = -1
        if connection is not None and connection.engine_name:
            connection.flush()  # what on_stop has sent
            if remote is not None and remote.is_active():
                remote.peer_disconnect_now()
            connection.destroy()

    def _crash(self, error: BaseException) -> None:
        """End the bot: an exception has come out of its own work, not out of one of its methods."""
        self._on_exception(error, f"{type(self).__name__}, internally")
        self._fail(describe(error))


_REASONS = {
    DisconnectReason.LOCAL: ENDED_HERE,
    DisconnectReason.REFUSED: "the reply of the server is not valid",
    DisconnectReason.LIMIT: "the server sends more than the receive budget allows",
}
