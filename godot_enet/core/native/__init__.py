"""The C engine and host, as seen from Python. Everything here is optional: see ``loader``."""

from godot_enet.core.native.host import NativeHost
from godot_enet.core.native.hot_docs import document_methods
from godot_enet.core.native.loader import (
    HotTypes,
    NativeUnavailable,
    hot_types,
    library,
    remedy,
    why_no_hot_types,
    why_unavailable,
)
from godot_enet.core.native.native_engine import NativeEngine

__all__ = [
    "HotTypes",
    "NativeEngine",
    "NativeHost",
    "NativeUnavailable",
    "document_methods",
    "hot_types",
    "library",
    "remedy",
    "why_no_hot_types",
    "why_unavailable",
]


def _for_freezers() -> None:
    """Never called. PyInstaller, Nuitka and cx_Freeze follow imports, and so they take the library along."""
    from godot_enet.core.native import _gde  # type: ignore[attr-defined]  # noqa: F401
