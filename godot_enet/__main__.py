"""``python -m godot_enet``, also installed as the command ``godot-enet``: tools to run beside a program."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import godot_enet
from godot_enet.tools import demo, echo, engines, info, load, ping, rpc_check, scene_check, scene_skeleton, trace

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a tool and return its exit code; without arguments, list the tools."""
    name = os.path.basename(sys.argv[0])
    prog = "godot-enet" if name.startswith("godot-enet") else "python -m godot_enet"
    parser = argparse.ArgumentParser(
        prog=prog,
        description=f"Tools of godot_enet {godot_enet.__version__}. Try: {prog} demo hello",
        epilog=f"{prog} TOOL --help describes a tool.",
    )
    parser.add_argument("--version", action="version", version=f"godot_enet {godot_enet.__version__}")
    tools = parser.add_subparsers(title="tools", metavar="TOOL")
    for tool in (demo, echo, ping, load, info, engines, trace, rpc_check, scene_check, scene_skeleton):
        tool.add_to(tools)
    parser.set_defaults(run=None)
    options = parser.parse_args(argv)
    if options.run is None:
        parser.print_help()
        return 0
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
