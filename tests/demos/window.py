"""A demo inside the test, on dummy video, with keys that the test presses."""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class Keys:
    """Presses keys while a demo runs: ``press`` names, by frame, a key, ``"window closed"`` or ``"ctrl-c"``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
        self.patch = monkeypatch.setattr
        self.press: dict[int, str] = {}
        self.stage = self.load("demos._stage")
        self.pygame = self.stage.pygame
        self.frames = 0
        self.picture: Any = None
        """The last frame."""
        tick = self.stage.Stage.tick

        def tick_and_press(stage: Any) -> None:
            tick(stage)
            self.frames = stage.frame
            self.picture = stage.screen.copy()
            key = self.press.get(stage.frame)
            if key == "ctrl-c":
                raise KeyboardInterrupt
            if key == "window closed":
                self.pygame.event.post(self.pygame.event.Event(self.pygame.QUIT))
            elif key:
                code = self.pygame.key.key_code(key)
                unicode = key if len(key) == 1 else ""
                self.pygame.event.post(self.pygame.event.Event(self.pygame.KEYDOWN, key=code, unicode=unicode))

        self.patch(self.stage.Stage, "tick", tick_and_press)

    def load(self, name: str) -> Any:
        """A module of the demos."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pygame's own, while it is imported
            return importlib.import_module(name)
