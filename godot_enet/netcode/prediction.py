"""The own player at once: inputs act here before the server has seen them, and its answer only corrects the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from godot_enet.netcode.blend import Blend

__all__ = ["Prediction"]

_S = TypeVar("_S")
_A = TypeVar("_A")


class Prediction(Generic[_S, _A]):
    """The state after all own inputs.

    The server's state after input N replaces the prediction, and the inputs after N are applied again. The
    correction is not drawn at once: the difference from the state drawn before fades.

    Args:
        step: Returns the state after an input, as on the server. It must not change its arguments.
        blend: Of the states.
        smoothing: Share of a correction that is still drawn one input later.
        teleports: Tells from the state before and after a correction whether the new one is drawn at once.
        limit: The most inputs that wait for the server's answer; older ones are not applied again.

    Raises:
        ValueError: ``smoothing`` is not from 0 up to, but not including, 1, or ``limit`` less than 1.
    """

    def __init__(
        self,
        step: Callable[[_S, _A], _S],
        blend: Blend[_S],
        smoothing: float = 0.85,
        teleports: Callable[[_S, _S], bool] | None = None,
        limit: int = 240,
    ) -> None:
        if not (0 <= smoothing < 1 and limit >= 1):
            raise ValueError("smoothing must be less than 1, and limit at least 1")
        self._step = step
        self._blend = blend
        self._smoothing = smoothing
        self._teleports = teleports
        self._pending: deque[tuple[int, _A]] = deque(maxlen=limit)
        self._error: tuple[Any, ...] | None = None
        """From the predicted to the drawn state, before fading."""
        self._share = 0.0
        self.state: _S | None = None
        """The predicted state; None before the first :meth:`correct`."""

    @property
    def pending(self) -> int:
        """The number of inputs that the server has not answered."""
        return len(self._pending)

    def act(self, number: int, action: _A) -> None:
        """Apply an input; each has a higher number than the last.

        Raises:
            ValueError: it has not.
        """
        if self._pending and number <= self._pending[-1][0]:
            raise ValueError(f"input {number} does not follow {self._pending[-1][0]}")
        self._pending.append((number, action))
        if self.state is not None:
            self.state = self._step(self.state, action)
        self._share *= self._smoothing

    def correct(self, number: int, truth: _S) -> _S:
        """Take the server's state after an input. Returns the state predicted before, or at first the new one."""
        while self._pending and self._pending[0][0] <= number:
            self._pending.popleft()
        drawn, before = self.shown, self.state
        state = truth
        for _, action in self._pending:
            state = self._step(state, action)
        self.state = state
        if drawn is None or before is None:
            return state
        if before != state:
            if self._teleports is not None and self._teleports(before, state):
                self._error = None
            else:
                self._error, self._share = self._blend.difference(drawn, state), 1.0
        return before

    @property
    def shown(self) -> _S | None:
        """The state to draw: the prediction, and the part of the corrections that has not faded."""
        if self.state is None or self._error is None:
            return self.state
        return self._blend.shift(self.state, self._error, self._share)
