"""A transport that forwards to another one: the base of stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from godot_enet.core.interface import Address, Datagram, Transport

__all__ = ["ForwardingTransport"]


class ForwardingTransport:
    """Forwards every call to the wrapped transport. A stage inherits it and overrides what it changes."""

    def __init__(self, inner: Transport) -> None:
        """Wrap ``inner``, which this transport then owns."""
        self._inner = inner

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams that have arrived."""
        return self._inner.receive(limit, now)

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send them all. Returns the bytes taken."""
        return self._inner.send(batch, now)

    def poll_timeout(self) -> int | None:
        """When ``receive`` may return data without the descriptor becoming readable."""
        return self._inner.poll_timeout()

    def failed(self) -> bool:
        """Whether the wrapped transport failed."""
        return self._inner.failed()

    def fileno(self) -> int:
        """The descriptor of the wrapped transport."""
        return self._inner.fileno()

    def local_address(self) -> Address | None:
        """The bound address of the wrapped transport."""
        return self._inner.local_address()

    def close(self) -> None:
        """Close the wrapped transport. Idempotent."""
        self._inner.close()


if TYPE_CHECKING:
    _check: type[Transport] = ForwardingTransport
