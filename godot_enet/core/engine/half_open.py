"""Connections that were requested and are not proved yet.

A CONNECT may carry a forged address. In ENet it takes a peer slot at once, and the slot's answer is repeated for half
a minute: 32 forged datagrams close a server of 32 players, and make it send five times their bytes to somebody else.
Here a CONNECT only gets an answer, once for each copy, and a short record; it becomes a peer when the other side
acknowledges, and so proves that it reads what is sent to its address.

The proof is 32 bits: an acknowledgement repeats the sequence number of the command and the sent time of its datagram,
and an answer has random numbers in both places. The control channel then counts on from that sequence number; ENet
checks neither. A datagram is one guess, wrong guesses change nothing, and each must name the right one of 4095 numbers
and 4 sessions, too.

The connecting side sees the datagrams of ENet, and needs to know nothing. Where its acknowledgement is lost it goes on
as a connected peer; then a PING, no longer than what it sent, asks for another one.

Records take no slots. The number that a record promises (ENet: incomingPeerID) is unique for its address only, so a
flood from everywhere uses up none. The oldest record makes room for a new one: with the default limits one lives for
1.3 s under 25,000 CONNECTs a second from everywhere, and for 2 s under 4,000 from its own network.

An unproved address is never sent more bytes than came from it. Units: milliseconds, bytes.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Container

from godot_enet.core.interface import Address
from godot_enet.core.protocol.tuning import HALF_OPEN_LIFE

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
        """What its datagrams must name."""
        self.address = address
        self.connect_id = connect_id
        self.command = command
        """The CONNECT, from its first byte."""
        self.created = now
        self.answered = now
        """When it was last answered."""
        self.sequence = proof >> 16
        self.time = proof & 0xFFFF
        """What the acknowledgement must repeat."""
        self.sessions = sessions
        """The session its datagrams must name, and the one that ours name."""
        self.prefix = prefix_of(address)
        self.credit = 0
        """Bytes that came from there and were not answered."""

    @property
    def proof(self) -> int:
        """Sequence number and time in one."""
        return self.sequence << 16 | self.time


class HalfOpenTable:
    """The records, oldest first, in all and by network. No call takes longer with more of them."""

    def __init__(self, limit: int, prefix_limit: int) -> None:
        self._limit = limit
        self._prefix_limit = prefix_limit
        self.by_number: dict[tuple[Address, int], HalfOpen] = {}
        self._by_request: dict[tuple[Address, int], HalfOpen] = {}
        self._by_prefix: dict[str | bytes, dict[tuple[Address, int], HalfOpen]] = {}
        self._uses: Counter[int] = Counter()

    def find(self, address: Address, connect_id: int, now: int) -> HalfOpen | None:
        """The record of a CONNECT that came before, while it is good."""
        found = self._by_request.get((address, connect_id))
        return found if found is not None and now - found.created < HALF_OPEN_LIFE else None

    def uses(self, number: int) -> bool:
        """Whether a record of any address has this number."""
        return self._uses[number] > 0

    def expired(self, address: Address, connect_id: int, now: int) -> HalfOpen | None:
        """A record that is over: that of this CONNECT, or else the oldest."""
        for found in (self._by_request.get((address, connect_id)), next(iter(self.by_number.values()), None)):
            if found is not None and now - found.created >= HALF_OPEN_LIFE:
                return found
        return None

    def to_evict(self, address: Address) -> HalfOpen | None:
        """The record that must go before one of this address comes; None if there is room."""
        prefix = prefix_of(address)
        neighbours = {} if prefix is None else self._by_prefix.get(prefix, {})
        if 0 < self._prefix_limit <= len(neighbours):
            return next(iter(neighbours.values()))
        return next(iter(self.by_number.values())) if len(self.by_number) >= self._limit else None

    def add(self, half: HalfOpen) -> None:
        """Keep a record."""
        self.by_number[half.address, half.number] = half
        self._index(half)

    def _index(self, half: HalfOpen) -> None:
        self._by_request[half.address, half.connect_id] = half
        self._uses[half.number] += 1
        if half.prefix is not None:
            self._by_prefix.setdefault(half.prefix, {})[half.address, half.number] = half

    def rebuild(self, taken: Container[tuple[Address, int]]) -> None:
        """Forget the records that became peers, as their number is ``taken``, and derive the rest from the others."""
        self.by_number = {key: half for key, half in self.by_number.items() if key not in taken}
        self._by_request, self._by_prefix, self._uses = {}, {}, Counter()
        for half in self.by_number.values():
            self._index(half)

    def remove(self, half: HalfOpen) -> None:
        """Forget a record."""
        key = half.address, half.number
        del self.by_number[key]
        del self._by_request[half.address, half.connect_id]
        self._uses[half.number] -= 1
        if half.prefix is not None:
            neighbours = self._by_prefix[half.prefix]
            del neighbours[key]
            if not neighbours:
                del self._by_prefix[half.prefix]
