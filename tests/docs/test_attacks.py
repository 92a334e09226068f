"""``python -m benchmarks.attacks`` and ``benchmarks.recovery`` run; what they show holds in a second as in a minute."""

from __future__ import annotations

import math
import sys

import pytest

from benchmarks.attacks import attackers, far
from benchmarks.attacks.__main__ import CRAFTED, Crafted
from benchmarks.attacks.attackers import started
from benchmarks.attacks.network import namespaces, why_not
from benchmarks.recovery import Ours, connected, stream
from godot_enet import available_engines

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forges addresses of Linux's loopback network")

ENGINES = available_engines()
DEADLINE = 60.0
"""Seconds; on an idle machine a client is in within one."""


def gets_in(server: attackers.Server, rate: int) -> bool:
    """Whether an honest client connects while so many forged CONNECTs arrive every second."""
    taken = attackers.connect_flood(server, DEADLINE, rate, after=0.3, until_connected=True)["connected"]
    return not math.isnan(taken)


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_is_sent_more_than_came(engine: str) -> None:
    with started(engine) as server:
        assert 0 < attackers.amplification(server, 0.7)["ratio"] <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_an_honest_client_gets_in_through_a_flood(engine: str) -> None:
    with started(engine) as server:
        assert gets_in(server, attackers.FLOOD // 10)  # a busy machine does not take more in Python


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("attack", [attackers.garbage, attackers.fragments, attackers.acknowledgements])
def test_floods_leave_it_small_and_able_to_answer(engine: str, attack: attackers.Attack) -> None:
    with started(engine) as server:
        assert attack(server, 0.5)["memory"] < 64e6
        assert gets_in(server, rate=1)


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", CRAFTED, ids=lambda row: row.attack.__name__)
def test_few_bytes_do_no_more_than_their_limit_allows(engine: str, row: Crafted) -> None:
    if row.kind == "secure":
        pytest.importorskip("OpenSSL")
    with started(engine, row.kind) as server:
        result = row.attack(server, min(row.seconds, 8.0))
    assert result["memory"] < 160e6
    assert result["longest"] < 2  # CPU seconds; they were many
    if row.kind == "checked":
        assert result["peers"] == 1
    if "guesses" in result:
        assert result["joined"] == 0


@pytest.mark.long
@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize(
    ("engine", "rate", "where"), [flood for flood in far.FLOODS if flood[0] in ENGINES], ids=lambda value: str(value)
)
def test_a_stock_client_200_ms_away_gets_in(engine: str, rate: int, where: str) -> None:
    """In three seconds on an idle machine; here none may be lost for good, which is what a forgotten record does.

    Where the client itself has to wait for a processor longer than its record can last, it is lost, too. So there are
    three rounds; one must succeed.
    """
    pytest.importorskip("enet")

    def arrived() -> int:
        with namespaces() as here:
            taken, _ = far.attempts(here, engine, rate, where, 20, limit=30.0)
        return sum(seconds < 30.0 for seconds in taken)

    assert any(arrived() >= 19 for _ in range(3))


def test_a_stream_over_the_road_arrives() -> None:
    with connected(Ours, Ours, 0.05, 1) as (client, server):
        messages, late = stream(client, server, 0.7, 0.01, 100)
    assert messages > 10
    assert late > 25
