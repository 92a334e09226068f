"""Values between two others, by type."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from godot_enet import Quaternion, Vector2, Vector3
from godot_enet.netcode import Angle, Blend, Step


@dataclass(frozen=True)
class State:
    height: float
    angle: Annotated[float, Angle()]
    place: Vector2
    speed: Vector3
    turned: Quaternion
    name: str
    frame: Annotated[float, Step]


UP = Vector3(0, 1, 0)
ONE = State(1.0, 3.0, Vector2(0, 0), Vector3(0, 0, 9), Quaternion(UP, 0.2), "walk", 1.0)
OTHER = State(3.0, -3.0, Vector2(8, -4), Vector3(1, 0, 9), Quaternion(UP, 1.0), "run", 2.0)
BLEND = Blend(State)


@pytest.mark.parametrize(
    ("weight", "angle", "name"),
    [
        (0.0, 3.0, "walk"),
        (0.25, 3.0 + (math.tau - 6) / 4, "walk"),
        (1.0, -3.0, "run"),
        (1.5, -3 + (math.tau - 6) / 2, "run"),
    ],
)
def test_each_type_has_its_way(weight: float, angle: float, name: str) -> None:
    state = BLEND.mix(ONE, OTHER, weight)
    assert state.height == 1.0 + 2.0 * weight
    assert state.angle == pytest.approx(math.remainder(angle, math.tau))
    assert state.place == Vector2(8, -4) * weight
    assert state.speed == Vector3(weight, 0, 9)
    assert state.turned.get_angle() == pytest.approx(0.2 + 0.8 * weight)
    assert (state.name, state.frame) == (name, 1.0 if name == "walk" else 2.0)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_difference_leads_back(share: float) -> None:
    state = BLEND.shift(OTHER, BLEND.difference(ONE, OTHER), share)
    between = BLEND.mix(OTHER, ONE, share)
    assert state.height == pytest.approx(between.height)
    assert state.angle == pytest.approx(between.angle)
    assert state.place.is_equal_approx(between.place)
    assert state.speed.is_equal_approx(between.speed)
    assert abs(state.turned.dot(between.turned)) == pytest.approx(1)
    assert (state.name, state.frame) == (OTHER.name, OTHER.frame)


def test_a_single_field() -> None:
    @dataclass
    class Single:
        height: float

    assert Blend(Single).mix(Single(1), Single(2), 0.5) == Single(1.5)
    assert Blend(Single).shift(Single(1), (4.0,), 0.5) == Single(3.0)


def test_only_dataclasses_are_blended() -> None:
    with pytest.raises(TypeError, match="is not a dataclass"):
        Blend(int)
