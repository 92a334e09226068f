"""Who may begin a session when all places are taken: who waits, and who has to make room.

Owns: the hellos that wait, all with a good cookie. Must not know: OpenSSL, or how a session begins.
Units: milliseconds.

A burst of honest clients waits a few round trips, since those before them answer and become peers. Clients that vanish
after their hello hold a place for ``SILENCE`` at most if it is needed, and less the more of them there are.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from godot_enet.core.dtls.records import Hello
from godot_enet.core.interface import Address

__all__ = ["MAXIMUM_WAITING", "SHARE", "SILENCE", "Admission", "Candidate", "Waiting", "network_of"]

MAXIMUM_WAITING = 64
"""Hellos; some 300 bytes each."""
SHARE = MAXIMUM_WAITING // 4
"""Those of one host while others wait, too."""
SILENCE = 200
"""How long a session need not answer before it may be pushed out, unless even the waiting are too many."""
LINGER = 2000
"""How long one that has answered may take to become a peer before that."""
PATIENCE = 2000
"""How long a hello waits; its client has said it again by then."""


class Candidate(Protocol):
    """As much of a session as matters here."""

    @property
    def address(self) -> Address: ...
    @property
    def started(self) -> int: ...
    @property
    def heard(self) -> bool: ...


class Waiting(NamedTuple):
    """A hello, and since when it waits."""

    hello: Hello
    since: int


AnyCandidate = TypeVar("AnyCandidate", bound=Candidate)


class Admission:
    """Hosts take turns; those of one host come in their order, each address once."""

    def __init__(self) -> None:
        self._queues: dict[str | bytes, dict[Address, Waiting]] = {}
        """By host, in the order of their turns; none is empty."""

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._queues.values()))

    def __iter__(self) -> Iterator[Address]:
        """Those who wait."""
        return (address for queue in self._queues.values() for address in queue)

    def wait(self, address: Address, hello: Hello, now: int) -> None:
        """Have a hello wait; where there are too many it is lost, and its client will say it again."""
        queue = self._queues.setdefault(network_of(address), {})
        known = queue.get(address)
        queue[address] = Waiting(hello, now if known is None else known.since)
        if len(self._queues) > 1:
            for each in self._queues.values():
                while len(each) > SHARE:
                    each.popitem()
        if len(self) > MAXIMUM_WAITING:
            longest = max(self._queues.values(), key=len)
            if len(longest) > len(queue):
                longest.popitem()
            else:
                self._forget(address)

    def first(self, now: int) -> Address | None:
        """Whose turn it is; None when nobody waits."""
        while self._queues:
            address, waiting = next(iter(next(iter(self._queues.values())).items()))
            if now - waiting.since < PATIENCE:
                return address
            self._forget(address)
        return None

    def take(self, address: Address) -> Hello:
        """The hello of somebody who need not wait any longer; the others of its host let other hosts go first."""
        hello = self._forget(address).hello
        network = network_of(address)
        if network in self._queues:
            self._queues[network] = self._queues.pop(network)
        return hello

    def clear(self) -> None:
        """Nobody waits any longer."""
        self._queues.clear()

    def _forget(self, address: Address) -> Waiting:
        network = network_of(address)
        waiting = self._queues[network].pop(address)
        if not self._queues[network]:
            del self._queues[network]
        return waiting

    def victim(self, sessions: Iterable[AnyCandidate], now: int) -> AnyCandidate | None:
        """The session that has to make room: the oldest of the host that has the most; those that answer are spared.

        So a crowd behind one address does not push out others. None as long as that session has time left.
        """
        slow = [session for session in sessions if not session.heard or now >= _due(session)]
        crowds = Counter(network_of(session.address) for session in slow)
        chosen = max(slow, key=lambda session: (crowds[network_of(session.address)], -session.started), default=None)
        if chosen is None or (now < _due(chosen) and not self._is_full(network_of(chosen.address))):
            return None
        return chosen

    def _is_full(self, crowd: str | bytes) -> bool:
        """Whether so many wait that a session of this host need not be given time."""
        of_crowd = len(self._queues.get(crowd, ()))
        return len(self) >= MAXIMUM_WAITING or (of_crowd >= SHARE // 2 and len(self._queues) > 1)

    def next_time(self, sessions: Iterable[Candidate]) -> int | None:
        """When somebody who waits may have his turn without anything arriving; None if nobody waits."""
        if not self._queues:
            return None
        return min(map(_due, sessions), default=None)


def network_of(address: Address) -> str | bytes:
    """What is one host: an address of IPv4, or a /64 of IPv6, which is the least that anybody has."""
    host = address.host.partition("%")[0]
    return ipaddress.IPv6Address(host).packed[:8] if ":" in host else host


def _due(session: Candidate) -> int:
    return session.started + (LINGER if session.heard else SILENCE)
