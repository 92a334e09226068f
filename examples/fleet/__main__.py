"""Many rooms in many processes, joined by NATS. docs/fleet.md explains it; start it in the root of the checkout.

python -m examples.fleet up                     NATS, a gateway and three rooms; Ctrl-C ends them
python -m examples.fleet play --bots 12         players, who move from room to room and chat
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from .launcher import INSTALL, Fleet
from .player import Player

STEP = 1 / 60


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.fleet", description=(__doc__ or "").partition("\n")[0])
    roles = parser.add_subparsers(dest="role", required=True)
    for role in ("up", "gateway", "room", "play"):
        options = roles.add_parser(role)
        if role != "play":
            options.add_argument("--nats", default="nats://127.0.0.1:4222", help="default: %(default)s")
            options.add_argument("--bind", default="*" if role != "up" else "127.0.0.1", help="default: %(default)s")
        if role != "gateway":
            options.add_argument("--host", default="127.0.0.1", help="what clients connect to; default: %(default)s")
        options.add_argument("--port", type=int, default=0 if role == "room" else 8910, help="default: %(default)s")
        if role == "up":
            options.add_argument("--rooms", type=int, default=3, help="default: %(default)s")
        elif role == "room":
            options.add_argument("--name", required=True, help="small letters, digits and dashes")
        elif role == "play":
            options.add_argument("--bots", type=int, default=1, help="default: %(default)s")
            options.add_argument("--seconds", type=float, help="default: until Ctrl-C")
    return parser.parse_args()


def play(options: argparse.Namespace) -> int:
    """Let bots play. Now and then one moves to another room, or says so."""
    players = [Player(options.host, options.port, f"bot {number}") for number in range(1, options.bots + 1)]
    for player in players[1:]:
        player.hear = lambda line: None  # all hear the same
    due = began = time.monotonic()
    try:
        while options.seconds is None or due - began < options.seconds:
            for player in players:
                player.update()
                if player.room and random.random() < STEP / 10:
                    rooms = [room for room in player.rooms if room != player.room.room]
                    if rooms:
                        player.say(f"I have {player.points} coins. Off to another room!")
                        player.travel(random.choice(rooms))
            due = max(due + STEP, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))
    except KeyboardInterrupt:
        print()
    for player in players:
        player.close()
    return 0


def main() -> int:
    options = parse()
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s {getattr(options, 'name', options.role)}: %(message)s")
    logging.getLogger("godot_enet").setLevel(logging.WARNING)
    if options.role == "play":
        return play(options)
    if options.role == "up":
        with tempfile.TemporaryDirectory() as folder:
            fleet = Fleet(Path(folder), options.nats, options.rooms, options.host, options.bind, options.port)
            return fleet.run()
    try:
        from . import gateway, room
    except ModuleNotFoundError as error:
        if error.name != "nats":
            raise
        sys.exit(f"nats-py is missing: {INSTALL}")
    if options.role == "gateway":
        return asyncio.run(gateway.run(options.nats, options.bind, options.port))
    return asyncio.run(room.run(options.nats, options.name, options.host, options.bind, options.port))


if __name__ == "__main__":
    sys.exit(main())
