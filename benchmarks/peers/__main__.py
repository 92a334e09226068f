"""This package beside what a user could pick instead: ``python -m benchmarks.peers``. Linux.

Clients send requests of 32 bytes and get them back, reliably where there is a way: 500 clients over loopback, and 25
over a relay with a round trip of 50 ms that loses 0, 5 and 20 %. See docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys
from collections.abc import Sequence

from benchmarks.engines import native_is_missing
from benchmarks.pages import DOCS, write
from benchmarks.peers.contenders import CONTENDERS, Contender
from benchmarks.peers.measure import Load, direct, lossy
from benchmarks.peers.report import LOSSES, Rounds, figures, tables

ROUNDS = 9
CLIENTS, SECONDS = 500, 5.0
CALM, BUSY = 2.0, 10.0
"""Requests of each client a second over loopback."""
RELAYED_CLIENTS, RELAYED_RATE = 25, 20.0
QUICK = 0.4


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    names = [contender.name for contender in CONTENDERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="a contender; may be repeated: " + "; ".join(names)
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="samples each, in turns; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement; default: %(default)s")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="over loopback; default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="tiny jobs, one round, to check that everything runs")
    parser.add_argument("--write", action="store_true", help="put tables and figures into docs")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.only or ()) - set(names)):
        parser.error(f"no such contender: {', '.join(unknown)}")
    if options.rounds < 1 or options.clients < 1 or not options.seconds > 0:
        parser.error("--rounds, --clients and --seconds must be greater than 0")
    if options.quick and options.write:
        parser.error("--write needs numbers that mean something: not those of --quick")
    if options.quick:
        options.rounds, options.seconds, options.clients = 1, QUICK, 8
    return options


def choose(only: Sequence[str] | None) -> list[Contender]:
    """Those that are installed; prints the others."""
    chosen = []
    for contender in CONTENDERS:
        if only is None or contender.name in only:
            if missing := contender.missing():
                print(f"missing: {contender.name} ({missing})", file=sys.stderr)
            else:
                chosen.append(contender)
    return chosen


def measure(field: Sequence[Contender], options: argparse.Namespace) -> dict[str, Rounds]:
    """All rounds, each of which begins with another contender. One that fails is named, and left out."""
    rounds = {contender.name: Rounds() for contender in field}
    for turn in range(options.rounds):
        first = turn % len(field)
        for contender in (*field[first:], *field[:first]):
            if contender.name in rounds:
                print(f"round {turn + 1}: {contender.name} ...", file=sys.stderr)
                try:
                    measure_one(contender, rounds[contender.name], turn, options)
                except (OSError, RuntimeError) as error:  # such as a broken pipe to a program that has ended
                    print(f"failed: {contender.name} ({error})", file=sys.stderr)
                    del rounds[contender.name]
    return rounds


def measure_one(contender: Contender, its: Rounds, turn: int, options: argparse.Namespace) -> None:
    """Its part of a round."""
    relayed = min(options.clients, RELAYED_CLIENTS)
    its.calm.append(direct(contender, Load(options.clients, CALM, options.seconds)))
    its.busy.append(direct(contender, Load(options.clients, BUSY, options.seconds)))
    its.lossy.append(lossy(contender, Load(relayed, RELAYED_RATE, options.seconds), LOSSES, turn))


def versions(field: Sequence[Contender]) -> str:
    """Python's, and those of packages."""
    packages = sorted({contender.package for contender in field if contender.package})
    shown = [f"{package} {importlib.metadata.version(package)}" for package in packages]
    return ", ".join([f"Python {platform.python_version()}", *shown])


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    if sys.platform != "linux":
        print("No table: it needs Linux, where the CPU time of another process can be read.", file=sys.stderr)
        return 1
    if not options.only and native_is_missing('--only "godot_enet, Python engine" measures the Python engine alone.'):
        return 1
    field = choose(options.only)
    if not field:
        return 1
    if options.write and len(field) < len(CONTENDERS):
        print("Not measured: the page shows all contenders.", file=sys.stderr)
        return 1
    rounds = measure(field, options)
    if not rounds:
        return 1
    made = tables(rounds)
    meaning = "tiny jobs: the numbers mean nothing" if options.quick else f"medians of {options.rounds} rounds"
    print(f"{versions(field)}; {meaning}.\n")
    print("\n\n".join(made.values()))
    if len(rounds) < len(field):
        return 1  # and the page stays as it is
    if options.write:
        write(DOCS / "performance.md", made, figures(rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
