"""The peer slots of a host: which are free, who is where, and which handles are still good."""

from __future__ import annotations

from collections.abc import Collection
from heapq import heappop, heappush
from operator import attrgetter

from godot_enet.core.constants import MAXIMUM_PEER_ID, UNKNOWN_SESSION, PeerState
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.recovery import Recovery
from godot_enet.core.events import PeerHandle
from godot_enet.core.interface import Address

__all__ = ["PeerTable"]

_SLOT_BITS = 12


class PeerTable:
    """Slots are taken lowest first, as the reference does; nothing here costs more with more slots."""

    def __init__(self, slot_count: int, mtu: int, early_retransmit: bool, spare_copies: int = 0) -> None:
        self.slot_count = slot_count
        self._early_retransmit = early_retransmit
        self._spare_copies = spare_copies
        self.slots: dict[int, Peer] = {}
        self._mtu = mtu
        self._free: list[int] = []
        self._fresh = 0
        self._generation = 0
        self._sessions: dict[int, tuple[int, int]] = {}
        self._by_address: dict[Address, list[Peer]] = {}
        self._by_host: dict[str, set[Peer]] = {}

    @property
    def full(self) -> bool:
        """Whether there are as many peers as there may be."""
        return len(self.slots) >= self.slot_count

    def reserve(self) -> int | None:
        """Take the lowest free slot for something that may become a peer. Its number may be beyond ``slot_count``."""
        if self._free:
            return heappop(self._free)
        if self._fresh >= MAXIMUM_PEER_ID:
            return None
        self._fresh += 1
        return self._fresh - 1

    def give_back(self, slot: int) -> None:
        """It became no peer."""
        heappush(self._free, slot)

    def sessions_of(self, slot: int) -> tuple[int, int]:
        """Session ids of the slot's previous peer: incoming, outgoing."""
        return self._sessions.get(slot, (UNKNOWN_SESSION, UNKNOWN_SESSION))

    def allocate(self, address: Address, slot: int | None = None) -> Peer | None:
        """A fresh peer in the lowest free slot, or in one that was reserved; None if all are in use."""
        peer = self.prepare(address, slot)
        if peer is not None:
            self.add(peer)
        return peer

    def prepare(self, address: Address, slot: int | None = None) -> Peer | None:
        """As :meth:`allocate`, but nobody finds the peer before :meth:`add`."""
        if self.full:
            return None
        if slot is None:
            slot = self.reserve()
        if slot is None:
            return None
        self._generation += 1
        handle = PeerHandle(self._generation << _SLOT_BITS | slot)
        sessions = self.sessions_of(slot)
        recovery = Recovery(self._spare_copies) if self._early_retransmit else None
        return Peer(handle, address, self._mtu, sessions, recovery)

    def add(self, peer: Peer) -> None:
        """Put a prepared peer into its slot."""
        self.slots[peer.slot] = peer
        self._index(peer)

    def _index(self, peer: Peer) -> None:
        self._by_address.setdefault(peer.address, []).append(peer)
        self._by_host.setdefault(peer.address.host, set()).add(peer)

    def rebuild(self, reserved: Collection[int]) -> None:
        """Derive everything anew from the slots in use and those that are ``reserved``."""
        self._by_address, self._by_host = {}, {}
        for peer in sorted(self.slots.values(), key=attrgetter("handle")):  # the oldest first
            self._index(peer)
        self._free = [slot for slot in range(self._fresh) if slot not in self.slots and slot not in reserved]

    def release(self, peer: Peer) -> None:
        """Free the peer's slot; its handle is stale from now on."""
        self._sessions[peer.slot] = (peer.incoming_session, peer.outgoing_session)
        del self.slots[peer.slot]
        heappush(self._free, peer.slot)
        self._remove_from_index(peer)

    def move(self, peer: Peer, address: Address) -> None:
        """The peer turns out to be at this address."""
        self._remove_from_index(peer)
        peer.address = address
        self._index(peer)

    def _remove_from_index(self, peer: Peer) -> None:
        neighbours = self._by_address[peer.address]
        neighbours.remove(peer)
        if not neighbours:
            del self._by_address[peer.address]
        siblings = self._by_host[peer.address.host]
        siblings.remove(peer)
        if not siblings:
            del self._by_host[peer.address.host]

    def get(self, handle: PeerHandle) -> Peer | None:
        """The peer a handle names, or None if that connection is over."""
        peer = self.slots.get(handle & MAXIMUM_PEER_ID)
        return peer if peer is not None and peer.handle == handle else None

    def has_connection(self, address: Address, connect_id: int) -> bool:
        """Whether a CONNECT from there with this id was accepted before (so this one is a repetition)."""
        return any(
            peer.connect_id == connect_id and peer.state is not PeerState.CONNECTING
            for peer in self._by_address.get(address, ())
        )

    def count_from(self, host: str, enough: int) -> int:
        """Peers that connected from an IP address; exact only from ``enough`` upwards, which is all that matters."""
        siblings = self._by_host.get(host, ())
        if len(siblings) < enough:
            return len(siblings)
        # Our own attempts to connect there do not count (enet: protocol.c: enet_protocol_handle_connect).
        return sum(peer.state is not PeerState.CONNECTING for peer in siblings)

    def in_order(self) -> list[Peer]:
        """All peers, by slot."""
        return [self.slots[slot] for slot in sorted(self.slots)]
