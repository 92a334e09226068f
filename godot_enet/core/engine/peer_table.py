"""The peer slots of a host: free slots, peers by address and number, and valid handles."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from operator import attrgetter

from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.recovery import Recovery
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import MAXIMUM_PEER_ID, PLACE_BITS, UNKNOWN_SESSION, PeerState
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["PeerTable"]


class PeerTable:
    """Slots are allocated lowest first, as in the reference; every operation is independent of the number of slots.

    The number of a peer is how the remote's datagrams name it: random, or the slot with ENet's own handshake
    (half_open.py). It is unique among the peers of an address.
    """

    def __init__(self, slot_count: int, mtu: int, early_retransmit: bool, redundant_copies: int = 0) -> None:
        self.slot_count = slot_count
        self._early_retransmit = early_retransmit
        self._redundant_copies = redundant_copies
        self.slots: dict[int, Peer] = {}
        self._mtu = mtu
        self._free: list[int] = []
        self._fresh = 0
        self._generation = 0
        self._sessions: dict[int, tuple[int, int]] = {}
        self.by_number: dict[tuple[Address, int], Peer] = {}
        self.any_source: dict[int, Peer] = {}
        """By number: peers whose address is not known yet."""
        self._uses: Counter[int] = Counter()
        self._by_connect_id: dict[tuple[Address, int], set[Peer]] = {}
        self._by_host: dict[str, set[Peer]] = {}

    @property
    def full(self) -> bool:
        """Whether every slot is in use."""
        return len(self.slots) >= self.slot_count

    def at(self, address: Address, number: int) -> Peer | None:
        """The peer with this address and number."""
        return self.by_number.get((address, number)) or self.any_source.get(number)

    def uses(self, number: int) -> bool:
        """Whether a peer of any address has this number."""
        return self._uses[number] > 0

    def _lowest_free(self) -> int:
        if self._free:
            return heappop(self._free)
        self._fresh += 1
        return self._fresh - 1

    def sessions_of(self, slot: int) -> tuple[int, int]:
        """Session ids of the slot's previous peer: incoming, outgoing."""
        return self._sessions.get(slot, (UNKNOWN_SESSION, UNKNOWN_SESSION))

    def allocate(self, address: Address) -> Peer | None:
        """A fresh peer in the lowest free slot; None if all are in use."""
        peer = self.prepare(address)
        if peer is not None:
            self.add(peer)
        return peer

    def prepare(self, address: Address) -> Peer | None:
        """As :meth:`allocate`, but the peer is not in the table before :meth:`add`."""
        if self.full:
            return None
        slot = self._lowest_free()
        self._generation += 1
        handle = PeerHandle(self._generation << PLACE_BITS | slot)
        sessions = self.sessions_of(slot)
        recovery = Recovery(self._redundant_copies) if self._early_retransmit else None
        return Peer(handle, address, self._mtu, sessions, recovery)

    def add(self, peer: Peer) -> None:
        """Put a prepared peer into its slot."""
        self.slots[peer.slot] = peer
        self._index(peer)

    def _index(self, peer: Peer) -> None:
        self.by_number[peer.address, peer.number] = peer
        self._uses[peer.number] += 1
        if peer.any_source:
            self.any_source[peer.number] = peer
        self._by_connect_id.setdefault((peer.address, peer.connect_id), set()).add(peer)
        self._by_host.setdefault(peer.address.host, set()).add(peer)

    def rebuild(self) -> None:
        """Rebuild all indexes from the slots in use."""
        self.by_number, self.any_source, self._uses = {}, {}, Counter()
        self._by_connect_id, self._by_host = {}, {}
        for peer in sorted(self.slots.values(), key=attrgetter("handle")):  # the oldest first
            self._index(peer)
        self._free = [slot for slot in range(self._fresh) if slot not in self.slots]

    def release(self, peer: Peer) -> None:
        """Free the peer's slot; its handle becomes stale."""
        self._sessions[peer.slot] = (peer.incoming_session, peer.outgoing_session)
        del self.slots[peer.slot]
        heappush(self._free, peer.slot)
        self._remove_from_index(peer)

    def move(self, peer: Peer, address: Address) -> None:
        """Set the address of a peer that could be anywhere."""
        self._remove_from_index(peer)
        peer.address = address
        peer.any_source = False  # Last: if interrupted before it, the next answer is accepted.
        self._index(peer)

    def _remove_from_index(self, peer: Peer) -> None:
        del self.by_number[peer.address, peer.number]
        self._uses[peer.number] -= 1
        self.any_source.pop(peer.number, None)
        alike = self._by_connect_id[peer.address, peer.connect_id]
        alike.remove(peer)
        if not alike:
            del self._by_connect_id[peer.address, peer.connect_id]
        siblings = self._by_host[peer.address.host]
        siblings.remove(peer)
        if not siblings:
            del self._by_host[peer.address.host]

    def get(self, handle: PeerHandle) -> Peer | None:
        """The peer a handle names, or None if that connection is over."""
        peer = self.slots.get(handle & MAXIMUM_PEER_ID)
        return peer if peer is not None and peer.handle == handle else None

    def has_connection(self, address: Address, connect_id: int) -> bool:
        """Whether a CONNECT with this id was accepted from the address before, so that this one is a repetition."""
        alike = self._by_connect_id.get((address, connect_id), ())
        return any(peer.state is not PeerState.CONNECTING for peer in alike)

    def count_from(self, host: str, enough: int) -> int:
        """Peers that connected from an IP address; exact only from ``enough`` upwards."""
        siblings = self._by_host.get(host, ())
        if len(siblings) < enough:
            return len(siblings)
        # Our own attempts to connect there do not count (enet: protocol.c: enet_protocol_handle_connect).
        return sum(peer.state is not PeerState.CONNECTING for peer in siblings)

    def in_order(self) -> list[Peer]:
        """All peers, by slot."""
        return [self.slots[slot] for slot in sorted(self.slots)]
