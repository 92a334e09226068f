"""A token bucket: an allowance that refills with time."""

from __future__ import annotations

__all__ = ["Allowance"]


class Allowance:
    """One allowance.

    Args:
        amount: the initial amount.
        now: seconds.
    """

    __slots__ = ("_then", "amount")

    def __init__(self, amount: float, now: float) -> None:
        self.amount = amount
        self._then = now

    def fill(self, now: float, per_second: float, at_most: float) -> float:
        """Refill for the time since the last call. Returns the current amount."""
        self.amount = min(self.amount + (now - self._then) * per_second, at_most)
        self._then = now
        return self.amount
