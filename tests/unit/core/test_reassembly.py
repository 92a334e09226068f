"""Putting fragments together."""

from __future__ import annotations

import itertools

import pytest

from godot_enet.core.engine.reassembly import Held

WHOLE = b"aaaabbbbcc"
PIECES = [(0, 0, b"aaaa"), (1, 4, b"bbbb"), (2, 8, b"cc")]


def group(*pieces: tuple[int, int, bytes], count: int = 3, total: int = 10) -> Held:
    held = Held(1, 0, 1, b"", count, total)
    for number, offset, data in pieces:
        assert held.add(number, offset, data)
    return held


@pytest.mark.parametrize("order", list(itertools.permutations(PIECES)))
def test_any_order_gives_the_packet(order: tuple[tuple[int, int, bytes], ...]) -> None:
    held = group(*order)
    assert held.remaining == 0
    assert held.join() == WHOLE
    assert held.join() == WHOLE  # whoever was broken off in the middle of it asks again


def test_a_fragment_counts_once() -> None:
    held = group(PIECES[1])
    assert held.remaining == 2
    assert not held.add(1, 4, b"xxxx")
    assert held.remaining == 2
    for piece in (PIECES[0], PIECES[2]):
        assert held.add(*piece)
    assert held.join() == WHOLE


def test_memory_follows_what_was_received() -> None:
    held = Held(1, 0, 1, b"", 1_000_000, 32 * 1024 * 1024)
    held.add(999_999, 5, b"x")
    assert sum(len(data) for _, data in held.fragments.values()) == 1


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([(0, 0, b"aa"), (1, 8, b"bb"), (2, 5, b"c")], b"aa\0\0\0c\0\0bb"),
        ([(0, 4, b"aa"), (1, 5, b"bb"), (2, 0, b"c")], b"c\0\0\0abb\0\0\0"),
        ([(1, 5, b"bb"), (0, 4, b"aa"), (2, 0, b"c")], b"c\0\0\0aab\0\0\0"),
        ([(0, 0, b"aaaaaaaaaa"), (1, 0, b"b"), (2, 9, b"c")], b"baaaaaaaac"),
        ([(0, 0, b"aaaaaaaaaa"), (1, 3, b"b"), (2, 10, b"")], b"aaabaaaaaa"),
        ([(2, 0, b"aaaaaaaaaa"), (1, 0, b""), (0, 0, b"")], b"aaaaaaaaaa"),
    ],
    ids=["gaps", "overlap", "overlap, later wins", "covered from the start", "one inside", "number order"],
)
def test_offsets_rule_where_a_group_was_crafted(pieces: list[tuple[int, int, bytes]], whole: bytes) -> None:
    assert group(*pieces).join() == whole


def test_an_early_packet_is_held_whole() -> None:
    held = Held(7, 3, 0, b"packet", 0, 6)
    assert (held.reliable, held.unreliable, held.flags, held.packet, held.remaining) == (7, 3, 0, b"packet", 0)
