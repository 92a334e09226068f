"""The base of bots where Locust is not in use, with the attributes of Locust's ``User`` that they need."""

from __future__ import annotations

from typing import ClassVar

from godot_enet.load.recorder import Recorder

__all__ = ["PlainBase"]


class PlainBase:
    """See Locust's ``User``."""

    abstract: ClassVar[bool] = True
    host: str | None = None
    weight: float = 1
    _stop_exceptions: ClassVar[tuple[type[BaseException], ...]] = ()
    """What a method may raise to end the bot."""

    def __init__(self, environment: Recorder) -> None:
        super().__init__()
        self.environment = environment

    def _make_recorder(self) -> Recorder:
        return self.environment

    def on_start(self) -> None:
        """Called before the bot connects, the only method that may block. Override it."""

    def on_stop(self) -> None:
        """Called before the bot disconnects at the end of the run. Override it."""
