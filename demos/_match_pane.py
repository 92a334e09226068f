"""Half of the window of match.py: a player, its keys, its link and its view."""

from __future__ import annotations

from ._stage import ARROWS, FAINT, TEXT, WASD, Stage, held_buttons, pygame
from .arena import rules
from .arena.bots import Bot
from .arena.client import Client
from .arena.server import Server
from .arena.view import Scene

PANE = round(rules.WIDTH * 2 / 3), round(rules.HEIGHT * 2 / 3)
GAP, HEAD = 8, 38  # pixels
KEYS = WASD, ARROWS


class Pane:
    """Half of the window: a player and its view."""

    def __init__(self, side: int, server: Server, link: str) -> None:
        self.name = ("left", "right")[side]
        self.keys = KEYS[side]
        self.pilot: Bot | None = Bot(side + 100)
        self.area = pygame.Rect(GAP + side * (PANE[0] + GAP), HEAD, *PANE)
        self._server, self._seed = server, side + 1
        self.join(link)

    def join(self, link: str, threaded: bool = True, level: int = 2) -> None:
        """A connection has a network thread from its beginning, or never."""
        self.client = Client("127.0.0.1", self._server.port, threaded, self._seed)
        self.client.link.use(link)
        self.scene = Scene(self.client, level)

    def close(self) -> None:
        self.client.close()

    def switch(self, key: str) -> None:
        """Take a mechanism away, or give it back."""
        old = self.client
        if key == "1":
            old.predicts = not old.predicts
        elif key == "2":
            old.interpolates = not old.interpolates
        elif key == "3" and old.number is not None:
            self._server.without_delta ^= {old.number}
        elif key == "4":
            old.close()
            self.join(old.link.name, not old.threaded, self.scene.graph.level)
            self.client.predicts, self.client.interpolates = old.predicts, old.interpolates
        elif key == "L":
            old.link.use_next()

    def buttons(self) -> int:
        """The buttons of the player, or of the pilot until the player presses one."""
        pressed, client = held_buttons(self.keys), self.client
        if pressed:
            self.pilot = None
        if self.pilot and client.body:
            return self.pilot.steer(client.body, client.coins, client.others())
        return pressed

    def draw(self, stage: Stage) -> None:
        self.scene.draw(stage, self.area)
        begin = self.area.x if self.area.x == GAP else self.area.x + 56  # the clock is in between
        begin = stage.text(
            f"{self.name} player: number {self.client.number}", (begin, HEAD / 2), TEXT, 22, "midleft"
        ).right
        stage.text(str(self.client.link), (begin + 20, HEAD / 2), FAINT, anchor="midleft")

    def draw_switches(self, stage: Stage) -> None:
        x = self.area.x + 10.0
        for key, name, value in (
            ("1", "prediction", self.client.predicts),
            ("2", "interpolation", self.client.interpolates),
            ("3", "delta", self.client.number not in self._server.without_delta),
            ("4", "network thread", self.client.threaded),
        ):
            x = stage.switch((x, self.area.bottom - 14), key, name, value)
