"""The sender and channel of the packet that is being handled."""

from __future__ import annotations

from functools import partial

from godot_enet.compat.steps import Step, Steps

__all__ = ["RemoteSender"]


class RemoteSender:
    """The sender for one multiplayer."""

    def __init__(self) -> None:
        self.peer = 0
        """The caller of the running RPC, or the sender of the packet that is being announced; 0 if there is none."""
        self.channel = 0
        """The transfer channel of that packet."""

    def during(self, peer: int, steps: Steps | None, channel: int = 0) -> Steps:
        """Return the steps, during which the sender and its channel are set."""
        return [partial(self._step, peer, channel, step) for step in steps or ()]

    def _step(self, peer: int, channel: int, step: Step, steps: Steps) -> None:
        outer = self.peer, self.channel
        self.peer, self.channel = peer, channel
        try:
            step(steps)
        finally:
            self.peer, self.channel = outer
