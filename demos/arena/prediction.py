"""Prediction: the own player obeys at once, though the server's answer is a round trip away.

Each input moves the player here, as it will on the server, and is remembered. A snapshot says where the player was
after input N: everything after N is done again from there. If nobody was in the way, that leads to where the player is
already, and nothing is seen.
"""

from __future__ import annotations

from collections import deque

from demos.arena.rules import Body, advance

SMOOTHING = 0.85  # share of a correction that is still to be seen one frame later
TELEPORT = 120.0  # pixels; a correction by more is not smoothed


class Prediction:
    """Where the own player is by now, most likely."""

    def __init__(self) -> None:
        self.body: Body | None = None
        self._pending: deque[tuple[int, int]] = deque(maxlen=240)
        """Inputs the server has not answered."""
        self._offset = (0.0, 0.0)

    def act(self, number: int, buttons: int) -> None:
        """An input of this frame."""
        self._pending.append((number, buttons))
        if self.body is not None:
            advance(self.body, buttons)
        self._offset = (self._offset[0] * SMOOTHING, self._offset[1] * SMOOTHING)

    def reconcile(self, number: int, truth: Body) -> float:
        """The server's position after that input. Returns by how much the prediction was wrong, in pixels."""
        while self._pending and self._pending[0][0] <= number:
            self._pending.popleft()
        body = truth.copy()
        for _, buttons in self._pending:
            advance(body, buttons)
        before, self.body = self.body, body
        if before is None:
            return 0.0
        wrong = before.distance(body.x, body.y)
        if wrong < TELEPORT:
            self._offset = (self._offset[0] + before.x - body.x, self._offset[1] + before.y - body.y)
        else:
            self._offset = (0.0, 0.0)
        return wrong

    def shown(self) -> tuple[float, float] | None:
        """Where to draw the player: on its way from where it was drawn to where it is."""
        if self.body is None:
            return None
        return self.body.x + self._offset[0], self.body.y + self._offset[1]
