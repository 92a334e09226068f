"""The C engine and host, as seen from Python. Everything here is optional: see ``loader``."""

from godot_enet.core.native.engine import NativeEngine
from godot_enet.core.native.host import NativeHost
from godot_enet.core.native.loader import (
    HotTypes,
    NativeUnavailable,
    hot_types,
    library,
    remedy,
    why_no_hot_types,
    why_unavailable,
)

__all__ = [
    "HotTypes",
    "NativeEngine",
    "NativeHost",
    "NativeUnavailable",
    "hot_types",
    "library",
    "remedy",
    "why_no_hot_types",
    "why_unavailable",
]
