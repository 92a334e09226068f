"""The page on netcode: its example is a test, and passes; its snippets, tables and figures are so."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from statistics import mean
from xml.etree import ElementTree

import pytest

from benchmarks.netcode.match import RATE, Match, Settings
from benchmarks.svg import Line, chart
from tests.demos.program import ROOT
from tests.docs.snippets import FENCE, check_test_file, page, programs

NAME = "docs/netcode.md"


@pytest.mark.usefixtures("host_engine")
def test_the_example_passes(tmp_path: Path) -> None:
    file, code = next((file, code) for file, code in programs(NAME).items() if file.startswith("test_"))
    check_test_file(tmp_path, file, code)


def test_the_snippets_say_what_is_so() -> None:
    schema, rollback, determinism, _ = [code for language, code in FENCE.findall(page(NAME)) if language == "python"]
    names: dict[str, object] = {"__name__": "snippet"}
    sys.modules["snippet"] = type(sys)("snippet")
    try:
        exec(schema, sys.modules["snippet"].__dict__)
        exec(rollback, sys.modules["snippet"].__dict__)
        exec(determinism, names)
    finally:
        made = sys.modules.pop("snippet").__dict__
    assert f"packer.size  # {made['packer'].size} bytes" in schema
    assert rollback.splitlines()[-1] == f"there.state  # {made['there'].state}"
    told = determinism.splitlines()[-1].removeprefix("# ")
    number = r"\d\.\d+"
    pattern = re.sub(number, lambda _: number, re.escape(told).replace(r"\.", "."))
    assert re.fullmatch(pattern, str(names["difference"])), names["difference"]


def test_the_figures_are_there() -> None:
    for image in re.findall(r"\(images/(netcode-\w+\.svg)\)", page(NAME)):
        root = ElementTree.parse(ROOT / "docs" / "images" / image).getroot()
        assert len(root.findall(".//{*}path")) > 5, image


def test_the_tables_reach_the_goals() -> None:
    """The page has them from ``python -m benchmarks.netcode --write``."""
    own, others = re.findall(r"^\| 100 ms \| 5% \| ([\d.]+) px \| \d+ px \| ([\d.]+) px \|$", page(NAME), re.MULTILINE)[
        0
    ]
    assert float(own) < 1.0
    assert float(others) < 3.0
    (full,) = re.findall(r"^\| full states \| \d+ \| ([\d.]+) \|$", page(NAME), re.MULTILINE)
    (most,) = re.findall(r"^\| the same, the largest \| \d+ \| ([\d.]+) \|$", page(NAME), re.MULTILINE)
    assert float(full) > 25
    assert float(most) <= 2.0


def test_a_chart_is_an_image_with_its_lines() -> None:
    lines = [Line("a < b", "raw", [(0, 1), (1, 5), (2, -3)], steps=True), Line("c", "good", [(0, 0), (2, 0.5)])]
    root = ElementTree.fromstring(chart("T", "x", "y", lines, zero=True))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b", "c", "x", "y", "0", "-4", "6"} <= set(texts)


@pytest.mark.long
def test_the_benchmark_prints_its_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With one small match in the place of all."""
    main = importlib.import_module("benchmarks.netcode.__main__")
    match = Match(Settings(players=6, clients=1))
    match.play(10)
    monkeypatch.setattr(main, "played", lambda seconds, **changes: match)
    monkeypatch.setattr("benchmarks.netcode.costs.ROUNDS", 1)
    assert main.main([]) == 0
    printed = capsys.readouterr().out
    assert printed.count(" ms | ") == 9
    assert "| `Packer`, `Delta`, `Interest` |" in printed
    assert re.search(r"^decoding: \d+ us a message, [\d.]+ us a state$", printed, re.MULTILINE)


@pytest.mark.long
def test_the_match_of_the_page_reaches_the_goals() -> None:
    match = Match(Settings())
    match.play(15)
    assert mean(match.own_errors()) < 1.0
    assert mean(match.own_errors(predicted=False)) > 10.0
    assert mean(match.other_errors()) < 3.0
    assert max(match.server.payload) * RATE <= 2000
