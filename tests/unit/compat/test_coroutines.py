"""Coroutines begin at once, and go on in the loop that runs."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

import pytest

from godot_enet.compat.coroutines import _tasks, run

variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)


class Journal:
    """What happened, in order."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    async def steps(self, name: str, wait: float | None = 0.0, *, fails: bool = False) -> None:
        task = asyncio.current_task()
        variable.set(5)
        self.lines.append(f"{name} begins")
        if wait is not None:
            await asyncio.sleep(wait)
        assert asyncio.current_task() is task
        assert variable.get() == 5
        self.lines.append(f"{name} ends")
        if fails:
            raise ValueError(name)

    def failed(self, error: BaseException) -> None:
        self.lines.append(repr(error))


@pytest.fixture
def journal() -> Iterator[Journal]:
    yield Journal()
    assert not _tasks


def test_in_a_loop_it_begins_at_once_and_goes_on_later(journal: Journal) -> None:
    async def main() -> None:
        task = asyncio.current_task()
        run(journal.steps("a"), journal.failed)
        run(journal.steps("b", None), journal.failed)
        journal.lines.append("both were begun")
        assert asyncio.current_task() is task
        assert variable.get() == 0
        while len(journal.lines) < 5:
            await asyncio.sleep(0)

    asyncio.run(main())
    assert journal.lines == ["a begins", "b begins", "b ends", "both were begun", "a ends"]


def test_exceptions_before_and_after_the_first_wait(journal: Journal) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="early"):
            run(journal.steps("early", None, fails=True), journal.failed)
        run(journal.steps("late", fails=True), journal.failed)
        while len(journal.lines) < 5:
            await asyncio.sleep(0)

    asyncio.run(main())
    assert journal.lines[2:] == ["late begins", "late ends", "ValueError('late')"]


def test_cancelling(journal: Journal) -> None:
    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        try:
            await asyncio.sleep(60)
        finally:
            journal.lines.append("cleaned up")

    async def is_cancelled() -> NoReturn:
        raise asyncio.CancelledError

    async def main() -> None:
        run(is_cancelled(), journal.failed)
        run(cancels_itself(), journal.failed)
        while not journal.lines:
            await asyncio.sleep(0)

    asyncio.run(main())
    assert journal.lines == ["cleaned up"]


def test_a_timeout_that_begins_in_the_first_step(journal: Journal) -> None:
    timeout = getattr(asyncio, "timeout", None)
    if timeout is None:
        pytest.skip("asyncio.timeout is new in Python 3.11")

    async def waits() -> None:
        async with timeout(0.001):
            await asyncio.sleep(60)

    async def main() -> None:
        run(waits(), journal.failed)
        while not journal.lines:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    assert journal.lines == ["TimeoutError()"]


def test_what_has_not_ended_with_the_loop_is_cancelled_with_it(journal: Journal) -> None:
    async def main() -> None:
        run(journal.steps("endless", 60.0), journal.failed)

    asyncio.run(main())
    assert journal.lines == ["endless begins"]


def test_without_a_loop_it_runs_if_it_need_not_wait(journal: Journal) -> None:
    async def calls_others(name: str) -> None:
        journal.lines.append(name)
        await nothing()

    async def nothing() -> None: ...

    run(calls_others("eve"), journal.failed)
    assert journal.lines == ["eve"]


def test_without_a_loop_it_cannot_wait(journal: Journal) -> None:
    async def waits() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            journal.lines.append("cleaned up")

    with pytest.raises(RuntimeError, match="no asyncio loop runs in this thread"):
        run(waits(), journal.failed)
    assert journal.lines == ["cleaned up"]


def test_other_awaitables(journal: Journal) -> None:
    class Awaitable:
        def __await__(self) -> Iterator[None]:
            journal.lines.append("awaited")
            yield from ()

    run(Awaitable(), journal.failed)
    assert journal.lines == ["awaited"]

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        run(future, journal.failed)
        assert not future.done()

    asyncio.run(main())
    for result in (None, 5, "text", [], object()):
        run(result, journal.failed)


def test_generators_are_refused(journal: Journal) -> None:
    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    for result in (generator(), async_generator()):
        with pytest.raises(TypeError, match="the call returned a generator"):
            run(result, journal.failed)
