"""StringName and NodePath."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from godot_enet.compat.errors import as_str, fail
from godot_enet.compat.variant.hashing import hash_text
from godot_enet.compat.variant.kinds import VariantType

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["NodePath", "StringName"]


class StringName(str):
    """A ``str`` that is sent as Godot's ``StringName``; otherwise equal to that ``str``, as in Godot."""

    __slots__ = ()
    variant_type = VariantType.TYPE_STRING_NAME

    def __repr__(self) -> str:
        return f"StringName({str(self)!r})"


class NodePath:
    """A path to a node, and from there to a property: ``"/root/Player:position:x"``. Immutable.

    An empty part among the properties (``"a::b"``) logs an error and gives an empty path, as in Godot.

    >>> path = NodePath("/root/Game:position:x")
    >>> path.get_name(1), path.get_subname_count()
    (StringName('Game'), 2)
    """

    __slots__ = ("_absolute", "_names", "_subnames")
    variant_type = VariantType.TYPE_NODE_PATH

    _absolute: bool
    _names: tuple[str, ...]
    _subnames: tuple[str, ...]

    def __new__(cls, path: str | NodePath = "") -> Self:
        if isinstance(path, NodePath):
            return cls._of(path._names, path._subnames, path._absolute)
        text = as_str(path, "path")
        nodes, _, properties = text.partition(":")
        subnames = properties.removesuffix(":").split(":") if properties else []
        if "" in subnames:
            return fail(f"Invalid NodePath '{text}'.", cls._of((), (), False))
        return cls._of(filter(None, nodes.split("/")), subnames, text.startswith("/"))

    @classmethod
    def _of(cls, names: Iterable[str], subnames: Iterable[str], absolute: bool) -> Self:
        """Create one from its parts, without checks."""
        path = super().__new__(cls)
        object.__setattr__(path, "_names", tuple(names))
        object.__setattr__(path, "_subnames", tuple(subnames))
        object.__setattr__(path, "_absolute", absolute)
        return path

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("NodePath is immutable; create a new one")

    def __reduce__(self) -> tuple[object, ...]:
        return NodePath._of, (self._names, self._subnames, self._absolute)

    def __str__(self) -> str:
        subnames = self.get_concatenated_subnames()
        return "/" * self._absolute + self.get_concatenated_names() + (f":{subnames}" if subnames else "")

    def __repr__(self) -> str:
        return f"NodePath({str(self)!r})"

    def _key(self) -> tuple[object, ...]:
        return (self._names, self._subnames, self._absolute)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodePath) and self._key() == other._key()

    def __hash__(self) -> int:
        parts = (str(self._absolute), "/".join(self._names), ":".join(self._subnames))
        return hash_text("\0".join(parts))

    def is_absolute(self) -> bool:
        """Whether it starts at the root."""
        return self._absolute

    def is_empty(self) -> bool:
        """Whether it has no names."""
        return not (self._absolute or self._names or self._subnames)

    def get_name_count(self) -> int:
        """The number of node names."""
        return len(self._names)

    def get_name(self, idx: int) -> StringName:
        """The node name at an index from 0; ``""``, with an error in the log, beyond the last."""
        return _part(self._names, idx)

    def get_subname_count(self) -> int:
        """The number of property names, which follow the colon."""
        return len(self._subnames)

    def get_subname(self, idx: int) -> StringName:
        """The property name at an index from 0; ``""``, with an error in the log, beyond the last."""
        return _part(self._subnames, idx)

    def get_concatenated_names(self) -> StringName:
        """The node names, joined by slashes."""
        return StringName("/".join(self._names))

    def get_concatenated_subnames(self) -> StringName:
        """The property names, joined by colons."""
        return StringName(":".join(self._subnames))

    def slice(self, begin: int, end: int = 0x7FFFFFFF) -> NodePath:
        """A part, counted through nodes and properties; ``end`` itself is not in it."""
        count = len(self._names)
        kept = range(count + len(self._subnames))[begin:end]
        names = [self._names[index] for index in kept if index < count]
        subnames = [self._subnames[index - count] for index in kept if index >= count]
        return NodePath._of(names, subnames, self._absolute and kept.start == 0)

    def get_as_property_path(self) -> NodePath:
        """Taken as a property of the node one is at: ``"a/b:c"`` becomes ``":a/b:c"``."""
        if not self._names:
            return self
        return NodePath._of((), (self.get_concatenated_names(), *self._subnames), False)


def _part(parts: tuple[str, ...], index: int) -> StringName:
    if not 0 <= index < len(parts):
        return fail(f"Index p_idx = {index} is out of bounds (size = {len(parts)}).", StringName())
    return StringName(parts[index])
