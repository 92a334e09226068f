"""Methods that public classes inherit from inner ones, under the public name.

Python's TypeErrors name the class that a method was written in. ``PeerMethods.send() missing 1 required positional
argument`` tells nobody that ``ENetPacketPeer.send`` is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

__all__ = ["copy_methods", "rename_methods"]


def rename_methods(inner: type, public: str) -> None:
    """Let the methods and classes of a class that only one public class inherits go by that one's name."""
    for name, member in vars(inner).items():
        for part in _parts(member):
            part.__qualname__ = f"{public}.{name}"
        if isinstance(member, type) and member.__qualname__ == f"{inner.__qualname__}.{name}":
            member.__qualname__ = f"{public}.{name}"


def copy_methods(public: type, others: Iterable[type]) -> None:
    """Give a public class methods of its own for those that it shares with other ones.

    Args:
        public: the class.
        others: public classes, too: what is inherited from these keeps their name.
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
    """The functions of a method or property."""
    if isinstance(member, property):
        candidates: tuple[object, ...] = (member.fget, member.fset, member.fdel)
    else:
        candidates = (getattr(member, "__func__", member),)
    return [each for each in candidates if isinstance(each, FunctionType)]


def _copy(member: Any, name: str) -> Any:
    """A method or property with another name; None for anything else."""
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
