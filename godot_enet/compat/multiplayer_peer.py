"""MultiplayerPeer: Godot's common face of the transports under its high-level multiplayer."""

from __future__ import annotations

import functools
import secrets
from abc import abstractmethod
from collections.abc import Callable, Sequence
from operator import index
from typing import Any, SupportsIndex, cast

from godot_enet.compat.errors import as_int
from godot_enet.compat.packet_peer import PacketPeer
from godot_enet.compat.signal import SignalProperty
from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["MultiplayerPeer", "as_bool"]


def as_bool(value: SupportsIndex, name: str) -> bool:
    """A ``bool`` argument, for which numbers will do.

    Raises:
        TypeError: it is something else; the message names the argument.
    """
    try:
        return index(value) != 0
    except TypeError:
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}") from None


class MultiplayerPeer(PacketPeer):
    """Abstract: packets to and from numbered peers, of which the server is 1.

    Call :meth:`poll` every frame, then take what :meth:`get_available_packet_count` counts.
    """

    class ConnectionStatus(NamedIntEnum):
        """What :meth:`get_connection_status` returns."""

        CONNECTION_DISCONNECTED = 0
        CONNECTION_CONNECTING = 1
        CONNECTION_CONNECTED = 2

    class TransferMode(NamedIntEnum):
        """How packets are sent."""

        TRANSFER_MODE_UNRELIABLE = 0
        """May be lost, come late or out of order."""
        TRANSFER_MODE_UNRELIABLE_ORDERED = 1
        """May be lost; those that come late are dropped."""
        TRANSFER_MODE_RELIABLE = 2
        """Each one arrives, in order."""

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
    """A remote was disconnected by force, which ``peer_disconnected`` does not tell."""
    _session = 0
    """Rises when it begins anew after :meth:`close`: whoever looks once per frame may miss that it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self._transfer_mode = MultiplayerPeer.TRANSFER_MODE_RELIABLE
        self._transfer_channel = 0
        self._refusing = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "disconnect_peer" in vars(cls):
            cls.disconnect_peer = _telling(cls.disconnect_peer)  # type: ignore[method-assign]

    # What each transport does in its own way

    @abstractmethod
    def poll(self) -> None:
        """Do the network's work, emit signals, queue packets. Never waits."""

    @abstractmethod
    def close(self) -> None:
        """End all connections and become disconnected."""

    @abstractmethod
    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        """End the connection to one peer.

        Args:
            peer: its id.
            force: forget it at once, without ``peer_disconnected``; otherwise that signal follows.
        """

    @abstractmethod
    def get_connection_status(self) -> ConnectionStatus:
        """Disconnected, connecting or connected."""

    @abstractmethod
    def get_unique_id(self) -> int:
        """The id of this end: 1 for a server."""

    @abstractmethod
    def set_target_peer(self, id: int) -> None:
        """Whom packets go to from now on: a peer, 0 for all, or a negative id for all but that one."""

    @abstractmethod
    def get_packet_peer(self) -> int:
        """Who sent the next packet."""

    @abstractmethod
    def get_packet_channel(self) -> int:
        """The transfer channel of the next packet."""

    @abstractmethod
    def get_packet_mode(self) -> TransferMode:
        """The transfer mode of the next packet."""

    def _deliver_held(self) -> bool:
        """Emit the signals that :meth:`poll` held back behind packets, as far as those were taken, and queue the
        packets that came after them.

        Returns:
            Whether there was a signal to emit; then there may be packets to take.
        """
        return False

    def _take_into(self, taken: list[tuple[bytes, int, int, TransferMode]]) -> None:
        """Append the next packet to a list, with its sender, channel and mode."""
        sender, channel, mode = self.get_packet_peer(), self.get_packet_channel(), self.get_packet_mode()
        taken.append((self.get_packet(), sender, channel, mode))

    def _put_for_each(self, targets: Sequence[int], packet: bytes) -> None:
        """Send a packet to several peers, at the latest in :meth:`_send_queued`."""
        for target in targets:
            self.set_target_peer(target)
            self.put_packet(packet)

    def _send_queued(self) -> None:
        """Send what :meth:`_put_for_each` has left queued."""

    # What all do alike

    def get_transfer_mode(self) -> TransferMode:
        """How packets are sent; reliably to begin with. (As in Godot any number can be set, and comes back.)"""
        return self._transfer_mode

    def set_transfer_mode(self, mode: TransferMode) -> None:
        """Set how packets are sent from now on."""
        number = as_int(mode, "mode")
        try:
            self._transfer_mode = MultiplayerPeer.TransferMode(number)
        except ValueError:
            self._transfer_mode = cast("MultiplayerPeer.TransferMode", number & 0xFFFFFFFF)

    def get_transfer_channel(self) -> int:
        """The channel that packets are sent on; 0, the default one, to begin with."""
        return self._transfer_channel

    def set_transfer_channel(self, channel: int) -> None:
        """Set the channel that packets are sent on from now on. Channels do not wait for each other's packets."""
        self._transfer_channel = as_int(channel, "channel")

    def is_refusing_new_connections(self) -> bool:
        """Whether nobody may connect any more; False to begin with."""
        return self._refusing

    def set_refuse_new_connections(self, enable: bool) -> None:
        """Refuse who connects from now on, or let them in again."""
        self._refusing = as_bool(enable, "enable")

    def is_server_relay_supported(self) -> bool:
        """Whether the server can pass packets on between clients."""
        return False

    def generate_unique_id(self) -> int:
        """A random id for a peer that is no server, 2..2147483647."""
        return secrets.randbelow(0x7FFFFFFE) + 2

    @property
    def transfer_mode(self) -> TransferMode:
        """As the getter and the setter."""
        return self.get_transfer_mode()

    @transfer_mode.setter
    def transfer_mode(self, mode: TransferMode) -> None:
        self.set_transfer_mode(mode)

    @property
    def transfer_channel(self) -> int:
        """As the getter and the setter."""
        return self.get_transfer_channel()

    @transfer_channel.setter
    def transfer_channel(self, channel: int) -> None:
        self.set_transfer_channel(channel)

    @property
    def refuse_new_connections(self) -> bool:
        """As the getter and the setter."""
        return self.is_refusing_new_connections()

    @refuse_new_connections.setter
    def refuse_new_connections(self, enable: bool) -> None:
        self.set_refuse_new_connections(enable)


def _telling(disconnect_peer: Callable[..., None]) -> Callable[..., None]:
    """A transport's ``disconnect_peer`` that also tells a SceneMultiplayer of peers that are gone by force."""

    @functools.wraps(disconnect_peer)
    def disconnect_and_tell(self: MultiplayerPeer, *args: Any, **kwargs: Any) -> None:
        disconnect_peer(self, *args, **kwargs)
        given = {**dict(zip(("peer", "force"), args, strict=False)), **kwargs}
        if given.get("force") and "peer" in given:
            self._peer_dropped.emit(as_int(given["peer"], "peer"))

    return disconnect_and_tell
