"""Constants of the bits in messages of states, which ``godot_enet.netcode`` and ``packing.h`` write."""

from __future__ import annotations

__all__ = ["AGE_BITS", "MAX_NUMBER_BITS", "NARROW_COLUMN", "NUMBER_GROUP"]

NUMBER_GROUP = 3
"""Bits of a part of a number of any size; one more bit says whether another part follows."""
MAX_NUMBER_BITS = 32
"""Bits of the largest number of any size that is read."""
NARROW_COLUMN = 3
"""Columns up to this many bits are sent whole if they change, after one bit that says whether they do."""
AGE_BITS = 6
"""Bits of the ticks between the base of a change and its message."""
