"""The ``@rpc`` decorator and decorated methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import Parameter
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.parameters import signature
from godot_enet.compat.scene.rpc_checks import check_function, describe, refuse
from godot_enet.compat.scene.rpc_config import RpcConfig, config_from_annotation
from godot_enet.compat.variant import VariantType

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BoundRpc", "RpcDecorator", "RpcMethod", "keep_decorated", "rpc", "script_methods"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_VIRTUAL = frozenset({"_enter_tree", "_ready", "_process", "_physics_process", "_exit_tree", "_notification"})
"""Names of Node that a class may override."""


class _Caller(Protocol):
    """An object with methods that remotes can call: a Node."""

    def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error: ...


class BoundRpc(Generic[_P, _R]):
    """A decorated method of one node, to be called here or on other peers."""

    __slots__ = ("__self__", "_method")
    variant_type = VariantType.TYPE_CALLABLE

    def __init__(self, method: RpcMethod[_P, _R], node: Any) -> None:
        self._method = method
        self.__self__: _Caller = node

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call it here only, like any method."""
        return self._method.function(self.__self__, *args, **kwargs)

    def rpc(self, *args: _P.args, **kwargs: _P.kwargs) -> Error:
        """Call it on all peers, and here if it has the option ``"call_local"``.

        Returns:
            As for :meth:`Node.rpc`.
        """
        return self.__self__.rpc_id(0, self._method.name, *self._method.arguments(self.__self__, args, kwargs))

    def rpc_id(self, peer_id: int, *args: _P.args, **kwargs: _P.kwargs) -> Error:
        """Call it on one peer; 0 means all peers, a negative id all but that one.

        Returns:
            As for :meth:`Node.rpc_id`.
        """
        return self.__self__.rpc_id(peer_id, self._method.name, *self._method.arguments(self.__self__, args, kwargs))

    @property
    def __func__(self) -> Callable[..., _R]:
        return self._method.function

    def __getattr__(self, name: str) -> Any:
        """Its name, and whatever else a function has."""
        if name == "_method":  # while a copy of it is being made
            raise AttributeError(name)
        return getattr(self._method.function, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoundRpc) and (self.__self__ is other.__self__ and self._method is other._method)

    def __hash__(self) -> int:
        return hash((id(self.__self__), self._method.name))

    def __repr__(self) -> str:
        return f"<RPC {self._method.name} of {self.__self__!r}>"


class RpcMethod(Generic[_P, _R]):
    """A function decorated with ``@rpc``; accessed on an object it returns a :class:`BoundRpc`.

    Raises:
        TypeError: the function cannot be called by remotes.
    """

    def __init__(self, function: Callable[..., _R], config: RpcConfig, name: str = "") -> None:
        if isinstance(function, (RpcMethod, BoundRpc)):
            raise refuse(_name_of(function), "already decorated", "keep only one @rpc")
        check_function(function, name or _name_of(function))
        self.function = function
        self.config = config
        self.name = name or _name_of(function)
        self._is_named = bool(name)
        update_wrapper(self, function)

    def __set_name__(self, owner: type, name: str) -> None:
        if not self._is_named:  # a second name does not replace the first
            self.name = name
            self._is_named = True

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: _Caller, owner: type) -> BoundRpc[_P, _R]: ...

    def __get__(self, instance: _Caller | None, owner: type) -> Self | BoundRpc[_P, _R]:
        return self if instance is None else BoundRpc(self, instance)

    def __repr__(self) -> str:
        return f"<RPC {self.function.__qualname__}>"

    def __call__(self, *args: Any, **kwargs: Any) -> _R:
        """For ``Base.method(self, ...)``; ``super().method(...)`` works as well."""
        return self.function(*args, **kwargs)

    def arguments(self, node: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return all arguments in order, since they have no names on the wire.

        As in Godot, the remote checks their number, unless keywords are used.

        Raises:
            TypeError: they do not match the parameters, or one is keyword-only.
        """
        if not kwargs:
            return args
        expected = signature(self.function)
        try:
            bound = expected.bind(node, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}.rpc(): {error}") from None
        positional = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL)
        nameless = {name for name, parameter in expected.parameters.items() if parameter.kind in positional}
        lost = ", ".join(repr(name) for name in kwargs if name not in nameless)
        if lost:
            text = f"{self.name}.rpc(): {lost} cannot be passed by keyword; remotes get positional arguments only"
            raise TypeError(text)
        bound.apply_defaults()
        return bound.args[1:]


def _name_of(function: object) -> str:
    """The name of the decorated object in errors."""
    for each in (function, getattr(function, "fget", None), getattr(function, "func", None)):
        name = getattr(each, "__name__", None)
        if isinstance(name, str):
            return name
    return repr(function)


class RpcDecorator(Protocol):
    """The type of ``@rpc(...)`` with options."""

    def __call__(self, function: Callable[Concatenate[Any, _P], _R], /) -> RpcMethod[_P, _R]: ...


@overload
def rpc(function: Callable[Concatenate[Any, _P], _R], /) -> RpcMethod[_P, _R]: ...


@overload
def rpc(*options: str | int) -> RpcDecorator: ...


def rpc(*options: Any) -> Any:
    """Lets other peers call a method of a :class:`Node`, as ``@rpc`` in GDScript does.

    Use it plain, ``@rpc``, or with options, ``@rpc("any_peer", "call_local", "unreliable", 2)``. Then
    ``node.method.rpc(...)`` calls it on all peers, and ``node.method.rpc_id(peer, ...)`` on one. Both ends must have
    the same decorated methods; ``python -m godot_enet rpc-check`` compares.

    Args:
        options: each at most once; the words in any order:

            - ``"authority"`` (the default): only the node's multiplayer authority may call it; or ``"any_peer"``.
            - ``"call_remote"`` (the default): ``rpc`` does not call it here; or ``"call_local"``: here as well.
            - ``"reliable"`` (the default), ``"unreliable"`` or ``"unreliable_ordered"``.
            - the transfer channel, last; 0 by default. (GDScript requires all three words before it.)

    An ``async def`` starts at once, and continues as a task of the running asyncio loop from its first wait on. From
    then on ``get_remote_sender_id()`` no longer refers to its call, as after an ``await`` in GDScript.

    Raises:
        TypeError: remotes cannot call the decorated object: it is not a method, or is a static or class method, a
            property or a generator, or has a keyword-only parameter without a default; or an option is neither a word
            nor a channel.
        ValueError: a word is unknown, or conflicts with another one.
    """
    if len(options) == 1 and (callable(options[0]) or hasattr(options[0], "__get__")):
        return RpcMethod(options[0], RpcConfig())
    config = config_from_annotation(options)
    return lambda function: RpcMethod(function, config)


def script_methods(cls: type) -> dict[str, tuple[RpcConfig, Callable[..., Any]]]:
    """The decorated methods of a class and of what it inherits, by name."""
    found: dict[str, tuple[RpcConfig, Callable[..., Any]]] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, RpcMethod):
                found[name] = (value.config, value.function)
    return found


def keep_decorated(cls: type) -> None:
    """Check the RPCs of a node's class, and complete them.

    An undecorated override of a decorated method keeps its options, as in GDScript.

    Raises:
        TypeError: another decorator hides the RPC, Node itself uses its name, or an override is not a method.
    """
    bases = [base for base in cls.__mro__ if base is cls or not hasattr(base, "rpc_config")]  # Nodes were seen before
    for base in bases:
        for name, value in list(vars(base).items()):
            if isinstance(value, RpcMethod):
                _check_name(cls, name)
                if value.name != name:
                    setattr(cls, name, RpcMethod(value.function, value.config, name))
            elif _hides_rpc(value):
                raise refuse(name, f"decorated with @rpc below {_decorator(value)}", "make @rpc outermost")
    for name, (config, _) in script_methods(cls).items():
        value = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
        if not isinstance(value, RpcMethod):
            setattr(cls, name, _override(cls, name, value, config))


def _override(cls: type, name: str, value: Any, config: RpcConfig) -> RpcMethod[..., Any]:
    try:
        return RpcMethod(value, config, name)
    except TypeError as error:
        text = f"{error} ({cls.__name__} inherits an RPC of that name)"
        raise TypeError(text) from None


def _check_name(cls: type, name: str) -> None:
    from godot_enet.compat.scene.node import Node  # this is below it

    if (hasattr(Node, name) or name in Node.__annotations__) and name not in _VIRTUAL:
        raise refuse(name, "a name that Node itself uses", "choose another one")


def _hides_rpc(value: object) -> bool:
    """Whether a value wraps a decorated method."""
    for attribute in ("__func__", "__wrapped__", "fget", "fset", "fdel", "func"):
        try:
            inner = getattr(value, attribute, None)
        except Exception:
            continue
        if isinstance(inner, RpcMethod):
            return True
    return False


def _decorator(value: object) -> str:
    what, _ = describe(value)
    return "another decorator" if callable(value) and what.endswith("not a function") else what
