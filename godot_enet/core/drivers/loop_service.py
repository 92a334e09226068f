"""A host served from an asyncio loop while its program takes the events itself: what a network thread does elsewhere.

Unlike :class:`~godot_enet.core.drivers.aio.AsyncHost` it takes no events, which wait in the host for ``service``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from godot_enet.core.any_host import AnyHost
from godot_enet.core.drivers.loop_watch import LoopWatch, report_failure
from godot_enet.core.drivers.waiters import Waiters
from godot_enet.core.errors import HostBusy, HostClosed

__all__ = ["LoopService"]


class LoopService:
    """Serves a host from the running event loop, and only from there, until :meth:`end`.

    Args:
        host: opened without a network thread.
        shown: called in the loop when events are queued.
    """

    def __init__(self, host: AnyHost, shown: Callable[[], object] | None = None) -> None:
        self.host = host
        self.loop = asyncio.get_running_loop()
        self.ended = False
        self.shown = shown
        self._waiters = Waiters()
        self._watch = LoopWatch(self.loop, host, self._serve)
        self._watch.start()
        self._watch.arm()

    async def wait(self) -> None:
        """Send what is queued, and wait until events are queued or :meth:`end`. Other tasks have their turn."""
        if self.ended:
            return
        if self.host.has_event():
            await asyncio.sleep(0)
            return
        self.flush()
        await self._waiters.wait()

    def flush(self) -> None:
        """Send what is queued, and follow a deadline that has moved."""
        self.host.flush()
        self._watch.arm()

    def end(self) -> None:
        """Leave the host alone, before it is closed, and end all waits. Idempotent.

        A finalizer or another thread may call this: then the loop forgets the descriptor in its next iteration.
        """
        if self.ended:
            return
        self.ended = True
        running: asyncio.AbstractEventLoop | None = None
        with contextlib.suppress(RuntimeError):
            running = asyncio.get_running_loop()
        if running is self.loop:
            self._watch.end()
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        self._watch.end()
        self._waiters.wake()

    def _serve(self) -> None:
        """Do the work of a wake-up."""
        if self.ended:
            return
        at_once = True
        try:
            found = self.host.serve()
            at_once = False
            self._watch.succeeded()
            if found:
                self._waiters.wake()
                if self.shown is not None:
                    self.shown()
        except HostClosed:
            self.end()
        except HostBusy:  # another thread is inside; the timer looks again
            pass
        except BaseException as error:
            if self._watch.may_go_on(error):
                raise
            self.end()
            self.host.close()
            report_failure(error)
        finally:
            if not self.ended:
                self._watch.arm(at_once=at_once)
