"""A loop of a program's own: it calls ``service`` only where a descriptor or a deadline says so."""

from __future__ import annotations

import select
import selectors
import time
from collections.abc import Callable

from godot_enet import ENetConnection
from godot_enet.compat import ServiceResult
from tests.unit.compat.stage import DEADLINE

__all__ = ["WAYS", "Wait", "is_readable", "serve"]

Wait = Callable[[list[int], float], list[int]]
"""Wait for the descriptors, up to a number of seconds, and return the readable ones."""


def _select(descriptors: list[int], timeout: float) -> list[int]:
    return select.select(descriptors, [], [], timeout)[0]


def _selectors(descriptors: list[int], timeout: float) -> list[int]:
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        return [key.fd for key, _ in selector.select(timeout)]


WAYS: dict[str, Wait] = {"select": _select, "selectors": _selectors}


def is_readable(connection: ENetConnection, timeout: float = 0.0) -> bool:
    """Whether the descriptor is readable, or becomes so within some seconds."""
    return bool(_select([connection.fileno()], timeout))


def serve(
    connections: list[ENetConnection],
    handle: Callable[[ENetConnection, ServiceResult], object],
    until: Callable[[], object],
    wait: Wait = _select,
) -> int:
    """Serve the connections until it has happened, and return the number of waits."""
    end, waits = time.monotonic() + DEADLINE, 0
    while not until():
        for connection in connections:
            connection.flush()
        timeouts = {connection: connection.poll_timeout() for connection in connections}
        left = end - time.monotonic()
        assert left > 0, "it did not happen"
        longest = min([left, *(timeout for timeout in timeouts.values() if timeout is not None)])
        asked = time.monotonic()
        readable = wait([connection.fileno() for connection in connections], longest)
        waits += 1
        passed = time.monotonic() - asked
        for connection in connections:
            timeout = timeouts[connection]
            if connection.fileno() in readable or (timeout is not None and passed >= timeout):
                for event in connection.events():
                    handle(connection, event)
    return waits
