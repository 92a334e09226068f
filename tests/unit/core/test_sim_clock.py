"""The virtual clock."""

from __future__ import annotations

import pytest

from godot_enet.core.sim import VirtualClock


def test_stands_still_until_told() -> None:
    clock = VirtualClock(7)
    assert clock.now() == clock.now() == 7
    clock.advance_to(1000)
    assert clock.now() == 1000


def test_never_goes_back() -> None:
    clock = VirtualClock(7)
    with pytest.raises(ValueError, match="from 7 to 6"):
        clock.advance_to(6)
    assert clock.now() == 7
