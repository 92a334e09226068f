"""Half-open connections: requested by an address that is not verified yet.

A CONNECT may carry a forged address. In ENet it takes a peer slot at once, and the reply is resent for half a minute:
32 forged datagrams fill a server of 32 players, and make it send five times their bytes to a third party. Here a
CONNECT gets only one reply for each copy, and a short record. It becomes a peer when the client acknowledges the reply,
which proves that it receives at its address.

The proof is 32 bits: an acknowledgement repeats the sequence number of the command and the sent time of its datagram,
and the reply has random numbers in both places. The control channel then continues from that sequence number; ENet
checks neither. A datagram is one guess, wrong guesses change nothing, and each must also name the right one of 4095
peer numbers and 4 sessions.

The connecting side sees ordinary ENet datagrams. If its acknowledgement is lost, it continues as a connected peer; then
a PING, no longer than its datagram, asks for another acknowledgement.

A host without a free slot asks for an acknowledgement, too, but of a command that leaves the client connecting, and
then sends a DISCONNECT: only a client that has proved its address is refused. Otherwise anybody could have a full host
send DISCONNECTs to its own peers.

Records take no slots. The number that a record reserves (ENet: incomingPeerID) is unique for its address only, so a
flood from many addresses does not use numbers up. The oldest record is evicted for a new one: with the default limits a
record lives for 1.3 s under 25,000 CONNECTs a second from everywhere, and for 2 s under 4,000 from its own network.

Never sends an unverified address more bytes than it has sent (anti-amplification). Units: milliseconds, bytes.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Container

from godot_enet.core.interface import Address
from godot_enet.core.protocol.tuning import HALF_OPEN_LIFETIME

__all__ = ["HalfOpen", "HalfOpenTable", "prefix_of"]


def prefix_of(address: Address) -> str | bytes | None:
    """The network that shares a limit: /24 of IPv4, /48 of IPv6; None for this machine, whose addresses cannot be
    forged."""
    host = address.host
    if ":" not in host:
        return None if host.startswith("127.") else host.rpartition(".")[0]
    packed = ipaddress.IPv6Address(host.partition("%")[0]).packed
    return None if packed == _LOOPBACK else packed[:6]


_LOOPBACK = bytes(15) + b"\1"


class HalfOpen:
    """One connection being made."""

    __slots__ = (
        "address",
        "answered",
        "command",
        "connect_id",
        "created",
        "credit",
        "number",
        "prefix",
        "sequence",
        "sessions",
        "time",
    )

    def __init__(
        self,
        number: int,
        address: Address,
        connect_id: int,
        command: bytes,
        now: int,
        proof: int,
        sessions: tuple[int, int],
    ) -> None:
        self.number = number
        """The peer number that its datagrams must carry."""
        self.address = address
        self.connect_id = connect_id
        self.command = command
        """The CONNECT, from its first byte."""
        self.created = now
        self.answered = now
        """When the last reply was sent."""
        self.sequence = proof >> 16
        self.time = proof & 0xFFFF
        """Sequence and time are what the acknowledgement must repeat."""
        self.sessions = sessions
        """The session of its datagrams, and the session of ours."""
        self.prefix = prefix_of(address)
        self.credit = 0
        """Bytes received from the address and not yet spent on replies."""

    @property
    def proof(self) -> int:
        """Sequence number and time combined."""
        return self.sequence << 16 | self.time


class HalfOpenTable:
    """The records, oldest first, overall and by network. Every call takes constant time."""

    def __init__(self, limit: int, prefix_limit: int) -> None:
        self._limit = limit
        self._prefix_limit = prefix_limit
        self.by_number: dict[tuple[Address, int], HalfOpen] = {}
        self._by_request: dict[tuple[Address, int], HalfOpen] = {}
        self._by_prefix: dict[str | bytes, dict[tuple[Address, int], HalfOpen]] = {}
        self._uses: Counter[int] = Counter()

    def find(self, address: Address, connect_id: int, now: int) -> HalfOpen | None:
        """The record of an earlier CONNECT that has not expired."""
        found = self._by_request.get((address, connect_id))
        return found if found is not None and now - found.created < HALF_OPEN_LIFETIME else None

    def uses(self, number: int) -> bool:
        """Whether a record of any address has this number."""
        return self._uses[number] > 0

    def expired(self, address: Address, connect_id: int, now: int) -> HalfOpen | None:
        """An expired record: that of this CONNECT, or else the oldest."""
        for found in (self._by_request.get((address, connect_id)), next(iter(self.by_number.values()), None)):
            if found is not None and now - found.created >= HALF_OPEN_LIFETIME:
                return found
        return None

    def to_evict(self, address: Address) -> HalfOpen | None:
        """The record to evict before adding one of this address; None if there is room."""
        prefix = prefix_of(address)
        neighbours = {} if prefix is None else self._by_prefix.get(prefix, {})
        if 0 < self._prefix_limit <= len(neighbours):
            return next(iter(neighbours.values()))
        return next(iter(self.by_number.values())) if len(self.by_number) >= self._limit else None

    def add(self, half: HalfOpen) -> None:
        """Add a record."""
        self.by_number[half.address, half.number] = half
        self._index(half)

    def _index(self, half: HalfOpen) -> None:
        self._by_request[half.address, half.connect_id] = half
        self._uses[half.number] += 1
        if half.prefix is not None:
            self._by_prefix.setdefault(half.prefix, {})[half.address, half.number] = half

    def rebuild(self, taken: Container[tuple[Address, int]]) -> None:
        """Remove the records that became peers, whose number is ``taken``, and rebuild the indexes from the others."""
        self.by_number = {key: half for key, half in self.by_number.items() if key not in taken}
        self._by_request, self._by_prefix, self._uses = {}, {}, Counter()
        for half in self.by_number.values():
            self._index(half)

    def remove(self, half: HalfOpen) -> None:
        """Remove a record."""
        key = half.address, half.number
        del self.by_number[key]
        del self._by_request[half.address, half.connect_id]
        self._uses[half.number] -= 1
        if half.prefix is not None:
            neighbours = self._by_prefix[half.prefix]
            del neighbours[key]
            if not neighbours:
                del self._by_prefix[half.prefix]
