"""Connections that somebody asked for and nobody has proved yet.

A CONNECT may carry a forged address. In ENet it takes a peer slot at once, and the slot's answer is repeated for half
a minute: 32 forged datagrams close a server of 32 players, and make it send five times their bytes to somebody else.
Here a CONNECT only gets an answer, once for each copy, and a short record; it becomes a peer when the other side
acknowledges, and so proves that it reads what is sent to its address. The proof is the 16-bit time that every
acknowledgement repeats: an answer carries a random number in that place.

The connecting side sees the datagrams of ENet, and needs to know nothing. Where its acknowledgement is lost it goes on
as a connected peer; then a PING, no longer than what it sent, asks for another one.

Nobody is ever sent more bytes than came from his address. Units: milliseconds, bytes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Container

from godot_enet.core.interface import Address

__all__ = ["HALF_OPEN_LIFE", "HALF_OPEN_MISTAKES", "HalfOpen", "HalfOpenTable", "prefix_of"]

HALF_OPEN_LIFE = 15_000
"""How long a record is good."""
HALF_OPEN_MISTAKES = 3
"""Wrong acknowledgements after which a record is forgotten: somebody guesses."""


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
        "mistakes",
        "nonce",
        "session",
        "slot",
    )

    def __init__(self, slot: int, address: Address, connect_id: int, command: bytes, now: int, nonce: int) -> None:
        self.slot = slot
        self.address = address
        self.connect_id = connect_id
        self.command = command
        """The CONNECT, from its first byte."""
        self.created = now
        self.answered = now
        """When it was last answered."""
        self.nonce = nonce
        """What the acknowledgement must repeat."""
        self.session = 0
        """The session its datagrams must name."""
        self.credit = 0
        """Bytes that came from there and were not answered."""
        self.mistakes = 0


class HalfOpenTable:
    """The records, oldest first, in all and by network."""

    def __init__(self, limit: int, prefix_limit: int) -> None:
        self._limit = limit
        self._prefix_limit = prefix_limit
        self.by_slot: dict[int, HalfOpen] = {}
        self._by_request: dict[tuple[Address, int], HalfOpen] = {}
        self._by_prefix: dict[str | bytes, dict[int, HalfOpen]] = {}

    def find(self, address: Address, connect_id: int, now: int) -> HalfOpen | None:
        """The record of a CONNECT that came before, while it is good."""
        found = self._by_request.get((address, connect_id))
        return found if found is not None and now - found.created < HALF_OPEN_LIFE else None

    def in_the_way(self, address: Address, connect_id: int, now: int) -> tuple[HalfOpen | None, bool]:
        """A record that must go before this one comes, and whether it is still good; None if there is room."""
        for found in (self._by_request.get((address, connect_id)), next(iter(self.by_slot.values()), None)):
            if found is not None and now - found.created >= HALF_OPEN_LIFE:
                return found, False
        prefix = prefix_of(address)
        neighbours = {} if prefix is None else self._by_prefix.get(prefix, {})
        if 0 < self._prefix_limit <= len(neighbours):
            return next(iter(neighbours.values())), True
        if len(self.by_slot) >= self._limit:
            return next(iter(self.by_slot.values())), True
        return None, True

    def oldest(self) -> HalfOpen | None:
        """The one that came first."""
        return next(iter(self.by_slot.values()), None)

    def add(self, half: HalfOpen) -> None:
        """Keep a record."""
        self.by_slot[half.slot] = half
        self._index(half)

    def _index(self, half: HalfOpen) -> None:
        self._by_request[half.address, half.connect_id] = half
        prefix = prefix_of(half.address)
        if prefix is not None:
            self._by_prefix.setdefault(prefix, {})[half.slot] = half

    def rebuild(self, taken: Container[int]) -> None:
        """Forget the records of slots that are ``taken`` by peers, and derive the rest from the others."""
        self.by_slot = {slot: half for slot, half in self.by_slot.items() if slot not in taken}
        self._by_request, self._by_prefix = {}, {}
        for half in self.by_slot.values():
            self._index(half)

    def remove(self, half: HalfOpen) -> None:
        """Forget a record; its slot is another matter."""
        del self.by_slot[half.slot]
        del self._by_request[half.address, half.connect_id]
        prefix = prefix_of(half.address)
        if prefix is not None:
            neighbours = self._by_prefix[prefix]
            del neighbours[half.slot]
            if not neighbours:
                del self._by_prefix[prefix]
