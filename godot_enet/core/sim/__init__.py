"""A virtual network for tests: hosts joined by seeded links, all on one virtual clock. No socket, no waiting.

Shipped with the package, so that programs can test their own netcode on it.
"""

from __future__ import annotations

from godot_enet.core.sim.clock import VirtualClock
from godot_enet.core.sim.link import ArrivalQueue, Link, LinkConfig
from godot_enet.core.sim.world import Arrival, Capture, Mailbox, SimHost, TimedEvent, World, WorldListener

__all__ = [
    "Arrival",
    "ArrivalQueue",
    "Capture",
    "Link",
    "LinkConfig",
    "Mailbox",
    "SimHost",
    "TimedEvent",
    "VirtualClock",
    "World",
    "WorldListener",
]
