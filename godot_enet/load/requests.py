"""The requests of one bot that wait for their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import NamedTuple

__all__ = ["OpenRequest", "OpenRequests"]


class OpenRequest(NamedTuple):
    """A request without an answer yet."""

    kind: str
    name: str
    began: float
    """Seconds of the bot's clock."""


class OpenRequests:
    """Those of one bot; with one key the oldest is answered first."""

    def __init__(self) -> None:
        self._open: dict[Hashable, deque[OpenRequest]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def begin(self, key: Hashable, request: OpenRequest) -> None:
        """Add a request."""
        queue = self._open.get(key)
        if queue is None:
            queue = self._open[key] = deque()
        queue.append(request)

    def end(self, key: Hashable) -> OpenRequest | None:
        """Remove and return the oldest request with this key; None if there is none."""
        queue = self._open.get(key)
        if queue is None:
            return None
        request = queue.popleft()
        if not queue:
            del self._open[key]
        return request

    def expire(self, until: float) -> Iterator[OpenRequest]:
        """Remove and return those that began before a time."""
        for key in list(self._open):
            while (queue := self._open.get(key)) and queue[0].began < until:
                request = self.end(key)
                if request is not None:
                    yield request
