"""Godot's signals: an object emits a signal, and every connected callable is called."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Hashable, MutableSequence
from functools import partial
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypedDict, overload

from godot_enet.compat.coroutines import run, running_loop
from godot_enet.compat.deferred import DeferredCall, deferred_calls
from godot_enet.compat.errors import as_int, fail, handling_remote_input, log_exception
from godot_enet.compat.globals import Error
from godot_enet.compat.steps import Step, Steps, ours
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.enums import NamedIntFlag

if TYPE_CHECKING:
    from asyncio import Future

__all__ = ["ConnectFlags", "Freeable", "Signal", "SignalConnection", "SignalProperty", "same_callable"]

if TYPE_CHECKING:
    from typing_extensions import ParamSpec as _ParamSpec

    _P = _ParamSpec("_P", default=...)  # so that SignalProperty("damage") needs no annotation
else:
    _P = ParamSpec("_P")


class ConnectFlags(NamedIntFlag):
    """The flags of :meth:`Signal.connect`; can be added."""

    CONNECT_DEFERRED = 1
    """Call at the end of the frame; see :meth:`Signal.emit`."""
    CONNECT_PERSIST = 2
    """Only used by Godot's editor."""
    CONNECT_ONE_SHOT = 4
    """Disconnect at the first emission."""
    CONNECT_REFERENCE_COUNTED = 8
    """Can be connected several times: called once, and disconnected after as many disconnects."""
    CONNECT_APPEND_SOURCE_OBJECT = 16
    """Append the object that has the signal to the arguments."""


_ONE_SHOT = int(ConnectFlags.CONNECT_ONE_SHOT)


class SignalConnection(TypedDict):
    """One entry of :meth:`Signal.get_connections`."""

    signal: Signal[...]
    callable: Callable[..., object]
    flags: ConnectFlags


class Freeable:
    """An object that ends when it is freed, not when Python drops it; its connections in both directions end then."""

    _freed = False
    _connected_from: weakref.WeakSet[Signal[...]] | None = None
    """The signals that something of this object is connected to."""

    def _end_connections(self) -> None:
        """Mark it as freed, and disconnect it from all signals and its own signals from everything."""
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
        """The work of a callable of this package, in steps."""
        self.count = 1 if flags & ConnectFlags.CONNECT_REFERENCE_COUNTED else 0


class Signal(Generic[_P]):
    """A signal of an object, available as an attribute; see :class:`SignalProperty`.

    Connected callables are kept alive, bound methods with their objects. When a connected :class:`Node` is freed, all
    connections to its methods end, as in Godot. Functions and lambdas stay connected, since their object is unknown.
    (Godot also disconnects callables of other freed objects.)

    Args:
        object: the object that has the signal; only a weak reference is kept.
        signal: its name.
        arguments: the names of its arguments.
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
        """Call a callable with each emission, after those connected before.

        Args:
            callable: takes the arguments of the signal; its return value is ignored.
            flags: a sum of :class:`ConnectFlags`.

        Returns:
            ``OK``; ``ERR_INVALID_PARAMETER`` if it is already connected or its object was freed;
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
        """Return whether it is connected."""
        return _key(_checked(callable)) in self._slots

    def emit(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Call all connected callables in the order in which they were connected.

        Callables connected with ``CONNECT_DEFERRED`` run at the end of the frame: when the current ``poll()`` ends,
        after all its other signals and packets; outside a poll, when the next ``poll()`` of this thread ends.
        (``run_deferred()`` runs them at once, for programs that never poll.)

        Methods of a node freed meanwhile are not called. A coroutine runs to its first wait, and then as a task of the
        asyncio loop of this thread.

        An exception in a callable is logged with its traceback, and the others are still called, as in Godot. A
        repeated exception is logged once in ten seconds.
        """
        steps = self._steps(*args, **kwargs)
        while steps:
            steps[0](steps)

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the next emission: ``await timer.timeout``, in an ``async def`` that an asyncio loop runs.

        It resumes in the loop after the emission; in Godot, during the emission.

        Returns:
            The arguments of the signal: None, the single argument, or a list of several.
        """
        loop = running_loop()
        if loop is None:
            yield  # nothing can wait here; the caller of the coroutine reports that
            raise RuntimeError("no asyncio loop runs in this thread")
        future = loop.create_future()

        def wake(*args: _P.args, **_: _P.kwargs) -> None:
            loop.call_soon_threadsafe(_set_result, future, list(args) if len(args) > 1 else next(iter(args), None))

        if self.connect(wake, _ONE_SHOT) is not Error.OK:
            return None
        try:
            return (yield from future)
        finally:
            self._release(_key(wake))

    def _steps(self, *args: _P.args, **kwargs: _P.kwargs) -> Steps:
        """Return the steps of :meth:`emit`."""
        return [
            partial(self._reach, key, slot, args, kwargs) if slot.steps is None else ours(partial(slot.steps, *args))
            for key, slot in list(self._slots.items())
        ]

    def _connect_steps(self, callable: Callable[_P, object], steps: Callable[_P, Steps | None]) -> None:
        """Connect a callable of this package that can also do its work in steps, which ``steps`` returns."""
        self.connect(callable)
        self._slots[_key(callable)].steps = steps

    def _reach(self, key: Hashable, slot: _Slot, args: tuple[Any, ...], kwargs: dict[str, Any], steps: Steps) -> None:
        """Call a connected callable, or defer the call."""
        if slot.target is not None and slot.target._freed:
            del steps[0]
            return
        if slot.flags & ConnectFlags.CONNECT_APPEND_SOURCE_OBJECT:
            args = (*args, self.get_object())
        deferred = bool(slot.flags & ConnectFlags.CONNECT_DEFERRED)
        call: Step = partial(self._call, slot.callable, args, kwargs)
        queue, later = deferred_calls.queue, DeferredCall(slot.target, call, handling_remote_input.depth > 0)
        try:
            if slot.flags & _ONE_SHOT:
                slot.count -= 1
                if slot.count <= 0:
                    del self._slots[key]
            if deferred:
                queue += (later,)
                del steps[0]
                return
            steps[0] = call
        except KeyError:
            del steps[0]  # another thread emits it, too
            return
        call(steps)

    def get_connections(self) -> list[SignalConnection]:
        """Return the connections as dictionaries with ``signal``, ``callable`` and ``flags``."""
        return [
            {"signal": self, "callable": slot.callable, "flags": ConnectFlags(slot.flags)}
            for slot in list(self._slots.values())
        ]

    def has_connections(self) -> bool:
        """Return whether anything is connected."""
        return bool(self._slots)

    def get_name(self) -> str:
        """Return its name."""
        return self._name

    def get_object(self) -> Any:
        """Return the object that has the signal; None if it no longer exists."""
        found = self._object()
        return None if isinstance(found, Freeable) and found._freed else found

    def get_arguments(self) -> tuple[str, ...]:
        """Return the names of its arguments. (Not in Godot.)"""
        return self._arguments

    def _release(self, key: Hashable) -> bool:
        """Disconnect once, and return whether it was connected."""
        slot = self._slots.get(key)
        if slot is None:
            return False
        slot.count -= 1
        return slot.count > 0 or self._slots.pop(key, None) is not None

    def _forget(self, target: Freeable) -> None:
        """Disconnect all callables of one object."""
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
    """Declares a signal in a class; each object gets its own :class:`Signal`.

    ``died = SignalProperty()`` declares a signal without arguments, ``hit = SignalProperty("damage")`` one with an
    argument of any type. With ``hit = SignalProperty[[int]]("damage")`` type checkers check its type, too. Assigning to
    it raises AttributeError.
    """

    @overload
    def __init__(self: SignalProperty[[]]) -> None: ...

    @overload
    def __init__(self, *arguments: str) -> None: ...

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
            # Two threads at once get the same one.
            found = signals.setdefault(self.name, Signal(instance, self.name, self.arguments))
        return found

    def __set__(self, instance: object, value: NoReturn) -> None:
        raise AttributeError(f"cannot assign to a signal; use {self.name}.connect(...)")


def _set_result(future: Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _checked(callable: Callable[_P, object]) -> Callable[_P, object]:
    if not hasattr(callable, "__call__"):  # noqa: B004 - the built-in callable() is hidden by Godot's argument name
        raise TypeError(f"callable must be callable, not {type(callable).__name__}")
    return callable


def _name(callable: Callable[..., object]) -> str:
    """Return the name used in messages."""
    try:
        return getattr(callable, "__qualname__", None) or repr(callable)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        return type(callable).__name__


def _key(callable: Callable[..., object]) -> Hashable:
    """Return the identity of a callable: by its parts, never by their ``__eq__``."""
    function = getattr(callable, "__func__", None)
    if function is not None:  # a bound method: each access makes a new object
        of: Any = callable.__self__  # type: ignore[attr-defined]
        # So is a decorated method, of which this may be the rpc().
        return _key(of) if hasattr(type(of), "__func__") else id(of), id(function)
    if isinstance(callable, BuiltinMethodType):
        return id(callable.__self__), callable.__name__
    return id(callable)


def same_callable(one: Callable[..., object], other: Callable[..., object]) -> bool:
    """Return whether :meth:`Signal.connect` treats two callables as the same."""
    return _key(one) == _key(other)


def _target(callable: Callable[..., object]) -> Freeable | None:
    """Return the freeable object that a callable belongs to; freeing it ends the connection. None if there is none."""
    found: object = callable
    while isinstance(found, partial):
        found = found.func
    for _ in range(2):  # from a method to its object; from rpc() of a decorated method to that, and then to the object
        if not isinstance(found, (Freeable, Signal)):
            found = getattr(found, "__self__", None)
    if isinstance(found, Signal):  # its emit(), connected to another signal
        found = found._object()
    return found if isinstance(found, Freeable) else None
