"""The window of the arena. It draws a Client, and does not use the network. demos/match.py shows two of its scenes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from godot_enet.tools.netgraph import NetGraph

from .._stage import ARROWS, BACKGROUND, FAINT, PANEL, TEXT, WASD, Stage, held_buttons, pygame
from .client import Client
from .rules import COIN_RADIUS, HEIGHT, RADIUS, WALLS, WIDTH
from .world import Seen, table, title

TABLE, HEAD, FOOT, ROWS, MAX_ROW = 288, 34, 28, 324, 30  # pixels: right of, above and below the arena; the table's rows
SIZE = (WIDTH + TABLE, HEAD + HEIGHT + FOOT)
FLOOR, WALL, COIN = "#1a212b", "#4a5770", "#ffd866"
COLORS = (
    *("#5ec8ff", "#ffb454", "#7bd88f", "#f08fc0", "#b58cff", "#ff7b6b", "#6be3d0", "#c9d46a"),
    *("#4d8fd6", "#c98a3a", "#4fa866", "#c0628f", "#8560cc", "#cc5547", "#45a89a", "#99a245"),
)
TRAIL, BURST = 14, 18  # frames that a trail and the burst of a coin last
DIALS: dict[str, tuple[str, tuple[float, ...], str]] = {
    "L": ("latency", (0, 25, 50, 100, 200), "{} ms"),
    "J": ("jitter", (0, 10, 30, 60), "{} ms"),
    "X": ("loss", (0.0, 0.05, 0.1, 0.25), "{:.0%}"),
}
KEYS = "arrows or WASD: move     P, I, G: switch     L, J, X: worsen the link     F3: net graph     ESC: quit"


class Scene:
    """What a client shows, in an area of any size with the arena's shape; and its net graph."""

    def __init__(self, client: Client, level: int = 2) -> None:
        self.client = client
        self.graph = NetGraph(client.connection, level=level)
        client.count = self.graph.count
        self.ghost = True
        self._trails: dict[int, deque[tuple[float, float]]] = {}
        self._coins: set[tuple[float, float]] = set()
        self._bursts: list[tuple[tuple[float, float], int]] = []
        """Coins that were taken, and the frame in which they were."""

    def draw(self, stage: Stage, area: pygame.Rect) -> None:
        client, own, scale = self.client, self.client.net.own, area.width / WIDTH
        self.graph.update()

        def disc(x: float, y: float, radius: float, color: str | pygame.Color, width: int = 0) -> pygame.Rect:
            center = round(area.x + x * scale), round(area.y + y * scale)
            return pygame.draw.circle(stage.screen, color, center, max(1, round(radius * scale)), width)

        stage.screen.fill(FLOOR, area)
        for wall in WALLS:
            left, top, width, height = (round(each * scale) for each in wall)
            pygame.draw.rect(stage.screen, WALL, (area.x + left, area.y + top, width, height), border_radius=4)
        if own is None:
            stage.text("connecting ...", area.center, size=36, anchor="center")
            return
        coins, places = set(client.coins), client.places()
        self._bursts += [(coin, stage.frame) for coin in self._coins - coins]
        self._bursts = [burst for burst in self._bursts if stage.frame < burst[1] + BURST]
        self._coins = coins
        for coin, began in self._bursts:  # a ring that grows
            age = (stage.frame - began) / BURST
            disc(*coin, COIN_RADIUS + 26 * age, pygame.Color(COIN).lerp(FLOOR, age), 3)
        for coin in coins:
            disc(*coin, COIN_RADIUS, COIN)
            disc(*coin, COIN_RADIUS - 3, FLOOR, 1)
        if self.ghost:
            ring = disc(own.x, own.y, RADIUS + 2, TEXT, 1)
            stage.text("server", (ring.centerx, ring.top - 2), FAINT, 16, "midbottom")
        self._trails = {number: self._trails.get(number, deque(maxlen=TRAIL)) for number in places}
        for number, trail in self._trails.items():  # even for even movement, with holes where it jumps
            for age, place in enumerate(trail):
                disc(*place, RADIUS * age / TRAIL, pygame.Color(FLOOR).lerp(COLORS[number], 0.5 * age / TRAIL))
            trail.append(places[number])
        for number, place in places.items():
            body = disc(*place, RADIUS, COLORS[number])
            if number == client.number:
                disc(*place, RADIUS, TEXT, 3)
            stage.text(str(number), body.center, FLOOR, round(20 * scale), "center")


class View:
    """The window of one player."""

    def __init__(self, stage: Stage, client: Client) -> None:
        self.stage, self.client, self.scene = stage, client, Scene(client)
        self.switches: dict[str, tuple[str, object, str]] = {
            "P": ("prediction", client, "predicts"),
            "I": ("interpolation", client, "interpolates"),
            "G": ("server's ghost", self.scene, "ghost"),
        }

    def read_keys(self) -> int:
        """Apply keys for switches and link settings; return the buttons that are held down."""
        for event in self.stage.events():
            if event.type != pygame.KEYDOWN or self.scene.graph.handle(event):
                continue
            key = pygame.key.name(event.key).upper()
            if key in self.switches:
                _, owner, attribute = self.switches[key]
                setattr(owner, attribute, not getattr(owner, attribute))
            elif key in DIALS:
                name, values, _ = DIALS[key]
                larger = [value for value in values if value > getattr(self.client.link, name)]
                self.client.link.change(**{name: min(larger, default=values[0])})  # type: ignore[arg-type]
        return held_buttons(WASD | ARROWS)

    def draw(self) -> None:
        stage, client, x = self.stage, self.client, 12.0
        stage.screen.fill(BACKGROUND)
        self.scene.draw(stage, pygame.Rect(0, HEAD, WIDTH, HEIGHT))
        for key, (name, owner, attribute) in self.switches.items():
            x = stage.switch((x, HEAD / 2), key, name, getattr(owner, attribute))
        for key, (name, _, unit) in DIALS.items():
            x = stage.switch((x, HEAD / 2), key, name, unit.format(getattr(client.link, name)))
        stage.text(KEYS, (12, HEAD + HEIGHT + FOOT / 2), FAINT, anchor="midleft")
        panel = pygame.draw.rect(stage.screen, PANEL, (WIDTH, HEAD, TABLE, HEIGHT))
        draw_table(stage, pygame.Rect(*panel.topleft, TABLE, ROWS), table(client.net.newest), {client.number: "you"})
        if moved := client.corrections[-60:]:
            y = panel.top + ROWS + 4
            stage.text("corrections, last 2 s", (panel.left + 12, y), FAINT, 18, "midleft")
            stage.text(f"{sum(moved) / len(moved):.1f} px", (panel.right - 12, y), anchor="midright")
        self.scene.graph.draw(stage.screen, bottomright=(panel.right - 8, panel.bottom - 8))


def draw_table(
    stage: Stage, area: pygame.Rect, players: Mapping[int, Seen], names: Mapping[int | None, str], columns: int = 1
) -> None:
    """All players, the best first."""
    rows, width = -(-len(players) // columns) or 1, area.width // columns
    height = min(MAX_ROW, (area.height - 36) // rows)
    rights = width - 126, width - 64, width - 12
    for left in range(area.left, area.left + columns * width, width):
        for right, word in zip(rights, ("coins", "ping", "loss"), strict=True):
            stage.text(word, (left + right, area.top + 8), FAINT, 18, "topright")
    for index, (number, seen) in enumerate(players.items()):
        left, y = area.left + index // rows * width, area.top + 36 + index % rows * height
        pygame.draw.circle(stage.screen, COLORS[number], (left + 19, y), 6)
        stage.text(title(number, seen, names), (left + 34, y), anchor="midleft")
        stage.text(str(seen.points), (left + rights[0], y), anchor="midright")
        for right, text in zip(rights[1:], (f"{seen.round_trip} ms", f"{seen.loss} %"), strict=True):
            stage.text("-" if seen.is_bot else text, (left + right, y), FAINT, anchor="midright")
