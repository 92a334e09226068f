"""An arena for 2 to 16 players and bots: an authoritative server, with movement that responds at once.

    python -m godot_enet demo arena                        server, bots and one player in one window
    python -m godot_enet demo arena --server --bots 4      only the server, without a window; Ctrl-C ends it
    python -m godot_enet demo arena --host 127.0.0.1       only a player; start any number, on any machine

Collect coins. Then make the link worse (L, J, X), and switch off prediction (P) and interpolation (I) to see their
effect. The white circle is your last position known to the server. --measure plays by itself over a link of 100 ms each
way that loses 5 %, and prints how much the server's corrections move you on the screen.

rules.py contains the game, world.py what moves, server.py the authority, client.py a player's end, and messages.py what
both send.
Prediction, interpolation and small messages are those of godot_enet.netcode.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from .._options import DemoError, make_parser
from .bots import Bot
from .client import Client
from .rules import MAX_PLAYERS
from .server import Server

BOTS = 7
REPORT_EVERY = 5.0  # seconds between two tables of a server without a window
MEASURED_FRAMES, MEASURED_LATENCY, MEASURED_LOSS = 900, 100, 5


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("arena", __doc__)
    parser.add_argument("--bots", type=int, default=BOTS, help="number of bots; default: %(default)s")
    parser.add_argument("--auto", action="store_true", help="let a bot steer the player")
    parser.add_argument("--latency", type=int, default=0, help="latency in ms each way of this player's link")
    parser.add_argument("--jitter", type=int, default=0, help="maximum random delay in ms added to each datagram")
    parser.add_argument("--loss", type=int, default=0, help="%% of datagrams lost, each way")
    parser.add_argument("--no-prediction", action="store_true", help="start without prediction")
    parser.add_argument("--no-interpolation", action="store_true", help="start without interpolation")
    parser.add_argument("--measure", action="store_true", help="play by itself over a bad link, and print figures")
    options = parser.parse_args(argv)
    if options.measure:
        parser.set_defaults(auto=True, frames=MEASURED_FRAMES, latency=MEASURED_LATENCY, loss=MEASURED_LOSS)
        options = parser.parse_args(argv)
    if not 0 <= options.bots < MAX_PLAYERS:
        parser.error(f"--bots must be 0 to {MAX_PLAYERS - 1}")
    if not 0 <= options.loss <= 100 or options.latency < 0 or options.jitter < 0:
        parser.error("--latency and --jitter must not be negative, --loss must be 0 to 100")
    return options


def serve(options: argparse.Namespace) -> int:
    """Run only the server. A frame is a tick."""
    server: Server | None = None
    try:
        server = Server("*", options.port, options.bots)
        print(f"The arena is open on port {server.port}. Press Ctrl-C to close it.")
        reported = time.monotonic()
        while server.world.tick != options.frames:
            server.update()
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                report(server)
            server.wait()
    except KeyboardInterrupt:
        print()
    except DemoError as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if server:
            server.close()
    return 0


def report(server: Server) -> None:
    for row in server.scores():
        line = "bot" if row.is_bot else f"{row.round_trip} ms, {row.loss} % lost"
        print(f"  player {row.player:2}: {row.points:3} coins   {line}")


def print_figures(client: Client, server: Server | None, busy: float, frames: int, rate: float) -> None:
    """Print the figures of --measure. ``busy``: seconds spent in the server's update and the client's poll and send."""
    moved = client.corrections
    moving = server.moving if server else 0.0
    kind = "on" if client.predicts else "off"
    if moved:
        print(f"prediction {kind}: mean visible correction {sum(moved) / len(moved):.2f} px, worst {max(moved):.0f} px")
    print(f"{len(moved)} states, {len(client.scores)} players, {rate:.0f} frames per second")
    print(f"networking {1000 * (busy - moving) / frames:.2f} ms per frame, bots {1000 * moving / frames:.2f} ms")


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    if options.server:
        return serve(options)
    from .._stage import Stage, WindowError
    from .view import SIZE, View

    server: Server | None = None
    client: Client | None = None
    busy = 0.0
    try:
        if not options.host:
            server = Server("127.0.0.1", options.port, options.bots)
        client = Client(options.host or "127.0.0.1", options.port)
        client.link.change(latency=options.latency, jitter=options.jitter, loss=options.loss / 100)
        client.predicts, client.interpolates = not options.no_prediction, not options.no_interpolation
        stage = Stage("arena", SIZE, options.frames, options.screenshot)
        view = View(stage, client)
        pilot = Bot(0)
        while stage.running and not client.ended:
            buttons = view.read_keys()
            body = client.steering_body()
            if options.auto and body:
                buttons = pilot.steer(body, client.coins, client.others())
            began = time.perf_counter()
            if server:
                server.update()
            client.poll()
            client.send(buttons)
            busy += time.perf_counter() - began
            view.graph.update()
            view.draw()
            stage.tick()
        if options.measure and stage.frame:
            print_figures(client, server, busy, stage.frame, stage.rate())
    except KeyboardInterrupt:
        print()
    except (DemoError, WindowError) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if client:
            client.close()
        if server:
            server.close()
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
