"""The 32-bit generator behind connect ids; both engines share it so that equal seeds give equal datagrams.

enet: host.c: enet_host_random (the public-domain Mulberry32 step).
"""

from __future__ import annotations

__all__ = ["Mulberry32"]


class Mulberry32:
    """A seeded stream of unsigned 32-bit numbers."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFFFFFF

    def next(self) -> int:
        """The next number, 0..2**32-1."""
        self._state = (self._state + 0x6D2B79F5) & 0xFFFFFFFF
        n = self._state
        n = ((n ^ (n >> 15)) * (n | 1)) & 0xFFFFFFFF
        n ^= (n + (n ^ (n >> 7)) * (n | 61)) & 0xFFFFFFFF
        return n ^ (n >> 14)
