"""Air hockey for two by rollback: both ends play the whole match, and send nothing but the buttons of their player.

    python -m godot_enet demo hockey                       both ends in one window, over a link that L makes worse
    python -m godot_enet demo hockey --server              one end: the left player, who waits for the other
    python -m godot_enet demo hockey --host 127.0.0.1      the other end

Keys: W, A, S and D move the left player, the arrows the right one. In one window, or with --auto, each moves by itself
until you press one of its keys. R shows the right end without rollback: its own player reacts late, too. C cheats at
that end, by moving the puck, and the checksums tell.

An end guesses the buttons that are still on their way, and plays the ticks again when they arrive. White rings are what
both ends agree on; what is filled is ahead of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from random import Random

from godot_enet import ENetConnection, Error
from godot_enet.netcode import check_determinism
from godot_enet.tools.bad_network import BadNetwork

from . import _stage
from ._hockey_end import BUTTONS, End
from ._hockey_table import DOWN, HEIGHT, LEFT, MALLET, MOUTH, POINTS, PUCK, RIGHT, UP, WIDTH, Table, advance, autoplay
from ._options import DemoError, bad_address, make_parser, port_in_use
from ._stage import BLUE, FAINT, GREEN, LINE, ORANGE, PANEL, RED, TEXT, Stage, WindowError, pygame

GAP, HEAD, FOOT, ROW = 12, 36, 30, 22  # pixels; ROW is a line of text
LINKS = {"good": (0, 0, 0.0), "bad": (60, 20, 0.05), "awful": (110, 40, 0.15)}  # ms each way, jitter in ms, losses
KEYS = (
    {LEFT: pygame.K_a, RIGHT: pygame.K_d, UP: pygame.K_w, DOWN: pygame.K_s},
    {LEFT: pygame.K_LEFT, RIGHT: pygame.K_RIGHT, UP: pygame.K_UP, DOWN: pygame.K_DOWN},
)
COLORS = BLUE, ORANGE


def check_rules() -> None:
    """Rollback shows nonsense if the same buttons ever lead to another table."""
    random = Random(1)
    difference = check_determinism(Table, advance, [(random.randrange(16), random.randrange(16)) for _ in range(300)])
    if difference:
        raise DemoError(f"The rules are not deterministic: {difference}.")


def host(address: str, port: int) -> End:
    connection = ENetConnection()
    if connection.create_host_bound(address, port, 1, 1) != Error.OK:
        raise port_in_use(port)
    return End(0, connection, f"Waiting on port {port} ...")


def join(address: str, port: int) -> End:
    connection = ENetConnection()
    connection.create_host(1)
    if connection.connect_to_host(address, port, 1, BUTTONS.schema_hash) is None:
        raise bad_address(address, port)
    return End(1, connection, f"Connecting to {address}:{port} ...")


def draw(stage: Stage, end: End, left: int, rollback: bool) -> None:
    """The table as an end shows it, and what it knows."""
    screen, table, area = stage.screen, end.table if rollback else end.agreed, pygame.Rect(left, HEAD, WIDTH, HEIGHT)
    stage.text(f"{('left', 'right')[end.side]} player's end", (left, HEAD / 2), COLORS[end.side], 24, "midleft")
    stage.text(end.status, (area.right, HEAD / 2), RED if end.desynced else FAINT, anchor="midright")
    pygame.draw.rect(screen, PANEL, area, border_radius=12)
    pygame.draw.line(screen, LINE, area.midtop, area.midbottom, 2)
    pygame.draw.circle(screen, LINE, area.center, 56, 2)
    for side, x in enumerate((area.left, area.right - 4)):
        screen.fill(COLORS[side], (x, area.centery - MOUTH / 2, 4, MOUTH))
        at = area.centerx + (-30, 30)[side], area.top + 8
        stage.text(str(table.score[side]), at, COLORS[side], 56, ("topright", "topleft")[side])
    for side, mallet in enumerate(table.mallets):
        center = area.left + mallet.x, area.top + mallet.y
        pygame.draw.circle(screen, COLORS[side], center, MALLET)
        pygame.draw.circle(screen, PANEL, center, MALLET / 2, 3)
    pygame.draw.circle(screen, TEXT, (area.left + table.puck.x, area.top + table.puck.y), PUCK)
    for disc, radius in ((end.agreed.puck, PUCK), *((mallet, MALLET) for mallet in end.agreed.mallets)):
        pygame.draw.circle(screen, TEXT, (area.left + disc.x, area.top + disc.y), radius + 1, 1)
    if table.pause and max(table.score) == POINTS:
        winner = int(table.score[1] == POINTS)
        stage.text(f"{('left', 'right')[winner]} wins", area.center, COLORS[winner], 48, "center")
    ahead = end.tick - end.agreed_tick
    moved = sum(end.jumps) / max(1, len(end.jumps))
    lines = (
        (f"rollback: {ahead} ticks ahead of what is agreed, puck corrected by {moved:.1f} px", GREEN)
        if rollback
        else (f"no rollback: what is agreed, {ahead} ticks late", ORANGE),
        (f"the same at both ends: tick {end.checked}, checksum {end.checksums.get(end.checked, 0):08x}", FAINT)
        if end.checked
        else ("no checksums compared yet", FAINT),
    )
    for row, (text, color) in enumerate(lines):
        stage.text(text, (left, area.bottom + (row + 0.8) * ROW), color, 20, "midleft", WIDTH)


def read_keys(side: int | None) -> int:
    """The buttons held down; of either half of the keyboard if this is the only end here."""
    held = pygame.key.get_pressed()
    halves = KEYS if side is None else KEYS[side : side + 1]
    return sum({button for half in halves for button, key in half.items() if held[key]})


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("hockey", __doc__)
    parser.add_argument("--link", choices=LINKS, default="good", help="between the ends; default: %(default)s")
    parser.add_argument("--auto", action="store_true", help="play by itself")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    ends: list[End] = []
    network: BadNetwork | None = None
    try:
        check_rules()
        count = 1 if options.server or options.host else 2
        size = GAP + count * (WIDTH + GAP), HEAD + HEIGHT + 3 * ROW + FOOT
        stage = Stage("hockey", size, options.frames, options.screenshot)
        if not options.host:
            ends.append(host("*" if options.server else "127.0.0.1", options.port))
        if not options.server:
            ends.append(join(options.host or "127.0.0.1", options.port))
        network = BadNetwork(ends[-1].connection, seed=1)
        link, rollback, said = options.link, True, [""] * count
        pilots = {end.side for end in ends if options.auto or count == 2}
        while stage.running and not any(end.ended for end in ends):
            for event in stage.events():
                if event.type == pygame.KEYDOWN and event.key == pygame.K_l:
                    link = list(LINKS)[(list(LINKS).index(link) + 1) % len(LINKS)]
                elif event.type == pygame.KEYDOWN and event.key == pygame.K_r:
                    rollback = not rollback
                elif event.type == pygame.KEYDOWN and event.key == pygame.K_c:
                    ends[-1].agreed.puck.y += 1
            latency, jitter, loss = LINKS[link]
            network.change(latency=latency, jitter=jitter, loss=loss)
            stage.screen.fill(_stage.BACKGROUND)
            for index, end in enumerate(ends):
                predicts = rollback or end is not ends[-1]
                held = read_keys(end.side if count == 2 else None)
                if held:
                    pilots.discard(end.side)
                if end.side in pilots:
                    held = autoplay(end.table if predicts else end.agreed, end.side)
                end.play(held)
                draw(stage, end, GAP + index * (WIDTH + GAP), predicts)
                if end.status != said[index]:
                    said[index] = end.status
                    print(f"{('left', 'right')[end.side]}: {end.status}")
            keys = f"L: {link} link, {2 * latency} ms, {100 * loss:.0f} % lost    R: rollback    C: cheat    ESC: quit"
            stage.text(keys, (size[0] / 2, size[1] - FOOT / 2), FAINT, anchor="center", width=size[0] - 2 * GAP)
            stage.tick()
    except KeyboardInterrupt:
        print()
    except (DemoError, WindowError) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if network:
            network.change(latency=0, jitter=0, loss=0.0, reorder=1.0)  # goodbye: what is under way then is lost
        for end in ends:
            print(f"{('left', 'right')[end.side]}: {end.agreed_tick} ticks, the same at tick {end.checked}")
            end.close()
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
