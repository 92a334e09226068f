"""A virtual network for tests of your own netcode: loss, delay and partitions by a seed, hours in seconds.

No socket and no waiting: time passes only in :meth:`Network.run` and in a ``service`` that waits, so that a run is a
function of its seed and of what the test does.
"""

from __future__ import annotations

from godot_enet.core.sim import LinkConfig
from godot_enet.testing.network import Machine, Network

__all__ = ["LinkConfig", "Machine", "Network"]
