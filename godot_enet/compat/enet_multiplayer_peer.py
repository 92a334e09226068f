"""ENetMultiplayerPeer: Godot's class for a server, client or mesh of numbered peers over ENet."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from godot_enet.compat.addresses import parse_bind_ip
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.enet_peers import INACTIVE, MAX_ID, RESERVED_CHANNELS, ENetPeers, Mode
from godot_enet.compat.enet_peers_waiting import WaitingPeers
from godot_enet.compat.errors import as_int, as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer, as_bool
from godot_enet.compat.own_methods import rename_methods
from godot_enet.core import Host, HostConfig
from godot_enet.core.any_host import HostOpener
from godot_enet.core.interrupts import ONE_AT_A_TIME
from godot_enet.core.shards import parse_shards

if TYPE_CHECKING:
    from godot_enet.compat.variant import Variant

__all__ = ["ENetMultiplayerPeer"]

_log = logging.getLogger("godot_enet")
_T = TypeVar("_T")

_ACTIVE = "The multiplayer instance is already active."
_MTU = 1392

_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE
_MODE_FLAGS: dict[int, tuple[int, int]] = {
    MultiplayerPeer.TRANSFER_MODE_UNRELIABLE: (
        ENetPacketPeer.FLAG_UNSEQUENCED | ENetPacketPeer.FLAG_UNRELIABLE_FRAGMENT,
        1,
    ),
    MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED: (ENetPacketPeer.FLAG_UNRELIABLE_FRAGMENT, 1),
    _RELIABLE: (ENetPacketPeer.FLAG_RELIABLE, 0),
}
"""The flags of each transfer mode, and its ENet channel on transfer channel 0. Any other number means (0, 0)."""


class ENetMultiplayerPeer(WaitingPeers):
    """Numbered peers over ENet, the usual ``multiplayer.multiplayer_peer`` in Godot.

    Start with :meth:`create_server`, :meth:`create_client` or :meth:`create_mesh`, then call :meth:`poll` every frame.
    :meth:`~PacketPeer.put_packet` sends at once; :meth:`poll` emits signals. Dropping the last reference closes it (on
    PyPy, when the garbage collector runs), and so does the end of the program; both notify the remotes, like
    :meth:`close`.

    Args:
        threaded: as for :class:`ENetConnection`.
        config: as for :class:`ENetConnection`.
        shards: as for :class:`ENetConnection`, for servers; a client has one.
        opener: as for :class:`ENetConnection`.
    """

    def __init__(
        self,
        *,
        threaded: bool = True,
        config: HostConfig | None = None,
        shards: int | Literal["auto"] | None = None,
        opener: HostOpener = Host.open,
    ) -> None:
        super().__init__()
        self._threaded = threaded
        self._config = config
        self._shards = None if shards is None else parse_shards(shards)
        self._opener = opener
        self._bind_ip = "*"
        self._target = 0
        self._warned = False
        self._queues = self._has_queued = False
        """Whether packets are only queued for now, and whether any are."""

    def __repr__(self) -> str:
        status = self._status.name.removeprefix("CONNECTION_").lower()
        return f"<ENetMultiplayerPeer {self._mode.name.lower()} {self._unique_id} {status}, {len(self._peers)} peers>"

    def _make_host(self, shards: int | None) -> ENetConnection:
        return ENetConnection(threaded=self._threaded, config=self._config, shards=shards, opener=self._opener)

    # Life cycle

    def create_server(
        self, port: int, max_clients: int = 32, max_channels: int = 0, in_bandwidth: int = 0, out_bandwidth: int = 0
    ) -> Error:
        """Become a server, which is connected at once and has id 1.

        The arguments work as Godot documents them. Godot 4.6 itself uses ``max_channels`` as the incoming bandwidth,
        which throttles its clients to a few bytes per second, ignores ``in_bandwidth`` and always allows 255 channels.

        Args:
            port: the port to listen on; 0 for any free one (see ``host.get_local_port()``).
            max_clients: 1..4095, or that many for each shard.
            max_channels: transfer channels granted to clients, besides channel 0; 0 for all 253.
            in_bandwidth: bytes per second this end can receive; 0 is unlimited.
            out_bandwidth: bytes per second this end can send; 0 is unlimited.

        Returns:
            ``OK``, ``ERR_ALREADY_IN_USE`` if it is active, ``ERR_INVALID_PARAMETER``, or ``ERR_CANT_CREATE`` if the
            port cannot be bound.
        """
        number, clients = as_int(port, "port"), as_int(max_clients, "max_clients")
        channels = _channel_count(as_int(max_channels, "max_channels"))
        if self._mode is not Mode.NONE:
            return fail(_ACTIVE, Error.ERR_ALREADY_IN_USE, detail=f"{self!r}; close() ends it")
        self.set_refuse_new_connections(False)
        host = self._make_host(self._shards)
        error = host.create_host_bound(self._bind_ip, number, clients, channels, in_bandwidth, out_bandwidth)
        if error is Error.OK:
            self._hosts[0] = host
            self._begin(Mode.SERVER, 1, MultiplayerPeer.CONNECTION_CONNECTED)
        return error

    def create_client(
        self,
        address: str,
        port: int,
        channel_count: int = 0,
        in_bandwidth: int = 0,
        out_bandwidth: int = 0,
        local_port: int = 0,
    ) -> Error:
        """Become a client with a random id and start to connect.

        Later ``peer_connected`` is emitted with 1, or the status becomes disconnected without a signal.

        Args:
            address: an IP literal or a name; resolving a name blocks.
            port: the port of the server, 1..65535.
            channel_count: transfer channels to request, besides channel 0; 0 for all 253.
            in_bandwidth: bytes per second this end can receive; 0 is unlimited.
            out_bandwidth: bytes per second this end can send; 0 is unlimited.
            local_port: a local port to bind, on the address of :meth:`set_bind_ip`; 0 for any.

        Returns:
            ``OK``, ``ERR_ALREADY_IN_USE`` if it is active, ``ERR_INVALID_PARAMETER``, or ``ERR_CANT_CREATE`` if the
            address is invalid or the local port cannot be bound.
        """
        text, number, local = as_str(address, "address"), as_int(port, "port"), as_int(local_port, "local_port")
        channels = as_int(channel_count, "channel_count")
        if self._mode is not Mode.NONE:
            return fail(_ACTIVE, Error.ERR_ALREADY_IN_USE, detail=f"{self!r}; close() ends it")
        self.set_refuse_new_connections(False)
        host = self._make_host(1)
        if local:
            error = host.create_host_bound(self._bind_ip, local, 1, 0, in_bandwidth, out_bandwidth)
        else:
            error = host.create_host(1, 0, in_bandwidth, out_bandwidth)
        if error is not Error.OK:
            return error
        unique_id = self.generate_unique_id()
        peer = host.connect_to_host(text, number, _channel_count(channels), unique_id)
        if peer is None:
            host.destroy()
            return fail("Couldn't connect to the ENet multiplayer server.", Error.ERR_CANT_CREATE)
        self._hosts[0] = host
        peer._is_numbered = True
        self._peers[1] = peer
        self._begin(Mode.CLIENT, unique_id, MultiplayerPeer.CONNECTION_CONNECTING)
        return Error.OK

    def create_mesh(self, unique_id: int) -> Error:
        """Become a member of a mesh; the program adds its connections with :meth:`add_mesh_peer`.

        Returns:
            ``OK``, ``ERR_INVALID_PARAMETER`` for an id below 1, or ``ERR_ALREADY_IN_USE`` if it is active.
        """
        number = as_int(unique_id, "unique_id")
        if number <= 0:
            return fail(f"The unique ID must be greater then 0. Got {number}.", Error.ERR_INVALID_PARAMETER)
        if self._mode is not Mode.NONE:
            return fail(_ACTIVE, Error.ERR_ALREADY_IN_USE, detail=f"{self!r}; close() ends it")
        self._begin(Mode.MESH, number, MultiplayerPeer.CONNECTION_CONNECTED)
        return Error.OK

    def add_mesh_peer(self, peer_id: int, host: ENetConnection | None) -> Error:
        """Add a connection to another member of the mesh, and emit ``peer_connected`` at once.

        Args:
            peer_id: the id of that member, 1..2147483647, different from this end's id. An existing peer with the id
                is replaced, as in Godot.
            host: a connection with exactly one peer, which is connected. :meth:`poll` services it from now on;
                packets still queued at its peer are dropped.

        Returns:
            ``OK``, ``ERR_UNCONFIGURED`` if this is not a mesh, or ``ERR_INVALID_PARAMETER``.
        """
        number = as_int(peer_id, "peer_id")
        if host is None:
            text = 'Condition "p_host.is_null()" is true. Returning: ERR_INVALID_PARAMETER'
            return fail(text, Error.ERR_INVALID_PARAMETER)
        if not isinstance(host, ENetConnection):
            raise TypeError(f"host must be an ENetConnection, not {type(host).__name__}")
        if self._mode is not Mode.MESH:
            text = "The multiplayer instance is not configured as a mesh. Call 'create_mesh' first."
            return fail(text, Error.ERR_UNCONFIGURED)
        if not 1 <= number <= MAX_ID or number == self._unique_id:
            text = f"{number} is not a valid id of another mesh member"
            return fail(text, Error.ERR_INVALID_PARAMETER)
        peers = host.get_peers()
        if len(peers) != 1 or peers[0].get_state() != ENetPacketPeer.STATE_CONNECTED:
            states = ", ".join(peer.get_state().name for peer in peers)
            text = f"The provided host must have exactly one peer in the connected state. Got [{states}]."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        host._notifying_process = self._process
        self._hosts[number] = host
        peers[0]._is_numbered = True
        self._peers[number] = peers[0]
        self.peer_connected.emit(number)
        return Error.OK

    def set_bind_ip(self, ip: str) -> None:
        """Set the address that :meth:`create_server`, and :meth:`create_client` with a local port, bind to.

        Args:
            ip: an IP literal without a zone, or ``"*"`` for all addresses, the default.
        """
        text = as_str(ip, "ip")
        if parse_bind_ip(text) is None:
            fail(f"Invalid bind IP address: {text}", None)
        else:
            self._bind_ip = text

    def close(self) -> None:
        """End all connections and become disconnected; queued packets are dropped. Each remote is notified once.

        Emits no signals, and does nothing while inactive. The target peer does not change, as in Godot.
        """
        self._end()
        self._inbox.clear()
        self._todo.clear()

    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        """End the connection to one peer; the remote sees an ordinary disconnect.

        A client that is still connecting stays in that state after ``disconnect_peer(1)``, as in Godot: use
        :meth:`close`.

        Args:
            peer: its id.
            force: drop it at once, without ``peer_disconnected`` here; a client is closed. Otherwise a later
                :meth:`poll` emits that signal.
        """
        number, forced = as_int(peer, "peer"), as_bool(force, "force")
        remote = self._peers.get(number)
        if remote is None:
            return fail(f'Condition "!_is_active() || !peers.has(p_peer)" is true. Got {number}.', None)
        if number not in self._inbox.held:  # otherwise it has disconnected already, and its signal is held back
            remote.peer_disconnect(0)
        host = self._hosts.get(number if self._mode is Mode.MESH else 0)
        if host is not None:
            host.flush()
        if forced:
            self._peers.pop(number, None)
            if self._mode is Mode.MESH:
                self._hosts.pop(number, None)
            elif self._mode is Mode.CLIENT:
                self.close()

    # Packets

    def get_available_packet_count(self) -> int:
        """Return the number of packets in the receive queue."""
        return len(self._inbox.packets)

    def get_packet(self) -> bytes:
        """Remove and return the next packet; ``b""`` if there is none, see :meth:`~PacketPeer.get_packet_error`."""
        inbox = self._inbox
        packets = inbox.packets
        if not packets or not ONE_AT_A_TIME:
            return super().get_packet()
        self._packet_error = Error.OK
        # No call from here on, so that the packet is either returned or stays: see core/interrupts.py.
        first = packets[0]
        del packets[0]
        if first.serial <= inbox.counted:
            inbox.taken += ((first.source, first.size),)
        return first.packet

    def get_var(self, allow_objects: bool = False) -> Variant:
        inbox = self._inbox
        packets = inbox.packets
        while packets and ONE_AT_A_TIME:
            first = packets[0]
            value = self._decode(first.packet, allow_objects)
            # No call from here on, so that the packet is either returned or stays: see core/interrupts.py.
            if packets and packets[0] is first:
                del packets[0]
                if first.serial <= inbox.counted:
                    inbox.taken += ((first.source, first.size),)
                return value
        return super().get_var(allow_objects)

    def _take_packet(self) -> tuple[Error, bytes]:
        if not self._inbox.packets:
            return fail("No incoming packets available.", Error.ERR_UNAVAILABLE), b""
        return Error.OK, self._inbox.take().packet

    def _take_into(self, taken: list[tuple[bytes, int, int, MultiplayerPeer.TransferMode]]) -> None:
        inbox = self._inbox
        packets = inbox.packets
        first = packets[0]
        incoming = first.packet, first.sender, first.channel, first.mode
        # No call between these: see core/interrupts.py.
        taken += (incoming,)
        del packets[0]
        if first.serial <= inbox.counted:
            inbox.taken += ((first.source, first.size),)

    def _no_packet(self, text: str, result: _T) -> _T:
        """Log that there is no packet, and return Godot's value."""
        if self._mode is Mode.NONE:
            return fail(INACTIVE, result)
        return fail(f'Condition "incoming_packets.is_empty()" is true. Returning: {text}', result)

    def get_packet_peer(self) -> int:
        """Return the sender of the next packet; 1, with an error, if there is none."""
        incoming = self._inbox.packets
        return incoming[0].sender if incoming else self._no_packet("1", 1)

    def get_packet_channel(self) -> int:
        """Return the transfer channel of the next packet; 1, with an error, if there is none."""
        incoming = self._inbox.packets
        return incoming[0].channel if incoming else self._no_packet("1", 1)

    def get_packet_mode(self) -> MultiplayerPeer.TransferMode:
        """Return the transfer mode of the next packet; reliable, with an error, if there is none.

        An unreliable packet of more than 1364 bytes arrives as unreliable ordered, as in Godot.
        """
        incoming = self._inbox.packets
        return incoming[0].mode if incoming else self._no_packet("TRANSFER_MODE_RELIABLE", _RELIABLE)

    def set_target_peer(self, id: int) -> None:
        """Set the receiver of later packets.

        Args:
            id: 0 for all; a peer; or a negative id for all but that one. On a client, 0, 1 and -1 all mean the server.
        """
        self._target = as_int(id, "id")

    def _put_packet(self, packet: bytes) -> Error:
        target = self._target
        if self._mode is Mode.NONE:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        if self._status is not MultiplayerPeer.CONNECTION_CONNECTED:
            text = "The multiplayer instance isn't currently connected to any server or client."
            return fail(text, Error.ERR_UNCONFIGURED, detail=repr(self))
        named = self._peers.get(abs(target) or MultiplayerPeer.TARGET_PEER_SERVER)
        if target and named is None:
            detail = f"peers are {sorted(self._peers)[:20]}"
            return fail(f"Invalid target peer: {target}", Error.ERR_INVALID_PARAMETER, detail=detail)
        flags, channel = _MODE_FLAGS.get(self._transfer_mode, (0, 0))
        if self._transfer_channel > 0:
            channel = self._transfer_channel + RESERVED_CHANNELS - 1 & 0xFF
        if len(packet) > _MTU:
            for each in list(self._hosts.values()):
                problem = each._size_problem(len(packet))
                if problem:
                    return fail(problem, Error.FAILED)
        if len(packet) > _MTU and not flags & ENetPacketPeer.FLAG_RELIABLE and not self._warned:
            self._warned = True
            text = "Sending %d bytes unreliably which is above the MTU (%d), this will result in higher packet loss"
            _log.warning(text, len(packet), _MTU)
        if self._mode is Mode.MESH:
            self._send_in_mesh(target, channel, packet, flags)
            return Error.OK
        host, gone = self._hosts.get(0), self._inbox.held
        if host is None:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)  # another thread has closed it
        if target < 0 and self._mode is Mode.SERVER:
            for number, peer in list(self._peers.items()):
                if peer is not named and number not in gone:
                    peer.send(channel, packet, flags)
        elif named is not None:
            if (target if self._mode is Mode.SERVER else 1) not in gone:
                outcome = named.send(channel, packet, flags)  # of a client always the server
                if outcome is Error.ERR_BUSY:
                    return outcome
        else:
            host.broadcast(channel, packet, flags)
        if not self._queues:
            host.flush()
        return Error.OK

    def _put_for_each(self, targets: Sequence[int], packet: bytes) -> None:
        self._queues = True
        try:
            super()._put_for_each(targets, packet)
        finally:
            self._queues = False
        self._has_queued = True

    def _network_of(self, peer: int) -> Hashable | None:
        remote = self._peers.get(peer)
        return None if remote is None else remote._network()

    def _send_queued(self) -> None:
        if self._has_queued:
            self._has_queued = False
            host = self._hosts.get(0)
            if host is not None:
                host.flush()

    def _send_in_mesh(self, target: int, channel: int, packet: bytes, flags: int) -> None:
        for number, peer in list(self._peers.items()):
            if number not in self._inbox.held and (number == target or (target <= 0 and number != -target)):
                peer.send(channel, packet, flags)
                host = self._hosts.get(number)
                if host is not None:
                    host.flush()

    # State

    def get_connection_status(self) -> MultiplayerPeer.ConnectionStatus:
        """Return whether this is disconnected, connecting (a client only) or connected."""
        return self._status

    def get_unique_id(self) -> int:
        """Return the id of this end, which a client has at once; 0, with an error, while inactive."""
        return fail(INACTIVE, 0) if self._mode is Mode.NONE else self._unique_id

    def is_server_relay_supported(self) -> bool:
        """Return whether this is a server or a client."""
        return self._mode in (Mode.SERVER, Mode.CLIENT)

    def get_host(self) -> ENetConnection | None:
        """Return the connection of a server or client, for settings such as compression and DTLS; otherwise None."""
        if self._mode is Mode.NONE:
            return fail('Condition "!_is_active()" is true. Returning: nullptr', None)
        if self._mode is Mode.MESH:
            return fail('Condition "active_mode == MODE_MESH" is true. Returning: nullptr', None)
        return self._hosts.get(0)

    @property
    def host(self) -> ENetConnection | None:
        """See :meth:`get_host`."""
        return self.get_host()

    def get_peer(self, id: int) -> ENetPacketPeer | None:
        """Return the ENet peer with this id; None, with an error, if there is none."""
        number = as_int(id, "id")
        if self._mode is Mode.NONE:
            return fail('Condition "!_is_active()" is true. Returning: nullptr', None)
        found = self._peers.get(number)
        if found is None:
            return fail(f'Condition "!peers.has(p_id)" is true. Returning: nullptr. Got {number}.', None)
        return found

    def set_refuse_new_connections(self, enable: bool) -> None:
        """Refuse new connections, or accept them again.

        A refused client sees a connection that is established and then times out, as in Godot; a DTLS server ignores
        its handshake. Creating a server or client and closing it reset this to False.
        """
        super().set_refuse_new_connections(enable)
        for host in list(self._hosts.values()):
            host.refuse_new_connections(self._refusing)


def _channel_count(transfer_channels: int) -> int:
    """Return the ENet channels needed for these transfer channels; 0 means all. Capped at ENet's limit, as in Godot."""
    return min(transfer_channels + RESERVED_CHANNELS, 255) if transfer_channels > 0 else 0


for _inner in (ENetPeers, WaitingPeers):
    rename_methods(_inner, "ENetMultiplayerPeer")
