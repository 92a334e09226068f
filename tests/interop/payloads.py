"""The packets both sides can make from a seed, so that only the seed travels. Same numbers as godot/payloads.gd."""

from __future__ import annotations

import hashlib
import struct

__all__ = ["digest", "make"]


def make(seed: int, size: int) -> bytes:
    """The first ``size`` bytes of a 32-bit congruential sequence that starts after ``seed``, little-endian words.

    The period is 2**32, so no word occurs twice in a packet: a fragment in the wrong place always shows.
    """
    words = []
    word = seed & 0xFFFFFFFF
    for _ in range((size + 3) >> 2):
        word = (word * 1664525 + 1013904223) & 0xFFFFFFFF
        words.append(word)
    return struct.pack(f"<{len(words)}I", *words)[:size]


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
