"""Cookies: a client proves that it receives at its address before anything is remembered about it.

Units: milliseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from godot_enet.core.dtls.records import Hello
from godot_enet.core.interface import Address

__all__ = ["LIFETIME", "CookieJar"]

LIFETIME = 60_000
"""A cookie is good for at least this long, and at most twice as long. Godot's are good for 60 s."""


class CookieJar:
    """Makes and recognises cookies by two secrets, the current and the one before."""

    def __init__(self, now: int) -> None:
        self._current = self._previous = secrets.token_bytes(32)
        self._since = now

    def bake(self, address: Address, hello: Hello, now: int) -> bytes:
        """The cookie for this client and this hello, 32 bytes."""
        self._rotate(now)
        return _seal(self._current, address, hello)

    def accepts(self, address: Address, hello: Hello, now: int) -> bool:
        """Whether the hello brings the cookie that was made for it."""
        self._rotate(now)
        return any(
            hmac.compare_digest(hello.cookie, _seal(secret, address, hello))
            for secret in (self._current, self._previous)
        )

    def _rotate(self, now: int) -> None:
        age = now - self._since
        if age >= LIFETIME:
            fresh = secrets.token_bytes(32)
            self._previous = self._current if age < 2 * LIFETIME else fresh
            self._current = fresh
            self._since = now


def _seal(secret: bytes, address: Address, hello: Hello) -> bytes:
    client = f"{address.host}|{address.port}|".encode()
    return hmac.new(secret, client + hello.parameters, hashlib.sha256).digest()
