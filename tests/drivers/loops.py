"""The asyncio loops of the tests: the usual one, uvloop, and one that cannot watch, as Windows' Proactor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import pytest

__all__ = ["LOOPS", "PATIENCE", "Run", "bystander", "run_on"]

PATIENCE = 60.0
"""Seconds; only a broken driver makes a test wait that long."""
Run = Callable[[Coroutine[Any, Any, None]], None]
"""Run a test on a loop."""


class _Blind(asyncio.SelectorEventLoop):
    def add_reader(self, fd: Any, callback: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        raise NotImplementedError

    remove_reader = add_reader  # type: ignore[assignment]


def _uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": _uvloop,
    "no add_reader": _Blind,
}


def run_on(make: Callable[[], asyncio.AbstractEventLoop], test: Coroutine[Any, Any, None]) -> None:
    """Run a test, and report what only the loop was told."""
    try:
        loop = make()
    except BaseException:
        test.close()
        raise
    problems: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: problems.append(context))
    try:
        loop.run_until_complete(asyncio.wait_for(test, PATIENCE))
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        loop.close()
    assert problems == []


@asynccontextmanager
async def bystander() -> AsyncIterator[Callable[[], int]]:
    """Run another task, and say how often it has had its turn."""
    turns = 0

    async def stand_by() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(stand_by())
    try:
        yield lambda: turns
    finally:
        task.cancel()
