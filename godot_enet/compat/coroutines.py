"""Coroutines as RPCs and callbacks, where Godot calls a function and does not wait for it.

A coroutine starts at once and runs to its first wait, as in GDScript. From there it continues as a task of the asyncio
loop that runs in this thread.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from inspect import isawaitable
from types import coroutine as generator_coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

__all__ = ["at_once", "logged", "run", "running_loop"]

_log = logging.getLogger("godot_enet")
_tasks: set[Task[Any]] = set()
"""A loop keeps only weak references to its tasks."""


def run(result: object, failed: Callable[[BaseException], object]) -> None:
    """Run the result of a call if it is a coroutine. Futures and tasks run by themselves.

    Args:
        result: the return value of the call.
        failed: called with the exception if the coroutine raises one after its first wait.

    Raises:
        Exception: the coroutine has raised it before its first wait.
        RuntimeError: the coroutine waits, and no asyncio loop runs in this thread.
        TypeError: the result is a generator, which nothing would iterate.
    """
    if result is None:
        return
    if isinstance(result, (Generator, AsyncGenerator)) and not isawaitable(result):
        raise TypeError("the call returned a generator, which nothing iterates; use async def, or remove the yield")
    if not isawaitable(result) or hasattr(result, "add_done_callback"):
        return
    coroutine = result if isinstance(result, Coroutine) else _awaiting(result)
    loop = running_loop()
    if loop is None:
        return _run_alone(coroutine)
    task = _begin(loop, coroutine)
    if task is None:
        return
    _tasks.add(task)
    task.add_done_callback(partial(_end, coroutine, failed))


def at_once(result: object) -> None:
    """Refuse a coroutine as the result of a callback whose answer is needed now.

    Raises:
        TypeError: it is one.
    """
    if isinstance(result, Coroutine):
        result.close()
        name = getattr(result, "__qualname__", type(result).__name__)
        raise TypeError(f"{name} is a coroutine, but its result is needed at once; use def, not async def")


def logged(text: str) -> Callable[[BaseException], None]:
    """Create a ``failed`` callback for :func:`run` that logs the exception after this text."""
    return lambda error: _log.error("%s", text, exc_info=error)


async def _awaiting(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def running_loop() -> AbstractEventLoop | None:
    """Return the asyncio loop that runs in this thread, or None."""
    asyncio = sys.modules.get("asyncio")  # imported if a loop runs
    return None if asyncio is None else asyncio._get_running_loop()


def _run_alone(coroutine: Coroutine[Any, Any, Any]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError(
        "the coroutine awaits, but no asyncio loop runs in this thread; poll from inside asyncio.run(), or do not await"
    )


def _end(coroutine: Coroutine[Any, Any, Any], failed: Callable[[BaseException], object], task: Task[Any]) -> None:
    _tasks.discard(task)
    coroutine.close()  # where the task was cancelled before its second step
    if not task.cancelled() and (error := task.exception()) is not None:
        failed(error)


if sys.version_info >= (3, 12):

    def _begin(loop: AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> Task[Any] | None:
        """The task of a coroutine after its first step; None if that was all."""
        from asyncio import Task

        task = Task(coroutine, loop=loop, eager_start=True)
        if not task.done():
            return task
        if not task.cancelled():
            task.result()
        return None

else:

    def _begin(loop: AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> Task[Any] | None:
        """The task of a coroutine after its first step; None if that was all. It is the current task meanwhile."""
        from asyncio import CancelledError, current_task
        from asyncio.tasks import _enter_task, _leave_task

        waits_for: list[Any] = []
        context = copy_context()
        task = context.run(loop.create_task, _rest(coroutine, context, waits_for))
        outer = current_task(loop)
        if outer is not None:
            _leave_task(loop, outer)
        _enter_task(loop, task)
        try:
            waits_for.append(context.run(coroutine.send, None))
        except (StopIteration, CancelledError):
            pass
        finally:
            _leave_task(loop, task)
            if outer is not None:
                _enter_task(loop, outer)
            if not waits_for:
                task.cancel()
        return task if waits_for else None

    @generator_coroutine
    def _rest(coroutine: Coroutine[Any, Any, Any], context: Context, waits_for: list[Any]) -> Generator[Any, Any, Any]:
        """A coroutine from its first wait on; the task's own context knows nothing of what came before."""
        future = waits_for.pop()
        while True:
            step: Callable[[], Any]
            try:
                value = yield future
            except BaseException as error:
                step = partial(coroutine.throw, error)
            else:
                step = partial(coroutine.send, value)
            try:
                future = context.run(step)
            except StopIteration as end:
                return end.value
