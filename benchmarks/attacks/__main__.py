"""``python -m benchmarks.attacks``: every attack against libenet (through pyenet) and both engines, as a table.

Linux only: forged addresses are those of the loopback network. Takes about three minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import threading
from collections.abc import Callable, Mapping

from benchmarks.attacks import attackers
from benchmarks.attacks.attackers import Server, started
from benchmarks.engines import native_is_missing
from godot_enet import available_engines

REPEATING = 34.0
"""Seconds in which ENet repeats an answer."""

Result = Mapping[str, float]
Row = tuple[str, Callable[[Server, float], Result], float, Callable[[Result], str], tuple[str, ...]]


def seconds_or_never(result: Result) -> str:
    """How long the honest client took."""
    connected = result["connected"]
    return f"{connected:.2f} s" if connected == connected else "never"


def gained(result: Result) -> str:
    """Memory."""
    return f"{result['memory'] / 1e6:,.0f} MB"


def rates(result: Result) -> str:
    """Datagrams dealt with."""
    return f"{result['taken']:,.0f}/s ({result['a cpu second']:,.0f} a CPU second)"


def rates_and_longest(result: Result) -> str:
    """The same, and how long one call of service took at most."""
    return f"{result['taken']:,.0f}/s, a call at most {result['longest'] * 1000:.1f} ms"


ROWS: tuple[Row, ...] = (
    ("CONNECT flood, 5,000/s: an honest client is in after", attackers.connect_flood, 8.0, seconds_or_never, ()),
    ("slow loris, 20 handshakes/s: the same", attackers.slow_loris, 8.0, seconds_or_never, ()),
    ("garbage flood: rejected", attackers.garbage, 4.0, rates, ()),
    ("packets of 30 MB that never end: memory gained", attackers.fragments, 4.0, gained, ()),
    ("31 peers that begin small packets and end none: the same", attackers.hoards, 20.0, gained, ()),
    ("500 false acknowledgements a datagram: taken", attackers.acknowledgements, 4.0, rates_and_longest, ()),
    ("decompression bombs: rejected", attackers.bombs, 4.0, rates, ("packed",)),
)


def amplified(names: list[str], seconds: float) -> dict[str, str]:
    """The one that takes long, for all at once."""
    results: dict[str, str] = {}

    def measure(name: str) -> None:
        with started(name) as server:
            results[name] = f"{attackers.amplification(server, seconds)['ratio']:.2f}x"

    threads = [threading.Thread(target=measure, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a second each: does it still run?")
    quick = parser.parse_args(arguments).quick
    if native_is_missing():
        return 1
    names = [*(["pyenet"] if importlib.util.find_spec("enet") else []), *available_engines()]
    print(f"| | {' | '.join(names)} |\n|---{'|---' * len(names)}|")
    cells = amplified(names, 1.0 if quick else REPEATING)
    print(f"| 32 forged CONNECTs: bytes answered for each that came | {' | '.join(cells[name] for name in names)} |")
    for title, attack, seconds, show, extra in ROWS:
        row = []
        for name in names:
            with started(name, *extra) as server:
                row.append(show(attack(server, 2.0 if quick else seconds)))
        print(f"| {title} | {' | '.join(row)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
