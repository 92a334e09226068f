"""Presets of networks, networks of one's own, and those that change."""

from __future__ import annotations

import pytest

from godot_enet.load import NetworkProfile, NetworkTimeline
from godot_enet.testing import LinkConfig


def test_every_preset_is_a_network() -> None:
    names = NetworkProfile.presets()
    assert {"4G", "hotel wifi", "home wifi", "3G", "5G", "satellite", "offline"} <= set(names)
    for name in names:
        profile = NetworkProfile(name)
        assert profile.name == name
        assert profile.up.delay == profile.down.delay
        assert profile.up.rate <= profile.down.rate
    assert NetworkProfile("LAN").up.delay < NetworkProfile("4G").up.delay < NetworkProfile("satellite").up.delay
    assert NetworkProfile("offline").up.loss == 1.0


def test_the_reference_names_every_preset() -> None:
    text = NetworkProfile.__doc__ or ""
    assert [name for name in NetworkProfile.presets() if f'``"{name}"``' not in text] == []


def test_directions_can_be_replaced() -> None:
    worse = LinkConfig(delay=500)
    profile = NetworkProfile("4G", up=worse)
    assert profile.up is worse
    assert profile.down == NetworkProfile("4G").down
    own = NetworkProfile("basement", down=worse)
    assert own.up == LinkConfig()
    assert own.down is worse


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ValueError, match=r"no network profile '6G'; there are 'LAN', .*'hotel wifi'"):
        NetworkProfile("6G")


def test_equal_profiles_are_equal() -> None:
    assert NetworkProfile("4G") == NetworkProfile("4G")
    assert len({NetworkProfile("4G"), NetworkProfile("4G"), NetworkProfile("3G")}) == 2


class TestTimelines:
    def test_each_step_lasts_until_the_next(self) -> None:
        timeline = NetworkTimeline([(0, "4G"), (10, NetworkProfile("offline")), (12.5, "3G")])
        seen = {at: timeline.at(at).name for at in (0, 9.9, 10, 12.4, 12.5, 1000)}
        assert seen == {0: "4G", 9.9: "4G", 10: "offline", 12.4: "offline", 12.5: "3G", 1000: "3G"}

    def test_repeated(self) -> None:
        timeline = NetworkTimeline([(0, "4G"), (10, "offline")], repeat=12)
        assert [timeline.at(at).name for at in (11, 12, 21, 22, 24)] == ["offline", "4G", "4G", "offline", "4G"]

    @pytest.mark.parametrize(
        ("steps", "repeat", "message"),
        [
            ([], 0, "at 0 seconds"),
            ([(1, "4G")], 0, "at 0 seconds"),
            ([(0, "4G"), (5, "3G"), (5, "5G")], 0, "in order"),
            ([(0, "4G"), (5, "3G")], 5, "repeat must be more"),
            ([(0, "6G")], 0, "no network profile"),
        ],
    )
    def test_impossible_ones(self, steps: list[tuple[float, str]], repeat: float, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            NetworkTimeline(steps, repeat=repeat)
