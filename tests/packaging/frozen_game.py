"""The game that .ci/frozen freezes: the demo ``hello``, after the line that says which engine it has.

It also uses a name that the package imports on first use, and a table that lies in the package as a file.
"""

from __future__ import annotations

import sys

import hello  # type: ignore[import-not-found]  # from demos, where .ci/frozen points

from godot_enet import Vector2
from godot_enet.scenes.native_properties import native_properties
from godot_enet.tools.engines import describe

__all__ = ["main"]


def main() -> int:
    sys.stdout.write(describe() + "\n")
    if native_properties("Control").get("size") != Vector2(0, 0):
        return 1
    code: int = hello.main()
    return code


if __name__ == "__main__":
    sys.exit(main())
