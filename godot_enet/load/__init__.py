"""Load tests with bots, under Locust or without it: see docs/load-testing.md.

Bots are written once, as subclasses of :class:`ENetUser` or :class:`GodotUser`. ``locust -f bot.py`` runs them in any
number of processes and machines, and ``python -m godot_enet load bot.py`` in one process, without Locust.
"""

from __future__ import annotations

from godot_enet.load.enet_user import ENetUser
from godot_enet.load.godot_user import GodotUser
from godot_enet.load.profiles import NetworkProfile, NetworkTimeline

__all__ = ["ENetUser", "GodotUser", "NetworkProfile", "NetworkTimeline"]
