"""Who may begin a session when all places are taken: who waits, and who has to make room.

Owns: the hellos that wait, all with a good cookie. Must not know: OpenSSL, or how a session begins.
Units: milliseconds.

A burst of honest clients waits a few round trips, since those before them answer and become peers. Clients that vanish
after their hello hold a place for ``SILENCE`` at most if it is needed, and less the more of them there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

from godot_enet.core.dtls.records import Hello
from godot_enet.core.interface import Address

__all__ = ["MAXIMUM_WAITING", "SILENCE", "Admission", "Candidate", "Waiting"]

MAXIMUM_WAITING = 64
"""Hellos; some 300 bytes each."""
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
    """First come, first served; each address once."""

    def __init__(self) -> None:
        self.waiting: dict[Address, Waiting] = {}

    def wait(self, address: Address, hello: Hello, now: int) -> None:
        """Have a hello wait; where there are too many it is lost, and its client will say it again."""
        known = self.waiting.get(address)
        if known is not None or len(self.waiting) < MAXIMUM_WAITING:
            self.waiting[address] = Waiting(hello, now if known is None else known.since)

    def first(self, now: int) -> Address | None:
        """Whose turn it is; None when nobody waits."""
        while self.waiting:
            address = next(iter(self.waiting))
            if now - self.waiting[address].since < PATIENCE:
                return address
            del self.waiting[address]
        return None

    def take(self, address: Address) -> Hello:
        """The hello of somebody who need not wait any longer."""
        return self.waiting.pop(address).hello

    def victim(self, sessions: Iterable[AnyCandidate], now: int) -> AnyCandidate | None:
        """The session that has to make room: the oldest of the host that has the most; those that answer are spared.

        So a crowd behind one address does not push out others. None as long as that session has time left.
        """
        slow = [session for session in sessions if not session.heard or now >= _due(session)]
        crowds = Counter(session.address.host for session in slow)
        chosen = max(slow, key=lambda session: (crowds[session.address.host], -session.started), default=None)
        if chosen is None or (now < _due(chosen) and len(self.waiting) < MAXIMUM_WAITING):
            return None
        return chosen

    def next_time(self, sessions: Iterable[Candidate]) -> int | None:
        """When somebody who waits may have his turn without anything arriving; None if nobody waits."""
        if not self.waiting:
            return None
        return min(map(_due, sessions), default=None)


def _due(session: Candidate) -> int:
    return session.started + (LINGER if session.heard else SILENCE)
