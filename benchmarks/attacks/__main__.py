"""``python -m benchmarks.attacks``: every attack against libenet (through pyenet) and both engines, as a table.

Linux only: forged addresses are those of the loopback network. Takes about three minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.attacks import attackers, crafted
from benchmarks.attacks.attackers import Server, started
from benchmarks.engines import native_is_missing
from godot_enet import available_engines

REPEATING = 34.0
"""Seconds in which ENet repeats an answer."""

Result = Mapping[str, float]
Row = tuple[str, Callable[[Server, float], Result], float, Callable[[Result], str], tuple[str, ...]]


def seconds_or_never(result: Result) -> str:
    """Connection time of the honest client."""
    connected = result["connected"]
    return f"{connected:.2f} s" if connected == connected else "never"


def gained(result: Result) -> str:
    """Memory gained."""
    return f"{result['memory'] / 1e6:,.0f} MB"


def rates(result: Result) -> str:
    """Rate of processed datagrams."""
    return f"{result['taken']:,.0f}/s ({result['a cpu second']:,.0f} a CPU second)"


def rates_and_longest(result: Result) -> str:
    """The same, and the longest call of service."""
    return f"{result['taken']:,.0f}/s, a call at most {result['longest'] * 1000:.1f} ms"


def worst(result: Result) -> str:
    """The longest call of service or poll."""
    return f"{result['longest']:.2f} s for {result['bytes'] / 1000:,.1f} KB"


def worst_and_all(result: Result) -> str:
    """The same, and the total of all calls."""
    return f"{worst(result)}, {result['work']:.2f} s in all"


def worst_of_all(result: Result) -> str:
    """The same for a flood."""
    return f"{result['longest']:.2f} s"


def gained_from(result: Result) -> str:
    """Memory gained, and the bytes sent for it."""
    return f"{gained(result)} from {result['bytes'] / 1e3:,.1f} KB"


def let_in(result: Result) -> str:
    """Peers created by forged addresses."""
    return f"{result['joined']:.0f} of 32, {result['guesses']:,.0f} guesses"


def still_in(result: Result) -> str:
    """Whether the impersonated player is still connected."""
    return f"{'stays connected' if result['peers'] else 'is disconnected'}, {result['bytes'] / 1000:,.0f} KB"


ROWS: tuple[Row, ...] = (
    (
        "CONNECT flood, 5,000/s: time for an honest client to connect",
        attackers.connect_flood,
        8.0,
        seconds_or_never,
        (),
    ),
    ("slow loris, 20 handshakes/s: the same time", attackers.slow_loris, 8.0, seconds_or_never, ()),
    ("garbage flood: rejected", attackers.garbage, 4.0, rates, ()),
    ("packets of 30 MB that never end: memory gained", attackers.fragments, 4.0, gained, ()),
    ("31 peers that begin small packets and end none: the same", attackers.unfinished_packets, 20.0, gained, ()),
    ("500 false acknowledgements a datagram: taken", attackers.acknowledgements, 4.0, rates_and_longest, ()),
    ("decompression bombs: rejected", attackers.bombs, 4.0, rates, ("packed",)),
)


class Crafted(NamedTuple):
    """An attack with few bytes, and its effect on this package without the limit."""

    title: str
    before: dict[str, str]
    """By engine."""
    attack: Callable[[Server, float], Result]
    show: Callable[[Result], str]
    kind: str = "plain"
    """Of the server."""
    seconds: float = 20.0
    """Duration, or maximum time for the server to finish."""


def both(before: str) -> dict[str, str]:
    """The same for each engine."""
    return {"native": before, "python": before}


CRAFTED = (
    Crafted(
        "proofs guessed, all else known: forged addresses accepted",
        both("32 of 32, predicted"),
        crafted.guesses,
        let_in,
        seconds=8,
    ),
    Crafted(
        "relay to a client that takes nothing: memory in 12 s",
        both("1,200 MB"),
        crafted.stuffed_relay,
        gained,
        "scene",
        12,
    ),
    Crafted(
        "packets reported and not taken: memory in 6 s", both("800 MB in 2 s"), crafted.untaken, gained, "untaken", 6
    ),
    Crafted(
        "two fragments of a byte that claim 32 MB: memory", both("268 MB from 5.4 KB"), crafted.claims, gained_from
    ),
    Crafted(
        "acknowledgements of nothing, 14,000 packets in flight: a call",
        {"native": "2.4 s for 65 KB", "python": "9 s for 65 KB"},
        crafted.false_acknowledgements,
        worst,
        "talkative",
    ),
    Crafted(
        "fragments with one place in a table: a call",
        {"native": "35 s for 3,250 KB"},
        crafted.gathered_fragments,
        worst,
        seconds=60,
    ),
    Crafted(
        "keys with one hash in a Dictionary: a call",
        both("12 s for 192 KB"),
        crafted.colliding_keys,
        worst,
        "decoding",
        60,
    ),
    Crafted(
        "tiny compressed datagrams, range coder: a call",
        {"python": "0.94 s for 6.9 KB"},
        crafted.tiny_compressed,
        worst_and_all,
        "packed",
    ),
    Crafted(
        "noise in the range coder from 31 peers at once: a call",
        {"python": "0.87 s"},
        crafted.noise_of_many,
        worst_and_all,
        "packed",
        30,
    ),
    Crafted(
        "wrong checksums in a player's name: the player",
        both("is disconnected after 50 KB"),
        crafted.forged_checksums,
        still_in,
        "checked",
        8,
    ),
    Crafted("DTLS hellos replayed, 3,000/s: a call", both("4.8 s"), crafted.replayed_hellos, worst_of_all, "secure", 8),
)


def amplified(names: list[str], seconds: float) -> dict[str, str]:
    """Measure the amplification of all contenders in parallel, because it takes long."""
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


def print_crafted(engines: Sequence[str], *, quick: bool) -> None:
    """Print the table of attacks that need few bytes."""
    print(f"\n| | {' | '.join(f'{name}, before | {name}, now' for name in engines)} |")
    print(f"|---{'|---' * (2 * len(engines))}|")
    for row in CRAFTED:
        cells = []
        for name in engines:
            if row.kind == "secure" and importlib.util.find_spec("OpenSSL") is None:
                cells += [row.before.get(name, "-"), "-"]
                continue
            with started(name, row.kind) as server:
                result = row.attack(server, min(row.seconds, 2.0) if quick else row.seconds)
            cells += [row.before.get(name, "-"), row.show(result)]
        print(f"| {row.title} | {' | '.join(cells)} |", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a second for each attack, to check that it runs")
    quick = parser.parse_args(arguments).quick
    if native_is_missing():
        return 1
    names = [*(["pyenet"] if importlib.util.find_spec("enet") else []), *available_engines()]
    print(f"| | {' | '.join(names)} |\n|---{'|---' * len(names)}|")
    cells = amplified(names, 1.0 if quick else REPEATING)
    print(f"| 32 forged CONNECTs: bytes sent for each byte received | {' | '.join(cells[name] for name in names)} |")
    for title, attack, seconds, show, extra in ROWS:
        row = []
        for name in names:
            with started(name, *extra) as server:
                row.append(show(attack(server, 2.0 if quick else seconds)))
        print(f"| {title} | {' | '.join(row)} |", flush=True)
    print_crafted(available_engines(), quick=quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
