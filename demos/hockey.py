"""Air hockey for two by rollback: both ends play the whole match, and send nothing but the buttons of their player.

    python -m godot_enet demo hockey                       both ends in one window, over a link that L makes worse
    python -m godot_enet demo hockey --server              one end: the left player, who waits for the other
    python -m godot_enet demo hockey --host 127.0.0.1      the other end

Keys: W, A, S and D move the left player, the arrows the right one. In one window, or with --auto, each moves by itself
until you press one of its keys. R shows the right end without rollback: its own player reacts late, too. C cheats at
that end, by moving the puck, and the checksums tell. White rings are what both ends agree on; what is filled is ahead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from random import Random

from godot_enet.netcode import check_determinism

from . import _stage
from ._buttons import BUTTONS
from ._hockey_end import PEERS, SIDES, End
from ._hockey_table import HEIGHT, MALLET, MOUTH, POINTS, PUCK, WIDTH, Table, advance, autoplay
from ._link import LINKS, Link, connect, listen
from ._options import DemoError, demo, make_parser
from ._stage import ARROWS, BLUE, FAINT, GREEN, LINE, ORANGE, PANEL, TEXT, WASD, Stage, held_buttons, pygame

GAP, HEAD, FOOT, ROW = 12, 36, 30, 22  # pixels; ROW is a line of text
COLORS, KEYS = (BLUE, ORANGE), (WASD, ARROWS)


def draw(stage: Stage, end: End, left: int, rollback: bool) -> None:
    """The table as an end shows it, and what it knows."""
    match, area = end.match, pygame.Rect(left, HEAD, WIDTH, HEIGHT)
    table = match.state if rollback else match.agreed

    def circle(color: str, x: float, y: float, radius: float, width: int = 0) -> None:
        pygame.draw.circle(stage.screen, color, (left + x, HEAD + y), radius, width)

    stage.text(f"{SIDES[end.side]} player's end", (left, HEAD / 2), COLORS[end.side], 24, "midleft")
    stage.text(end.status, (area.right, HEAD / 2), FAINT, anchor="midright")
    pygame.draw.rect(stage.screen, PANEL, area, border_radius=12)
    pygame.draw.line(stage.screen, LINE, area.midtop, area.midbottom, 2)
    circle(LINE, WIDTH / 2, HEIGHT / 2, 56, 2)
    for side, (mallet, color) in enumerate(zip(table.mallets, COLORS, strict=True)):
        stage.screen.fill(color, (left + side * (WIDTH - 4), area.centery - MOUTH / 2, 4, MOUTH))
        stage.text(str(table.score[side]), (area.centerx + (-50, 50)[side], area.top + 8), color, 56, "midtop")
        circle(color, mallet.x, mallet.y, MALLET)
        circle(PANEL, mallet.x, mallet.y, MALLET / 2, 3)
    circle(TEXT, table.puck.x, table.puck.y, PUCK)
    for disc, radius in ((match.agreed.puck, PUCK), *((mallet, MALLET) for mallet in match.agreed.mallets)):
        circle(TEXT, disc.x, disc.y, radius + 1, 1)
    if table.pause and max(table.score) == POINTS:
        winner = table.score.index(POINTS)
        stage.text(f"{SIDES[winner]} wins", area.center, COLORS[winner], 48, "center")
    ahead, moved = match.tick - match.agreed_tick, sum(end.jumps) / max(1, len(end.jumps))
    text = f"rollback: {ahead} ticks ahead of what is agreed, puck corrected by {moved:.1f} px"
    if not rollback:
        text = f"no rollback: what is agreed, {ahead} ticks late"
    stage.text(text, (left, area.bottom + 0.8 * ROW), GREEN if rollback else ORANGE, anchor="midleft", width=WIDTH)
    text = f"the same at both ends: tick {match.checked}, checksum {match.checksums.get(match.checked, 0):08x}"
    stage.text(text, (left, area.bottom + 1.8 * ROW), FAINT, anchor="midleft", width=WIDTH)


def open_ends(options: argparse.Namespace) -> list[End]:
    """Both, or the one that the options ask for."""
    ends, port = [], options.port
    if not options.host:
        connection = listen("*" if options.server else "127.0.0.1", port, PEERS, 1)
        port = connection.get_local_port()
        ends.append(End(0, connection, f"Waiting on port {port} ..."))
    if not options.server:
        address = options.host or "127.0.0.1"
        ends.append(End(1, connect(address, port, 1, BUTTONS.schema_hash)[0], f"Connecting to {address}:{port} ..."))
    return ends


@demo
def main(argv: Sequence[str] | None = None) -> None:
    parser = make_parser("hockey", __doc__)
    parser.add_argument("--link", choices=LINKS, default="good", help="between the ends; default: %(default)s")
    parser.add_argument("--auto", action="store_true", help="play by itself")
    options, random = parser.parse_args(argv), Random(1)
    difference = check_determinism(Table, advance, [(random.randrange(16), random.randrange(16)) for _ in range(300)])
    if difference:
        raise DemoError(f"The rules are not deterministic: {difference}.")
    with ExitStack() as stack:
        ends = [stack.enter_context(closing(end)) for end in open_ends(options)]
        size = GAP + len(ends) * (WIDTH + GAP), HEAD + HEIGHT + 3 * ROW + FOOT
        stage = stack.enter_context(closing(Stage("hockey", size, options.frames, options.screenshot)))
        last, rollback = ends[-1], True
        link = last.link = Link(last.connection, seed=1)
        link.use(options.link)
        pilots = set(ends) if options.auto or len(ends) == 2 else set()
        while stage.running and not any(end.ended for end in ends):
            for event in stage.events():
                key = event.key if event.type == pygame.KEYDOWN else None
                if key == pygame.K_l:
                    link.use_next()
                elif key == pygame.K_r:
                    rollback = not rollback
                elif key == pygame.K_c:
                    last.match.agreed.puck.y += 1
            stage.screen.fill(_stage.BACKGROUND)
            for index, end in enumerate(ends):
                predicts = rollback or end is not last
                held = held_buttons(KEYS[end.side] if len(ends) == 2 else WASD | ARROWS)
                if held:
                    pilots.discard(end)
                if end in pilots:
                    held = autoplay(end.match.state if predicts else end.match.agreed, end.side)
                end.play(held)
                draw(stage, end, GAP + index * (WIDTH + GAP), predicts)
            keys = f"L: {link}    R: rollback    C: cheat    ESC: quit"
            stage.text(keys, (size[0] / 2, size[1] - FOOT / 2), FAINT, anchor="center", width=size[0] - 2 * GAP)
            stage.tick()


if __name__ == "__main__":
    sys.exit(main())
