"""Connects the signals of a scene's nodes, where both the signal and the method exist in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.signal import ConnectFlags, Signal, SignalProperty
from godot_enet.scenes.scene import Connection

__all__ = ["connect"]

_KNOWN = int(ConnectFlags.CONNECT_DEFERRED | ConnectFlags.CONNECT_ONE_SHOT | ConnectFlags.CONNECT_APPEND_SOURCE_OBJECT)


class _Bound:
    """Calls a method with other arguments than those of the signal. It ends with its node."""

    def __init__(self, node: Node, method: Callable[..., object], connection: Connection) -> None:
        self.__self__ = node
        self._method = method
        self._connection = connection

    def __call__(self, *args: Any) -> object:
        # godot: scene/resources/packed_scene.cpp: SceneState::instantiate: one or the other
        left_out = self._connection.unbinds
        args = args[: max(len(args) - left_out, 0)] if left_out > 0 else (*args, *self._connection.binds)
        return self._method(*args)


def connect(connection: Connection, source: Node, target: Node) -> None:
    """Make a connection of a scene.

    Args:
        connection: its description.
        source: the node that has the signal; nothing happens if it does not have it in Python.
        target: the node whose class has the method; nothing happens if it does not have it in Python.
    """
    known = vars(source).get(connection.signal) or getattr(type(source), connection.signal, None)
    method = getattr(type(target), connection.method, None)
    if not isinstance(known, (Signal, SignalProperty)) or not callable(method):
        return
    signal: Signal[...] = getattr(source, connection.signal)
    bound = getattr(target, connection.method)
    if connection.binds or connection.unbinds:
        bound = _Bound(target, bound, connection)
    if not signal.is_connected(bound):
        signal.connect(bound, connection.flags & _KNOWN)
