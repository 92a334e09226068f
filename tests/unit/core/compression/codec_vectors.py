"""Payloads and their coded forms, made by a real Godot and by libenet; see ``meta`` in the file."""

from __future__ import annotations

import hashlib
import json
import struct
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["CASES", "Case", "lcg"]

FILE = Path(__file__).parents[3] / "vectors" / "compression.json"
SENTENCE = b"player enemy bullet pos vel hp score spawn tick input jump fire left right team { } : ,"
WORDS = (*SENTENCE.split(), b" ")


class Case(NamedTuple):
    """One payload."""

    name: str
    payload: bytes
    coded: dict[str, bytes]
    """By the names of the file: FASTLZ, DEFLATE, ZSTD and, up to 4096 bytes, RANGE_CODER."""


@cache
def lcg(size: int, seed: int) -> bytes:
    """Bytes that look random and are the same everywhere."""
    out = bytearray()
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(seed >> 16 & 0xFF)
    return bytes(out)


def structs(size: int, seed: int) -> bytes:
    """Records of 20 bytes: what a game would send."""
    random = lcg(4 * (size // 20 + 2), seed)
    out = bytearray()
    for k in range(size // 20 + 1):
        a, b, c, d = random[4 * k : 4 * k + 4]
        record = (k & 0xFFFF, a % 4, b & 1, 100.0 + k * 0.5, -50.0 + c % 16 * 0.25, d % 8 - 4, 0, 100000 + k)
        out += struct.pack("<HBBffhhI", *record)
    return bytes(out[:size])


def words(size: int, seed: int) -> bytes:
    """Words of game state, and spaces."""
    random = lcg(size + 8, seed)
    out = bytearray()
    i = 0
    while len(out) < size:
        out += WORDS[random[i % len(random)] % 20]
        i += 1
    return bytes(out[:size])


def long_payload(name: str, size: int, meta: dict[str, Any]) -> bytes:
    """A payload that the file describes instead of holding it."""
    match name.split("_")[0]:
        case "text":
            lorem = meta["rules"]["LOREM"].encode()
            return bytes((lorem * (size // len(lorem) + 1))[:size])
        case "zeros":
            return bytes(size)
        case "structs":
            return structs(size, 11)
        case "words":
            return words(size, 3)
        case "random":
            return lcg(size, 42)
        case "low":
            return bytes(byte % 3 for byte in lcg(size, 17))
        case "far":
            return lcg(300, 1) + lcg(size - 600, 2) + lcg(300, 1)
        case "runs":
            return b"".join(bytes([i & 0xFF]) * (i % 700) for i in range(1, 220))[:70000]
    raise ValueError(f"no rule for {name}")


def load() -> list[Case]:
    content = json.loads(FILE.read_text(encoding="utf-8"))
    cases = []
    for row in content["cases"]:
        if "input" in row:
            payload = bytes.fromhex(row["input"])
        else:
            payload = long_payload(row["name"], row["size"], content["meta"])
        assert hashlib.sha256(payload).hexdigest() == row["sha256"], row["name"]
        coded = {name: bytes.fromhex(row[name]) for name in ("FASTLZ", "DEFLATE", "ZSTD", "RANGE_CODER") if name in row}
        cases.append(Case(row["name"], payload, coded))
    return cases


CASES = [case for case in load() if case.payload]
"""All but the empty payload, which every codec of Godot turns into nothing."""
