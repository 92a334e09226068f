"""``python -m godot_enet``: tools for the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from godot_enet.tools import engines, rpc_check

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a tool; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m godot_enet", description="Tools of godot_enet.")
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    rpc_check.add_to(tools)
    engines.add_to(tools)
    options = parser.parse_args(argv)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
