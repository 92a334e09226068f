"""Half of the window of match.py: a player, its keys, its link and its view."""

from __future__ import annotations

from godot_enet.tools.netgraph import NetGraph

from ._stage import FAINT, GREEN, RED, TEXT, Stage, pygame
from .arena import rules, view
from .arena.bots import Bot
from .arena.client import Client
from .arena.server import Server

LINKS = {
    "good": (5, 2, 0.0),
    "bad": (60, 20, 0.05),
    "awful": (150, 40, 0.15),
}  # latency in ms each way, maximum jitter in ms, share of losses
SCALE = 2 / 3
PANE = round(rules.WIDTH * SCALE), round(rules.HEIGHT * SCALE)
GAP, HEAD = 8, 38  # pixels
KEYS = (
    {rules.LEFT: pygame.K_a, rules.RIGHT: pygame.K_d, rules.UP: pygame.K_w, rules.DOWN: pygame.K_s},
    {rules.LEFT: pygame.K_LEFT, rules.RIGHT: pygame.K_RIGHT, rules.UP: pygame.K_UP, rules.DOWN: pygame.K_DOWN},
)


class Pane:
    """Half of the window: a player and its view."""

    def __init__(self, side: int, port: int, link: str) -> None:
        self.name = ("left", "right")[side]
        self.keys = KEYS[side]
        self.pilot: Bot | None = Bot(side + 100)
        self._port, self._seed = port, side + 1
        self.join(link)

    def join(self, link: str, threaded: bool = True, level: int = 2) -> None:
        """A connection has a network thread from its beginning, or never."""
        self.client = Client("127.0.0.1", self._port, threaded, self._seed)
        self.graph = NetGraph(self.client.connection, level=level)
        self.client.stats = self.graph.stats
        self.use_link(link)

    def use_link(self, link: str) -> None:
        latency, jitter, loss = LINKS[link]
        self.link = link
        self.client.link.change(latency=latency, jitter=jitter, loss=loss)

    def describe_link(self) -> str:
        latency, jitter, loss = LINKS[self.link]
        return f"{self.link} link: {2 * latency} to {2 * (latency + jitter)} ms, {100 * loss:.0f} % lost"

    def switch(self, key: int, server: Server) -> None:
        """Take a mechanism away, or give it back."""
        if key == pygame.K_1:
            self.client.predicts = not self.client.predicts
        elif key == pygame.K_2:
            self.client.interpolates = not self.client.interpolates
        elif key == pygame.K_3 and self.client.number is not None:
            server.without_delta ^= {self.client.number}
        elif key == pygame.K_4:
            old = self.client
            old.close()
            self.join(self.link, not old.threaded, self.graph.level)
            self.client.predicts, self.client.interpolates = old.predicts, old.interpolates

    def draw_switches(self, stage: Stage, area: pygame.Rect, server: Server) -> None:
        x = float(area.x + 12)
        for name, on in (
            ("1 prediction", self.client.predicts),
            ("2 interpolation", self.client.interpolates),
            ("3 delta", self.client.number not in server.without_delta),
            ("4 network thread", self.client.threaded),
        ):
            text = f"{name} {'on' if on else 'off'}"
            x = stage.text(text, (x, area.bottom - 14), GREEN if on else RED, 18, "midleft").right + 18

    def buttons(self) -> int:
        """The buttons of the player, or of the pilot until the player presses one."""
        held = pygame.key.get_pressed()
        pressed = sum(button for button, key in self.keys.items() if held[key])
        if pressed:
            self.pilot = None
        body = self.client.steering_body()
        if self.pilot and body:
            return self.pilot.steer(body, self.client.coins, self.client.others())
        return pressed

    def draw(self, stage: Stage, area: pygame.Rect) -> None:
        client, screen = self.client, stage.screen
        screen.fill(view.FLOOR, area)
        for left, top, width, height in rules.WALLS:
            wall = (area.x + left * SCALE, area.y + top * SCALE, width * SCALE, height * SCALE)
            pygame.draw.rect(screen, view.WALL, wall, border_radius=3)
        if client.own is None:
            stage.text("connecting ...", area.center, size=30, anchor="center")
            return
        for x, y in client.coins:
            pygame.draw.circle(screen, view.COIN, at(area, x, y), rules.COIN_RADIUS * SCALE)
        for number, place in client.places().items():
            center = at(area, *place)
            pygame.draw.circle(screen, view.COLORS[number], center, rules.RADIUS * SCALE)
            if number == client.number:
                pygame.draw.circle(screen, TEXT, center, rules.RADIUS * SCALE + 1, 2)
            stage.text(str(number), center, view.FLOOR, 16, "center")
        pygame.draw.circle(screen, view.GHOST, at(area, client.own.x, client.own.y), rules.RADIUS * SCALE + 3, 1)
        begin = area.x if area.x == GAP else area.x + 56  # the clock is in between
        begin = stage.text(f"{self.name} player: number {client.number}", (begin, HEAD / 2), TEXT, 22, "midleft").right
        stage.text(self.describe_link(), (begin + 20, HEAD / 2), FAINT, anchor="midleft")


def at(area: pygame.Rect, x: float, y: float) -> tuple[int, int]:
    return round(area.x + x * SCALE), round(area.y + y * SCALE)
