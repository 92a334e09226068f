"""The helper for many rows in one test notices and tells what fails."""

from __future__ import annotations

import inspect
import re

import pytest

from tests.rows import SHOWN, check_rows, each_row


class TestCheckRows:
    def test_nothing_is_said_of_rows_that_hold(self) -> None:
        seen: list[int] = []
        check_rows([("one", 1), ("two", 2)], seen.append)
        assert seen == [1, 2]

    def test_the_first_failures_are_told_with_title_place_and_reason(self) -> None:
        def check(row: int) -> None:
            assert row % 2, f"{row} is even"

        with pytest.raises(pytest.fail.Exception) as failed:
            check_rows([(f"row {row}", row) for row in range(20)], check)
        lines = str(failed.value).splitlines()
        assert lines[:2] == ["10 of 20 rows failed", "row 0"]
        assert re.match(r"    test_rows\.py:\d+: AssertionError: 0 is even", lines[2])
        assert [line for line in lines if line.startswith("row")] == [f"row {2 * each}" for each in range(SHOWN)]
        assert lines[-1] == f"... and {10 - SHOWN} more"

    def test_an_error_is_a_failure_and_so_is_an_unmet_expectation(self) -> None:
        def check(row: str) -> None:
            with pytest.raises(KeyError):
                int(row)

        with pytest.raises(
            pytest.fail.Exception, match=r"2 of 2 rows failed[^$]*ValueError: invalid[^$]*DID NOT RAISE"
        ):
            check_rows([("wrong", "x"), ("right", "1")], check)

    def test_no_rows_are_a_failure(self) -> None:
        with pytest.raises(pytest.fail.Exception, match="there are no rows"):
            check_rows([], print)


class TestEachRow:
    seen: list[tuple[int, str, bool]]

    def test_tables_are_combined_and_fixtures_kept(self, tmp_path: object) -> None:
        @each_row("number, letter", [(1, "a"), pytest.param(2, "b", id="second")])
        @each_row("flag", [False, True])
        def check(fixture: object, letter: str, flag: bool, number: int) -> None:
            assert fixture is tmp_path
            self.seen.append((number, letter, flag))
            assert (number, flag) != (2, True)

        self.seen = []
        assert list(inspect.signature(check).parameters) == ["fixture"]
        with pytest.raises(pytest.fail.Exception, match=r"1 of 4 rows failed\nsecond - True\n"):
            check(fixture=tmp_path)  # type: ignore[call-arg]
        assert self.seen == [(1, "a", False), (1, "a", True), (2, "b", False), (2, "b", True)]

    @each_row("number", range(3))
    def test_methods_are_tests_as_well(self, number: int, tmp_path: object) -> None:
        assert number in range(3)
        assert tmp_path

    def test_wrong_names_and_widths_are_refused(self) -> None:
        def check(number: int) -> None: ...

        with pytest.raises(TypeError, match="check has no argument other"):
            each_row("other", [1])(check)
        with pytest.raises(ValueError, match="2 values are needed in"):
            each_row("number, letter", [(1,)])
