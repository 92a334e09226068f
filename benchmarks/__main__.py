"""``python -m benchmarks``: one table, this package beside libenet. See docs/performance.md for what it means."""

from __future__ import annotations

import argparse
import cProfile
import platform
import pstats
import sys
from collections.abc import Sequence

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.scenarios import SCENARIOS, Scenario, Size
from benchmarks.table import compare, render

ROUNDS = 5
QUICK = Size(seconds=0.05, idle_peers=20, idle_calls=200, memory_peers=8, joining=4)
PROFILED = Size(seconds=3.0, idle_calls=20_000, joining=64)
REFERENCE = "pyenet"


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenario", nargs="*", help=f"any of: {', '.join(names)} (default: all)")
    parser.add_argument("--only", metavar="NAME", help="one implementation: " + ", ".join(c.name for c in CONTENDERS))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="samples each; default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="tiny jobs, one sample: does it still run?")
    parser.add_argument("--profile", metavar="SCENARIO", choices=names, help="where its time goes (default: inline)")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.scenario) - set(names)):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    if options.only and options.only not in [contender.name for contender in CONTENDERS]:
        parser.error(f"no such implementation: {options.only}")
    return options


def profile(scenario: Scenario, contender: Contender, size: Size) -> None:
    """Print the functions that took most time themselves; a network thread is not seen."""
    profiler = cProfile.Profile()
    result = profiler.runcall(scenario.run, contender, size)
    print(f"{scenario.title}, {contender.name}: {result:,.0f} {scenario.unit} under the profiler")
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(30)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    chosen = [scenario for scenario in SCENARIOS if not options.scenario or scenario.name in options.scenario]
    contenders = [c for c in CONTENDERS if c.available() and options.only in (None, c.name)]
    if not contenders:
        print(f"{options.only} is not installed", file=sys.stderr)
        return 1
    if options.profile:
        [scenario] = [scenario for scenario in SCENARIOS if scenario.name == options.profile]
        profile(scenario, contenders[0], QUICK if options.quick else PROFILED)
        return 0
    if not options.only and REFERENCE not in [contender.name for contender in contenders]:
        print("pyenet is not installed (pip install pyenet): no comparison", file=sys.stderr)
    results = []
    for scenario in chosen:
        print(f"{scenario.name} ...", file=sys.stderr)
        size, rounds = (QUICK, 1) if options.quick else (Size(), options.rounds)
        results.append((scenario, compare(scenario, contenders, size, rounds)))
    meaning = "tiny jobs: the numbers mean nothing" if options.quick else f"medians of {options.rounds}"
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; {meaning}.")
    print("Ratios say how many times as good as pyenet: more is better in every row.")
    print(render(results, [contender.name for contender in contenders], REFERENCE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
