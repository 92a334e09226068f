"""Numbers that an outsider must not know: connect ids, proofs of address, numbers and sessions of connections.

Each is keyed BLAKE2s (RFC 7693) of a counter, so any amount of them tells nothing of the others without the key. Both
engines draw in the same order: equal keys give equal datagrams.
enet: host.c: enet_host_random is Mulberry32, whose 32-bit state follows from a few of its outputs.
"""

from __future__ import annotations

from hashlib import blake2s
from secrets import token_bytes

from godot_enet.core.protocol.constants import KEY_SIZE

__all__ = ["KeyedRandom", "key_from"]


def key_from(seed: int | None) -> bytes:
    """The key of a host: derived from the seed, or from the operating system if the seed is 0 or None."""
    return blake2s(seed.to_bytes(32, "little")).digest() if seed else token_bytes(KEY_SIZE)


class KeyedRandom:
    """A stream of unsigned 32-bit numbers."""

    __slots__ = ("_count", "_key")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def next(self) -> int:
        """The next number, 0..2**32-1."""
        self._count += 1  # First: interrupted behind it, a number is left out and none is given twice.
        digest = blake2s(self._count.to_bytes(8, "little"), digest_size=4, key=self._key).digest()
        return int.from_bytes(digest, "little")
