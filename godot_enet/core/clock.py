"""The clock of real hosts."""

from __future__ import annotations

from time import perf_counter_ns

__all__ = ["SystemClock"]


class SystemClock:
    """Monotonic milliseconds of the operating system; a :class:`~godot_enet.core.interface.Clock`."""

    def now(self) -> int:
        """Monotonic milliseconds since an arbitrary point."""
        # Not monotonic_ns: before Python 3.13 that is a coarse clock on Windows, and not the one the C side uses.
        return perf_counter_ns() // 1_000_000
