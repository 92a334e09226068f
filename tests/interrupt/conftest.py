"""Tests in which a hook is called before each instruction."""

from __future__ import annotations

import sys

import pytest

from godot_enet.core.clock import SystemClock

SLOWER = 10
"""How many times slower the hosts' clock is on PyPy, where that hook makes a busy machine's polls take seconds."""

_now = SystemClock.now


@pytest.fixture(autouse=True)
def _patient_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers are not to time out because the tests are slow."""
    if sys.implementation.name == "pypy":
        monkeypatch.setattr(SystemClock, "now", lambda self: _now(self) // SLOWER)
