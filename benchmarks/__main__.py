"""``python -m benchmarks``: one table that compares this package with libenet. See docs/performance.md."""

from __future__ import annotations

import argparse
import cProfile
import platform
import pstats
import sys
from collections.abc import Sequence

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.engines import native_is_missing
from benchmarks.libenet import why_unavailable
from benchmarks.scenarios import LIBENET, SCENARIOS, Scenario
from benchmarks.size import Size
from benchmarks.table import compare, render

ROUNDS = 5
QUICK = Size(
    seconds=0.05, clients=32, frames=3, idle_peers=64, idle_calls=100, upkeep_peers=20, requests=50, memory_peers=16,
    joining=16, held=0.1, bursts=5,
)  # fmt: skip
PROFILED = Size(seconds=3.0, idle_calls=20_000)
REFERENCE = "pyenet"


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    names = [scenario.name for scenario in SCENARIOS]
    contenders = [*(contender.name for contender in CONTENDERS), LIBENET]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenario", nargs="*", help=f"any of: {', '.join(names)} (default: all)")
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="an implementation; may be repeated: " + ", ".join(contenders)
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="samples each; default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="tiny jobs, one sample, to check that everything runs")
    parser.add_argument("--profile", metavar="SCENARIO", choices=names, help="where its time goes (default: native)")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.scenario) - set(names)):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    if unknown := sorted(set(options.only or ()) - set(contenders)):
        parser.error(f"no such implementation: {', '.join(unknown)}")
    return options


def profile(scenario: Scenario, contender: Contender, size: Size) -> None:
    """Print the functions with the most time of their own, without network threads."""
    profiler = cProfile.Profile()
    result = profiler.runcall(scenario.run, contender, size)
    print(f"{scenario.title}, {contender.name}: {result:,.0f} {scenario.unit} under the profiler")
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(30)


def choose(only: Sequence[str] | None) -> dict[str, Contender | None]:
    """The contenders by name; prints those that are not available."""
    field: dict[str, Contender | None] = {c.name: c for c in CONTENDERS if c.available()}
    missing = why_unavailable()
    if not missing:
        field[LIBENET] = None
    elif only is None or LIBENET in only:
        print(f"no libenet: {missing}", file=sys.stderr)
    if only is None and REFERENCE not in field:
        print("pyenet is not installed (pip install pyenet): no comparison", file=sys.stderr)
    return {name: contender for name, contender in field.items() if only is None or name in only}


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    if not options.only and native_is_missing("--only python measures the Python engine alone."):
        return 1
    chosen = [scenario for scenario in SCENARIOS if not options.scenario or scenario.name in options.scenario]
    field = choose(options.only)
    if not field:
        print(f"{', '.join(options.only)} is not available", file=sys.stderr)
        return 1
    if options.profile:
        [scenario] = [scenario for scenario in SCENARIOS if scenario.name == options.profile]
        contender = next((contender for contender in field.values() if contender is not None), None)
        if contender is None:
            print("libenet cannot be profiled", file=sys.stderr)
            return 1
        profile(scenario, contender, QUICK if options.quick else PROFILED)
        return 0
    results = []
    for scenario in chosen:
        print(f"{scenario.name} ...", file=sys.stderr)
        size, rounds = (QUICK, 1) if options.quick else (Size(), options.rounds)
        results.append((scenario, compare(scenario, field, size, rounds)))
    meaning = "tiny jobs: the numbers mean nothing" if options.quick else f"medians of {options.rounds}"
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; {meaning}.")
    print(render(results, list(field)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
