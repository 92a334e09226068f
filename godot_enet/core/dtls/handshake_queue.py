"""Which handshakes may start when all pending sessions are taken: those that wait, and those that are evicted.

Owns: the waiting hellos, all with a valid cookie. Must not know: OpenSSL, or how a session starts.
Units: milliseconds.

A burst of honest clients waits a few round trips, while earlier ones answer and become peers. Clients that disappear
after their hello hold a place for at most ``SILENCE_LIMIT`` if it is needed, and less the more of them there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from godot_enet.core.addressing import network_of
from godot_enet.core.dtls.records import Hello
from godot_enet.core.interface import Address

__all__ = ["MAX_WAITING", "SHARE", "SILENCE_LIMIT", "Candidate", "HandshakeQueue", "Waiting"]

MAX_WAITING = 64
"""Hellos; some 300 bytes each."""
SHARE = MAX_WAITING // 4
"""Hellos of one host while other hosts wait, too."""
SILENCE_LIMIT = 200
"""How long a session may stay silent before it may be evicted, unless the queue is full."""
PEER_LIMIT = 2000
"""How long a session that has answered may take to become a peer before that."""
MAX_WAIT = 2000
"""How long a hello waits; its client has resent it by then."""


class Candidate(Protocol):
    """The part of a session that is needed here."""

    @property
    def address(self) -> Address: ...
    @property
    def started(self) -> int: ...
    @property
    def heard(self) -> bool: ...


class Waiting(NamedTuple):
    """A hello and the start of its wait."""

    hello: Hello
    since: int


AnyCandidate = TypeVar("AnyCandidate", bound=Candidate)


class HandshakeQueue:
    """Waiting hellos. Hosts take turns; those of one host keep their order, each address once."""

    def __init__(self) -> None:
        self._queues: dict[str | bytes, dict[Address, Waiting]] = {}
        """By host, in order of turns; none is empty."""

    def __len__(self) -> int:
        """The number of waiting hellos."""
        return sum(map(len, self._queues.values()))

    def __iter__(self) -> Iterator[Address]:
        """The waiting addresses."""
        return (address for queue in self._queues.values() for address in queue)

    def wait(self, address: Address, hello: Hello, now: int) -> None:
        """Queue a hello; if there are too many, one is dropped, and its client will resend it."""
        queue = self._queues.setdefault(network_of(address), {})
        known = queue.get(address)
        queue[address] = Waiting(hello, now if known is None else known.since)
        if len(self._queues) > 1:
            for each in self._queues.values():
                while len(each) > SHARE:
                    each.popitem()
        if len(self) > MAX_WAITING:
            longest = max(self._queues.values(), key=len)
            if len(longest) > len(queue):
                longest.popitem()
            else:
                self._forget(address)

    def first(self, now: int) -> Address | None:
        """The next address; None when the queue is empty."""
        while self._queues:
            address, waiting = next(iter(next(iter(self._queues.values())).items()))
            if now - waiting.since < MAX_WAIT:
                return address
            self._forget(address)
        return None

    def take(self, address: Address) -> Hello:
        """Remove and return a hello; its host goes to the end of the turns."""
        hello = self._forget(address).hello
        network = network_of(address)
        queue = self._queues.get(network)
        if queue is not None:
            del self._queues[network]  # no call before it is back, so that no signal handler's exception loses it
            self._queues[network] = queue
        return hello

    def clear(self) -> None:
        """Drop all waiting hellos."""
        self._queues.clear()

    def _forget(self, address: Address) -> Waiting:
        network = network_of(address)
        waiting = self._queues[network].pop(address)
        if not self._queues[network]:
            del self._queues[network]
        return waiting

    def victim(self, sessions: Iterable[AnyCandidate], now: int) -> AnyCandidate | None:
        """The session to evict: the oldest of the host with the most sessions; those that answer are exempt.

        This way many clients behind one address do not displace others. None while that session still has time.
        """
        slow = [session for session in sessions if not session.heard or now >= _due(session)]
        crowds = Counter(network_of(session.address) for session in slow)
        chosen = max(slow, key=lambda session: (crowds[network_of(session.address)], -session.started), default=None)
        if chosen is None or (now < _due(chosen) and not self._is_full(network_of(chosen.address))):
            return None
        return chosen

    def _is_full(self, crowd: str | bytes) -> bool:
        """Whether the queue is too full to give a session of this host more time."""
        of_crowd = len(self._queues.get(crowd, ()))
        return len(self) >= MAX_WAITING or (of_crowd >= SHARE // 2 and len(self._queues) > 1)

    def next_time(self, sessions: Iterable[Candidate]) -> int | None:
        """When the next waiting hello may start if nothing arrives; None if the queue is empty."""
        if not self._queues:
            return None
        return min(map(_due, sessions), default=None)


def _due(session: Candidate) -> int:
    return session.started + (PEER_LIMIT if session.heard else SILENCE_LIMIT)
