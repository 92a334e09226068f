"""The ``@rpc`` decorator, and what a decorated method is."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import isfunction, signature
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.rpc_config import RpcConfig, config_from_annotation
from godot_enet.compat.variant import VariantType

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BoundRpc", "RpcMethod", "keep_decorated", "rpc", "script_methods"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


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
    """What ``@rpc`` makes of a function in a class; on an object it gives a :class:`BoundRpc`."""

    def __init__(self, function: Callable[..., _R], config: RpcConfig) -> None:
        self.function = function
        self.config = config
        self.name: str = getattr(function, "__name__", "")
        update_wrapper(self, function)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

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
        """All arguments in order: on the wire they have no names."""
        if not kwargs:
            return args
        bound = signature(self.function).bind(node, *args, **kwargs)
        bound.apply_defaults()
        return bound.args[1:]


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

    Raises:
        TypeError, ValueError: the options are none.
    """
    if len(options) == 1 and callable(options[0]):
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
    """Decorate what overrides a decorated method without being decorated; it keeps the options, as in GDScript."""
    for name, value in list(vars(cls).items()):
        if isfunction(value):
            base = next((vars(base)[name] for base in cls.__mro__[1:] if name in vars(base)), None)
            if isinstance(base, RpcMethod):
                method: RpcMethod[..., Any] = RpcMethod(value, base.config)
                method.__set_name__(cls, name)
                setattr(cls, name, method)
