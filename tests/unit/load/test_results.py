"""What a run without Locust has to show."""

from __future__ import annotations

import pytest

from godot_enet.load.recorder import FailureTexts, describe, method_of, printable
from godot_enet.load.requests import OpenRequest, OpenRequests
from godot_enet.load.results import RequestRow, Results


def test_percentiles() -> None:
    row = RequestRow()
    assert row.percentile(0.5) is None
    for milliseconds in range(1, 101):
        row.add(milliseconds / 1000, 10, failed=False)
    row.add(99.0, 0, failed=True)
    assert [row.percentile(share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert (row.count, row.failures, row.bytes) == (101, 1, 1000)


@pytest.mark.parametrize(("seconds", "shown"), [(0.00012, 0.1), (0.0047, 4.7), (0.0123, 12), (1.27, 1300), (0.0, 0)])
def test_times_are_rounded(seconds: float, shown: float) -> None:
    row = RequestRow()
    row.add(seconds, 0, failed=False)
    assert row.percentile(1.0) == shown


def test_the_summary() -> None:
    results = Results()
    for number in range(10):
        results.request("RPC", "buy", 0.02, 100, "" if number else "no answer within 10 s")
    results.request("METHOD", "Bot.on_frame", 0.0, 0, "ValueError: odd")
    try:
        raise ValueError("odd")
    except ValueError as error:
        for _ in range(3):
            results.exception(None, "Bot.on_frame", error)
    assert (results.requests, results.failed) == (11, 2)
    assert list(results.lines(5.0))[:7] == [
        "                      requests   failed        /s   median     95 %     99 %   max ms  bytes/s",
        "METHOD Bot.on_frame          1        1       0.2        -        -        -        -        0",
        "RPC buy                     10        1       2.0       20       20       20       20      200",
        "",
        "failures",
        "         1  RPC buy: no answer within 10 s",
        "         1  METHOD Bot.on_frame: ValueError: odd",
    ]
    assert "\n".join(results.lines(5.0)).count("ValueError: odd") == 2  # the second ends the traceback


def test_nothing_that_a_server_sends_reaches_the_terminal_as_it_is() -> None:
    """Neither in names, nor in failures, nor in tracebacks: it would clear the screen, or set a window's title."""
    evil = "\x1b]0;owned\x07\x9b2J\r\u202e\ud800"
    results = Results()
    results.request("PACKET", f"buy {evil}", 0.0, 0, f"ValueError: {evil}")
    try:
        raise ValueError(evil + "x" * 10_000)
    except ValueError as error:
        results.exception(None, f"Bot.{evil}", error)
    lines = list(results.lines(1.0))
    assert all(line.isprintable() and len(line) < 1000 for line in lines)
    assert "".join(lines).count(r"\x1b]0;owned\x07\x9b2J\r\u202e\ud800") == 3
    assert printable("Änn 🎲: ok") == "Änn 🎲: ok"


def test_a_long_name_leaves_the_numbers_their_place() -> None:
    """And one that is escaped leaves the columns below each other."""
    results = Results()
    for name in ("buy", "x" * 600, "\x1b" * 30):
        results.request("RPC", name, 0.02, 100, "no answer within 10 s")
    head, *rows = list(results.lines(1.0))[:4]
    assert {len(row) for row in rows} == {len(head)}
    assert all(row.split()[-8:] == ["1", "1", "1.0", "-", "-", "-", "-", "100"] for row in rows)
    assert sum(line.endswith("no answer within 10 s") for line in results.lines(1.0)) == 3


def test_a_long_text_does_not_push_everything_else_off_the_screen() -> None:
    results = Results()
    try:
        raise ValueError("spam\n" * 100_000)
    except ValueError as error:
        results.exception(None, "Bot.on_packet", error)
    lines = list(results.lines(1.0))
    assert "ValueError: spam" in lines
    assert lines[-1] == "..."
    assert len(lines) < 120


def test_an_exception_that_cannot_say_what_it_is() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe(Odd()) == "Odd: (it has no text)"
    assert describe(KeyError("x")) == "KeyError: 'x'"


def test_different_texts_are_bounded() -> None:
    texts = FailureTexts()
    assert [texts.bounded(str(number)) for number in range(100)] == [str(number) for number in range(100)]
    assert texts.bounded("100") == "another failure"
    assert texts.bounded("7") == "7"
    assert texts.bounded("") == ""
    assert texts.bounded("\x1b7") == "another failure"


def test_the_method_that_has_raised() -> None:
    def inner() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError) as caught:
        inner()
    assert method_of(caught.value, "nothing").endswith("test_the_method_that_has_raised")
    assert method_of(KeyError("never raised"), "a default") == "a default"


class TestOpenRequests:
    def test_the_oldest_with_a_key_is_answered(self) -> None:
        requests = OpenRequests()
        first, second, other = (OpenRequest("RPC", "buy", began) for began in (1.0, 2.0, 3.0))
        requests.begin("a", first)
        requests.begin("a", second)
        requests.begin("b", other)
        assert len(requests) == 3
        assert [requests.end("a"), requests.end("b"), requests.end("a"), requests.end("a")] == [
            first,
            other,
            second,
            None,
        ]
        assert len(requests) == 0

    def test_those_that_took_too_long(self) -> None:
        requests = OpenRequests()
        old, new = OpenRequest("RPC", "buy", 1.0), OpenRequest("RPC", "buy", 5.0)
        for each in (old, new):
            requests.begin("a", each)
        requests.begin("b", old)
        assert list(requests.expire(5.0)) == [old, old]
        assert list(requests.expire(5.0)) == []
        assert requests.end("a") is new
