"""OKHSL there and back. That it is what Godot makes of it is in test_golden."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from godot_enet.compat.variant.ok_hsl import from_ok_hsl, linear, nonlinear, to_ok_hsl

component = st.integers(0, 255).map(lambda byte: byte / 255)


@given(component, component, component)
@example(1.0, 0.0, 0.0)
@example(0.0, 1.0, 0.0)
@example(0.0, 0.0, 1.0)
def test_every_colour_comes_back(red: float, green: float, blue: float) -> None:
    assert from_ok_hsl(*to_ok_hsl(red, green, blue)) == pytest.approx((red, green, blue), abs=0.01)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_every_hue_saturation_and_lightness_is_a_colour(hue: float, saturation: float, lightness: float) -> None:
    assert all(-0.02 <= each <= 1.02 for each in from_ok_hsl(hue, saturation, lightness))


@pytest.mark.parametrize("grey", [0.0, 0.25, 0.5, 1.0])
def test_greys_have_no_saturation(grey: float) -> None:
    _, saturation, lightness = to_ok_hsl(grey, grey, grey)
    assert saturation == pytest.approx(0.0, abs=1e-4)
    assert lightness == pytest.approx(grey, abs=0.06)
    assert from_ok_hsl(0.3, 0.0, lightness) == pytest.approx((grey, grey, grey), abs=1e-4)


@given(component)
def test_light_comes_back(component: float) -> None:
    assert nonlinear(linear(component)) == pytest.approx(component, abs=1e-6)
