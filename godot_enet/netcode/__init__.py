"""Netcode of action games, without I/O: a shared clock, prediction, interpolation, rewinding, small messages, interest.

Each piece stands alone. None of them sends anything: they return and take bytes and states, which travel over an
``ENetConnection``, RPCs or replication. Times are milliseconds, and ticks are integers that only grow.
"""

from __future__ import annotations

from godot_enet.netcode.blend import Blend
from godot_enet.netcode.delta_receiver import DeltaReceiver, DeltaUpdate
from godot_enet.netcode.delta_sender import DeltaMessage, DeltaSender
from godot_enet.netcode.determinism import Difference, check_determinism
from godot_enet.netcode.errors import MessageError, SchemaMismatch
from godot_enet.netcode.game import GameClient, GameServer
from godot_enet.netcode.history import History
from godot_enet.netcode.inputs import InputBuffer, InputSender
from godot_enet.netcode.interest import Interest
from godot_enet.netcode.interpolation import Interpolation
from godot_enet.netcode.packer import Packer, Row
from godot_enet.netcode.prediction import Prediction
from godot_enet.netcode.rollback import Rollback
from godot_enet.netcode.schema import Angle, Range, Rotation, Step
from godot_enet.netcode.tick_clock import TickClock
from godot_enet.netcode.ticks import unwrap_tick, wrap_tick

__all__ = [
    "Angle",
    "Blend",
    "DeltaMessage",
    "DeltaReceiver",
    "DeltaSender",
    "DeltaUpdate",
    "Difference",
    "GameClient",
    "GameServer",
    "History",
    "InputBuffer",
    "InputSender",
    "Interest",
    "Interpolation",
    "MessageError",
    "Packer",
    "Prediction",
    "Range",
    "Rollback",
    "Rotation",
    "Row",
    "SchemaMismatch",
    "Step",
    "TickClock",
    "check_determinism",
    "unwrap_tick",
    "wrap_tick",
]
