"""Whether the native engine is there to be measured. A table without it would look like the package's figures."""

from __future__ import annotations

import os
import sys

from godot_enet.core.native import remedy, why_unavailable

__all__ = ["native_is_missing"]


def native_is_missing(otherwise: str = "GODOT_ENET_ENGINE=python measures the Python engine alone.") -> bool:
    """Whether there is no native engine and nobody asked to go without; says why, what to do, and ``otherwise``."""
    if not why_unavailable() or os.environ.get("GODOT_ENET_ENGINE") == "python":
        return False
    reason = f"the native engine is not available ({why_unavailable()})"
    print(f"No table: {reason}. {remedy()} {otherwise}", file=sys.stderr)
    return True
