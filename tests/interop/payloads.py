"""The packets both sides can make from a seed, so that only the seed travels. Same numbers as godot/payloads.gd."""

from __future__ import annotations

import hashlib
import struct

__all__ = ["KINDS", "NOISE", "TEXT", "ZEROS", "digest", "make"]

NOISE, TEXT, ZEROS = KINDS = ("noise", "text", "zeros")
"""What no compression shortens, what each does, and what each shortens most."""


def make(seed: int, size: int, kind: str = NOISE) -> bytes:
    """The first ``size`` bytes of a 32-bit congruential sequence that starts after ``seed``, little-endian words.

    The period is 2**32, so no word occurs twice in a packet: a fragment in the wrong place always shows. Text has a
    line for each word.
    """
    if kind == ZEROS:
        return bytes(size)
    words = []
    word = seed & 0xFFFFFFFF
    for _ in range((size + 3) >> 2):
        word = (word * 1664525 + 1013904223) & 0xFFFFFFFF
        words.append(word)
    if kind == TEXT:
        return "".join(f"unit {word >> 16} moved\n" for word in words).encode()[:size]
    return struct.pack(f"<{len(words)}I", *words)[:size]


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
