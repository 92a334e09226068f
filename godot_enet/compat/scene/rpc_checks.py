"""The checks of ``@rpc`` at declaration: it rejects whatever could not run when another peer calls it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial, partialmethod
from inspect import (
    CO_ITERABLE_COROUTINE,
    Parameter,
    isasyncgenfunction,
    isbuiltin,
    iscode,
    isfunction,
    isgeneratorfunction,
    ismethod,
)
from inspect import ismethoddescriptor as is_method_descriptor
from typing import Any

from godot_enet.compat.scene.parameters import signature

__all__ = ["check_function", "describe", "refuse"]

_KINDS: list[tuple[type | tuple[type, ...], str, str]] = [
    ((property, cached_property), "a property", "make it a method"),
    (staticmethod, "a static method", "make it an instance method"),
    (classmethod, "a class method", "make it an instance method"),
    (type, "a class", "decorate a method that creates one"),
    ((partial, partialmethod), "a partial", "write a method that calls it"),
]


def refuse(name: str, what: str, remedy: str) -> TypeError:
    """Create the exception for an invalid declaration."""
    return TypeError(f"@rpc: {name!r} is {what}; {remedy}")


def describe(value: object) -> tuple[str, str]:
    """Describe a value that is not a function, and the remedy."""
    for types, what, remedy in _KINDS:
        if isinstance(value, types):
            return what, remedy
    return f"of type {type(value).__name__}, not a function", "decorate a method"


def check_function(function: object, name: str) -> None:
    """Check that a node can have this function as an RPC.

    Args:
        function: the decorated object.
        name: its name in errors.

    Raises:
        TypeError: it cannot; the message says why and what to do.
    """
    if ismethod(function):
        raise refuse(name, "a method of one object", "decorate the function in its class")
    is_special = any(isinstance(function, types) for types, _, _ in _KINDS)
    # what functions of Python and Cython have in common: in a class they become methods
    if is_special or not callable(function) or not hasattr(function, "__get__") or _is_in_c(function):
        raise refuse(name, *describe(function))
    if isasyncgenfunction(function):
        raise refuse(name, "an async generator, which nothing iterates", "await instead of yield")
    if isgeneratorfunction(function) and not _flags(function) & CO_ITERABLE_COROUTINE:
        raise refuse(
            name, "a generator, which nothing iterates", "remove the yield, or make it an async def that awaits"
        )
    _check_parameters(function, name)


def _check_parameters(function: Callable[..., Any], name: str) -> None:
    try:
        parameters = list(signature(function).parameters.values())
    except (TypeError, ValueError):
        return  # compiled, and without a signature
    if not any(
        parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL)
        for parameter in parameters
    ):
        raise refuse(name, "a function that takes no self", "add self as its first parameter")
    for parameter in parameters:
        if parameter.kind is Parameter.KEYWORD_ONLY and parameter.default is Parameter.empty:
            what = f"a function with the keyword-only parameter {parameter.name!r}, which a remote cannot pass"
            raise refuse(name, what, f"move {parameter.name!r} before the *, or give it a default")


def _is_in_c(function: object) -> bool:
    if isfunction(function):
        return not iscode(function.__code__)  # a method of PyPy's own types
    return isbuiltin(function) or (is_method_descriptor(function) and type(function).__module__ == "builtins")


def _flags(function: object) -> int:
    return int(getattr(getattr(function, "__code__", None), "co_flags", 0))
