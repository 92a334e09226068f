"""The part of ENetConnection for programs with an event loop of their own: what to wait for, and draining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from godot_enet.compat.connection_events import ConnectionEvent, NoEvent, ReportedEvent
from godot_enet.compat.enet_service import ServiceMethods
from godot_enet.compat.errors import INACTIVE, fail
from godot_enet.compat.poll_time import PollTime

__all__ = ["WaitingMethods"]

_NO_EVENT = NoEvent()
_ERROR = ConnectionEvent.EVENT_ERROR


class WaitingMethods(ServiceMethods):
    """Abstract: the waiting of :class:`ENetConnection`."""

    def events(self) -> Iterator[ReportedEvent]:
        """Service the network and yield the events that are there, without waiting. Not in Godot.

        Each step is one :meth:`service`, so ``event.peer.get_packet()`` returns the packet of that event. It ends where
        ``service()`` would return EVENT_NONE, after an EVENT_ERROR, after 0.1 s of work (the next call goes on), and
        when the program calls ``destroy()``.

        Yields:
            What :meth:`service` returns. While inactive an error is logged, and the only one is EVENT_ERROR.
        """
        time = PollTime()
        for event in self._queued_events():
            yield event  # with no call since it was taken: see core/interrupts.py
            if self._host is None or event.type == _ERROR or time.is_over():
                return

    def _queued_events(self) -> Iterator[ReportedEvent]:
        """Return an iterator of what :meth:`service` returns, up to EVENT_NONE. It adds no call to its own."""
        return cast("Iterator[ReportedEvent]", iter(self.service, _NO_EVENT))

    def fileno(self) -> int:
        """Return the descriptor to wait on before :meth:`service`, for ``select`` and event loops. Not in Godot.

        It is readable (never wait for writable):

        - without a network thread, while datagrams wait in the socket. Deadlines and queued events do not make it
          readable, so wait no longer than :meth:`poll_timeout`;
        - with a network thread, while events are queued for ``service()``, which makes it unreadable with the last one.
          The thread serves the network itself. ``destroy()`` makes it readable, too.

        Packets that were sent since the last ``service()`` or ``flush()`` leave only with the next: call either before
        waiting. The descriptor belongs to the connection, and stays the same until ``destroy()``, whatever
        ``compress()`` and DTLS do. On Windows it is a socket, the only thing that ``select`` takes there.

        Returns:
            The descriptor; -1, with an error, while inactive; -1 also if the system has no descriptor left, and on a
            virtual network.
        """
        host = self._host
        return fail(INACTIVE, -1) if host is None else host.fileno()

    def poll_timeout(self) -> float | None:
        """Return how long a wait for :meth:`fileno` may take before :meth:`service` is needed. Not in Godot.

        Returns:
            Seconds, as ``select.select`` takes them (``select.poll`` takes milliseconds): 0.0 while events are queued
            and while packets wait to be sent, None if only the descriptor matters. With a network thread it is 0.0 or
            None. 0.0, with an error, while inactive.
        """
        host = self._host
        if host is None:
            return fail(INACTIVE, 0.0)
        if self._undelivered or self._claimed or host.has_event():
            return 0.0
        due = host.poll_timeout()
        return None if due is None else max(0, due - host.now()) / 1000
