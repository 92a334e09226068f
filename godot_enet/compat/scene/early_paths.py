"""Paths received before their nodes exist here. They are kept and confirmed when the nodes exist."""

from __future__ import annotations

from collections import deque
from itertools import zip_longest

from godot_enet.compat.scene.replication.limits import ReplicationLimits

__all__ = ["EarlyPaths"]

_LOOKS_PER_POLL = 1024
"""Paths tried in one poll, which takes about 1 ms: each poll may add a node, and paths may lead nowhere."""


class EarlyPaths:
    """The early SIMPLIFY_PATH packets of one multiplayer.

    Args:
        limits: beyond them, the oldest paths are dropped.
    """

    def __init__(self, limits: ReplicationLimits) -> None:
        self._limits = limits
        self._packets: dict[int, dict[bytes, bytes]] = {}
        """By peer, and by number."""
        self._sizes: dict[int, int] = {}
        """Bytes buffered for each peer."""
        self._tried = -1
        """The number of nodes that had entered the tree when the last round began."""
        self._round: deque[tuple[int, bytes]] = deque()
        """The peers and ids that remain to be tried in this round."""

    def keep(self, peer: int, number: bytes, packet: bytes) -> None:
        """Buffer a path without a node."""
        self.forget(peer, number)
        packets = self._packets.setdefault(peer, {})
        packets[number] = packet
        self._sizes[peer] = self._sizes.get(peer, 0) + len(packet)
        limits = self._limits
        while len(packets) > limits.pending_paths_per_peer or self._sizes[peer] > limits.pending_path_bytes_per_peer:
            self.forget(peer, next(iter(packets)))

    def forget(self, peer: int, number: bytes) -> None:
        """Drop the path with that id."""
        packet = self._packets.get(peer, {}).pop(number, None)
        if packet is not None:
            self._sizes[peer] -= len(packet)

    def due(self, entries: int) -> list[tuple[int, bytes]]:
        """The paths to try in this poll. A round over all begins once a node has entered the tree since the last one.

        Args:
            entries: the number of nodes that have entered the tree.
        """
        if not self._round:
            if not self._packets or entries == self._tried:
                return []
            self._tried = entries
            # Peers take turns, so that none waits for all paths of another.
            turns = zip_longest(*([(peer, number) for number in numbers] for peer, numbers in self._packets.items()))
            self._round.extend([key for turn in turns for key in turn if key is not None])
        found = []
        for _ in range(min(len(self._round), _LOOKS_PER_POLL)):
            peer, number = self._round.popleft()
            packet = self._packets.get(peer, {}).get(number)
            if packet is not None:
                found.append((peer, packet))
        return found

    def remove_peer(self, peer: int) -> None:
        """Remove a peer."""
        self._packets.pop(peer, None)
        self._sizes.pop(peer, None)

    def clear(self) -> None:
        """Remove all peers."""
        self._packets.clear()
        self._round.clear()
        self._sizes.clear()
