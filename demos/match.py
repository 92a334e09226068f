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
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing

from ._match_pane import GAP, HEAD, PANE, Pane
from ._options import add_number, demo, describe
from ._stage import LINE, ORANGE, PANEL, TEXT, Stage, pygame
from .arena.rules import MAX_PLAYERS
from .arena.server import Server
from .arena.view import draw_table
from .arena.world import Seen, table, title

BOTS = 6
SECONDS, SECONDS_UNSEEN = 60, 10
AFTERWARDS = 30  # frames after the end of a match without a display
FOOT, GRAPHS, GRAPH = 26, 196, 272  # pixels; GRAPHS is the height below the panes, GRAPH the width of a net graph
KEYS = "WASD, arrows: move    L: right link    1 to 4: take away    F3: net graphs    SPACE: next match    ESC: quit"
SIZE = (2 * PANE[0] + 3 * GAP, HEAD + PANE[1] + GRAPHS + 2 * GAP + FOOT)


def names(panes: Sequence[Pane]) -> dict[int | None, str]:
    return {pane.client.number: pane.name for pane in panes}


def verdict(players: Mapping[int, Seen], panes: Sequence[Pane]) -> str:
    if not players:
        return "nobody has joined"
    most = max(seen.points for seen in players.values())
    best = [title(number, seen, names(panes)) for number, seen in players.items() if seen.points == most]
    coins = f"{most} coin{'' if most == 1 else 's'}"
    if len(best) == 1:
        return f"{best[0]} wins with {coins}"
    return f"{', '.join(best[:-1])} and {best[-1]} are tied with {coins}"


def draw(stage: Stage, panes: Sequence[Pane], players: Mapping[int, Seen], left: float) -> None:
    stage.clear(KEYS, FOOT)
    for pane in panes:
        pane.draw(stage)
    panes[1].draw_switches(stage)
    below = HEAD + PANE[1] + GAP
    area = pygame.Rect(2 * GAP + GRAPH, below, SIZE[0] - 4 * GAP - 2 * GRAPH, GRAPHS)
    pygame.draw.rect(stage.screen, PANEL, area, border_radius=6)
    draw_table(stage, area, players, names(panes), 2)
    for pane, right in zip(panes, (GAP + GRAPH, SIZE[0] - GAP), strict=True):
        pane.scene.graph.draw(stage.screen, bottomright=(right, below + GRAPHS))  # with all details it covers the pane
    clock = pygame.Rect(0, 0, 76, HEAD - 8)
    clock.center = SIZE[0] // 2, HEAD // 2
    pygame.draw.rect(stage.screen, LINE, clock, border_radius=6)
    stage.text(f"{int(left) // 60}:{int(left) % 60:02}" if left > 0 else "end", clock.center, ORANGE, 26, "center")
    if left <= 0:
        banner = pygame.Rect(0, 0, 620, 54)
        banner.center = SIZE[0] // 2, HEAD + PANE[1] // 2
        pygame.draw.rect(stage.screen, PANEL, banner, border_radius=8)
        pygame.draw.rect(stage.screen, ORANGE, banner, 2, border_radius=8)
        text = verdict(players, panes).capitalize() + "."
        stage.text(text, banner.center, TEXT, 30, "center", banner.width - 20)


def report(stage: Stage, panes: Sequence[Pane], players: Mapping[int, Seen], busy: float) -> None:
    """Print the winner and the statistics."""
    print(verdict(players, panes).capitalize() + ".")
    for number, seen in players.items():
        print(f"  {title(number, seen, names(panes)):16} {seen.points:3} coins")
    for pane in panes:
        now, moved = pane.scene.graph.stats.recent(), pane.client.corrections
        if now and moved:
            rates = f"{now.bytes_received / 1000:.1f} kB/s in, {now.bytes_sent / 1000:.1f} kB/s out"
            measured = f"round trip {now.round_trip:.0f} ms, {rates}, corrected by {sum(moved) / len(moved):.1f} px"
            print(f"{pane.name} ({pane.client.link}): {measured}")
    cost = 1000 * busy / max(1, stage.frame)
    print(f"{stage.rate():.0f} frames per second; server and players: {cost:.2f} ms per frame")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = describe("match", __doc__)
    parser.add_argument(
        "--seconds", type=float, help=f"length of a match; {SECONDS}, or {SECONDS_UNSEEN} without a display"
    )
    add_number(parser, "--bots", BOTS, MAX_PLAYERS - 2, "number of bots")
    parser.add_argument("--frames", type=int, help="quit after this many frames")
    parser.add_argument("--screenshot", metavar="FILE", help="save the last frame; match.png without a display")
    return parser.parse_args(argv)


@demo
def main(argv: Sequence[str] | None, stack: ExitStack) -> None:
    options = parse(argv)
    busy = 0.0
    stage = stack.enter_context(closing(Stage("match", SIZE, options.frames)))
    unseen = pygame.display.get_driver() == "dummy"
    seconds = options.seconds or (SECONDS_UNSEEN if unseen else SECONDS)
    server = stack.enter_context(closing(Server("127.0.0.1", 0, options.bots)))
    panes = [stack.enter_context(closing(Pane(*each))) for each in ((0, server, "good"), (1, server, "bad"))]
    final: Mapping[int, Seen] = {}
    end, overtime = time.monotonic() + seconds, 0
    while stage.running and overtime < AFTERWARDS and not any(pane.client.ended for pane in panes):
        for event in stage.events():
            if event.type == pygame.KEYDOWN and event.key == pygame.K_SPACE and final:
                final, end = {}, time.monotonic() + seconds
                for player in server.players.values():
                    player.points = 0
            elif event.type == pygame.KEYDOWN:
                panes[1].switch(pygame.key.name(event.key).upper())
            for pane in panes:
                pane.scene.graph.handle(event)
        began = time.perf_counter()
        server.update()
        for pane in panes:
            pane.client.poll()
            pane.client.send(pane.buttons())
        busy += time.perf_counter() - began
        left = end - time.monotonic()
        if left <= 0 and not final and server.players:
            final = table(server.world.states())
            report(stage, panes, final, busy)
        overtime += unseen and bool(final)
        draw(stage, panes, final or table(server.world.states()), left)
        stage.tick()
    picture = options.screenshot or ("match.png" if unseen and final else None)
    if picture:
        stage.save(picture)


if __name__ == "__main__":
    sys.exit(main())
