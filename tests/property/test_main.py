"""The command that plays many seeds."""

from __future__ import annotations

import pytest

from tests.property import links
from tests.property.__main__ import main


def test_seeds_that_hold_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "5000", "5008"]) == 0
    assert capsys.readouterr().out.startswith("8 conversations, ")


def test_a_seed_that_fails_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_seed(seed: int) -> bool:
        if seed == 7:
            raise AssertionError("a packet was repeated")
        return True

    monkeypatch.setattr(links, "run_seed", run_seed)
    assert main(["--seeds", "5", "10"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "a packet was repeated" in line
    assert line.endswith("python -m tests.property --seeds 7 8")


def test_an_exception_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_seed(seed: int) -> bool:
        raise KeyError(seed)

    monkeypatch.setattr(links, "run_seed", run_seed)
    assert main(["--seeds", "0", "1"]) == 1


@pytest.mark.long
def test_seeds_differ() -> None:
    lived = [links.run_seed(seed) for seed in range(40)]
    assert len(set(lived)) == 2
    assert lived == [links.run_seed(seed) for seed in range(40)]
