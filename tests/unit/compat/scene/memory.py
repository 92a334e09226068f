"""A MultiplayerPeer in memory: a server and its clients, whose packets arrive in order, and are written down."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer

__all__ = ["MemoryNetwork", "MemoryPeer", "Packet"]


class Packet(NamedTuple):
    """One packet on its way."""

    data: bytes
    sender: int
    to: int
    mode: int
    channel: int


class MemoryNetwork:
    """A server and its clients."""

    def __init__(self) -> None:
        self.peers: dict[int, MemoryPeer] = {}
        self.log: list[Packet] = []
        """All packets since the beginning, or since somebody has cleared it."""

    def add(self, number: int, *, relays: bool = True) -> MemoryPeer:
        """The server, if the number is 1, or a client; each hears of the other in its next ``poll()``."""
        peer = MemoryPeer(self, number, relays)
        self.peers[number] = peer
        for other in self.peers.values():
            if 1 in (number, other.number) and other is not peer:
                peer.happen(other.number, True)
                other.happen(number, True)
        return peer


class MemoryPeer(MultiplayerPeer):
    """One end."""

    def __init__(self, network: MemoryNetwork, number: int, relays: bool = True) -> None:
        super().__init__()
        self.number = number
        self.status = MultiplayerPeer.CONNECTION_CONNECTED
        self.relays = relays
        self.waiting: deque[Packet] = deque()
        """Arrived, to be handled by the next poll."""
        self._network = network
        self._target = 0
        self._happened: deque[tuple[int, bool]] = deque()
        self._linked: set[int] = set()

    def happen(self, other: int, connected: bool) -> None:
        """Somebody has connected, or gone: emitted by the next poll."""
        self._happened.append((other, connected))
        if connected:
            self._linked.add(other)
        else:
            self._linked.discard(other)

    def inject(self, data: bytes, sender: int, channel: int = 0, mode: int = 2) -> None:
        """A packet that nobody in here has sent."""
        self.waiting.append(Packet(data, sender, self.number, mode, channel))

    def poll(self) -> None:
        happened = list(self._happened)
        self._happened.clear()
        for other, connected in happened:
            if self.status is MultiplayerPeer.CONNECTION_DISCONNECTED:
                return  # a handler has closed it
            if connected:
                self.peer_connected.emit(other)
                continue
            self.peer_disconnected.emit(other)
            if self.number != 1:
                self.close()

    def close(self) -> None:
        if self.status is not MultiplayerPeer.CONNECTION_DISCONNECTED:
            self.status = MultiplayerPeer.CONNECTION_DISCONNECTED
            for other in list(self._linked):
                self._network.peers[other].happen(self.number, False)
            self._linked.clear()
            self.waiting.clear()

    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        if peer in self._linked:
            self._network.peers[peer].happen(self.number, False)
            self.happen(peer, False)

    def get_connection_status(self) -> MultiplayerPeer.ConnectionStatus:
        return self.status

    def get_unique_id(self) -> int:
        return self.number

    def set_target_peer(self, id: int) -> None:
        self._target = id

    def is_server_relay_supported(self) -> bool:
        return self.relays

    def get_available_packet_count(self) -> int:
        return len(self.waiting)

    def get_packet_peer(self) -> int:
        return self.waiting[0].sender

    def get_packet_channel(self) -> int:
        return self.waiting[0].channel

    def get_packet_mode(self) -> MultiplayerPeer.TransferMode:
        return MultiplayerPeer.TransferMode(self.waiting[0].mode)

    def _take_packet(self) -> tuple[Error, bytes]:
        return Error.OK, self.waiting.popleft().data

    def _put_packet(self, packet: bytes) -> Error:
        assert self._target in self._linked, "broadcasts of the transport are never used, nor unknown peers"
        sent = Packet(packet, self.number, self._target, int(self._transfer_mode), self._transfer_channel)
        self._network.log.append(sent)
        self._network.peers[self._target].waiting.append(sent)
        return Error.OK
