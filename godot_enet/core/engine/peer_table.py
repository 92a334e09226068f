"""The peer slots of a host: which are free, who is where, and which handles are still good."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from operator import attrgetter

from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.recovery import Recovery
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import MAXIMUM_PEER_ID, UNKNOWN_SESSION, PeerState
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["PeerTable"]

_SLOT_BITS = 12


class PeerTable:
    """Slots are taken lowest first, as the reference does; nothing here costs more with more slots.

    What the remote calls a peer is its number. It is the slot's where this host connects, as in ENet, and a random one
    where the remote does (half_open.py); only one peer of an address has it.
    """

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
        self.by_number: dict[tuple[Address, int], Peer] = {}
        self.any_source: dict[int, Peer] = {}
        """By number: peers that may turn out to be at another address."""
        self._uses: Counter[int] = Counter()
        self._by_connect_id: dict[tuple[Address, int], set[Peer]] = {}
        self._by_host: dict[str, set[Peer]] = {}

    @property
    def full(self) -> bool:
        """Whether there are as many peers as there may be."""
        return len(self.slots) >= self.slot_count

    def at(self, address: Address, number: int) -> Peer | None:
        """The peer whose datagrams come from there and name this number."""
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
        """As :meth:`allocate`, but nobody finds the peer before :meth:`add`."""
        if self.full:
            return None
        slot = self._lowest_free()
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
        self.by_number[peer.address, peer.number] = peer
        self._uses[peer.number] += 1
        if peer.any_source:
            self.any_source[peer.number] = peer
        self._by_connect_id.setdefault((peer.address, peer.connect_id), set()).add(peer)
        self._by_host.setdefault(peer.address.host, set()).add(peer)

    def rebuild(self) -> None:
        """Derive everything anew from the slots in use."""
        self.by_number, self.any_source, self._uses = {}, {}, Counter()
        self._by_connect_id, self._by_host = {}, {}
        for peer in sorted(self.slots.values(), key=attrgetter("handle")):  # the oldest first
            self._index(peer)
        self._free = [slot for slot in range(self._fresh) if slot not in self.slots]

    def release(self, peer: Peer) -> None:
        """Free the peer's slot; its handle is stale from now on."""
        self._sessions[peer.slot] = (peer.incoming_session, peer.outgoing_session)
        del self.slots[peer.slot]
        heappush(self._free, peer.slot)
        self._remove_from_index(peer)

    def move(self, peer: Peer, address: Address) -> None:
        """The peer that might have been anywhere is at this address."""
        self._remove_from_index(peer)
        peer.address = address
        peer.any_source = False  # Last: interrupted before it, the next answer is taken.
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
        """Whether a CONNECT from there with this id was accepted before (so this one is a repetition)."""
        alike = self._by_connect_id.get((address, connect_id), ())
        return any(peer.state is not PeerState.CONNECTING for peer in alike)

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
