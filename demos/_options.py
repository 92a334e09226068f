"""Command-line options, limits and errors shared by all demos. Needs no window."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

PORT = 8910  # as in Godot's pong demo
GOODBYE = 1  # data of an intended disconnect; ENet reports 0 after a timeout
SILENCE = (32, 1500, 3000)  # timeout of about 3 s instead of ENet's 5 to 30
PICTURE_FRAMES = 300
MAX_EVENTS_PER_FRAME = 1000  # handled per frame; the rest waits, so that a flood cannot stop a game


class DemoError(Exception):
    """An error that ends the demo, with a message for the user."""


def demo(main: Callable[[Sequence[str] | None, ExitStack], None]) -> Callable[..., int]:
    """The main function of a demo: returns its exit code. Ctrl-C ends it, and an error in words.

    In any case everything in the stack is closed at the end, the last first.
    """

    @functools.wraps(main)
    def run(argv: Sequence[str] | None = None) -> int:
        try:
            with ExitStack() as stack:
                main(argv, stack)
        except KeyboardInterrupt:
            print()
        except DemoError as reason:
            print(reason, file=sys.stderr)
            return 1
        return 0

    return run


def describe(name: str, docstring: str | None) -> argparse.ArgumentParser:
    """A parser without options."""
    description = (docstring or "").partition("\n")[0]
    return argparse.ArgumentParser(prog=f"python -m godot_enet demo {name}", description=description)


def make_parser(name: str, docstring: str | None, auto: str = "") -> argparse.ArgumentParser:
    """A parser with the options of demos with two sides and a window; with --auto, if there is a help for it."""
    parser = describe(name, docstring)
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--server", action="store_true", help="be the server, without a menu")
    side.add_argument("--host", help="be a client of this server")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--frames", type=int, help="quit after this many frames")
    parser.add_argument("--screenshot", metavar="FILE", help=f"save the last frame, the {PICTURE_FRAMES}th by default")
    if auto:
        parser.add_argument("--auto", action="store_true", help=auto)
    return parser


def add_number(parser: argparse.ArgumentParser, name: str, default: int, most: int, text: str) -> None:
    """An option for a number from 0 to ``most``."""

    def number(value: str) -> int:
        if not 0 <= int(value) <= most:
            raise argparse.ArgumentTypeError(f"must be 0 to {most}")
        return int(value)

    parser.add_argument(name, type=number, default=default, help=f"{text}, 0 to {most}; default: {default}")


def port_in_use(port: int) -> DemoError:
    """The error for a port that is in use."""
    return DemoError(f"Cannot listen on port {port}: is another program using it? Choose another with --port.")


def bad_address(address: str, port: int) -> DemoError:
    """The error for an invalid address."""
    return DemoError(f"Cannot connect to {address}:{port}: invalid host or port.")
