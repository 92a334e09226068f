"""The generator of connect ids."""

from __future__ import annotations

import pytest

from godot_enet.core.rng import Mulberry32


@pytest.mark.parametrize(
    ("seed", "numbers"),
    [
        # What the reference's C makes of these seeds.
        (0, [1144304738, 1416247, 958946056, 627933444, 2007157716]),
        (1, [2693262067, 11749833, 2265367787, 4213581821, 4159151403]),
        (0x12345678, [455919406, 4042750857, 4036713555, 1004527575, 3885174651]),
        (0x7FFFFFFF, [1842962257, 546041740, 1654754255, 1702490205, 513796057]),
        (0xFFFFFFFF, [3850105811, 813802916, 3073704848, 4054706436, 3630262831]),
    ],
)
def test_numbers_of_the_reference(seed: int, numbers: list[int]) -> None:
    random = Mulberry32(seed)
    assert [random.next() for _ in numbers] == numbers


def test_seeds_are_32_bits() -> None:
    assert Mulberry32(2**32 + 1).next() == Mulberry32(1).next()
    assert Mulberry32(-1).next() == Mulberry32(0xFFFFFFFF).next()


def test_numbers_spread_over_32_bits() -> None:
    random = Mulberry32(7)
    numbers = [random.next() for _ in range(4096)]
    assert len(set(numbers)) == len(numbers)
    for bit in range(32):
        assert 1800 < sum(number >> bit & 1 for number in numbers) < 2300
