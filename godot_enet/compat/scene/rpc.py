"""The ``@rpc`` decorator, and what a decorated method is."""

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

__all__ = ["BoundRpc", "RpcMethod", "keep_decorated", "rpc", "script_methods"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_VIRTUAL = frozenset({"_enter_tree", "_ready", "_process", "_exit_tree"})
"""What a class may have although Node has it."""


class _Caller(Protocol):
    """What has methods to be called from afar: a Node."""

    def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error: ...


class BoundRpc(Generic[_P, _R]):
    """A decorated method of one node: call it here, or on other peers."""

    __slots__ = ("__self__", "_method")
    variant_type = VariantType.TYPE_CALLABLE

    def __init__(self, method: RpcMethod[_P, _R], node: _Caller) -> None:
        self._method = method
        self.__self__ = node

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call it here and only here, like any method."""
        return self._method.function(self.__self__, *args, **kwargs)

    def rpc(self, *args: _P.args, **kwargs: _P.kwargs) -> Error:
        """Call it on all peers, and here if it says ``"call_local"``.

        Returns:
            As for :meth:`Node.rpc`.
        """
        return self.__self__.rpc_id(0, self._method.name, *self._method.arguments(self.__self__, args, kwargs))

    def rpc_id(self, peer_id: int, *args: _P.args, **kwargs: _P.kwargs) -> Error:
        """Call it on one peer; on all with 0, and on all but one with that one's id, negated.

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
    """What ``@rpc`` makes of a function in a class; on an object it gives a :class:`BoundRpc`.

    Raises:
        TypeError: the function cannot be called by remotes.
    """

    def __init__(self, function: Callable[..., _R], config: RpcConfig, name: str = "") -> None:
        if isinstance(function, (RpcMethod, BoundRpc)):
            raise refuse(_name_of(function), "decorated already", "keep one @rpc")
        check_function(function, name or _name_of(function))
        self.function = function
        self.config = config
        self.name = name or _name_of(function)
        self._is_named = bool(name)
        update_wrapper(self, function)

    def __set_name__(self, owner: type, name: str) -> None:
        if not self._is_named:  # a second name does not take away the first
            self.name = name
            self._is_named = True

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: _Caller, owner: type) -> BoundRpc[_P, _R]: ...

    def __get__(self, instance: _Caller | None, owner: type) -> Self | BoundRpc[_P, _R]:
        return self if instance is None else BoundRpc(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> _R:
        """For ``Base.method(self, ...)``; ``super().method(...)`` works as well."""
        return self.function(*args, **kwargs)

    def arguments(self, node: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments in order: on the wire they have no names.

        As in Godot, their number is for the remote to check, unless names are used.

        Raises:
            TypeError: they do not fit, or one can only be given by its name.
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
            text = f"{self.name}.rpc(): {lost} cannot be sent by name; remotes are sent positional arguments only"
            raise TypeError(text)
        bound.apply_defaults()
        return bound.args[1:]


def _name_of(function: object) -> str:
    """How errors call what was decorated."""
    for each in (function, getattr(function, "fget", None), getattr(function, "func", None)):
        name = getattr(each, "__name__", None)
        if isinstance(name, str):
            return name
    return repr(function)


class _Decorator(Protocol):
    def __call__(self, function: Callable[Concatenate[Any, _P], _R], /) -> RpcMethod[_P, _R]: ...


@overload
def rpc(function: Callable[Concatenate[Any, _P], _R], /) -> RpcMethod[_P, _R]: ...


@overload
def rpc(*options: str | int) -> _Decorator: ...


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
            - the transfer channel, last; 0 unless said otherwise. (GDScript wants all three words before it.)

    An ``async def`` begins at once, and goes on as a task of the running asyncio loop when it first has to wait. From
    then on ``get_remote_sender_id()`` is no longer about its call, as after an ``await`` in GDScript.

    Raises:
        TypeError: what is decorated cannot be called by remotes: it is no method, a static or class method, a
            property, a generator, or has a keyword-only parameter without a default; or an option is no word and no
            channel.
        ValueError: a word is unknown, or contradicts another.
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
    """See that a node's class can have its RPCs, and complete them.

    What overrides a decorated method without being decorated keeps the options, as in GDScript.

    Raises:
        TypeError: a method is decorated in a way that hides it, has the name of one of Node's own, or is hidden by
            something that is no method.
    """
    bases = [base for base in cls.__mro__ if base is cls or not hasattr(base, "rpc_config")]  # Nodes were seen before
    for base in bases:
        for name, value in list(vars(base).items()):
            if isinstance(value, RpcMethod):
                _check_name(cls, name)
                if value.name != name:
                    setattr(cls, name, RpcMethod(value.function, value.config, name))
            elif _hides_rpc(value):
                raise refuse(name, f"decorated with @rpc beneath {_decorator(value)}", "put @rpc first")
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
        raise refuse(name, f"a name that {cls.__name__} needs as a Node", "choose another one")


def _hides_rpc(value: object) -> bool:
    """Whether it is something around a decorated method."""
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
    return "another decorator" if callable(value) and what.endswith("no function") else what
