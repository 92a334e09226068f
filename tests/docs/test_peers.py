"""``python -m benchmarks.peers`` runs: its tables and figures, each contender, and what is missing of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.peers import __main__ as peers
from benchmarks.peers.contenders import CONTENDERS, OURS, Contender
from benchmarks.peers.measure import Result
from benchmarks.peers.report import LOSSES, Rounds, figures, tables
from benchmarks.peers.schedule import REQUEST, Schedule
from tests.demos.program import ROOT
from tests.docs.snippets import page

linux = pytest.mark.skipif(sys.platform != "linux", reason="it reads the CPU time of other processes")
PYTHON = f"{OURS}, Python engine"


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows(text: str) -> list[list[str]]:
    """Those of all tables, without headings."""
    return [cells(line) for line in text.splitlines() if line.startswith("| ") and not line.startswith("| |")]


def value(cell: str) -> float:
    return float(cell.replace(",", "").removesuffix("%"))


def check(text: str, names: list[str]) -> None:
    """Both tables have a row for each contender, and plausible numbers."""
    shown = rows(text)
    assert [row[0] for row in shown] == names * 2
    for name, *numbers in shown[: len(names)]:
        server, clients, p50, p99 = map(value, [numbers[0], *numbers[2:5]])
        assert server > 1, name
        assert clients > 1, name
        assert 0.01 < p50 <= p99, name
    for name, *numbers in shown[len(names) :]:
        for at in range(0, 9, 3):
            p50, p99, wire = map(value, numbers[at : at + 3])
            assert 50 < p50 <= p99, name
            assert wire > 60 + 0.7 * 60, name  # a datagram each; some of the requests are lost
        assert 20 < value(numbers[-1]) <= 100, name


@linux
@pytest.mark.long
def test_a_quick_run_measures_both_links(capsys: pytest.CaptureFixture[str]) -> None:
    assert peers.main(["--quick", "--only", PYTHON, "--only", "UDP sockets"]) == 0
    out, _ = capsys.readouterr()
    check(out, [PYTHON, "UDP sockets"])
    reliable, bare = rows(out)[2:]
    assert reliable[-1] == "100%"
    assert bare[-1] != "100%"  # 20 % each way


@linux
@pytest.mark.interop
@pytest.mark.native
@pytest.mark.timeout(600)
def test_a_quick_run_measures_every_contender(capsys: pytest.CaptureFixture[str]) -> None:
    assert peers.main(["--quick"]) == 0
    out, err = capsys.readouterr()
    if "GODOT_ENET_REQUIRE_INTEROP" in os.environ:
        assert "pip install" not in err
    check(out, [contender.name for contender in CONTENDERS if not contender.missing()])


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    absent = Contender("QUIC", lambda: "pip install aioquic", list)
    present = Contender("UDP", lambda: "", list)
    monkeypatch.setattr(peers, "CONTENDERS", (absent, present))
    assert peers.choose(None) == [present]
    assert peers.choose(["QUIC"]) == []
    assert capsys.readouterr().err == "missing: QUIC (pip install aioquic)\n" * 2
    if sys.platform == "linux":  # the page would lose a row
        assert peers.main(["--only", "UDP", "--write"]) == 1
        assert capsys.readouterr().err == "Not measured: the page shows all contenders.\n"


@linux
@pytest.mark.parametrize("failure", [RuntimeError("ended"), BrokenPipeError()])
def test_who_fails_is_named_and_leaves_the_page_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failure: Exception
) -> None:
    def measure_one(contender: Contender, its: Rounds, *_: object) -> None:
        if contender is failing:
            raise failure
        for part, found in (its.calm, result(1.0)), (its.busy, result(1.0)):
            part.append(found)
        its.lossy.append([result(1.0)] * len(LOSSES))

    failing = Contender("QUIC", lambda: "", list)
    written: list[str] = []
    monkeypatch.setattr(peers, "CONTENDERS", (failing, Contender("UDP", lambda: "", list)))
    monkeypatch.setattr(peers, "measure_one", measure_one)
    monkeypatch.setattr(peers, "native_is_missing", lambda _: False)
    monkeypatch.setattr(peers, "write", lambda page, *_: written.append(page.name))
    assert peers.main(["--write", "--rounds", "2"]) == 1
    out, err = capsys.readouterr()
    assert f"failed: QUIC ({failure})" in err
    assert [row[0] for row in rows(out)] == ["UDP"] * 2
    assert written == []
    failing = Contender("none", lambda: "", list)
    assert peers.main(["--write", "--rounds", "2"]) == 0
    assert written == ["performance.md"]


@pytest.mark.parametrize("wrong", [("--rounds", "0"), ("--seconds", "nan"), ("--clients", "0"), ("--quick", "--write")])
def test_options_without_a_result_are_refused(capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        peers.parse(wrong)
    assert ended.value.code == 2
    assert "error: --" in capsys.readouterr().err


def result(server: float, p99: float = 2.0, answered: float = 1.0) -> Result:
    return Result(server, 20.0, 1.0, p99, answered, 200.0)


def rounds(calm: list[float], busy: Result) -> Rounds:
    return Rounds([result(each) for each in calm], [busy] * len(calm), [[busy] * len(LOSSES)] * len(calm))


def test_ratios_are_medians_of_rounds() -> None:
    """Not ratios of medians: a slow round is slow for all."""
    made = tables(
        {OURS: rounds([10.0, 100.0, 30.0], result(5.0)), "it": rounds([20.0, 150.0, 90.0], result(9.0, answered=0.5))}
    )
    ours, its = rows(made["peers"])
    assert ours[1:3] == ["30.0", "1.00"]
    assert its[1:3] == ["90.0", "2.00"]
    assert its[-2:] == ["overloaded", "-"]


def test_the_page_shows_what_the_program_writes(tmp_path: Path) -> None:
    text = page("docs/performance.md")
    made = tables({contender.name: rounds([10.0], result(5.0)) for contender in CONTENDERS})
    for name, table in made.items():
        _, _, rest = text.partition(f"<!-- measured: {name} -->\n")
        shown = rest.partition("\n<!-- end -->")[0].splitlines()
        assert shown[:2] == table.splitlines()[:2]
        assert [row[0] for row in rows("\n".join(shown))] == [contender.name for contender in CONTENDERS]
    for name, picture in figures({"it": rounds([10.0], result(5.0))}).items():
        assert f"(images/{name})" in text
        bars = ElementTree.fromstring(picture).findall(".//{*}rect")
        shown_bars = ElementTree.parse(ROOT / "docs" / "images" / name).findall(".//{*}rect")
        assert len(shown_bars) >= len(CONTENDERS) * (len(bars) - 1) / 2


def test_answers_to_earlier_requests_do_not_count() -> None:
    earlier = Schedule(2, 100.0, 1.0)
    _, late = next(earlier.due())
    schedule = Schedule(2, 100.0, 0.0)
    schedule.answered(late)
    assert schedule.round_trips == []
    earlier.answered(late)
    assert len(late) == REQUEST
    assert 0 < earlier.round_trips[0] < 60e6
