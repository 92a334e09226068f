"""Coroutines that wait for something to happen, all on one asyncio loop."""

from __future__ import annotations

import asyncio

__all__ = ["Waiters"]


class Waiters:
    """Those that wait for the same thing."""

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Wait until :meth:`wake`."""
        future = asyncio.get_running_loop().create_future()
        self._futures += (future,)
        try:
            await future
        finally:
            self._futures.remove(future)

    def wake(self) -> None:
        """End all waits that have begun. From the thread of the loop only."""
        for future in self._futures:
            if not future.done():
                future.set_result(None)
