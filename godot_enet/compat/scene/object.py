"""Object: Godot's base class of everything, as far as networked games call it."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from godot_enet.compat.coroutines import run
from godot_enet.compat.deferred import defer
from godot_enet.compat.errors import as_str, fail, log_exception
from godot_enet.compat.signal import Freeable
from godot_enet.core.interrupts import raised_by_signal_handler

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Object"]

_instance_ids = count(1)


class Object(Freeable):
    """Abstract: see :class:`Node`."""

    _instance_id: int

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Not in __init__, since a class may omit that call, as GDScript classes do.
        made = super().__new__(cls)
        made._instance_id = next(_instance_ids)
        return made

    def get_instance_id(self) -> int:
        """A number that no other object has; later objects have higher numbers."""
        return self._instance_id

    def call_deferred(self, method: str, *args: Any) -> None:
        """Call a method at the end of the frame, or between two of its parts, as Godot does.

        Signals connected with ``CONNECT_DEFERRED`` are called there, too, in one common order. An object that was freed
        meanwhile is not called. An exception in the method is logged.

        Args:
            method: its name.
            args: its arguments.
        """
        defer(self, partial(self._call_now, as_str(method, "method"), args))

    def set_deferred(self, property: str, value: Any) -> None:
        """Set an attribute at the end of the frame; see :meth:`call_deferred`.

        Args:
            property: its name.
            value: its new value.
        """
        defer(self, partial(self._set_now, as_str(property, "property"), value))

    def _call_now(self, method: str, args: tuple[Any, ...], queue: Any) -> None:
        def failed(error: BaseException) -> None:
            log_exception(f"Error calling deferred method: '{type(self).__name__}::{method}'.", error)

        try:
            del queue[0]
            found = getattr(self, method, None)
            if not callable(found):
                text = f"Error calling deferred method: '{type(self).__name__}::{method}': Method not found."
                return fail(text, None)
            result = found(*args)
            if result is not None:
                run(result, failed)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            failed(error)

    def _set_now(self, name: str, value: Any, queue: Any) -> None:
        try:
            del queue[0]
            setattr(self, name, value)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            log_exception(f"Error setting deferred property: '{type(self).__name__}::{name}'.", error)
