"""Many programs of calls, one a seed: ``python -m tests.equivalence --seeds 0 1000``.

``--odd budgets`` uses hosts whose settings seldom come together. Ends with the first seed whose program the engines do
not answer alike, and says how to play it again.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.equivalence.choices import ODD, VALUES
from tests.equivalence.random_calls import run

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 if the engines never parted."""
    parser = argparse.ArgumentParser(prog="python -m tests.equivalence", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), default=(0, 1000))
    parser.add_argument("--odd", choices=ODD)
    chosen = parser.parse_args(arguments)
    first, beyond = chosen.seeds
    if chosen.odd:
        VALUES.update(ODD[chosen.odd])
    began = time.monotonic()
    seed = first
    try:
        for seed in range(first, beyond):
            run(seed)
    except Exception as error:
        again = f"python -m tests.equivalence --seeds {seed} {seed + 1}" + (
            f" --odd {chosen.odd}" if chosen.odd else ""
        )
        sys.stdout.write(f"seed {seed}: {type(error).__name__}: {error}\n{again}\n")
        return 1
    sys.stdout.write(f"{beyond - first} programs alike in {time.monotonic() - began:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
