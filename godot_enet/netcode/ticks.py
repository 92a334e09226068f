"""Tick numbers: integers that only grow in a program, and 16 bits of them on the wire."""

from __future__ import annotations

__all__ = ["TICK_BITS", "unwrap_tick", "wrap_tick"]

TICK_BITS = 16
_MASK = (1 << TICK_BITS) - 1
_HALF = 1 << (TICK_BITS - 1)


def wrap_tick(tick: int) -> int:
    """The 16 bits of a tick that are sent."""
    return tick & _MASK


def unwrap_tick(wrapped: int, near: int) -> int:
    """The tick with these 16 bits that is nearest to ``near``: right while the two are less than 32768 ticks apart.

    >>> from godot_enet.netcode import unwrap_tick
    >>> unwrap_tick(3, near=65534)
    65539
    """
    return near + ((wrapped - near + _HALF) & _MASK) - _HALF
