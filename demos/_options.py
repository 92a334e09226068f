"""What all demos understand on the command line, and how they end. Nothing in here needs a window."""

from __future__ import annotations

import argparse

PORT = 8910  # as in Godot's pong demo
GOODBYE = 1  # data of a disconnect on purpose; ENet reports 0 for a remote that fell silent
SILENCE = (32, 1500, 3000)  # give a silent remote up after about 3 s, not ENet's 5 to 30
PICTURE_FRAMES = 300


class DemoError(Exception):
    """Why the demo cannot go on, in words for the user."""


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every demo with a window has."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--server", action="store_true", help="run the server alone")
    side.add_argument("--host", help="run a client alone, to this server")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--frames", type=int, help="quit after this many frames")
    parser.add_argument("--screenshot", metavar="FILE", help=f"save the last frame, the {PICTURE_FRAMES}th by default")
    return parser


def port_in_use(port: int) -> DemoError:
    """Nobody can listen on that port now."""
    return DemoError(f"Cannot listen on port {port}: is another program using it? --port chooses another.")


def bad_address(address: str, port: int) -> DemoError:
    """Nobody can be reached at that address, ever."""
    return DemoError(f"Cannot connect to {address}:{port}: is this the name of a host, and a port?")
