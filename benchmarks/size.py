"""How much one sample does, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PATIENCE", "Size"]

PATIENCE = 30.0  # seconds without any progress after which a scenario fails


@dataclass(frozen=True, slots=True)
class Size:
    """How much one sample does."""

    seconds: float = 0.4
    clients: int = 1024
    frames: int = 30
    idle_peers: int = 4095
    idle_calls: int = 2000
    upkeep_peers: int = 500
    requests: int = 4000
    memory_peers: int = 200
    joining: int = 1000
    held: float = 0.5
    bursts: int = 50
