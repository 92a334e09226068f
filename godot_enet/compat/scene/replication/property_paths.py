"""Properties of nodes by their paths: ``"Head:rotation"``, ``".:position:x"``, from a synchronizer's root node.

A property is any attribute of a node. Components may follow: members of a vector or another of Godot's values, keys of
a dictionary, or attributes of an object, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from operator import attrgetter
from typing import Any

from godot_enet.compat.errors import log_exception
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.node_paths import resolve
from godot_enet.compat.variant import NodePath, VariantType
from godot_enet.compat.variant.row import Row
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["NoNode", "PropertyError", "PropertyPath", "attributes_reader", "read_all", "write_all"]


_MEMBERS: dict[VariantType, Sequence[str]] = {
    **dict.fromkeys((VariantType.TYPE_VECTOR2, VariantType.TYPE_VECTOR2I), "xy"),
    **dict.fromkeys((VariantType.TYPE_VECTOR3, VariantType.TYPE_VECTOR3I, VariantType.TYPE_BASIS), "xyz"),
    **dict.fromkeys((VariantType.TYPE_VECTOR4, VariantType.TYPE_VECTOR4I), "xyzw"),
    **dict.fromkeys((VariantType.TYPE_QUATERNION, VariantType.TYPE_PROJECTION), "xyzw"),
    **dict.fromkeys((VariantType.TYPE_RECT2, VariantType.TYPE_RECT2I, VariantType.TYPE_AABB), ("position", "size")),
    VariantType.TYPE_PLANE: "xyzd",
    VariantType.TYPE_COLOR: "rgba",
    VariantType.TYPE_TRANSFORM2D: ("x", "y", "origin"),
    VariantType.TYPE_TRANSFORM3D: ("basis", "origin"),
}
"""The members that can be set, in the order of the constructor."""


class PropertyError(Exception):
    """A property that cannot be read or written; the message is Godot's."""

    @property
    def lines(self) -> list[str]:
        """All lines that Godot logs about it when it reads or sets a whole state."""
        return [str(self)]


class NoNode(PropertyError):
    """Its node is missing."""

    @property
    def lines(self) -> list[str]:
        return [str(self), 'Parameter "obj" is null.']


class PropertyPath:
    """One parsed path.

    Args:
        path: the path from the root node on.
    """

    __slots__ = ("_absolute", "_components", "_names", "_property", "attribute", "path")

    def __init__(self, path: NodePath) -> None:
        self.path = path
        # "." and an empty path are the root node itself, which needs no search
        self._names = () if path._names == (".",) and not path._absolute else path._names
        self._absolute = path._absolute
        self._property = path._subnames[0] if path._subnames else ""
        self._components = path._subnames[1:]
        self.attribute = "" if self._names or self._components else self._property
        """The name, if it is an attribute of the root node; otherwise empty."""

    def __repr__(self) -> str:
        return f"PropertyPath({str(self.path)!r})"

    def target(self, root: Node) -> Node:
        """The node that has it.

        Raises:
            PropertyError: there is none.
        """
        if not self._names:
            return root
        found = resolve(root, self._names, absolute=self._absolute)
        if found is None:
            raise NoNode(f"Node '{self.path}' not found.")
        return found

    def read(self, root: Node) -> Any:
        """Its value.

        Raises:
            PropertyError: there is no such node, property or component, or its getter has failed.
        """
        target = root if not self._names else self.target(root)
        try:
            value = getattr(target, self._property)
            for name in self._components:
                value = _component(value, name)
        except (AttributeError, KeyError, TypeError) as error:
            if raised_by_signal_handler(error):
                raise
            raise PropertyError(f"Property '{self.path}' not found.") from None
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            log_exception(f"Error reading property '{self.path}' of '{target._name}'.", error)
            raise PropertyError(f"Property '{self.path}' not found.") from None
        return value

    def write(self, root: Node, value: Any) -> None:
        """Set its value. A property that does not exist, or cannot be set, is skipped, as in Godot.

        Raises:
            PropertyError: there is no such node.
        """
        target = root if not self._names else self.target(root)
        try:
            if not _has(target, self._property):
                return
            if self._components:
                value = _replaced(getattr(target, self._property), self._components, value)
            setattr(target, self._property, value)
        except _Missing:
            return
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            log_exception(f"Error setting property '{self.path}' of '{target._name}'.", error)


def read_all(paths: Sequence[PropertyPath], root: Node) -> list[Any]:
    """The values of several properties, in order.

    Raises:
        PropertyError: as :meth:`PropertyPath.read`, for the first that cannot be read.
    """
    try:
        # Most are attributes of the root node itself.
        return [getattr(root, path.attribute) if path.attribute else path.read(root) for path in paths]
    except PropertyError:
        raise
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        return [path.read(root) for path in paths]  # which finds the error


def attributes_reader(paths: Sequence[PropertyPath]) -> Callable[[Node], Sequence[Any]] | None:
    """A function that reads several properties in one call, if all are attributes of the root node; it may raise."""
    names = [path.attribute for path in paths]
    if not names or "" in names:
        return None
    if len(names) == 1:
        return lambda root: (getattr(root, names[0]),)
    return attrgetter(*names)


def write_all(paths: Sequence[PropertyPath], root: Node, values: Sequence[Any]) -> None:
    """Set several properties, in order.

    Raises:
        PropertyError: the node of one is missing; the properties before it are set.
    """
    for path, value in zip(paths, values, strict=True):
        path.write(root, value)


class _Missing(Exception):
    """There is no such component."""


def _has(target: Node, name: str) -> bool:
    """Whether something can be set, without reading it."""
    if name in target.__dict__:
        return True
    found = getattr(type(target), name, None)
    return hasattr(target, name) if found is None else not isinstance(found, property) or found.fset is not None


def _component(value: Any, name: str) -> Any:
    """One part of a value, by its name."""
    return value[name] if isinstance(value, Mapping) else getattr(value, name)


def _replaced(value: Any, names: Sequence[str], new: Any) -> Any:
    """The value with one part replaced: a new value of its type, or itself if it is changed in place."""
    name, *rest = names
    try:
        inner = _replaced(_component(value, name), rest, new) if rest else new
        if isinstance(value, MutableMapping):
            value[name] = inner
        elif isinstance(value, Row):
            return _with_member(value, name, inner)
        else:
            if not hasattr(value, name):
                raise _Missing
            setattr(value, name, inner)
    except (AttributeError, KeyError, TypeError) as error:
        if raised_by_signal_handler(error):
            raise
        raise _Missing from None
    return value


def _with_member(row: Row[Any], name: str, new: Any) -> Row[Any]:
    """A vector, or another of Godot's values, with one member replaced."""
    names = _MEMBERS.get(row.variant_type)
    if names is None or name not in names:
        raise _Missing
    members = list(row)
    members[names.index(name)] = new
    made: Row[Any] = type(row)(*members)
    return made
