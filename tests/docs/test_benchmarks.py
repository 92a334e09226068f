"""``python -m benchmarks`` runs: every scenario, the profiler, and without pyenet."""

from __future__ import annotations

import re

import pytest

from benchmarks.__main__ import main
from benchmarks.contenders import CONTENDERS, Contender, PyEnet
from benchmarks.scenarios import SCENARIOS, Scenario, Size
from benchmarks.table import compare, render
from tests.demos.program import Program

[PYENET] = [contender for contender in CONTENDERS if isinstance(contender, PyEnet)]


def test_quick_run_measures_every_scenario() -> None:
    with Program("-m", "benchmarks", "--quick") as program:
        assert program.finish() == 0, program.output
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in program.lines if line.startswith("| ")]
    heading, *rows = rows
    assert [row[0] for row in rows] == [scenario.title for scenario in SCENARIOS]
    for name in ("inline", "threaded"):
        values = [float(row[heading.index(name)].replace(",", "")) for row in rows]
        assert min(values) > 0
    assert ("pyenet" in heading) == PYENET.available()


@pytest.mark.parametrize("scenario", ["reliable", "unsequenced"])
def test_profile_shows_where_time_goes(scenario: str) -> None:
    with Program("-m", "benchmarks", "--quick", "--profile", scenario) as program:
        assert program.finish() == 0, program.output
    assert re.search(r"tottime +percall +cumtime", program.output)
    assert "(service)" in program.output


def test_without_pyenet_there_is_no_comparison(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PYENET, "enet", None)
    assert main(["--quick", "reliable"]) == 0
    out, err = capsys.readouterr()
    assert "pyenet is not installed (pip install pyenet): no comparison" in err
    assert "pyenet" not in out.partition("|")[2]


def test_contenders_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    samples = {"inline": [1.0, 900.0, 2.0], "threaded": [5.0, 5.0, 5.0], "pyenet": [4.0, 4.0, 4.0]}

    def run(contender: Contender, size: Size) -> float:
        order.append(contender.name)
        return samples[contender.name].pop(0)

    scenario = Scenario("time", "a wait", "us", run, goal=50, more_is_better=False)
    medians = compare(scenario, CONTENDERS, Size(), 3)
    assert medians == {"inline": 2.0, "threaded": 5.0, "pyenet": 4.0}
    assert order[:6] == ["inline", "threaded", "pyenet", "threaded", "pyenet", "inline"]

    row = render([(scenario, medians)], list(medians), "pyenet").splitlines()[2]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["a wait", "us", "< 50.0", "2.0", "5.0", "4.0", "2.00", "0.80"]
