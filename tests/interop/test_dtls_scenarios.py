"""The slow scenarios of ENet's behaviour, through DTLS. The others are in ``tests/dtls/test_scenarios.py``."""

from __future__ import annotations

import pytest

from tests.dtls.scenarios import scenarios
from tests.dtls.secure_world import SecureWorld
from tests.scenario import engine_stage, test_compression, test_fragments, test_hostile, test_packing

pytestmark = pytest.mark.interop

globals().update(scenarios(test_compression, test_fragments, test_hostile, test_packing))


@pytest.fixture(autouse=True)
def through_dtls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever network a scenario makes is an encrypted one."""
    monkeypatch.setattr(engine_stage, "World", SecureWorld)
