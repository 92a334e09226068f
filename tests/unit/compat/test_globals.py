"""Godot's global enums."""

from __future__ import annotations

from enum import IntEnum

from godot_enet import ENetConnection, Error, error_string


def test_an_error_reads_as_in_gdscript() -> None:
    assert not Error.OK
    assert all(error for error in Error if error is not Error.OK)
    assert issubclass(Error, IntEnum)
    assert int(Error.ERR_CANT_CREATE) == 20
    assert Error(31) is Error.ERR_INVALID_PARAMETER


def test_errors_count_up_without_a_gap() -> None:
    assert [int(error) for error in Error] == list(range(49))


def test_a_method_returns_one() -> None:
    assert isinstance(ENetConnection(threaded=False).create_host(0), Error)


def test_an_error_is_described_as_in_godot() -> None:
    assert error_string(Error.OK) == "OK"
    assert error_string(Error.ERR_CANT_CREATE) == error_string(20) == "Can't create"
    assert error_string(48) == "Printer on fire"
    assert error_string(-1) == error_string(49) == "(invalid error code)"
