"""``python -m benchmarks.replication`` runs, and says what replication costs."""

from __future__ import annotations

import pytest

from tests.demos.program import Program


@pytest.mark.long
def test_it_measures_a_small_job() -> None:
    command = ["-m", "benchmarks.replication", "--synchronizers", "10", "--clients", "2", "--many", "20"]
    with Program(*command, "--seconds", "0.3") as program:
        assert program.finish() == 0, program.output
    titles = [line.split(":")[0].split()[0] for line in program.lines[-6:]]
    assert titles == ["server", "the", "beside", "idle", "watched", "receiving"]
