"""States between states: in order or not, with gaps, beyond the last one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from godot_enet.netcode import Blend, Interpolation


@dataclass(frozen=True)
class Place:
    x: float


def made(*ticks: int, speed: float = 10.0) -> Interpolation[str, Place]:
    """An object that moves by ``speed`` in a tick, seen at these ticks."""
    found: Interpolation[str, Place] = Interpolation(Blend(Place), extrapolation=2.0, gap=5)
    for tick in ticks:
        found.add(tick, {"a": Place(speed * tick)})
    return found


@pytest.mark.parametrize("ticks", [(1, 2, 3, 4), (1, 4, 2, 3), (4, 3, 2, 1), (1, 2, 2, 3, 4, 1), (1, 4)])
def test_even_movement_is_exact(ticks: tuple[int, ...]) -> None:
    between = made(*ticks)
    for tick in (1.0, 1.5, 2.25, 3.0, 3.875, 4.0):
        assert between.at(tick)["a"].x == pytest.approx(10 * tick)


def test_it_goes_on_for_two_ticks_and_stops() -> None:
    between = made(1, 2, 3)
    assert between.at(4.5) == {"a": Place(45)}
    assert between.at(5.0) == {"a": Place(50)}
    assert between.at(9.0) == {"a": Place(50)}
    between.add(10, {"a": Place(60)})  # a gap of 7 ticks: it rested at 30, as far as is known
    assert between.at(9.5) == {"a": Place(45)}
    assert between.at(10) == {"a": Place(60)}


def test_a_gap_is_bridged_up_to_its_length() -> None:
    assert made(1, 6).at(3.5) == {"a": Place(35)}
    rested = made(1, 7)
    assert [rested.at(tick)["a"].x for tick in (3.5, 6.0, 6.5, 7.0)] == [10, 10, 40, 70]


def test_without_extrapolation_it_stops_at_once() -> None:
    between: Interpolation[str, Place] = Interpolation(Blend(Place), extrapolation=0)
    between.add(1, {"a": Place(1)})
    assert between.at(5) == {"a": Place(1)}
    between.add(2, {"a": Place(2)})
    assert between.at(5) == {"a": Place(2)}


def test_objects_come_and_go_at_their_ticks() -> None:
    between = made(1, 2, 3, 4)
    between.add(3, {"b": Place(7)})
    assert set(between.at(2.9)) == {"a"}
    assert set(between.at(3.0)) == {"a", "b"}
    between.remove("a", 4)
    between.remove("nobody", 4)
    assert set(between.at(3.9)) == {"a", "b"}
    assert set(between.at(4.0)) == {"b"}
    between.add(6, {"a": Place(1)})
    assert set(between.at(6)) == {"a", "b"}
    between.remove("a", 7)
    between.add(8, {"a": Place(2)})  # it came back before that was drawn
    assert set(between.at(8)) == {"a", "b"}


def test_an_object_that_nobody_draws_does_not_pile_up() -> None:
    between = made(*range(1000))
    between.add(3, {"a": Place(99)})
    assert between.at(936) == {"a": Place(9360)}
    assert between.at(0) == {}


def test_what_has_gone_is_kept_for_64_ticks_until_it_is_drawn() -> None:
    between = made(1, 2)
    between.add(1, {"b": Place(7), "c": Place(8)})
    between.remove("a", 3)
    between.remove("b", 3)
    between.remove("c", 66)
    assert set(between.at(2)) == {"a", "b", "c"}
    between.add(60, {"a": Place(5)})  # back
    between.remove("c", 67)
    assert set(between.at(2)) == {"a", "c"}


def test_arguments_out_of_range() -> None:
    for options in ({"extrapolation": -1.0}, {"gap": 0}):
        with pytest.raises(ValueError, match="must"):
            Interpolation(Blend(Place), **options)
