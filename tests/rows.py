"""One test for a table of rows, where a test for each row would cost more to collect than to run.

Every row is checked. The test fails once, with the titles and the reasons of the first rows that failed. Rows share
their test's fixtures; those that need fresh ones, or a title that can be selected, stay with ``parametrize``.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

__all__ = ["SHOWN", "check_rows", "each_row"]

SHOWN = 5
"""Failures that are told in full."""

_Row = TypeVar("_Row")
_Test = TypeVar("_Test", bound=Callable[..., None])
_FAILURES = (Exception, pytest.fail.Exception)
_TESTS = Path(__file__).parent


def check_rows(rows: Iterable[tuple[str, _Row]], check: Callable[[_Row], object]) -> None:
    """Call ``check`` with each row, of ``(title, row)``, and fail if it raised for one or there is none."""
    failures, count = [], 0
    for title, row in rows:
        count += 1
        try:
            check(row)
        except _FAILURES as error:
            failures.append(f"{title}\n{_reason(error)}")
    if not count:
        pytest.fail("there are no rows", pytrace=False)
    if failures:
        more = [f"... and {len(failures) - SHOWN} more"] if len(failures) > SHOWN else []
        told = [f"{len(failures)} of {count} rows failed", *failures[:SHOWN], *more]
        pytest.fail("\n".join(told), pytrace=False)


def each_row(
    names: str | Sequence[str], rows: Iterable[Any], ids: Callable[[Any], object] | Sequence[object] | None = None
) -> Callable[[_Test], _Test]:
    """Have a test check all rows; takes what ``pytest.mark.parametrize`` takes.

    Several of these around one test have it check every combination.
    """
    arguments = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    table = [_titled(row, len(arguments), ids, index) for index, row in enumerate(rows)]

    def decorate(test: _Test) -> _Test:
        tables = [(arguments, table), *getattr(test, "tables", [])]
        check_one: Callable[..., None] = getattr(test, "check_one", test)
        signature = inspect.signature(test)
        if unknown := set(arguments) - set(signature.parameters):
            raise TypeError(f"{test.__name__} has no argument {', '.join(sorted(unknown))}")

        @functools.wraps(check_one)
        def check_all(*instance: Any, **fixtures: Any) -> None:
            check_rows(_combinations(tables), lambda row: check_one(*instance, **fixtures, **row))

        left = [each for name, each in signature.parameters.items() if name not in arguments]
        vars(check_all).update(tables=tables, check_one=check_one, __signature__=signature.replace(parameters=left))
        del check_all.__wrapped__  # or pytest would look there for fixtures
        return check_all  # type: ignore[return-value]

    return decorate


def _titled(row: Any, width: int, ids: Any, index: int) -> tuple[str, tuple[Any, ...]]:
    """A row's title and its values."""
    is_param = isinstance(row, type(pytest.param()))
    values = tuple(row.values if is_param else row) if is_param or width > 1 else (row,)
    if len(values) != width:
        raise ValueError(f"{width} values are needed in {row!r}")
    if is_param and row.id:
        return row.id, values
    if ids is not None:
        return ", ".join(str(ids(each)) for each in values) if callable(ids) else str(ids[index]), values
    return ", ".join(getattr(each, "__name__", None) or repr(each) for each in values), values


def _combinations(tables: Iterable[tuple[list[str], list[Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for rows in itertools.product(*(table for _, table in tables)):
        values: dict[str, Any] = {}
        for (names, _), (_, row) in zip(tables, rows, strict=True):
            values.update(zip(names, row, strict=True))
        yield " - ".join(title for title, _ in rows), values


def _reason(error: BaseException) -> str:
    """What went wrong, and at which line of the tests."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    ours = [frame for frame in frames if _TESTS in Path(frame.filename).parents] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}: " if ours else ""
    reason = "".join(traceback.format_exception_only(type(error), error)).strip()
    return "\n".join(f"    {line}" for line in f"{place}{reason}".splitlines())
