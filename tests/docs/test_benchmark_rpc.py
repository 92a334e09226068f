"""``python -m benchmarks.rpc`` runs, and says what a server's calls cost."""

from __future__ import annotations

import re

import pytest

from tests.demos.program import Program


@pytest.mark.long
def test_it_measures_a_small_job() -> None:
    with Program("-m", "benchmarks.rpc", "--clients", "2", "--rate", "200", "--seconds", "0.3") as program:
        assert program.finish() == 0, program.output
    first, *shares = program.lines[-4:]
    found = re.fullmatch(r"([\d,]+) RPCs/s from 2 clients: ([\d.]+) % of one core \(≤ 25\)", first)
    assert found is not None, program.output
    assert 50 <= int(found[1]) <= 400
    assert [line.split()[0] for line in shares] == ["ENet", "Variant", "dispatch"]
    assert 0 < float(found[2]) < 100
