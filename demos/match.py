"""A match at once: server, two players and bots in one window, and how the line of each player does.

    python demos/match.py          that is all

Collect coins. W, A, S, D move the left player, the arrow keys the right one; each plays by itself until you press one
of its keys. The left one has a good line; L changes the right one's. The white circle is where the server has last
seen a player. F3 shows more or less of the net graphs; SPACE begins the next match, ESC quits.

Without a display a match of ten seconds is played, and saved as a picture. The game itself is that of demos/arena.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where `demos` is, however this file is started

from demos import _stage
from demos._options import DemoError
from demos._stage import FAINT, LINE, ORANGE, PANEL, TEXT, Stage, WindowError, pygame
from demos.arena import rules, view
from demos.arena.bots import Bot
from demos.arena.client import Client
from demos.arena.messages import Score
from demos.arena.server import Server
from godot_enet.tools.netgraph import NetGraph

BOTS = 6
SECONDS, SECONDS_UNSEEN = 60, 10
AFTERWARDS = 30  # frames that an unseen match goes on after its end
LINES = {
    "good": (5, 2, 0.0),
    "bad": (60, 20, 0.05),
    "awful": (150, 40, 0.15),
}  # ms each way, ms more at most, share lost

SCALE = 2 / 3
PANE = round(rules.WIDTH * SCALE), round(rules.HEIGHT * SCALE)
GAP, HEAD, FOOT, GRAPHS = 8, 38, 26, 196  # pixels; GRAPHS is the height below the panes
SIZE = (2 * PANE[0] + 3 * GAP, HEAD + PANE[1] + GRAPHS + 2 * GAP + FOOT)
KEYS = (
    {rules.LEFT: pygame.K_a, rules.RIGHT: pygame.K_d, rules.UP: pygame.K_w, rules.DOWN: pygame.K_s},
    {rules.LEFT: pygame.K_LEFT, rules.RIGHT: pygame.K_RIGHT, rules.UP: pygame.K_UP, rules.DOWN: pygame.K_DOWN},
)


class Pane:
    """Half of the window: a player, and what it sees."""

    def __init__(self, side: int, port: int, line: str) -> None:
        self.name = ("left", "right")[side]
        self.keys = KEYS[side]
        self.client = Client("127.0.0.1", port, seed=side + 1)
        self.graph = NetGraph(self.client.connection, level=2)
        self.client.stats = self.graph.stats
        self.pilot: Bot | None = Bot(side + 100)
        self.use_line(line)

    def use_line(self, line: str) -> None:
        latency, jitter, loss = LINES[line]
        self.line = line
        self.client.line.change(latency=latency, jitter=jitter, loss=loss)

    def buttons(self) -> int:
        """What the player presses; the pilot does it until then."""
        held = pygame.key.get_pressed()
        pressed = sum(button for button, key in self.keys.items() if held[key])
        if pressed:
            self.pilot = None
        body = self.client.steering_body()
        if self.pilot and body and self.client.snapshot:
            return self.pilot.steer(body, self.client.snapshot.coins)
        return pressed

    def draw(self, stage: Stage, area: pygame.Rect) -> None:
        client, screen = self.client, stage.screen
        screen.fill(view.FLOOR, area)
        for left, top, width, height in rules.WALLS:
            wall = (area.x + left * SCALE, area.y + top * SCALE, width * SCALE, height * SCALE)
            pygame.draw.rect(screen, view.WALL, wall, border_radius=3)
        if client.snapshot is None:
            stage.text("connecting ...", area.center, size=30, anchor="center")
            return
        for x, y in client.snapshot.coins:
            pygame.draw.circle(screen, view.COIN, at(area, x, y), rules.COIN_RADIUS * SCALE)
        for number, place in client.places().items():
            center = at(area, *place)
            pygame.draw.circle(screen, view.COLORS[number], center, rules.RADIUS * SCALE)
            if number == client.number:
                pygame.draw.circle(screen, TEXT, center, rules.RADIUS * SCALE + 1, 2)
            stage.text(str(number), center, view.FLOOR, 16, "center")
        ghost = client.own_body()
        if ghost:
            pygame.draw.circle(screen, view.GHOST, at(area, ghost.x, ghost.y), rules.RADIUS * SCALE + 3, 1)
        latency, jitter, loss = LINES[self.line]
        line = f"a {self.line} line: {2 * latency} to {2 * (latency + jitter)} ms, {100 * loss:.0f} % lost"
        begin = area.x if area.x == GAP else area.x + 56  # the clock is between the two
        begin = stage.text(f"{self.name} player: number {client.number}", (begin, HEAD / 2), TEXT, 22, "midleft").right
        stage.text(line, (begin + 20, HEAD / 2), FAINT, anchor="midleft")


def at(area: pygame.Rect, x: float, y: float) -> tuple[int, int]:
    return round(area.x + x * SCALE), round(area.y + y * SCALE)


def title(score: Score, panes: Sequence[Pane]) -> str:
    """Who that is."""
    side = next((f", {pane.name}" for pane in panes if pane.client.number == score.player), "")
    return f"{'bot' if score.is_bot else 'player'} {score.player}{side}"


def verdict(scores: Sequence[Score], panes: Sequence[Pane]) -> str:
    best = [title(score, panes) for score in scores if score.points == scores[0].points]
    coins = f"{scores[0].points} coin{'' if scores[0].points == 1 else 's'}"
    return f"{best[0]} wins with {coins}" if len(best) == 1 else f"{' and '.join(best)} are even, with {coins}"


def draw_table(stage: Stage, scores: Sequence[Score], panes: Sequence[Pane], area: pygame.Rect) -> None:
    """Everybody, the best first, in two columns."""
    pygame.draw.rect(stage.screen, PANEL, area, border_radius=6)
    half, rows = area.width // 2, (len(scores) + 1) // 2
    height = min(30, (area.height - 40) // rows)
    for index, score in enumerate(scores):
        x, y = area.x + index // rows * half + 16, area.y + 48 + index % rows * height
        pygame.draw.circle(stage.screen, view.COLORS[score.player], (x + 6, y), 6)
        stage.text(title(score, panes), (x + 20, y), anchor="midleft")
        stage.text(str(score.points), (x + 180, y), anchor="midright")
        line = "-" if score.is_bot else f"{score.round_trip} ms"
        stage.text(line, (x + 250, y), FAINT, anchor="midright")
        stage.text("-" if score.is_bot else f"{score.loss} %", (x + half - 40, y), FAINT, anchor="midright")
    for x in (area.x + 16, area.x + 16 + half):
        for right, word in ((180, "coins"), (250, "ping"), (half - 40, "loss")):
            stage.text(word, (x + right, area.y + 20), FAINT, 18, "midright")


def draw(stage: Stage, panes: Sequence[Pane], scores: Sequence[Score], left: float) -> None:
    stage.screen.fill(_stage.BACKGROUND)
    below = HEAD + PANE[1] + GAP
    for side, pane in enumerate(panes):
        pane.draw(stage, pygame.Rect(GAP + side * (PANE[0] + GAP), HEAD, *PANE))
    first = panes[0].graph.draw(stage.screen, (GAP, below))
    last = panes[1].graph.draw(stage.screen, (SIZE[0] - GAP - first.width, below))
    draw_table(stage, scores, panes, pygame.Rect(first.right + GAP, below, last.x - first.right - 2 * GAP, GRAPHS))
    keys = "W, A, S, D and arrows: move     L: the right line     F3: net graphs     SPACE: next match     ESC: quit"
    stage.text(keys, (SIZE[0] / 2, SIZE[1] - FOOT / 2), FAINT, anchor="center")
    clock = pygame.Rect(0, 0, 76, HEAD - 8)
    clock.center = SIZE[0] // 2, HEAD // 2
    pygame.draw.rect(stage.screen, LINE, clock, border_radius=6)
    stage.text(f"{int(left) // 60}:{int(left) % 60:02}" if left > 0 else "end", clock.center, ORANGE, 26, "center")
    if left <= 0:
        banner = pygame.Rect(0, 0, 620, 54)
        banner.center = SIZE[0] // 2, HEAD + PANE[1] // 2
        pygame.draw.rect(stage.screen, PANEL, banner, border_radius=8)
        pygame.draw.rect(stage.screen, ORANGE, banner, 2, border_radius=8)
        text = verdict(scores, panes).capitalize() + "."
        stage.text(text, banner.center, TEXT, 30, "center", banner.width - 20)


def report(stage: Stage, panes: Sequence[Pane], scores: Sequence[Score], busy: float) -> None:
    """Who won, and the statistics."""
    print(verdict(scores, panes).capitalize() + ".")
    for score in scores:
        print(f"  {title(score, panes):16} {score.points:3} coins")
    for pane in panes:
        now, moved = pane.graph.stats.recent(), pane.client.corrections
        if now and moved:
            rates = f"{now.bytes_received / 1000:.1f} kB/s in, {now.bytes_sent / 1000:.1f} kB/s out"
            health = f"round trip {now.round_trip:.0f} ms, {100 * now.loss:.0f} % of reliable packets lost"
            print(f"{pane.name} ({pane.line} line): {health}, {rates}, corrected by {sum(moved) / len(moved):.1f} px")
    print(f"{stage.rate():.0f} frames per second; server and players: {1000 * busy / stage.frame:.2f} ms of each")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, help=f"of a match; {SECONDS}, or {SECONDS_UNSEEN} without a display")
    parser.add_argument("--bots", type=int, default=BOTS, choices=range(15), metavar="0..14", help="default: 6")
    parser.add_argument("--frames", type=int, help="quit after this many frames")
    parser.add_argument("--screenshot", metavar="FILE", help="save the last frame; match.png without a display")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    server: Server | None = None
    panes: list[Pane] = []
    busy = 0.0
    try:
        stage = Stage("match", SIZE, options.frames)
        unseen = pygame.display.get_driver() == "dummy"
        seconds = options.seconds or (SECONDS_UNSEEN if unseen else SECONDS)
        server = Server("127.0.0.1", 0, options.bots)
        panes = [Pane(0, server.port, "good"), Pane(1, server.port, "bad")]
        final: list[Score] = []
        end, overtime = time.monotonic() + seconds, 0
        while stage.running and overtime < AFTERWARDS and not any(pane.client.ended for pane in panes):
            for event in stage.events():
                if event.type == pygame.KEYDOWN and event.key == pygame.K_l:
                    names = list(LINES)
                    panes[1].use_line(names[(names.index(panes[1].line) + 1) % len(names)])
                elif event.type == pygame.KEYDOWN and event.key == pygame.K_SPACE and final:
                    final, end = [], time.monotonic() + seconds
                    for player in server.players.values():
                        player.points = 0
                for pane in panes:
                    pane.graph.handle(event)
            began = time.perf_counter()
            server.update()
            for pane in panes:
                pane.client.poll()
                pane.client.send(pane.buttons())
            busy += time.perf_counter() - began
            for pane in panes:
                pane.graph.update()
            left = end - time.monotonic()
            if left <= 0 and not final:
                final = server.scores()
                report(stage, panes, final, busy)
            overtime += unseen and bool(final)
            draw(stage, panes, final or server.scores(), left)
            stage.tick()
        picture = options.screenshot or ("match.png" if unseen and final else None)
        if picture:
            pygame.image.save(stage.screen, picture)
            print(f"saved {picture}")
    except KeyboardInterrupt:
        print()
    except (DemoError, WindowError) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        for pane in panes:
            pane.client.close()
        if server:
            server.close()
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
