"""What Godot's networking layer has and this package does not have yet. Entries only ever leave this list."""

from __future__ import annotations

__all__ = ["MISSING"]

_CLASSES: set[str] = set()
_METHODS: set[str] = set()
_ENUMS = {
    "Variant.Type",
}
_FUNCTIONS: set[str] = set()
MISSING: frozenset[str] = frozenset(_CLASSES | _METHODS | _ENUMS | _FUNCTIONS)
