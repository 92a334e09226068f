"""The life of a game server: probes, drains, kicks, seats for players who return, Agones, JSON logs.

``docs/operations.md`` shows how they work together.
"""

from __future__ import annotations

from godot_enet.ops.agones import Agones, AgonesCounter, AgonesError, AgonesList
from godot_enet.ops.kicks import DisconnectCode, kick_text
from godot_enet.ops.logs import JsonFormatter
from godot_enet.ops.seats import Seat, Seats, SeatTicket
from godot_enet.ops.server import ExitCode, Server, port_from_environment

__all__ = [
    "Agones",
    "AgonesCounter",
    "AgonesError",
    "AgonesList",
    "DisconnectCode",
    "ExitCode",
    "JsonFormatter",
    "Seat",
    "SeatTicket",
    "Seats",
    "Server",
    "kick_text",
    "port_from_environment",
]
