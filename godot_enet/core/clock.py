"""The clock of real hosts."""

from __future__ import annotations

from time import monotonic_ns

__all__ = ["SystemClock"]


class SystemClock:
    """Monotonic milliseconds of the operating system; a :class:`~godot_enet.core.interface.Clock`."""

    def now(self) -> int:
        """Milliseconds since an arbitrary point, never going back."""
        return monotonic_ns() // 1_000_000
