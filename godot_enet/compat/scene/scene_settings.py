"""The settings of a SceneMultiplayer."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SceneSettings"]


@dataclass(slots=True)
class SceneSettings:
    """Shared by the parts of one SceneMultiplayer, whose properties of the same names explain them."""

    exact: bool = False
    allow_object_decoding: bool = False
    server_relay: bool = True
    max_sync_packet_size: int = 1350
    max_delta_packet_size: int = 65535
