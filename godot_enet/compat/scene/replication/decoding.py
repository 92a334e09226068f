"""Decodes the values of properties in a packet."""

from __future__ import annotations

from typing import Any

from godot_enet.compat.scene.arguments import MissingValueError, decode_values
from godot_enet.compat.variant import DecodeError

__all__ = ["StateError", "decode_state"]


class StateError(Exception):
    """A state that cannot be decoded.

    Args:
        lines: Godot's errors about it.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


def decode_state(data: bytes, count: int) -> tuple[list[Any], int]:
    """Decode ``count`` values from the beginning of bytes. Returns them and their size in bytes.

    Raises:
        StateError: there are fewer, or one is malformed.
    """
    # godot: scene/main/multiplayer_api.cpp: decode_and_decompress_variants
    try:
        return decode_values(data, 0, count)
    except MissingValueError:
        raise StateError("Invalid packet received. Size too small.") from None
    except DecodeError as error:
        raise StateError(str(error), "Invalid packet received. Unable to decode state variable.") from None
