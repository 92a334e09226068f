"""A virtual network for tests of your own netcode: seeded loss, delay and partitions; simulated hours take seconds.

It uses no sockets and never waits. Time passes only in :meth:`Network.run` and in a ``service`` that waits, so a run
depends only on its seed and on the calls of the test.
"""

from __future__ import annotations

from godot_enet.core.sim import LinkConfig
from godot_enet.testing.network import Machine, Network, VirtualTransport
from godot_enet.testing.replay import Replay

__all__ = ["LinkConfig", "Machine", "Network", "Replay", "VirtualTransport"]
