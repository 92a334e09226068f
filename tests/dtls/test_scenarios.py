"""ENet's own behaviour, told by the same scenarios, through DTLS; all of them but the slow ones.

Those are in ``tests/interop/test_dtls_scenarios.py``.
"""

from __future__ import annotations

import pytest

from godot_enet.core.engine import PythonEngine
from tests.conftest import EnginePair
from tests.dtls.scenarios import scenarios
from tests.dtls.secure_world import SecureWorld
from tests.scenario import (
    engine_stage,
    test_disconnect,
    test_handshake,
    test_reliability,
    test_sequencing,
    test_service,
    test_throttle,
    test_wire,
)

globals().update(
    scenarios(
        test_disconnect, test_handshake, test_reliability, test_sequencing, test_service, test_throttle, test_wire
    )
)


@pytest.fixture(autouse=True)
def through_dtls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever network a scenario makes is an encrypted one."""
    monkeypatch.setattr(engine_stage, "World", SecureWorld)


def test_the_network_really_is_encrypted() -> None:
    assert len([name for name in globals() if name.startswith("Test")]) > 20
    assert type(engine_stage.Pair(EnginePair(PythonEngine, PythonEngine)).world) is SecureWorld
