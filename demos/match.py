"""A complete match in one window: a server, two players and bots, over a good link and a bad one.

    python -m godot_enet demo match

Collect coins. W, A, S, D move the left player, the arrow keys the right one. Each player moves by itself until you
press one of its keys. The left player has a good link; L changes the link of the right one, and 1, 2, 3 and 4 take its
prediction, interpolation, delta and network thread away; for 4 it joins again. The white circle is a player's last
position on the server. F3 changes the detail of the net graphs, SPACE starts the next match, ESC quits.

Without a display the demo plays a match of ten seconds and saves a picture. The game itself is that of demos/arena.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from . import _stage
from ._match_pane import GAP, HEAD, LINKS, PANE, Pane
from ._options import DemoError, describe
from ._stage import FAINT, LINE, ORANGE, PANEL, TEXT, Stage, WindowError, pygame
from .arena import view
from .arena.messages import Score
from .arena.server import Server

BOTS = 6
SECONDS, SECONDS_UNSEEN = 60, 10
AFTERWARDS = 30  # frames after the end of a match without a display
FOOT, GRAPHS, GRAPH = 26, 196, 272  # pixels; GRAPHS is the height below the panes, GRAPH the width of a net graph
SIZE = (2 * PANE[0] + 3 * GAP, HEAD + PANE[1] + GRAPHS + 2 * GAP + FOOT)


def title(score: Score, panes: Sequence[Pane]) -> str:
    """The name of a player in the table."""
    side = next((f", {pane.name}" for pane in panes if pane.client.number == score.player), "")
    return f"{'bot' if score.is_bot else 'player'} {score.player}{side}"


def verdict(scores: Sequence[Score], panes: Sequence[Pane]) -> str:
    if not scores:
        return "nobody has joined"
    best = [title(score, panes) for score in scores if score.points == scores[0].points]
    coins = f"{scores[0].points} coin{'' if scores[0].points == 1 else 's'}"
    if len(best) == 1:
        return f"{best[0]} wins with {coins}"
    return f"{', '.join(best[:-1])} and {best[-1]} are tied with {coins}"


def draw_table(stage: Stage, scores: Sequence[Score], panes: Sequence[Pane], area: pygame.Rect) -> None:
    """Draw all players in two columns, the best first."""
    pygame.draw.rect(stage.screen, PANEL, area, border_radius=6)
    half, rows = area.width // 2, max(1, (len(scores) + 1) // 2)
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


def draw(stage: Stage, panes: Sequence[Pane], server: Server, scores: Sequence[Score], left: float) -> None:
    stage.screen.fill(_stage.BACKGROUND)
    below = HEAD + PANE[1] + GAP
    for side, pane in enumerate(panes):
        pane.draw(stage, pygame.Rect(GAP + side * (PANE[0] + GAP), HEAD, *PANE))
    panes[1].draw_switches(stage, pygame.Rect(2 * GAP + PANE[0], HEAD, *PANE), server)
    draw_table(stage, scores, panes, pygame.Rect(2 * GAP + GRAPH, below, SIZE[0] - 4 * GAP - 2 * GRAPH, GRAPHS))
    for pane, right in zip(panes, (GAP + GRAPH, SIZE[0] - GAP), strict=True):
        pane.graph.draw(stage.screen, bottomright=(right, below + GRAPHS))  # with all details it covers the pane, too
    keys = (
        "WASD, arrows: move    L: right link    1 to 4: take away    F3: net graphs    SPACE: next match    ESC: quit"
    )
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
    """Print the winner and the statistics."""
    print(verdict(scores, panes).capitalize() + ".")
    for score in scores:
        print(f"  {title(score, panes):16} {score.points:3} coins")
    for pane in panes:
        now, moved = pane.graph.stats.recent(), pane.client.corrections
        if now and moved:
            rates = f"{now.bytes_received / 1000:.1f} kB/s in, {now.bytes_sent / 1000:.1f} kB/s out"
            measured = f"round trip {now.round_trip:.0f} ms, {rates}, corrected by {sum(moved) / len(moved):.1f} px"
            print(f"{pane.name} ({pane.describe_link()}): {measured}")
    cost = 1000 * busy / max(1, stage.frame)
    print(f"{stage.rate():.0f} frames per second; server and players: {cost:.2f} ms per frame")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = describe("match", __doc__)
    parser.add_argument(
        "--seconds", type=float, help=f"length of a match; {SECONDS}, or {SECONDS_UNSEEN} without a display"
    )
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
                    names = list(LINKS)
                    panes[1].use_link(names[(names.index(panes[1].link) + 1) % len(names)])
                elif event.type == pygame.KEYDOWN and event.key in range(pygame.K_1, pygame.K_5):
                    panes[1].switch(event.key, server)
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
            if left <= 0 and not final and server.players:
                final = server.scores()
                report(stage, panes, final, busy)
            overtime += unseen and bool(final)
            draw(stage, panes, server, final or server.scores(), left)
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
