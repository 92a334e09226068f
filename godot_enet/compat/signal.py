"""Signals as Godot has them: an object announces something, and every connected callable is called."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable, MutableSequence
from functools import partial
from types import BuiltinMethodType
from typing import Any, Generic, NoReturn, ParamSpec, TypedDict, TypeVar, overload

from godot_enet.compat.coroutines import run
from godot_enet.compat.errors import as_int, attending, fail, log_exception
from godot_enet.compat.globals import Error
from godot_enet.compat.steps import Step, Steps, ours
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.enums import NamedIntFlag

__all__ = ["ConnectFlags", "Freeable", "Signal", "SignalConnection", "SignalProperty", "in_frame", "run_deferred"]

_P = ParamSpec("_P")
_Result = TypeVar("_Result")


class ConnectFlags(NamedIntFlag):
    """What :meth:`Signal.connect` takes, to be added up."""

    CONNECT_DEFERRED = 1
    """Call at the end of the frame; see :meth:`Signal.emit`."""
    CONNECT_PERSIST = 2
    """Means something to Godot's editor only."""
    CONNECT_ONE_SHOT = 4
    """Disconnect at the first emission."""
    CONNECT_REFERENCE_COUNTED = 8
    """May be connected several times: is called once, and disconnected when each of them is."""
    CONNECT_APPEND_SOURCE_OBJECT = 16
    """Call with one argument more, the last: the object that has the signal."""


_ONE_SHOT = int(ConnectFlags.CONNECT_ONE_SHOT)


class SignalConnection(TypedDict):
    """One entry of :meth:`Signal.get_connections`."""

    signal: Signal[...]
    callable: Callable[..., object]
    flags: ConnectFlags


class Freeable:
    """An object that ends when it is freed, not when Python drops it: connections to it and of it end with it."""

    _freed = False
    _connected_from: weakref.WeakSet[Signal[...]] | None = None
    """The signals that something of this object is connected to."""

    def _end_connections(self) -> None:
        """It is freed: no signal calls it or keeps it any more, and its own signals call nothing."""
        self._freed = True
        for signal in list(self._connected_from or ()):
            signal._forget(self)
        for own in list(vars(self).values()):
            if isinstance(own, Signal) and own._object() is self:
                own._slots.clear()


class _Slot:
    """One connected callable."""

    __slots__ = ("callable", "count", "flags", "steps", "target")

    def __init__(self, callable: Callable[..., Any], flags: int) -> None:
        self.callable = callable
        self.target = _target(callable)
        self.flags = flags
        self.steps: Callable[..., Steps | None] | None = None
        """Of a callable of ours: its work in steps."""
        self.count = 1 if flags & ConnectFlags.CONNECT_REFERENCE_COUNTED else 0


class Signal(Generic[_P]):
    """What an object announces. Objects have theirs as attributes; see :class:`SignalProperty`.

    Connected callables are kept alive, bound methods with their objects, until a connected :class:`Node` is freed:
    then all connections to its methods end, as in Godot. Functions and lambdas stay connected; which object they
    belong to cannot be known. (Godot also disconnects those of other objects that have gone.)

    Args:
        object: whose signal it is; only a weak reference is kept.
        signal: its name.
        arguments: the names of what it is emitted with.
    """

    CONNECT_DEFERRED = ConnectFlags.CONNECT_DEFERRED
    CONNECT_PERSIST = ConnectFlags.CONNECT_PERSIST
    CONNECT_ONE_SHOT = ConnectFlags.CONNECT_ONE_SHOT
    CONNECT_REFERENCE_COUNTED = ConnectFlags.CONNECT_REFERENCE_COUNTED
    CONNECT_APPEND_SOURCE_OBJECT = ConnectFlags.CONNECT_APPEND_SOURCE_OBJECT

    def __init__(self, object: object, signal: str, arguments: tuple[str, ...] = ()) -> None:
        self._object = weakref.ref(object)
        self._name = signal
        self._arguments = arguments
        self._slots: dict[Hashable, _Slot] = {}

    def __repr__(self) -> str:
        return f"<Signal {self._name}({', '.join(self._arguments)}) of {type(self.get_object()).__name__}>"

    def connect(self, callable: Callable[_P, object], flags: int = 0) -> Error:
        """Have something called with each emission, after what was connected before.

        Args:
            callable: takes the signal's arguments; what it returns does not matter.
            flags: a sum of :class:`ConnectFlags`.

        Returns:
            ``OK``; ``ERR_INVALID_PARAMETER`` if it is connected already, or to be to a freed object;
            ``ERR_UNCONFIGURED`` if the object that has the signal was freed.
        """
        number = as_int(flags, "flags")
        key = _key(_checked(callable))
        source = self._object()
        if isinstance(source, Freeable) and source._freed:
            return fail('Parameter "obj" is null.', Error.ERR_UNCONFIGURED)
        known = self._slots.get(key)
        if known is None:
            slot = _Slot(callable, number)
            target = slot.target
            if target is not None:
                if target._freed:
                    name = f"null::{getattr(callable, '__name__', '')}"
                    text = f"Cannot connect to '{self._name}' to callable '{name}': the callable object is null."
                    return fail(text, Error.ERR_INVALID_PARAMETER)
                if target._connected_from is None:
                    target._connected_from = weakref.WeakSet()
                target._connected_from.add(self)
            self._slots[key] = slot
        elif number & ConnectFlags.CONNECT_REFERENCE_COUNTED:
            known.count += 1
        else:
            text = f"Signal '{self._name}' is already connected to given callable '{_name(callable)}' in that object."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        return Error.OK

    def disconnect(self, callable: Callable[_P, object]) -> None:
        """Undo :meth:`connect`; logs an error if it is not connected."""
        if not self._release(_key(_checked(callable))):
            source = type(self.get_object()).__name__
            text = f"Attempt to disconnect a nonexistent connection from '{source}'."
            fail(f"{text} Signal: '{self._name}', callable: '{_name(callable)}'.", None)

    def is_connected(self, callable: Callable[_P, object]) -> bool:
        """Whether it is connected."""
        return _key(_checked(callable)) in self._slots

    def emit(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Call everything that is connected now, in the order in which it was connected.

        What was connected with ``CONNECT_DEFERRED`` is called at the end of the frame: when the ``poll()`` ends that
        the emission happened in, after all other signals and packets of that poll; outside of one, when this thread's
        next ``poll()`` ends. (``run_deferred()`` does it at once, for programs that never poll.)

        A node that was freed meanwhile is not called. A coroutine runs to its first wait, and from there as a task of
        the asyncio loop of this thread.

        An exception in a callable is logged with its traceback, and the others are still called, as in Godot; one that
        repeats is logged once in ten seconds.
        """
        steps = self._steps(*args, **kwargs)
        while steps:
            steps[0](steps)

    def _steps(self, *args: _P.args, **kwargs: _P.kwargs) -> Steps:
        """What :meth:`emit` does."""
        return [
            partial(self._reach, key, slot, args, kwargs) if slot.steps is None else ours(partial(slot.steps, *args))
            for key, slot in list(self._slots.items())
        ]

    def _connect_steps(self, callable: Callable[_P, object], steps: Callable[_P, Steps | None]) -> None:
        """Connect a callable of ours that can do its work in steps, too; ``steps`` gives them."""
        self.connect(callable)
        self._slots[_key(callable)].steps = steps

    def _reach(self, key: Hashable, slot: _Slot, args: tuple[Any, ...], kwargs: dict[str, Any], steps: Steps) -> None:
        """Call what is connected."""
        if slot.target is not None and slot.target._freed:
            del steps[0]
            return
        if slot.flags & ConnectFlags.CONNECT_APPEND_SOURCE_OBJECT:
            args = (*args, self.get_object())
        deferred = bool(slot.flags & ConnectFlags.CONNECT_DEFERRED)
        call: Step = partial(self._call, slot.callable, args, kwargs)
        later = self, slot, args, kwargs, attending.depth > 0
        try:
            if slot.flags & _ONE_SHOT:
                slot.count -= 1
                if slot.count <= 0:
                    del self._slots[key]
            if deferred:
                _local.deferred += (later,)
                del steps[0]
                return
            steps[0] = call
        except KeyError:
            del steps[0]  # another thread emits it, too
            return
        call(steps)

    def get_connections(self) -> list[SignalConnection]:
        """What is connected, as dictionaries with ``signal``, ``callable`` and ``flags``."""
        return [
            {"signal": self, "callable": slot.callable, "flags": ConnectFlags(slot.flags)}
            for slot in list(self._slots.values())
        ]

    def has_connections(self) -> bool:
        """Whether anything is connected."""
        return bool(self._slots)

    def get_name(self) -> str:
        """Its name."""
        return self._name

    def get_object(self) -> Any:
        """Whose signal it is; None if that is no more."""
        found = self._object()
        return None if isinstance(found, Freeable) and found._freed else found

    def get_arguments(self) -> tuple[str, ...]:
        """The names of what it is emitted with. (Beyond Godot.)"""
        return self._arguments

    def _release(self, key: Hashable) -> bool:
        """Disconnect once; whether it was connected."""
        slot = self._slots.get(key)
        if slot is None:
            return False
        slot.count -= 1
        return slot.count > 0 or self._slots.pop(key, None) is not None

    def _forget(self, target: Freeable) -> None:
        """Disconnect everything of one object."""
        for key, slot in list(self._slots.items()):
            if slot.target is target:
                self._slots.pop(key, None)

    def _call(
        self,
        callable: Callable[..., object],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        steps: MutableSequence[Any],
    ) -> None:
        def failed(error: BaseException) -> None:
            log_exception(f"Error calling from signal '{self._name}' to callable: {_name(callable)}.", error)

        try:
            del steps[0]
            result = callable(*args, **kwargs)
            if result is not None:
                run(result, failed)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            failed(error)


class SignalProperty(Generic[_P]):
    """Declares a signal in a class; each object gets a :class:`Signal` of its own.

    ``peer_connected = SignalProperty[[int]]("id")`` declares one with an int; ``SignalProperty[[]]()`` one without
    arguments. Signals are connected to, never assigned: that raises AttributeError.
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.name = ""

    def __repr__(self) -> str:
        return f"<SignalProperty {self.name}({', '.join(self.arguments)})>"

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> SignalProperty[_P]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Signal[_P]: ...

    def __get__(self, instance: object | None, owner: type) -> SignalProperty[_P] | Signal[_P]:
        if instance is None:
            return self
        signals = instance.__dict__
        found: Signal[_P] | None = signals.get(self.name)
        if found is None:
            # Of two threads that come first, both get the same one.
            found = signals.setdefault(self.name, Signal(instance, self.name, self.arguments))
        return found

    def __set__(self, instance: object, value: NoReturn) -> None:
        raise AttributeError(f"a signal is not assigned; use {self.name}.connect(...)")


_Deferred = tuple[Signal[...], _Slot, tuple[Any, ...], dict[str, Any], bool]
"""A call to be made, and whether it was the network that brought it about."""


class _Local(threading.local):
    """Each thread has its frames, so that what it defers is not called in another one."""

    def __init__(self) -> None:
        self.depth = 0
        self.deferred: deque[_Deferred] = deque()


_local = _Local()


def in_frame(work: Callable[[], _Result], *, theirs: bool = False) -> _Result:
    """Do the work of a ``poll()``: deferred calls are made when the outermost one ends.

    A function instead of a context manager, whose end could be broken off before it begins.

    Args:
        work: what to do.
        theirs: whether it is about what the network brought: whatever fails there, a stranger may have caused.
    """
    depth, attention = _local.depth, attending.depth
    _local.depth, attending.depth = depth + 1, attention + theirs
    try:
        return work()
    finally:
        _local.depth, attending.depth = depth, attention
        if not depth:
            run_deferred()


def run_deferred() -> None:
    """Make the deferred calls of this thread, and those that are deferred meanwhile."""
    deferred = _local.deferred
    attention = attending.depth
    try:
        while deferred:
            signal, slot, args, kwargs, is_theirs = deferred[0]
            if slot.target is not None and slot.target._freed:
                del deferred[0]
                continue
            attending.depth = attention + is_theirs
            signal._call(slot.callable, args, kwargs, deferred)
    finally:
        attending.depth = attention


def _checked(callable: Callable[_P, object]) -> Callable[_P, object]:
    if not hasattr(callable, "__call__"):  # noqa: B004 - the built-in callable() is hidden by Godot's argument name
        raise TypeError(f"callable must be something that can be called, not {type(callable).__name__}")
    return callable


def _name(callable: Callable[..., object]) -> str:
    """How messages call it."""
    try:
        return getattr(callable, "__qualname__", None) or repr(callable)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        return type(callable).__name__


def _key(callable: Callable[..., object]) -> Hashable:
    """What makes it the same callable: the identity of its parts, whatever they may say about being equal."""
    function = getattr(callable, "__func__", None)
    if function is not None:  # a bound method: each access makes a new object
        of: Any = callable.__self__  # type: ignore[attr-defined]
        # So is a decorated method, of which this may be the rpc().
        return _key(of) if hasattr(type(of), "__func__") else id(of), id(function)
    if isinstance(callable, BuiltinMethodType):
        return id(callable.__self__), callable.__name__
    return id(callable)


def _target(callable: Callable[..., object]) -> Freeable | None:
    """The object that a call reaches and whose end ends the connection, if it is one that can be freed."""
    found: object = callable
    while isinstance(found, partial):
        found = found.func
    for _ in range(2):  # from a method to its object; from rpc() of a decorated method to that, and then to the object
        if not isinstance(found, (Freeable, Signal)):
            found = getattr(found, "__self__", None)
    if isinstance(found, Signal):  # its emit(), connected to another signal
        found = found._object()
    return found if isinstance(found, Freeable) else None
