"""Settings that a program may not choose, which keep tests short."""

from __future__ import annotations

from dataclasses import dataclass

from godot_enet.core.protocol.config import HostConfig

__all__ = ["TightConfig"]


@dataclass(frozen=True, slots=True)
class TightConfig(HostConfig):
    """A config with limits so low that a few packets reach them: honest senders might time out."""

    def __post_init__(self) -> None:
        """Take any value."""
