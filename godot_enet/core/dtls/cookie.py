"""Cookies: a client proves that it receives at its address before anything is remembered about it.

Units: milliseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from godot_enet.core.dtls.records import COOKIE_LENGTH, Hello
from godot_enet.core.interface import Address

__all__ = ["LIFETIME", "MAXIMUM_USED", "USES", "CookieJar"]

LIFETIME = 15_000
"""A cookie is good for at least this long, and for less than twice as long. Godot's are good for 60 s."""
USES = 3
"""Sessions that one cookie may begin: a client whose session had to make room comes back with the same one."""
MAXIMUM_USED = 65_536
"""Cookies whose uses are remembered; with more, all that were given out become worthless."""


class CookieJar:
    """Makes and recognises cookies by a secret and the time, and counts how often one has been used."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._used: dict[int, dict[bytes, int]] = {}
        """By the period in which a cookie was baked."""

    def bake(self, address: Address, hello: Hello, now: int) -> bytes:
        """The cookie for this client and this hello, 32 bytes."""
        return self._seal(address, hello, now // LIFETIME)

    def accepts(self, address: Address, hello: Hello, now: int) -> bool:
        """Whether the hello brings the cookie that was made for it, and may still begin a session."""
        period = self._period(address, hello, now)
        return period is not None and self._used.get(period, {}).get(hello.cookie, 0) < USES

    def use(self, address: Address, hello: Hello, now: int) -> None:
        """A session begins with this hello, which was accepted."""
        period = self._period(address, hello, now)
        if period is None:  # it has waited until its cookie was stale
            return
        current = now // LIFETIME
        self._used = {each: used for each, used in self._used.items() if each >= current - 1}
        if sum(map(len, self._used.values())) >= MAXIMUM_USED:
            self._used.clear()
            self._secret = secrets.token_bytes(32)
            return
        used = self._used.setdefault(period, {})
        used[hello.cookie] = used.get(hello.cookie, 0) + 1

    def _period(self, address: Address, hello: Hello, now: int) -> int | None:
        """When its cookie was baked; None if that is too long ago, or it is no cookie of ours for this hello."""
        current = now // LIFETIME
        for period in (current, current - 1):
            if hmac.compare_digest(hello.cookie, self._seal(address, hello, period)):
                return period
        return None

    def _seal(self, address: Address, hello: Hello, period: int) -> bytes:
        client = f"{period}|{address.host}|{address.port}|".encode()
        return hashlib.blake2s(client + hello.parameters, key=self._secret, digest_size=COOKIE_LENGTH).digest()
