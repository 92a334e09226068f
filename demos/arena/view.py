"""The window and the keys of the arena. It draws a Client, and does not use the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeVar

from godot_enet.tools.netgraph import NetGraph

from .. import _stage
from .._stage import FAINT, GREEN, LINE, ORANGE, PANEL, RED, TEXT, Stage, pygame
from .client import Client
from .rules import COIN_RADIUS, DOWN, HEIGHT, LEFT, MAX_PLAYERS, RADIUS, RIGHT, UP, WALLS, WIDTH

TABLE, HEAD, FOOT, ROW = 288, 34, 28, 18  # pixels: right of, above and below the arena; a row of the table
SIZE = (WIDTH + TABLE, HEAD + HEIGHT + FOOT)
FLOOR, WALL, COIN, GHOST = "#1a212b", "#4a5770", "#ffd866", "#ffffff"
COLORS = (
    *("#5ec8ff", "#ffb454", "#7bd88f", "#f08fc0", "#b58cff", "#ff7b6b", "#6be3d0", "#c9d46a"),
    *("#4d8fd6", "#c98a3a", "#4fa866", "#c0628f", "#8560cc", "#cc5547", "#45a89a", "#99a245"),
)
MOVES = {
    LEFT: (pygame.K_LEFT, pygame.K_a),
    RIGHT: (pygame.K_RIGHT, pygame.K_d),
    UP: (pygame.K_UP, pygame.K_w),
    DOWN: (pygame.K_DOWN, pygame.K_s),
}
Number = TypeVar("Number", int, float)
TRAIL, BURST = 14, 18  # frames that a trail and the burst of a coin last
LATENCIES, JITTERS, LOSSES = (0, 25, 50, 100, 200), (0, 10, 30, 60), (0.0, 0.05, 0.1, 0.25)


class View:
    """The window of one player."""

    def __init__(self, stage: Stage, client: Client) -> None:
        self._stage = stage
        self._client = client
        self._ghost = True
        self._trails: dict[int, deque[tuple[float, float]]] = {}
        self._coins: set[tuple[int, int]] = set()
        self._bursts: list[tuple[tuple[int, int], int]] = []
        """Coins that were taken, and the frame in which they were."""
        self.graph = NetGraph(client.connection, level=2)
        client.stats = self.graph.stats
        self._floor = pygame.Surface((WIDTH, HEIGHT))
        self._floor.fill(FLOOR)
        for wall in WALLS:
            pygame.draw.rect(self._floor, WALL, wall, border_radius=5)

    def read_keys(self) -> int:
        """Apply keys for switches and link settings; return the buttons that are held down."""
        client = self._client
        link = client.link
        for event in self._stage.events():
            if event.type != pygame.KEYDOWN or self.graph.handle(event):
                continue
            if event.key == pygame.K_p:
                client.predicts = not client.predicts
            elif event.key == pygame.K_i:
                client.interpolates = not client.interpolates
            elif event.key == pygame.K_g:
                self._ghost = not self._ghost
            elif event.key == pygame.K_l:
                link.change(latency=_next(LATENCIES, link.latency))
            elif event.key == pygame.K_j:
                link.change(jitter=_next(JITTERS, link.jitter))
            elif event.key == pygame.K_x:
                link.change(loss=_next(LOSSES, link.loss))
        held = pygame.key.get_pressed()
        return sum(button for button, keys in MOVES.items() if any(held[key] for key in keys))

    def draw(self) -> None:
        screen = self._stage.screen
        screen.fill(_stage.BACKGROUND)
        screen.blit(self._floor, (0, HEAD))
        self._draw_players(screen)
        self._draw_switches()
        self._draw_table()
        self._stage.text(
            "arrows or WASD: move     P, I, G: switch     L, J, X: worsen the link     F3: net graph     ESC: quit",
            (12, HEAD + HEIGHT + FOOT / 2),
            FAINT,
            anchor="midleft",
        )
        self.graph.draw(screen, bottomright=(WIDTH + TABLE - 8, HEAD + HEIGHT - 8))

    def _draw_players(self, screen: pygame.Surface) -> None:
        client = self._client
        if client.own is None:
            self._stage.text("connecting ...", (WIDTH / 2, HEAD + HEIGHT / 2), size=36, anchor="center")
            return
        self._draw_bursts(screen)
        for x, y in client.coins:
            pygame.draw.circle(screen, COIN, (x, HEAD + y), COIN_RADIUS)
            pygame.draw.circle(screen, FLOOR, (x, HEAD + y), COIN_RADIUS - 3, 1)
        if self._ghost:
            center = (round(client.own.x), HEAD + round(client.own.y))
            pygame.draw.circle(screen, GHOST, center, RADIUS + 2, 1)
            self._stage.text("server", (center[0], center[1] - RADIUS - 4), FAINT, 16, "midbottom")
        places = client.places()
        self._draw_trails(screen, places)
        for number, place in places.items():
            center = (round(place[0]), HEAD + round(place[1]))
            pygame.draw.circle(screen, COLORS[number], center, RADIUS)
            if number == client.number:
                pygame.draw.circle(screen, TEXT, center, RADIUS, 3)
            self._stage.text(str(number), center, FLOOR, 20, "center")

    def _draw_trails(self, screen: pygame.Surface, places: dict[int, tuple[float, float]]) -> None:
        """Where players were in the last frames: even for even movement, with holes where it jumps."""
        for number in self._trails.keys() - places.keys():
            del self._trails[number]
        for number, place in places.items():
            trail = self._trails.setdefault(number, deque(maxlen=TRAIL))
            for age, (x, y) in enumerate(trail):
                color = pygame.Color(FLOOR).lerp(COLORS[number], 0.5 * age / TRAIL)
                pygame.draw.circle(screen, color, (round(x), HEAD + round(y)), RADIUS * age // TRAIL)
            trail.append(place)

    def _draw_bursts(self, screen: pygame.Surface) -> None:
        """A ring that grows where a coin was taken."""
        frame, coins = self._stage.frame, set(self._client.coins)
        self._bursts += [(coin, frame) for coin in self._coins - coins]
        self._bursts = [(coin, began) for coin, began in self._bursts if frame < began + BURST]
        self._coins = coins
        for (x, y), began in self._bursts:
            age = (frame - began) / BURST
            color = pygame.Color(COIN).lerp(FLOOR, age)
            pygame.draw.circle(screen, color, (x, HEAD + y), COIN_RADIUS + round(26 * age), 3)

    def _draw_switches(self) -> None:
        client, link, x = self._client, self._client.link, 12
        for key, name, value in (
            ("P", "prediction", client.predicts),
            ("I", "interpolation", client.interpolates),
            ("G", "server's ghost", self._ghost),
            ("L", "latency", f"{link.latency} ms"),
            ("J", "jitter", f"{link.jitter} ms"),
            ("X", "loss", f"{link.loss:.0%}"),
        ):
            color = ORANGE if isinstance(value, str) else GREEN if value else RED
            text = value if isinstance(value, str) else "on" if value else "off"
            cap = pygame.Rect(x, 8, 20, 18)
            pygame.draw.rect(self._stage.screen, LINE, cap, border_radius=4)
            self._stage.text(key, cap.center, TEXT, 18, "center")
            end = self._stage.text(name, (x + 26, HEAD / 2), TEXT, anchor="midleft").right
            x = self._stage.text(text, (end + 6, HEAD / 2), color, anchor="midleft").right + 20

    def _draw_table(self) -> None:
        left, right = WIDTH + 12, WIDTH + TABLE - 12
        columns = (left + 130, left + 196, right)
        pygame.draw.rect(self._stage.screen, PANEL, (WIDTH, HEAD, TABLE, HEIGHT))
        for x, title in zip(columns, ("coins", "ping", "loss"), strict=True):
            self._stage.text(title, (x, HEAD + 8), FAINT, 18, "topright")
        for row, score in enumerate(self._client.scores):
            y = HEAD + 34 + row * ROW
            pygame.draw.circle(self._stage.screen, COLORS[score.player], (left + 7, y), 6)
            name = "you" if score.player == self._client.number else "bot" if score.is_bot else "player"
            self._stage.text(str(score.player), (left + 36, y), anchor="midright")
            self._stage.text(name, (left + 46, y), anchor="midleft")
            texts = (str(score.points), *(("-", "-") if score.is_bot else (f"{score.round_trip}", f"{score.loss} %")))
            for x, text in zip(columns, texts, strict=True):
                self._stage.text(text, (x, y), anchor="midright")
        corrections = self._client.corrections[-60:]
        if corrections:
            mean = sum(corrections) / len(corrections)
            y = HEAD + 40 + MAX_PLAYERS * ROW
            self._stage.text("corrections, last 2 s", (left, y), FAINT, 18, "midleft")
            self._stage.text(f"{mean:.1f} px", (right, y), anchor="midright")


def _next(values: Sequence[Number], value: Number) -> Number:
    """The next value in the list, cyclically."""
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]
