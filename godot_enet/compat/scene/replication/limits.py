"""Limits of the memory and work that one peer can cause. Godot has none of them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReplicationLimits"]


@dataclass
class ReplicationLimits:
    """Limits of one SceneMultiplayer, which may be set at any time. Ordinary games never reach the defaults."""

    nodes_per_peer: int = 65_536
    """Nodes that one peer may have spawned here at the same time."""
    depth: int = 128
    """Levels of the tree: with a scene that contains a spawner of itself, a peer could nest nodes without end."""
    synchronizers_per_spawn: int = 4096
    """Synchronizers that one SPAWN packet may name."""
    elements_per_packet: int = 16_384
    """Synchronizers whose values one SYNC or DELTA packet may contain; the rest is ignored."""
    pending_paths_per_peer: int = 1024
    """Paths of nodes that do not exist yet, stored for each peer until they do."""
    pending_path_bytes_per_peer: int = 65_536
    """The same in bytes."""
