"""The compat layer's one way to fail, and its checks of arguments."""

from __future__ import annotations

import logging

import pytest

from godot_enet.compat.errors import as_bytes, as_int, as_str, fail


def test_failing_logs_an_error_and_hands_back_the_result(caplog: pytest.LogCaptureFixture) -> None:
    result = object()
    assert fail("100 % wrong: %s", result) is result
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("godot_enet", logging.ERROR)
    assert record.getMessage() == "100 % wrong: %s"  # a text, not a format


@pytest.mark.parametrize(
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
