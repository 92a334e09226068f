"""Speaking up about what was dropped, but not too often."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from godot_enet.core.interface import Address, DropReport
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.reporting import DropReporter, Limiter, with_repeat_count

HERE = Address("10.0.0.1", 1234)
THERE = Address("::1", 99)

Say = Callable[..., list[str]]


@pytest.fixture
def say(caplog: pytest.LogCaptureFixture) -> Say:
    """Hands reports to one reporter, and returns what it has to say about them."""
    reporter = DropReporter()
    caplog.set_level(logging.INFO, "godot_enet.network")

    def say(now: int, *reports: DropReport) -> list[str]:
        reporter.collect(reports, now)
        assert caplog.records == []
        reporter.log_lines()
        assert not reporter.lines
        assert {record.name for record in caplog.records} <= {"godot_enet.network"}
        expected = {Drop.CONNECT_REPEATED, Drop.UNKNOWN_PEER, Drop.WRONG_SESSION, Drop.WRONG_STATE}
        levels = [logging.INFO if cause in expected else logging.WARNING for cause, _, _ in reports]
        assert [record.levelno for record in caplog.records] in (levels, [])  # the end of a connection is no mistake
        lines = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return lines

    return say


def test_a_line_has_the_count_the_address_and_the_reason(say: Say) -> None:
    (line,) = say(0, DropReport(Drop.NO_COMPRESSOR, THERE, 3))
    assert "3 datagrams" in line
    assert "[::1]:99" in line
    assert "compress" in line
    (line,) = say(0, DropReport(Drop.SHORT, HERE, 1))
    assert "1 datagram, " in line
    assert "10.0.0.1:1234" in line


def test_every_cause_has_words_of_its_own(say: Say) -> None:
    lines = say(0, *(DropReport(cause, HERE, 1) for cause in Drop))
    assert len(set(lines)) == len(Drop)


def test_one_line_per_cause_and_ten_seconds_with_all_that_was_withheld(say: Say) -> None:
    assert len(say(1000, DropReport(Drop.SHORT, HERE, 1))) == 1
    assert say(1001, DropReport(Drop.SHORT, HERE, 5)) == []
    assert say(10_999, DropReport(Drop.SHORT, HERE, 7)) == []
    assert len(say(10_999, DropReport(Drop.CHECKSUM, HERE, 1))) == 1
    (line,) = say(11_000, DropReport(Drop.SHORT, THERE, 2))
    assert "14 datagrams" in line
    assert "[::1]:99" in line
    assert say(20_999, DropReport(Drop.SHORT, HERE, 1)) == []
    (line,) = say(40_000, DropReport(Drop.SHORT, HERE, 1))
    assert "2 datagrams" in line


def test_nothing_dropped_nothing_said(say: Say) -> None:
    assert say(0) == []


def test_what_others_have_worded_is_said_once_in_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    reporter = DropReporter()
    caplog.set_level(logging.INFO, "godot_enet.network")
    reporter.note("cause", "100 % wrong", 0)
    reporter.note("cause", "again", 9999)
    reporter.note("other", "as expected", 9999, expected=True)
    reporter.note("cause", "once more", 10_000)
    reporter.log_lines()
    reporter.log_lines()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "100 % wrong"),
        (logging.INFO, "as expected"),
        (logging.WARNING, "once more (1 similar message suppressed)"),
    ]


def test_a_limiter_counts_what_it_withholds() -> None:
    limiter = Limiter()
    assert [limiter.count("a", now) for now in (0, 1, 9999, 10_000, 10_001, 30_000)] == [1, 0, 0, 3, 0, 2]
    assert limiter.count("b", 30_000, 7) == 7
    assert limiter.count("b", 30_001, 3) == limiter.count("b", 30_002, 2) == 0
    assert limiter.count("b", 40_000, 1) == 6


def test_a_limiter_has_an_end() -> None:
    limiter = Limiter()
    assert sum(limiter.count(number, 0) for number in range(100_000)) == 1001
    assert len(limiter._last_logged) == 1001
    assert limiter.count("one more", 10_000) == 99_000
    assert limiter.count(5, 10_000) == 1, "those that came first are still told apart"


def test_causes_that_have_not_come_for_a_minute_make_room() -> None:
    limiter = Limiter()
    for number in range(1001):
        limiter.count(number, 0)
    assert limiter.count("new", 59_999) == 1, "the first of those that are told together"
    assert limiter.count("another", 60_000) == 1
    assert limiter.count("a third", 60_000) == 1
    assert len(limiter._last_logged) < 10


def test_the_texts_of_one_place() -> None:
    limiter = Limiter()
    causes = [limiter.cause_of("place", str(number), 0) for number in range(12)]
    assert causes == [*(("place", str(number)) for number in range(10)), "place", "place"]
    assert limiter.cause_of("place", "3", 9_999) == ("place", "3")
    assert limiter.cause_of("place", "11", 10_000) == ("place", "11")
    for number in range(5000):
        limiter.cause_of(number, "text", 0)
    assert len(limiter._texts) <= 1000


def test_a_line_for_several() -> None:
    assert with_repeat_count("wrong", 1) == "wrong"
    assert with_repeat_count("wrong", 3) == "wrong (2 similar messages suppressed)"


def test_a_line_collected_while_another_thread_logs_is_logged_later(caplog: pytest.LogCaptureFixture) -> None:
    reporter = DropReporter()
    collect = reporter.lines.append  # a thread that collects goes to sleep here
    reporter.log_lines()
    collect(DropReport(Drop.SHORT, HERE, 1))
    reporter.log_lines()
    assert len(caplog.records) == 1


def test_an_exception_of_a_log_handler_leaves_the_other_lines(caplog: pytest.LogCaptureFixture) -> None:
    def stop(record: logging.LogRecord) -> bool:
        raise KeyboardInterrupt

    logger = logging.getLogger("godot_enet.network")
    reporter = DropReporter()
    reporter.collect([DropReport(Drop.SHORT, HERE, 1), DropReport(Drop.MALFORMED, HERE, 1)], 0)
    logger.addFilter(stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            reporter.log_lines()
    finally:
        logger.removeFilter(stop)
    reporter.log_lines()
    (record,) = caplog.records
    assert Drop.MALFORMED.explanation in record.getMessage()


def test_the_record_has_the_address_and_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    reporter = DropReporter()
    causes = (Drop.SHORT, Drop.NO_ANSWER, Drop.QUEUED_DATA_FULL)
    reporter.collect([DropReport(cause, HERE, 1) for cause in causes], 0)
    reporter.log_lines()
    found = [(record.__dict__["reason"], record.__dict__["address"]) for record in caplog.records]
    assert found == [(cause.name, "10.0.0.1:1234") for cause in causes]
