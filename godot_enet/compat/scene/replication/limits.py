"""What one peer may make this end keep and do. Ours, not Godot's, which has no limits here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReplicationLimits"]


@dataclass
class ReplicationLimits:
    """Limits of one SceneMultiplayer, which may be set at any time. No game meets the defaults."""

    nodes_per_peer: int = 65_536
    """Nodes that one peer may have spawned here at a time."""
    depth: int = 128
    """Levels of the tree: a scene that has a spawner of itself would let a peer nest nodes without end."""
    synchronizers_per_spawn: int = 4096
    """Synchronizers that one SPAWN packet may name."""
    elements_per_packet: int = 16_384
    """Synchronizers of which one SYNC or DELTA packet may have values; what follows is not used."""
    pending_paths_per_peer: int = 1024
    """Paths of nodes that are not there yet, kept for each peer until they appear."""
    pending_path_bytes_per_peer: int = 65_536
    """The same in bytes."""
