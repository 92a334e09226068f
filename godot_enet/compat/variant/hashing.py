"""Hashes that a remote cannot choose, and whether keys whose hashes it can choose would make a ``dict`` slow.

Python hashes text and bytes with a secret (SipHash), but numbers and tuples without: an int is its own hash. A remote
that chooses the keys of a Dictionary could give thousands of them one path through the table, which every later key has
to follow. So the value types hash the bytes of their numbers, after a secret of this process; and if plain numbers are
the keys, the steps are counted before the ``dict`` is made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from struct import Struct, error

__all__ = ["MAX_PROBES", "MAX_UNCHECKED_KEYS", "count_probes", "hash_ints", "hash_numbers", "hash_text", "spreads"]

MAX_UNCHECKED_KEYS = 1000
"""Number keys of one ``dict``: up to this many even the worst ones cost little."""
MAX_PROBES = 16
"""Maximum average of further slots visited for one key. Consecutive numbers need up to 12, random ones 1."""

_SECRET = os.urandom(16)
_TEXT_SECRET = _SECRET.hex()
_PERTURB_SHIFT = 5
_SHIFTS_FIRST = sys.implementation.name == "cpython"
_USABLE = 2 / 3
_WORD = (1 << 64) - 1


_PACK_REALS = [Struct(f"=16s{width}d").pack for width in range(17)]
_PACK_INTS = [Struct(f"=16s{width}q").pack for width in range(5)]


def hash_ints(numbers: Sequence[int]) -> int:
    """As :func:`hash_numbers`, for up to four ints."""
    try:
        return hash(_PACK_INTS[len(numbers)](_SECRET, *numbers))
    except error:  # one that is too large to be sent, too
        return hash_text(",".join([f"{number:x}" for number in numbers]))


def hash_numbers(numbers: Sequence[float]) -> int:
    """A hash of numbers: equal for equal ones, and otherwise unpredictable outside this process."""
    total = sum(numbers)
    if total != total:  # there is a NaN, which equals only itself: it has the hash of an object, as in Python
        return hash_text(",".join([str(hash(number)) for number in numbers]))
    try:
        if 0.0 in numbers:
            numbers = [number or 0.0 for number in numbers]  # -0.0 equals 0.0
        return hash(_PACK_REALS[len(numbers)](_SECRET, *numbers))
    except (OverflowError, error):  # an int that is too large to be sent, too
        return hash_text(",".join([f"{hash(number):x}" for number in numbers]))


def hash_text(text: str) -> int:
    """The same for text, with a secret even if Python was told to use none (``PYTHONHASHSEED=0``)."""
    return hash(_TEXT_SECRET + text)


def count_probes(hashes: Sequence[int], size: int, limit: int) -> int:
    """The number of slots beyond their first that all keys need in a table of this size; stops counting over the
    limit."""
    # cpython: Objects/dictobject.c: lookdict_index
    mask = size - 1
    used = bytearray(size)
    probes = 0
    for number in hashes:
        slot = number & mask
        if used[slot]:
            perturb = number & _WORD
            while used[slot]:
                if _SHIFTS_FIRST:
                    perturb >>= _PERTURB_SHIFT
                    slot = (slot * 5 + perturb + 1) & mask
                else:
                    slot = (slot * 5 + perturb + 1) & mask
                    perturb >>= _PERTURB_SHIFT
                probes += 1
                if probes > limit:
                    return probes
        used[slot] = 1
    return probes


def spreads(keys: Sequence[object]) -> bool:
    """Whether a ``dict`` of these keys is filled in linear time, at each size while it grows.

    Raises:
        TypeError: a key cannot be hashed.
    """
    if len(keys) <= MAX_UNCHECKED_KEYS:
        return True
    if sum([isinstance(key, (int, float)) for key in keys]) <= MAX_UNCHECKED_KEYS:
        return True  # the others have secret hashes
    hashes = list(map(hash, keys))
    size, usable = 8, 5
    while usable < len(hashes):
        size, usable = _grown(size)
        if usable > MAX_UNCHECKED_KEYS:
            filled = hashes[:usable]
            limit = MAX_PROBES * len(filled)
            if count_probes(filled, size, limit) > limit:
                return False
    return True


def _grown(size: int) -> tuple[int, int]:
    """The next size of a table, and its number of keys."""
    size *= 2
    return size, int(size * _USABLE)
