"""Public names for methods that public classes inherit from internal ones.

Python's TypeErrors name the class in which a method is defined: ``PeerMethods.send() missing 1 required positional
argument``. Users know it as ``ENetPacketPeer.send``.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

__all__ = ["copy_methods", "rename_methods"]


def rename_methods(inner: type, public: str) -> None:
    """Rename the methods and classes of an internal class after the only public class that inherits it."""
    for name, member in vars(inner).items():
        for part in _parts(member):
            part.__qualname__ = f"{public}.{name}"
        if isinstance(member, type) and member.__qualname__ == f"{inner.__qualname__}.{name}":
            member.__qualname__ = f"{public}.{name}"


def copy_methods(public: type, others: Iterable[type]) -> None:
    """Give a public class its own copies of the methods that it shares with other classes.

    Args:
        public: the class.
        others: other public classes; methods inherited from them keep their names.
    """
    kept, seen = {public, *others}, set(vars(public))
    for base in public.__mro__:
        members = dict(vars(base))
        if base not in kept and base.__module__.startswith("godot_enet."):
            for name, member in members.items():
                if name not in seen and (not name.startswith("_") or name in ("__init__", "__new__")):
                    copy = _copy(member, f"{public.__qualname__}.{name}")
                    if copy is not None:
                        setattr(public, name, copy)
        seen.update(members)


def _parts(member: object) -> list[FunctionType]:
    """Return the functions of a method or property."""
    if isinstance(member, property):
        candidates: tuple[object, ...] = (member.fget, member.fset, member.fdel)
    else:
        candidates = (getattr(member, "__func__", member),)
    return [each for each in candidates if isinstance(each, FunctionType)]


def _copy(member: Any, name: str) -> Any:
    """Return a copy of a method or property with another name; None for anything else."""
    if not _parts(member):
        return None
    if isinstance(member, property):
        fget, fset, fdel = (each and _copy(each, name) for each in (member.fget, member.fset, member.fdel))
        return property(fget, fset, fdel, member.__doc__)
    if not isinstance(member, FunctionType):
        return type(member)(_copy(member.__func__, name))  # a classmethod or staticmethod
    made = FunctionType(member.__code__, member.__globals__, member.__name__, member.__defaults__, member.__closure__)
    made.__kwdefaults__ = member.__kwdefaults__
    made.__annotations__ = member.__annotations__
    made.__doc__, made.__module__, made.__qualname__ = member.__doc__, member.__module__, name
    made.__dict__.update(member.__dict__)
    return made
