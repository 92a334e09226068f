"""The generator of what outsiders must not know."""

from __future__ import annotations

from hashlib import blake2s

import pytest

from godot_enet.core.protocol.constants import KEY_SIZE
from godot_enet.core.rng import KeyedRandom, key_from


@pytest.mark.parametrize(
    ("key", "numbers"),
    [
        # A change of these is a change of all runs by seed.
        (bytes(32), [1726829534, 343965878, 372343913, 493906794, 97759441]),
        (bytes(range(32)), [2295845832, 1912258338, 1837514984, 3993953347, 1751692511]),
    ],
)
def test_numbers_of_a_key(key: bytes, numbers: list[int]) -> None:
    random = KeyedRandom(key)
    assert [random.next() for _ in numbers] == numbers


def test_the_numbers_are_the_words_of_the_keyed_hash_of_a_counter() -> None:
    key = key_from(7)
    random = KeyedRandom(key)
    for counter in range(12):
        digest = blake2s(counter.to_bytes(8, "little"), key=key).digest()
        for at in range(0, len(digest), 4):
            assert random.next() == int.from_bytes(digest[at : at + 4], "little")


def test_equal_seeds_give_equal_keys_and_all_bits_count() -> None:
    seeds = [1, 2, 2**32 + 1, 2**64 + 1, 2**255 + 1, 2**256 - 1]
    assert [key_from(seed) for seed in seeds] == [key_from(seed) for seed in seeds]
    keys = {key_from(seed) for seed in seeds}
    assert len(keys) == len(seeds)
    assert {len(key) for key in keys} == {KEY_SIZE}


@pytest.mark.parametrize("seed", [0, None])
def test_without_a_seed_the_key_is_the_systems(seed: int | None) -> None:
    assert len({key_from(seed) for _ in range(8)}) == 8


def test_numbers_spread_over_32_bits() -> None:
    random = KeyedRandom(key_from(7))
    numbers = [random.next() for _ in range(4096)]
    assert len(set(numbers)) == len(numbers)
    for bit in range(32):
        assert 1800 < sum(number >> bit & 1 for number in numbers) < 2300
