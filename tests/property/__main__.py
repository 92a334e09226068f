"""Many conversations over links that a seed chooses: ``python -m tests.property --seeds 0 2000``.

Ends with the first seed that breaks a law, and says how to play it again.
"""

from __future__ import annotations

import argparse
import sys
import time

try:
    from tests.property.links import play
except ModuleNotFoundError as error:
    sys.exit(f"This needs {error.name}: pip install -e '.[dev]'")

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 if every law held."""
    parser = argparse.ArgumentParser(prog="python -m tests.property", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), default=(0, 2000))
    first, beyond = parser.parse_args(arguments).seeds
    began = time.monotonic()
    try:
        lived = sum(map(play, range(first, beyond)))
    except AssertionError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    count, seconds = beyond - first, time.monotonic() - began
    sys.stdout.write(f"{count} conversations, {lived} of which lived to their end, in {seconds:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
