"""An arena for 2 to 16 players and bots: an authoritative server, with movement that responds at once.

    python -m godot_enet demo arena                        server, bots and one player in one window
    python -m godot_enet demo arena --server --bots 4      only the server, without a window; Ctrl-C ends it
    python -m godot_enet demo arena --host 127.0.0.1       only a player; start any number, on any machine

Collect coins. Then make the link worse (L, J, X), and switch off prediction (P) and interpolation (I) to see their
effect. The white circle is your last position known to the server. --measure plays by itself over a link of 100 ms each
way that loses 5 %, and prints how much the server's corrections move you on the screen.

rules.py contains the game, world.py what moves and what everybody sees, server.py the authority, client.py a player's
end. Prediction, interpolation and small messages are those of godot_enet.netcode.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing

from .._options import add_number, demo, make_parser
from .bots import Bot
from .client import Client
from .rules import MAX_PLAYERS
from .server import Server
from .world import table

BOTS = 7
MEASURED = {"frames": 900, "latency": 100, "loss": 5}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("arena", __doc__, auto="let a bot steer the player")
    add_number(parser, "--bots", BOTS, MAX_PLAYERS - 1, "number of bots")
    add_number(parser, "--latency", 0, 10_000, "latency in ms each way of this player's link")
    add_number(parser, "--jitter", 0, 10_000, "maximum random delay in ms added to each datagram")
    add_number(parser, "--loss", 0, 100, "%% of datagrams lost, each way")
    parser.add_argument("--measure", action="store_true", help="play by itself over a bad link, and print figures")
    options = parser.parse_args(argv)
    if options.measure:
        parser.set_defaults(auto=True, **MEASURED)
        options = parser.parse_args(argv)
    return options


def serve(options: argparse.Namespace, stack: ExitStack) -> None:
    """Run only the server. A frame is a tick."""
    server = stack.enter_context(closing(Server("*", options.port, options.bots)))
    print(f"The arena is open on port {server.port}. Press Ctrl-C to close it.")
    while options.frames is None or server.world.tick < options.frames:
        server.update()
        server.wait()


def play(options: argparse.Namespace, stack: ExitStack) -> None:
    """Run a player, and the server unless it is elsewhere."""
    from .._stage import Stage
    from .view import SIZE, View

    server = None if options.host else stack.enter_context(closing(Server("127.0.0.1", options.port, options.bots)))
    port = server.port if server else options.port
    client = stack.enter_context(closing(Client(options.host or "127.0.0.1", port)))
    client.link.change(latency=options.latency, jitter=options.jitter, loss=options.loss / 100)
    stage = stack.enter_context(closing(Stage("arena", SIZE, options.frames, options.screenshot)))
    view, pilot, busy = View(stage, client), Bot(0), 0.0
    while stage.running and not client.ended:
        buttons = view.read_keys()
        if options.auto and client.body:
            buttons = pilot.steer(client.body, client.coins, client.others())
        began = time.perf_counter()
        if server:
            server.update()
        client.poll()
        client.send(buttons)
        busy += time.perf_counter() - began
        view.draw()
        stage.tick()
    if options.measure and stage.frame:
        print_figures(client, server.moving if server else 0.0, busy, stage.frame, stage.rate())


def print_figures(client: Client, moving: float, busy: float, frames: int, rate: float) -> None:
    """Print the figures of --measure. Times are seconds: ``moving`` of the world, ``busy`` of networking as well."""
    kind, moved, players = "on" if client.predicts else "off", client.corrections, table(client.net.newest)
    if moved:
        print(f"prediction {kind}: mean visible correction {sum(moved) / len(moved):.2f} px, worst {max(moved):.0f} px")
    print(f"{len(moved)} states, {len(players)} players, {rate:.0f} frames per second")
    print(f"networking {1000 * (busy - moving) / frames:.2f} ms per frame, bots {1000 * moving / frames:.2f} ms")


@demo
def main(argv: Sequence[str] | None, stack: ExitStack) -> None:
    options = parse(argv)
    run = serve if options.server else play
    run(options, stack)


if __name__ == "__main__":
    sys.exit(main())
