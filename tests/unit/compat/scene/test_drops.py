"""What is counted, and what is said."""

from __future__ import annotations

import logging

import pytest

from godot_enet.compat.scene import drops
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(drops, "monotonic", clock)
    return clock


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "godot_enet.network")
    return caplog


def test_each_cause_is_explained() -> None:
    assert set(drops._EXPLANATIONS) == set(SceneDrop)


def test_once_in_ten_seconds(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    reporter = SceneReporter()
    for peer in (5, 6, 7):
        reporter.note(SceneDrop.MALFORMED, peer, "%s bytes", 3)
        clock.now += 4
    clock.now = 111
    reporter.note(SceneDrop.MALFORMED, 8)
    texts = [record.getMessage() for record in log.records]
    assert [text.split(":")[0] for text in texts] == [
        "Received a packet from peer 5, not used",
        "Received 3 packets, the last from peer 8, not used",
    ]
    assert texts[0].endswith("(3 bytes).")
    assert reporter.counters() == {SceneDrop.MALFORMED: 4}


def test_causes_and_subjects_are_apart(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    reporter = SceneReporter()
    reporter.note(SceneDrop.RPC_LISTS_DIFFER, 5, subject="/root/a")
    reporter.note(SceneDrop.RPC_LISTS_DIFFER, 5, subject="/root/a")
    reporter.note(SceneDrop.RPC_LISTS_DIFFER, 5, subject="/root/b")
    reporter.note(SceneDrop.UNKNOWN_SENDER, 5)
    assert [record.levelname for record in log.records] == ["WARNING", "WARNING", "INFO"]
    assert reporter.counters() == {SceneDrop.RPC_LISTS_DIFFER: 3, SceneDrop.UNKNOWN_SENDER: 1}


def test_subjects_are_bounded(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    reporter = SceneReporter()
    for number in range(1100):
        reporter.note(SceneDrop.FAILED_CALL, 5, subject=str(number))
    assert len(log.records) == 11  # the others share one: a remote may choose among a thousand nodes and methods
    clock.now += 10
    for number in range(1100):
        reporter.note(SceneDrop.FAILED_CALL, 5, subject=str(number))
    assert len(log.records) == 22
    assert reporter.counters() == {SceneDrop.FAILED_CALL: 2200}


def test_what_strangers_write_is_cut_and_made_printable(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    SceneReporter().note(SceneDrop.UNKNOWN_NODE, 5, "'%s' %s", b"a\nb\x1b[0m\xff", "x" * 500)
    text = log.records[0].getMessage()
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 300


def test_a_failure_comes_with_its_traceback(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("the reason")
    except ValueError as error:
        SceneReporter().note(SceneDrop.FAILED_CALL, 5, failed=error)
    assert "ValueError: the reason" in caplog.text


def test_the_record_has_the_peer_and_the_reason(log: pytest.LogCaptureFixture) -> None:
    SceneReporter().note(SceneDrop.MALFORMED, 5)
    (record,) = log.records
    assert (record.__dict__["peer"], record.__dict__["reason"]) == (5, "MALFORMED")
