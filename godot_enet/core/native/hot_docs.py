"""The docstrings and signatures of C methods, taken from the Python methods of the same names.

``help()``, ``inspect.signature()`` and notebooks find the C method first, so it has to say what the Python method says.
"""

from __future__ import annotations

from types import FunctionType

from godot_enet.core.native.loader import hot_types

__all__ = ["document_methods"]


def document_methods(hot: type, python: type) -> None:
    """Document the C methods of a type.

    Args:
        hot: one of :class:`~godot_enet.core.native.loader.HotTypes`; without C methods, any class.
        python: the class that has the Python methods.
    """
    types = hot_types()
    if types is None or hot not in (types.host, types.peer, types.connection):
        return
    for name in vars(hot):
        method = None if name.startswith("_") else getattr(python, name, None)
        if isinstance(method, FunctionType):
            text = f"{name}({_parameters(method)})\n--\n\n{_docstring(python, name)}"
            types.document(hot, name.encode(), text.encode())


def _docstring(python: type, name: str) -> str:
    """The docstring of a method, or of the one that it overrides."""
    methods = [vars(each)[name] for each in python.__mro__ if name in vars(each)]
    return next((str(method.__doc__) for method in methods if method.__doc__), "")


def _parameters(method: FunctionType) -> str:
    """The parameters of a method, all of them positional, as CPython writes them; without annotations."""
    method = getattr(method, "__wrapped__", method)
    code, defaults = method.__code__, method.__defaults__ or ()
    names = list(code.co_varnames[: code.co_argcount])
    for at, value in enumerate(defaults, len(names) - len(defaults)):
        names[at] += f"={value!r}"
    return ", ".join([f"${names[0]}", *names[1:]])
