"""The compat layer's one way to fail, and its checks of arguments."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from godot_enet.compat import errors
from godot_enet.compat.errors import as_bytes, as_int, as_str, fail, handling_remote_input, log_exception, rate_limited
from godot_enet.compat.scene.node import Node
from godot_enet.core.reporting import Limiter
from tests.rows import each_row


def test_failing_logs_an_error_and_hands_back_the_result(caplog: pytest.LogCaptureFixture) -> None:
    result = object()
    assert fail("100 % wrong: %s", result) is result
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("godot_enet", logging.ERROR)
    assert record.getMessage() == "100 % wrong: %s"  # a text, not a format


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time, in seconds; errors are limited as in a program."""
    monkeypatch.setattr(errors, "_limiter", Limiter())

    def set_time(now: float) -> None:
        monkeypatch.setattr(errors, "monotonic", lambda: now)

    set_time(50)
    return set_time


class TestLocalErrors:
    """What the program itself causes."""

    def test_one_that_repeats_is_logged_once_in_ten_seconds(
        self, caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]
    ) -> None:
        for frame in range(120 * 10 + 1):
            clock(50 + frame / 120)
            assert fail("No peer.", 7) == 7
        assert [record.getMessage() for record in caplog.records] == [
            "No peer.",
            "No peer. (1199 similar messages suppressed)",
        ]

    def test_another_place_in_the_program_is_another_error(
        self, caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]
    ) -> None:
        for _ in range(3):
            fail("No peer.", None)
            fail("No peer.", None)
        assert len(caplog.records) == 2

    def test_the_place_is_the_programs_own(
        self, caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]
    ) -> None:
        node = Node("n")
        node.get_node("x")
        node.get_node("x")
        assert len(caplog.records) == 2

    def test_other_values_are_seen_up_to_ten(
        self, caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]
    ) -> None:
        for _ in range(2):
            for channel in range(100):
                fail(f"Invalid channel {channel}.", None)
        lines = [record.getMessage() for record in caplog.records]
        assert lines == [f"Invalid channel {channel}." for channel in range(11)]
        clock(60)
        fail("Invalid channel 500.", None)
        assert caplog.records[-1].getMessage() == "Invalid channel 500."

    def test_exceptions_in_callbacks(self, caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]) -> None:
        def call(value: object) -> None:
            try:
                raise ValueError(value)
            except ValueError as error:
                log_exception("Error calling x().", error)

        for value in (1, 1, 2, 1):
            call(value)
        assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["1", "2"]
        with handling_remote_input:
            for value in (3, 4):
                call(value)
        assert len(caplog.records) == 3, "the remote may have chosen the value"

    def test_an_exception_without_a_text(self, caplog: pytest.LogCaptureFixture) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        log_exception("Error calling x().", Mute())
        assert len(caplog.records) == 1

    def test_in_a_namespace_without_a_name(
        self, caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]
    ) -> None:
        exec("for _ in range(3): fail('wrong', None)", {"fail": fail, "__name__": None})
        assert len(caplog.records) == 1


def test_what_a_stranger_can_cause_is_said_once_in_ten_seconds(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 50.0
    monkeypatch.setattr(errors, "monotonic", lambda: now)

    def read(number: int) -> int:
        return fail(f"{number} is wrong", number, remote=True)

    assert [read(number) for number in range(5)] == [0, 1, 2, 3, 4]
    fail("another cause", None, remote=True)
    now = 60.0
    read(5)
    assert [(record.name, record.levelno) for record in caplog.records] == [("godot_enet", logging.ERROR)] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "0 is wrong",
        "another cause",
        "5 is wrong (4 similar messages suppressed)",
    ]


def test_so_is_all_that_fails_while_the_network_is_attended_to(
    caplog: pytest.LogCaptureFixture, clock: Callable[[float], None]
) -> None:
    def serve() -> None:
        fail("wrong", None)

    with handling_remote_input:
        with handling_remote_input:
            assert handling_remote_input.depth
        assert handling_remote_input.depth
        for _ in range(3):
            serve()
    assert not handling_remote_input.depth
    assert len(caplog.records) == 1
    for _ in range(3):
        serve()
    assert len(caplog.records) == 2


def test_an_exception_ends_attending() -> None:
    with pytest.raises(KeyError), handling_remote_input:
        raise KeyError
    assert not handling_remote_input.depth


def test_only_the_thread_that_attends_is_meant() -> None:
    found: list[int] = []
    with handling_remote_input:
        thread = threading.Thread(target=lambda: found.append(handling_remote_input.depth))
        thread.start()
        thread.join()
    assert found == [0]


def test_what_strangers_write_is_cut_and_stays_on_its_line() -> None:
    assert rate_limited("a", "ä\n\x1b" + "x" * 2000) == "\\xe4\\n\\x1b" + "x" * 997 + "..."
    assert rate_limited("b", "ä") == "ä"
    assert rate_limited("b", "ä") == ""


@each_row(
    ("given", "result"),
    [
        (0, 0),
        (-1, -1),
        (2**31 - 1, 2**31 - 1),
        (2**31, -(2**31)),
        (2**32 - 1, -1),
        (2**32, 0),
        (-(2**31), -(2**31)),
        (-(2**31) - 1, 2**31 - 1),
        (10**30, 10**30 % 2**32 - 2**32 * (10**30 % 2**32 >= 2**31)),
        (True, 1),
    ],
)
def test_whole_numbers_are_cut_to_32_bits_with_sign(given: int, result: int) -> None:
    assert as_int(given, "x") == result
    assert type(as_int(given, "x")) is int


@pytest.mark.parametrize("given", [1.0, "1", None, [], b"1"])
def test_anything_else_is_no_number(given: object) -> None:
    with pytest.raises(TypeError, match=r"^speed must be an int, not \w+$"):
        as_int(given, "speed")  # type: ignore[arg-type]


def test_text() -> None:
    assert as_str("abc", "name") == "abc"
    with pytest.raises(TypeError, match=r"^name must be a str, not bytes$"):
        as_str(b"abc", "name")  # type: ignore[arg-type]


def test_bytes() -> None:
    given = b"abc"
    assert as_bytes(given, "packet") is given
    array = bytearray(b"abc")
    taken = as_bytes(array, "packet")
    array[0] = 0
    assert taken == b"abc"
    assert type(taken) is type(as_bytes(memoryview(array), "packet")) is bytes
    with pytest.raises(TypeError, match=r"^packet must be bytes, not str; encode the text first"):
        as_bytes("abc", "packet")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^packet must be bytes, bytearray or memoryview, not list$"):
        as_bytes([1, 2], "packet")  # type: ignore[arg-type]
