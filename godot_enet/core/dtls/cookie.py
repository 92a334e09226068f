"""Cookies: a client proves that it receives at its address before the server stores anything about it.

Units: milliseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from godot_enet.core.dtls.records import COOKIE_LENGTH, Hello
from godot_enet.core.interface import Address

__all__ = ["LIFETIME", "MAX_USED_COOKIES", "MAX_USES", "CookieJar"]

LIFETIME = 15_000
"""A cookie is valid for at least this long, and for less than twice as long. Godot's are valid for 60 s."""
MAX_USES = 3
"""Sessions that one cookie may start: a client whose session was evicted returns with the same cookie."""
MAX_USED_COOKIES = 65_536
"""Cookies whose uses are counted; beyond that, all issued cookies become invalid."""


class CookieJar:
    """Makes and verifies cookies from a secret and the time, and counts their uses."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._used: dict[int, dict[bytes, int]] = {}
        """By the period in which a cookie was made."""

    def make(self, address: Address, hello: Hello, now: int) -> bytes:
        """The cookie for this client and this hello, 32 bytes."""
        return self._seal(address, hello, now // LIFETIME)

    def accepts(self, address: Address, hello: Hello, now: int) -> bool:
        """Whether the hello has the cookie made for it, and may still start a session."""
        period = self._period(address, hello, now)
        return period is not None and self._used.get(period, {}).get(hello.cookie, 0) < MAX_USES

    def use(self, address: Address, hello: Hello, now: int) -> None:
        """Count the use of an accepted hello's cookie."""
        period = self._period(address, hello, now)
        if period is None:  # its cookie expired while it waited
            return
        current = now // LIFETIME
        self._used = {each: used for each, used in self._used.items() if each >= current - 1}
        if sum(map(len, self._used.values())) >= MAX_USED_COOKIES:
            self._used.clear()
            self._secret = secrets.token_bytes(32)
            return
        used = self._used.setdefault(period, {})
        used[hello.cookie] = used.get(hello.cookie, 0) + 1

    def _period(self, address: Address, hello: Hello, now: int) -> int | None:
        """The period of its cookie; None if the cookie has expired or is not ours for this hello."""
        current = now // LIFETIME
        for period in (current, current - 1):
            if hmac.compare_digest(hello.cookie, self._seal(address, hello, period)):
                return period
        return None

    def _seal(self, address: Address, hello: Hello, period: int) -> bytes:
        client = f"{period}|{address.host}|{address.port}|".encode()
        return hashlib.blake2s(client + hello.parameters, key=self._secret, digest_size=COOKIE_LENGTH).digest()
