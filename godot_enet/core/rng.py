"""Unpredictable numbers: connect ids, address proofs, numbers and sessions of connections.

They are the words of keyed BLAKE2s (RFC 7693) of a counter, so no number reveals another without the key. Both engines
draw in the same order: equal keys give equal datagrams.
enet: host.c: enet_host_random is Mulberry32, whose 32-bit state follows from a few of its outputs.
"""

from __future__ import annotations

import struct
from hashlib import blake2s
from secrets import token_bytes

from godot_enet.core.protocol.constants import KEY_SIZE

__all__ = ["KeyedRandom", "key_from"]


_WORDS = struct.Struct("<8I")
"""The numbers of a digest."""


def key_from(seed: int | None) -> bytes:
    """The key of a host: derived from the seed, or from the operating system if the seed is 0 or None."""
    return blake2s(seed.to_bytes(32, "little")).digest() if seed else token_bytes(KEY_SIZE)


class KeyedRandom:
    """A stream of unsigned 32-bit numbers."""

    __slots__ = ("_block", "_count", "_key")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0
        self._block: tuple[int, tuple[int, ...]] = -1, ()
        """The digest that was used last: its counter and its words."""

    def next(self) -> int:
        """The next number, 0..2**32-1."""
        counter, word = divmod(self._count, 8)
        self._count += 1  # First: if interrupted after it, a number is skipped and none is returned twice.
        if self._block[0] != counter:
            digest = blake2s(counter.to_bytes(8, "little"), key=self._key).digest()
            self._block = counter, _WORDS.unpack(digest)
        return self._block[1][word]
