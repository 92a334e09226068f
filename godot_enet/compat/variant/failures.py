"""The internal exceptions of encoding and decoding; the public functions turn both into a log line and Godot's return
value."""

from __future__ import annotations

from godot_enet.compat.globals import Error

__all__ = ["DecodeError", "EncodeError", "VariantError"]


class VariantError(ValueError):
    """Base of the two. ``error`` is the return value of Godot's function for the same cause."""

    def __init__(self, text: str, error: Error) -> None:
        super().__init__(text)
        self.error = error


class DecodeError(VariantError):
    """The bytes are not a Variant, or one that is refused. Decoding raises nothing else, whatever the bytes."""


class EncodeError(VariantError):
    """The value is a Variant, but nested too deeply or too large to be encoded."""
