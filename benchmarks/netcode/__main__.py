"""What the pieces of ``godot_enet.netcode`` reach together: ``python -m benchmarks.netcode``.

It plays matches of 64 players with the rules of the arena on the virtual network, and prints two tables: by how many
pixels players are drawn off, and how many bytes a player gets. ``--write`` puts them and the figures into docs. Both
depend on nothing but the seeds. The times at the end depend on the machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from benchmarks.netcode.costs import measure
from benchmarks.netcode.figures import FULL_STATE, figures
from benchmarks.netcode.match import MAP, PLACES, RADIUS, RATE, Match, Settings
from benchmarks.pages import DOCS, write

PAGE = DOCS / "netcode.md"
SECONDS, DELAYS, LOSSES = 40.0, (50, 100, 200), (0.0, 0.05, 0.2)
IP_HEADERS, ENET_HEADERS = 28, 12
"""Bytes of a datagram before ENet's own, and of ENet's for one unreliable packet."""


def played(seconds: float, **changes: Any) -> Match:
    match = Match(Settings()._replace(**changes))
    match.play(seconds)
    return match


def error_table(matches: Mapping[tuple[int, float], Match]) -> Iterator[str]:
    """Mean errors by link."""
    yield "| delay each way | lost | own player | without prediction | other players |"
    yield "|---|---|---|---|---|"
    for (delay, loss), match in matches.items():
        own, raw, others = match.own_errors(), match.own_errors(predicted=False), match.other_errors()
        yield f"| {delay} ms | {loss:.0%} | {mean(own):.2f} px | {mean(raw):.0f} px | {mean(others):.2f} px |"


def payload_table(match: Match, everything: Match) -> Iterator[str]:
    """Mean bytes for one client, without headers."""
    players = match.settings.players
    yield "| what is sent | bytes a tick | KB a second |"
    yield "|---|---|---|"
    for what, size in (
        ("full states", players * FULL_STATE),
        ("`Packer`", players * (1 + PLACES.size)),
        ("`Packer`, `Delta`", mean(everything.server.payload)),
        ("`Packer`, `Delta`, `Interest`", mean(match.server.payload)),
        ("the same, the largest", max(match.server.payload)),
    ):
        yield f"| {what} | {size:.0f} | {size * RATE / 1000:.2f} |"


def costs() -> Iterator[str]:
    """Microseconds of the processor."""
    found = measure()
    yield f"encoding: {found.encoding:.0f} us a client and tick, {found.encoding / found.states:.1f} us a state"
    yield f"decoding: {found.decoding:.0f} us a message, {found.decoding / found.states:.1f} us a state"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.netcode", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each match; default: %(default)s")
    parser.add_argument("--write", action="store_true", help="put tables and figures into docs")
    options = parser.parse_args(argv)
    if options.seconds < 12:
        parser.error("--seconds must be at least 12")
    matches = {(d, loss): played(options.seconds, delay=d, loss=loss) for d in DELAYS for loss in LOSSES}
    match = matches[100, 0.05]
    everything = played(options.seconds, interest=False, budget=1400)
    tight = played(options.seconds, budget=match.settings.budget // 2)
    tables = {
        "errors": "\n".join(error_table(matches)),
        "payload": "\n".join(payload_table(match, everything)),
    }
    print(f"{match.settings.players} players at {RATE} ticks a second, map {MAP.width} x {MAP.height} px, ", end="")
    print(f"radius of interest {RADIUS:.0f} px, {options.seconds:g} seconds each\n")
    print("\n\n".join([*tables.values(), "\n".join(costs())]))
    print(f"headers beside each message: {ENET_HEADERS} bytes of ENet, {IP_HEADERS} of UDP and IP")
    if options.write:
        write(PAGE, tables, figures(match, everything, tight))
    return 0


if __name__ == "__main__":
    sys.exit(main())
