"""Checks that the native engine can be measured. A table without it would not represent the package."""

from __future__ import annotations

import os
import sys

from godot_enet.core.native import remedy, why_unavailable

__all__ = ["native_is_missing"]


def native_is_missing(otherwise: str = "GODOT_ENET_ENGINE=python measures the Python engine alone.") -> bool:
    """Whether the native engine is missing unintentionally; prints the reason, the remedy, and ``otherwise``."""
    if not why_unavailable() or os.environ.get("GODOT_ENET_ENGINE") == "python":
        return False
    reason = f"the native engine is not available ({why_unavailable()})"
    print(f"No table: {reason}. {remedy()} {otherwise}", file=sys.stderr)
    return True
