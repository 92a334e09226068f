"""Amount of work of one sample, and its time limit."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TIMEOUT", "Size"]

TIMEOUT = 30.0  # seconds without any progress after which a scenario fails


@dataclass(frozen=True, slots=True)
class Size:
    """Amount of work of one sample."""

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
