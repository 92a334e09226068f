"""Waiting for descriptors, and waking the waiting thread."""

from __future__ import annotations

import select
import socket

from godot_enet.core.interrupts import expecting

__all__ = ["Waker", "wait_readable"]

_MAX_WAIT = 86_400_000
"""Milliseconds. System calls take 32 bits; a deadline may exceed that."""


class Waker:
    """A descriptor that :meth:`wake` makes readable."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    @classmethod
    def adopt(cls, reader: int, writer: int) -> Waker:
        """Take over both ends from C; on Windows they are the same socket."""
        self = cls.__new__(cls)
        self._reader = socket.socket(fileno=reader)
        self._writer = self._reader if writer == reader else socket.socket(fileno=writer)
        self._reader.setblocking(False)  # as they come, except on PyPy, which makes blocking ones of them
        self._writer.setblocking(False)
        return self

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once closed."""
        return self._reader.fileno()

    def wake(self) -> None:
        """Make it readable. From any thread, any number of times."""
        with expecting(OSError):
            self._writer.send(b"\0")

    def reset(self) -> None:
        """Make it unreadable again."""
        with expecting(OSError):
            while self._reader.recv(4096):
                pass

    def close(self) -> None:
        """Release both ends."""
        self._reader.close()
        self._writer.close()


def wait_readable(descriptors: list[int], timeout: int | None) -> bool:
    """Wait until one of the descriptors is readable (or broken), at most ``timeout`` ms; None waits forever.

    It may return earlier: after a day at the latest.

    Returns:
        Whether one is readable.
    """
    if timeout is not None:
        timeout = min(timeout, _MAX_WAIT)
    descriptors = [descriptor for descriptor in descriptors if descriptor >= 0]
    with expecting(OSError, ValueError):
        if hasattr(select, "poll"):
            poll = select.poll()
            for descriptor in descriptors:
                poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(timeout))
        return bool(select.select(descriptors, [], [], None if timeout is None else timeout / 1000)[0])
    return False
