"""ENetUser: a bot that sends and receives packets."""

from __future__ import annotations

from typing import ClassVar

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.load.user import ENDED_HERE, LoadUser

__all__ = ["ENetUser"]

_NONE = ENetConnection.EVENT_NONE
_RECEIVE = ENetConnection.EVENT_RECEIVE
_CONNECT = ENetConnection.EVENT_CONNECT
_MAX_EVENTS = 100
"""Events handled at once; other bots come first then."""


class ENetUser(LoadUser):
    """A bot with a plain ENet connection, for Locust and for ``python -m godot_enet load``.

    Set ``host`` to ``"ADDRESS:PORT"``, and override :meth:`on_frame` and :meth:`on_packet`. All bots of a process
    share one thread, so methods must not block; ``on_start``, which is called before the bot connects, may do so under
    Locust. An exception is counted and shown, and the bot goes on.

    Under Locust this is a Locust ``User``. The command ``locust`` takes care of that; a program that uses Locust as a
    library imports it before this module.
    """

    abstract: ClassVar[bool] = True
    channels: int = 2
    """Channels to ask for."""
    connect_data: int = 0
    """The number that the server's EVENT_CONNECT has."""
    _was_served = False
    """Whether data has arrived since the last frame."""

    def send(
        self, packet: bytes, channel: int = 0, flags: int = ENetPacketPeer.FLAG_RELIABLE, *, request: str = ""
    ) -> Error:
        """Send a packet to the server; it leaves at the end of the frame or of the method that sends it.

        Args:
            packet: its bytes.
            channel: the channel.
            flags: as for :meth:`~godot_enet.ENetPacketPeer.send`.
            request: a name, to measure the time until ``end_request`` is called with it.

        Returns:
            As :meth:`~godot_enet.ENetPacketPeer.send`; ``ERR_UNCONFIGURED`` while the bot is not connected.
        """
        remote = self._remote
        if remote is None or not self._is_connected:
            return Error.ERR_UNCONFIGURED
        if request:
            self.begin_request(request)
        return remote.send(channel, packet, flags)

    def on_packet(self, packet: bytes, channel: int) -> None:
        """Called with each received packet, when it arrives. Override it."""

    def _open(self, address: str, port: int) -> tuple[ENetConnection, ENetPacketPeer]:
        connection = self._make_connection()
        remote = None
        if connection.create_host(1) is Error.OK:
            remote = connection.connect_to_host(address, port, self.channels, self.connect_data)
        if remote is None:
            raise OSError(f"no connection to {address} port {port} could be begun; the log has the reason")
        return connection, remote

    def _make_connection(self) -> ENetConnection:
        return ENetConnection(threaded=False, config=self.config)

    def _frame(self, delta: float) -> None:
        connection = self._connection
        if self._was_served and connection is not None and not self.has_ended:
            self._was_served = False
            connection.flush()  # half the work of serve(), which has met the deadlines since the last frame
        else:
            self._serve()
            self._was_served = False

    def _serve(self) -> None:
        connection, remote = self._connection, self._remote
        if connection is None or remote is None or self.has_ended:
            return
        self._was_served = True
        left = _MAX_EVENTS
        event = connection.service()  # sends, too
        while True:
            kind = event.type
            if kind is _NONE:
                return
            if kind is _RECEIVE:
                try:
                    self.on_packet(remote.get_packet(), event.channel)
                except Exception as error:
                    if raised_by_signal_handler(error):
                        raise
                    self._on_exception(error, "on_packet")
            elif kind is _CONNECT:
                self._on_connected()
            else:
                self._fail(self._reason(event.data) if event.peer is not None else ENDED_HERE)
            left -= 1
            if self.has_ended:
                return
            if not left:
                connection.flush()
                return
            event = connection._service_rest()
