"""``python -m benchmarks`` runs: every scenario, the profiler, and without pyenet."""

from __future__ import annotations

import importlib
import platform
import re
import sys

import pytest

from benchmarks import contenders, engines, instructions, libenet, scale
from benchmarks.__main__ import main
from benchmarks.contenders import CONTENDERS, PYENET, RELIABLE, UNRELIABLE, Contender
from benchmarks.scenarios import LIBENET, SCENARIOS, Goal, Scenario
from benchmarks.size import Size
from benchmarks.table import Field, compare, render
from godot_enet import available_engines
from tests.demos.program import Program


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.long
@pytest.mark.timeout(700)
def test_quick_run_measures_every_scenario() -> None:
    with Program("-m", "benchmarks", "--quick") as program:
        assert program.finish(600) == 0, program.output
    heading, *rows = [cells(line) for line in program.lines if line.startswith("| ")]
    assert [row[0] for row in rows] == [scenario.title for scenario in SCENARIOS]
    wanted = [contender.name for contender in CONTENDERS if contender.available()]
    assert heading[2:-2] == wanted + ([] if libenet.why_unavailable() else [LIBENET])
    for name in wanted:
        values = [float(row[heading.index(name)].replace(",", "")) for row in rows if row[heading.index(name)] != "-"]
        assert len(values) >= 5
        assert min(values) > 0
    for engine in available_engines():
        assert engine in heading


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["reliable", "unsequenced"])
def test_profile_shows_where_time_goes(scenario: str) -> None:
    with Program("-m", "benchmarks", "--quick", "--profile", scenario, "--only", "python") as program:
        assert program.finish() == 0, program.output
    assert re.search(r"tottime +percall +cumtime", program.output)
    assert "(service)" in program.output


@pytest.fixture
def _no_native(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a checkout without a built library, with no engine asked for."""
    monkeypatch.delenv("GODOT_ENET_ENGINE", raising=False)
    monkeypatch.setattr(engines, "why_unavailable", lambda: "it was not built")
    monkeypatch.setattr(contenders, "available_engines", lambda: ("python",))


@pytest.mark.usefixtures("_no_native")
@pytest.mark.parametrize("module", ["__main__", "attacks.__main__", "dtls", "recovery", "rpc"])
def test_without_the_native_engine_there_is_no_table_but_a_line(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if module == "dtls":
        pytest.importorskip("OpenSSL")
    assert importlib.import_module(f"benchmarks.{module}").main([]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("No table: the native engine is not available (it was not built). ")
    assert err.endswith(" measures the Python engine alone.\n")
    assert err.count("\n") == 1


@pytest.mark.long
@pytest.mark.usefixtures("_no_native")
@pytest.mark.parametrize(("arguments", "engine"), [(["--only", "python"], "auto"), ([], "python")])
def test_without_it_the_python_engine_is_measured_for_those_who_ask(
    arguments: list[str], engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GODOT_ENET_ENGINE", engine)
    assert main(["--quick", "reliable", *arguments]) == 0
    heading, _ = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert "python" in heading
    assert "native" not in heading


def test_without_pyenet_and_libenet_there_is_no_comparison(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PYENET, "enet", None)
    monkeypatch.setattr(libenet, "build", lambda *arguments: None)
    libenet.libenet_program.cache_clear()
    try:
        assert main(["--quick", "reliable", "frame"]) == 0
    finally:
        libenet.libenet_program.cache_clear()
    out, err = capsys.readouterr()
    assert "pyenet is not installed (pip install pyenet): no comparison" in err
    assert "no libenet: libenet.c cannot be built (needs gcc and libenet-dev)" in err
    heading, reliable, frame = [cells(line) for line in out.splitlines() if line.startswith("| ")]
    assert "pyenet" not in heading
    assert LIBENET not in heading
    assert reliable[-1] == "-"  # there is nothing to compare with
    assert set(frame[2:-2]) == {"-"}


@pytest.mark.native
@pytest.mark.skipif(sys.platform != "linux", reason="several shards need Linux")
@pytest.mark.long
def test_a_quick_run_of_what_shards_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main(["--quick"]) == 0
    shown = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("| `")]
    assert [row[0] for row in shown] == [f"`{row.name}`" for row in scale.ROWS]
    for row in shown:
        assert row[2] == "-" if libenet.why_unavailable() and "take" not in row[0] else float(row[4]) > 0


@pytest.mark.long
@pytest.mark.native
@pytest.mark.skipif(bool(instructions.why_uncounted()), reason=instructions.why_uncounted())
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the limits are for x86-64")
def test_messages_and_joins_cost_no_more_instructions_than_before() -> None:
    """docs/performance.md has the counts. The limits are 6 % above them, since compilers differ a little."""
    counted = {
        "reliable": (instructions.of_a_message(RELIABLE, 20), 1005),
        "unreliable": (instructions.of_a_message(UNRELIABLE, 20), 645),
        "a join": (instructions.of_a_join(256), 4240),
    }
    if sys.version_info[:2] == (3, 11):
        counted["reliable, with Python"] = instructions.of_a_whole_message(20), 4350
    over = {name: (count, limit) for name, (count, limit) in counted.items() if not 0 < (count or 0) <= limit}
    assert not over


def test_contenders_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    samples = {"native": [1.0, 900.0, 2.0], "python": [5.0, 5.0, 5.0], "pyenet": [4.0, 4.0, 4.0]}

    def run(contender: Contender, size: Size) -> float:
        order.append(contender.name)
        return samples[contender.name].pop(0)

    field: Field = {**{c.name: c for c in CONTENDERS if c.name in samples}, LIBENET: None}
    scenario = Scenario("time", "a wait", "us", run, Goal(0.4), lambda size: 3.0)
    medians = compare(scenario, field, Size(), 3)
    assert medians == {"native": 2.0, "python": 5.0, "pyenet": 4.0, LIBENET: 3.0}
    assert order[:6] == ["native", "python", "pyenet", "python", "pyenet", "native"]

    def last_cells(goal: Goal | None, more_is_better: bool = False) -> list[str]:
        shown = Scenario("time", "a wait", "us", run, goal, more_is_better=more_is_better)
        return cells(render([(shown, medians)], list(medians)).splitlines()[2])

    assert last_cells(Goal(0.4)) == ["a wait", "us", "2.00", "5.00", "4.00", "3.00", "≤ 0.4 of pyenet", "0.50 (missed)"]
    assert last_cells(Goal(0.5))[-1] == "0.50"
    assert last_cells(Goal(6, None, "python"))[-2:] == ["≤ 6", "5.00"]
    assert last_cells(Goal(2, LIBENET, "python"), more_is_better=True)[-2:] == ["≥ 2 of libenet", "1.67 (missed)"]
    assert last_cells(None)[-2:] == ["", ""]
