"""What DTLS may cost, measured by the benchmark in a process of its own, with a twentieth of its numbers."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(700)]

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def costs() -> dict[str, dict[str, float]]:
    """All results, for 500 clients."""
    command = [sys.executable, "-m", "benchmarks.dtls", "--clients", "500", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=600, check=True
    )
    results: dict[str, dict[str, float]] = json.loads(done.stdout)
    return results


def test_clients_that_vanish_leave_nothing_behind(costs: dict[str, dict[str, float]]) -> None:
    growth = costs["vanish"]["growth, bytes"]
    assert math.isnan(growth) or growth < 2_000_000
    assert costs["vanish"]["an honest client, s"] < 1


def test_forged_hellos_cost_no_tls_object(costs: dict[str, dict[str, float]]) -> None:
    assert costs["forged"]["TLS objects"] == 0
    assert costs["forged"]["answered"] == 500


def test_a_handshake_takes_little_more_than_openssl(costs: dict[str, dict[str, float]]) -> None:
    assert costs["handshake"]["beyond OpenSSL, ms"] < 8


def test_messages_a_second(costs: dict[str, dict[str, float]]) -> None:
    assert costs["messages"]["python, messages/s"] > 8000
