"""MultiplayerPeer: Godot's base class of the transports under its high-level multiplayer."""

from __future__ import annotations

import functools
import secrets
from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from operator import index
from typing import Any, SupportsIndex, cast

from godot_enet.compat.errors import as_int
from godot_enet.compat.packet_peer import PacketPeer
from godot_enet.compat.signal import SignalProperty
from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["MultiplayerPeer", "as_bool"]


def as_bool(value: SupportsIndex, name: str) -> bool:
    """Convert a ``bool`` argument; numbers are accepted.

    Raises:
        TypeError: it is neither; the message names the argument.
    """
    try:
        return index(value) != 0
    except TypeError:
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}") from None


class MultiplayerPeer(PacketPeer):
    """Abstract: packets to and from numbered peers; the server has id 1.

    Call :meth:`poll` every frame, then take the packets that :meth:`~PacketPeer.get_available_packet_count` counts.
    """

    class ConnectionStatus(NamedIntEnum):
        """The values of :meth:`MultiplayerPeer.get_connection_status`."""

        CONNECTION_DISCONNECTED = 0
        """Not connected."""
        CONNECTION_CONNECTING = 1
        """Connecting to a server."""
        CONNECTION_CONNECTED = 2
        """Connected, or a server."""

    class TransferMode(NamedIntEnum):
        """How packets are sent."""

        TRANSFER_MODE_UNRELIABLE = 0
        """Packets may be lost, late or out of order."""
        TRANSFER_MODE_UNRELIABLE_ORDERED = 1
        """Packets may be lost; late ones are dropped."""
        TRANSFER_MODE_RELIABLE = 2
        """Every packet arrives, in order."""

    CONNECTION_DISCONNECTED = ConnectionStatus.CONNECTION_DISCONNECTED
    CONNECTION_CONNECTING = ConnectionStatus.CONNECTION_CONNECTING
    CONNECTION_CONNECTED = ConnectionStatus.CONNECTION_CONNECTED
    TRANSFER_MODE_UNRELIABLE = TransferMode.TRANSFER_MODE_UNRELIABLE
    TRANSFER_MODE_UNRELIABLE_ORDERED = TransferMode.TRANSFER_MODE_UNRELIABLE_ORDERED
    TRANSFER_MODE_RELIABLE = TransferMode.TRANSFER_MODE_RELIABLE
    TARGET_PEER_BROADCAST = 0
    TARGET_PEER_SERVER = 1

    peer_connected = SignalProperty[[int]]("id")
    """A remote has connected: emitted inside :meth:`poll`, with its id."""
    peer_disconnected = SignalProperty[[int]]("id")
    """A remote is gone: emitted inside :meth:`poll`, with its id."""

    _peer_dropped = SignalProperty[[int]]("id")
    """A remote was disconnected with ``force``, for which ``peer_disconnected`` is not emitted."""
    _session = 0
    """Increases with each start, since a caller that checks once per frame may miss a :meth:`close`."""

    def __init__(self) -> None:
        super().__init__()
        self._transfer_mode = MultiplayerPeer.TRANSFER_MODE_RELIABLE
        self._transfer_channel = 0
        self._refusing = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "disconnect_peer" in vars(cls):
            cls.disconnect_peer = _with_drop_signal(cls.disconnect_peer)  # type: ignore[method-assign]

    # Implemented by each transport

    @abstractmethod
    def poll(self) -> None:
        """Service the network, emit signals and queue received packets. Never blocks."""

    @abstractmethod
    def close(self) -> None:
        """End all connections and become disconnected."""

    @abstractmethod
    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        """End the connection to one peer.

        Args:
            peer: its id.
            force: drop it at once, without ``peer_disconnected``; otherwise that signal follows.
        """

    @abstractmethod
    def get_connection_status(self) -> ConnectionStatus:
        """Return whether this is disconnected, connecting or connected."""

    @abstractmethod
    def get_unique_id(self) -> int:
        """Return the id of this end: 1 for a server."""

    @abstractmethod
    def set_target_peer(self, id: int) -> None:
        """Set the receiver of later packets: a peer, 0 for all, or a negative id for all but that one."""

    @abstractmethod
    def get_packet_peer(self) -> int:
        """Return the sender of the next packet."""

    @abstractmethod
    def get_packet_channel(self) -> int:
        """Return the transfer channel of the next packet."""

    @abstractmethod
    def get_packet_mode(self) -> TransferMode:
        """Return the transfer mode of the next packet."""

    def _deliver_held(self) -> bool:
        """Emit signals held back by :meth:`poll` whose earlier packets are taken, and queue the packets after them.

        Returns:
            Whether a signal was emitted; if so, more packets may be available.
        """
        return False

    def _take_into(self, taken: list[tuple[bytes, int, int, TransferMode]]) -> None:
        """Append the next packet to a list, with its sender, channel and mode."""
        sender, channel, mode = self.get_packet_peer(), self.get_packet_channel(), self.get_packet_mode()
        taken.append((self.get_packet(), sender, channel, mode))

    def _put_for_each(self, targets: Sequence[int], packet: bytes) -> None:
        """Send a packet to several peers, no later than :meth:`_send_queued`."""
        for target in targets:
            self.set_target_peer(target)
            self.put_packet(packet)

    def _network_of(self, peer: int) -> Hashable | None:
        """Return a key shared by all peers of one network; None for this machine, or if unknown."""
        return None

    def _send_queued(self) -> None:
        """Send the packets queued by :meth:`_put_for_each`."""

    # The same in all transports

    def get_transfer_mode(self) -> TransferMode:
        """Return how packets are sent; reliable by default. (Any number can be set and is returned, as in Godot.)"""
        return self._transfer_mode

    def set_transfer_mode(self, mode: TransferMode) -> None:
        """Set how later packets are sent."""
        number = as_int(mode, "mode")
        try:
            self._transfer_mode = MultiplayerPeer.TransferMode(number)
        except ValueError:
            self._transfer_mode = cast("MultiplayerPeer.TransferMode", number & 0xFFFFFFFF)

    def get_transfer_channel(self) -> int:
        """Return the channel that packets are sent on; 0 by default."""
        return self._transfer_channel

    def set_transfer_channel(self, channel: int) -> None:
        """Set the channel for later packets. Channels do not wait for each other's packets."""
        self._transfer_channel = as_int(channel, "channel")

    def is_refusing_new_connections(self) -> bool:
        """Return whether new connections are refused; False by default."""
        return self._refusing

    def set_refuse_new_connections(self, enable: bool) -> None:
        """Refuse new connections, or accept them again."""
        self._refusing = as_bool(enable, "enable")

    def is_server_relay_supported(self) -> bool:
        """Return whether the server can relay packets between clients."""
        return False

    def generate_unique_id(self) -> int:
        """Return a random id for a client, 2..2147483647."""
        return secrets.randbelow(0x7FFFFFFE) + 2

    @property
    def transfer_mode(self) -> TransferMode:
        """As :meth:`get_transfer_mode`; can be set."""
        return self.get_transfer_mode()

    @transfer_mode.setter
    def transfer_mode(self, mode: TransferMode) -> None:
        self.set_transfer_mode(mode)

    @property
    def transfer_channel(self) -> int:
        """As :meth:`get_transfer_channel`; can be set."""
        return self.get_transfer_channel()

    @transfer_channel.setter
    def transfer_channel(self, channel: int) -> None:
        self.set_transfer_channel(channel)

    @property
    def refuse_new_connections(self) -> bool:
        """As :meth:`is_refusing_new_connections`; can be set."""
        return self.is_refusing_new_connections()

    @refuse_new_connections.setter
    def refuse_new_connections(self, enable: bool) -> None:
        self.set_refuse_new_connections(enable)


def _with_drop_signal(disconnect_peer: Callable[..., None]) -> Callable[..., None]:
    """Wrap a transport's ``disconnect_peer`` so that a SceneMultiplayer learns of forced disconnects."""

    @functools.wraps(disconnect_peer)
    def disconnect_and_tell(self: MultiplayerPeer, *args: Any, **kwargs: Any) -> None:
        disconnect_peer(self, *args, **kwargs)
        given = {**dict(zip(("peer", "force"), args, strict=False)), **kwargs}
        if given.get("force") and "peer" in given:
            self._peer_dropped.emit(as_int(given["peer"], "peer"))

    return disconnect_and_tell
