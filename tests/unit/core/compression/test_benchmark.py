"""``python -m benchmarks.compression`` runs, and its page shows what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.compression import TRAFFIC, bodies, main, measure
from godot_enet.core.compression import Codec, make_compressor

PAGE = Path(__file__).parents[4] / "docs" / "compression.md"


def table_rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]


def test_quick_run_fills_three_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick"]) == 0
    rows = table_rows(capsys.readouterr().out)
    names = [codec.name for codec in Codec]
    assert [row for row in rows if row[0] == "traffic"] == [
        ["traffic", "NONE", *names],
        ["traffic", *names],
        ["traffic", *names],
    ]
    assert [row[0] for row in rows if row[0] in TRAFFIC] == list(TRAFFIC) * 3


@pytest.mark.parametrize("codec", list(Codec), ids=lambda codec: codec.value)
def test_no_codec_costs_bytes(codec: Codec) -> None:
    for kind in TRAFFIC:
        plain = bodies(kind, 5)
        result = measure(make_compressor(codec), plain, 1)
        assert 0 < result.size <= sum(map(len, plain)) / len(plain)
        assert result.compress > 0


def test_the_page_shows_these_tables() -> None:
    rows = table_rows(PAGE.read_text(encoding="utf-8"))
    assert [row[0] for row in rows if row[0] in TRAFFIC] == list(TRAFFIC) * 2
    sizes = {row[0]: row[1] for row in rows if row[0] in TRAFFIC and len(row) == len(Codec) + 2}
    assert sizes == {kind: f"{sum(map(len, bodies(kind, 200))) / 200:.0f}" for kind in TRAFFIC}
