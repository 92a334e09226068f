"""Callbacks of the program, and notifications.

An exception in one is logged, and the rest continues, as in Godot.
"""

# godot: core/object/object.cpp: notification

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.coroutines import run
from godot_enet.compat.errors import log_exception
from godot_enet.core.interrupts import raised_by_signal_handler

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["notify", "send"]


def notify(node: Node, callback: str, *args: object) -> None:
    """Call a callback of a node. It may raise, or be a coroutine, which the others do not wait for."""

    def failed(error: BaseException) -> None:
        log_exception(f"Error calling {callback}() of a {type(node).__name__} named '{node._name}'.", error)

    try:
        result = getattr(node, callback)(*args)
        if result is not None:
            run(result, failed)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        failed(error)


def send(node: Node, what: int, *, is_reversed: bool = False) -> None:
    """Send a notification: to Godot's own class, then to ``_notification`` of the program's class.

    Args:
        what: a ``NOTIFICATION_`` constant, or any number.
        is_reversed: whether the program's class comes first.
    """
    if not is_reversed:
        node._native_notification(what)
    if node._overrides("_notification"):
        notify(node, "_notification", what)
    if is_reversed:
        node._native_notification(what)
