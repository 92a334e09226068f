"""Array and Dictionary, for contents that a ``list`` and a ``dict`` cannot express.

Plain lists and dicts are sent and received wherever they lose nothing. These two keep what they would lose: the type of
the elements, and keys that Python does not distinguish (``1``, ``1.0`` and ``True``) or cannot hash (lists, dicts).
"""

from __future__ import annotations

import builtins
from collections.abc import Hashable, ItemsView, Iterable, Iterator, Mapping, MutableMapping, ValuesView
from struct import Struct
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from godot_enet.compat.variant.element_type import ElementType
from godot_enet.compat.variant.encode import encode_variant
from godot_enet.compat.variant.kinds import Variant, VariantType, typeof
from godot_enet.compat.variant.row import Row

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Array", "Dictionary"]

_pack_double = Struct("<d").pack


def _element_type(type: int, class_name: str, script: str | None) -> ElementType:
    kind = VariantType(type)
    if kind is VariantType.TYPE_MAX or ((class_name or script) and kind is not VariantType.TYPE_OBJECT):
        raise ValueError(f"{kind.name} with class {str(class_name)!r} and script {script!r} is not an element type")
    return ElementType(kind, str(class_name), script or "")


class Array(list[Any]):
    """A typed array, with the arguments of Godot's constructor: ``Array([1, 2], VariantType.TYPE_INT)``.

    Added elements are converted as in Godot, or refused with ``TypeError``.

    Args:
        base: the elements.
        type: their type.
        class_name: for ``TYPE_OBJECT``, their class.
        script: for ``TYPE_OBJECT``, the path of their script.
    """

    __slots__ = ("_element_type",)
    variant_type = VariantType.TYPE_ARRAY

    def __init__(
        self,
        base: Iterable[Variant] = (),
        type: int = VariantType.TYPE_NIL,
        class_name: str = "",
        script: str | None = None,
    ) -> None:
        self._element_type = _element_type(type, class_name, script)
        super().__init__(map(self._element_type.admit, base))

    @classmethod
    def _of(cls, elements: Iterable[Variant], element_type: ElementType) -> Self:
        """Create an array of elements that have the type already."""
        array = cls.__new__(cls)
        array._element_type = element_type
        list.extend(array, elements)
        return array

    def is_typed(self) -> bool:
        """Whether the elements are of one type."""
        return self._element_type.type is not VariantType.TYPE_NIL

    def get_typed_builtin(self) -> VariantType:
        """Their type; ``TYPE_NIL`` if it may be any."""
        return self._element_type.type

    def get_typed_class_name(self) -> str:
        """Their class, for ``TYPE_OBJECT``."""
        return self._element_type.class_name

    def get_typed_script(self) -> str:
        """The path of their script, for ``TYPE_OBJECT``. Godot gives the script itself."""
        return self._element_type.script

    def append(self, value: Variant) -> None:
        """Add an element."""
        super().append(self._element_type.admit(value))

    def extend(self, values: Iterable[Variant]) -> None:
        """Add several."""
        super().extend([self._element_type.admit(value) for value in values])

    def insert(self, index: SupportsIndex, value: Variant) -> None:
        """Insert an element at an index."""
        super().insert(index, self._element_type.admit(value))

    @overload
    def __setitem__(self, key: SupportsIndex, value: Variant) -> None: ...
    @overload
    def __setitem__(self, key: slice, value: Iterable[Variant]) -> None: ...
    def __setitem__(self, key: SupportsIndex | slice, value: Any) -> None:
        admit = self._element_type.admit
        super().__setitem__(key, [admit(each) for each in value] if isinstance(key, slice) else admit(value))

    def __iadd__(self, values: Iterable[Variant]) -> Self:  # type: ignore[misc]
        self.extend(values)
        return self

    def copy(self) -> Self:
        """Whether both have the same type and elements."""
        return self._of(self, self._element_type)

    __copy__ = copy

    def __reduce__(self) -> tuple[Any, ...]:
        kind = self._element_type
        return builtins.type(self), (list(self), kind.type, kind.class_name, kind.script)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return self.__reduce__()

    def __repr__(self) -> str:
        return f"Array({super().__repr__()}, {_shown(self._element_type)})"


class Dictionary(MutableMapping[Any, Any]):
    """A dictionary with Godot's rules for keys, and with the arguments of Godot's constructor.

    ``1``, ``1.0`` and ``True`` are three keys; a String and a StringName of the same text are one; NaN equals itself;
    lists, dictionaries and packed arrays are compared by their contents. Order is that of insertion. Do not change a
    key while it is in the dictionary.

    Args:
        base: a mapping, or pairs of keys and values.
        key_type, key_class_name, key_script: the type of the keys, as for an :class:`Array`.
        value_type, value_class_name, value_script: the type of the values.
    """

    __slots__ = ("_entries", "_key_type", "_value_type")
    variant_type = VariantType.TYPE_DICTIONARY

    def __init__(
        self,
        base: Mapping[Any, Variant] | Iterable[tuple[Variant, Variant]] = (),
        key_type: int = VariantType.TYPE_NIL,
        key_class_name: str = "",
        key_script: str | None = None,
        value_type: int = VariantType.TYPE_NIL,
        value_class_name: str = "",
        value_script: str | None = None,
    ) -> None:
        self._key_type = _element_type(key_type, key_class_name, key_script)
        self._value_type = _element_type(value_type, value_class_name, value_script)
        self._entries: dict[Hashable, tuple[Variant, Variant]] = {}
        for key, value in base.items() if isinstance(base, Mapping) else base:
            self[key] = value

    @classmethod
    def _of(cls, key_type: ElementType, value_type: ElementType) -> Self:
        """Create an empty dictionary with these types."""
        made = cls.__new__(cls)
        made._key_type, made._value_type, made._entries = key_type, value_type, {}
        return made

    def is_typed(self) -> bool:
        """Whether keys or values are of one type."""
        return self._key_type.type is not VariantType.TYPE_NIL or self._value_type.type is not VariantType.TYPE_NIL

    def get_typed_key_builtin(self) -> VariantType:
        """The type of the keys; ``TYPE_NIL`` if it may be any."""
        return self._key_type.type

    def get_typed_key_class_name(self) -> str:
        """The class of the keys, for ``TYPE_OBJECT``."""
        return self._key_type.class_name

    def get_typed_key_script(self) -> str:
        """The path of their script, for ``TYPE_OBJECT``. Godot gives the script itself."""
        return self._key_type.script

    def get_typed_value_builtin(self) -> VariantType:
        """The type of the values; ``TYPE_NIL`` if it may be any."""
        return self._value_type.type

    def get_typed_value_class_name(self) -> str:
        """The class of the values, for ``TYPE_OBJECT``."""
        return self._value_type.class_name

    def get_typed_value_script(self) -> str:
        """The path of their script, for ``TYPE_OBJECT``. Godot gives the script itself."""
        return self._value_type.script

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Variant]:
        return (key for key, _ in self._entries.values())

    def items(self) -> ItemsView[Any, Any]:
        """Keys with their values, in order."""
        return _Items(self)

    def values(self) -> ValuesView[Any]:
        """The values, in order."""
        return _Values(self)

    def __getitem__(self, key: Variant) -> Variant:
        try:
            return self._entries[_identity(key)][1]
        except KeyError:
            raise KeyError(key) from None

    def __setitem__(self, key: Variant, value: Variant) -> None:
        self._put(self._key_type.admit(key), self._value_type.admit(value))

    def _put(self, key: Variant, value: Variant) -> None:
        """Set without checking types; an existing key is kept as it is."""
        identity = _identity(key)
        entry = self._entries.get(identity)
        self._entries[identity] = (key if entry is None else entry[0], value)

    def __delitem__(self, key: Variant) -> None:
        try:
            del self._entries[_identity(key)]
        except KeyError:
            raise KeyError(key) from None

    def copy(self) -> Self:
        """Whether both have the same types, keys and values."""
        twin = self._of(self._key_type, self._value_type)
        twin._entries = self._entries.copy()
        return twin

    __copy__ = copy

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dict):
            other = Dictionary(other)
        return isinstance(other, Dictionary) and self._by_identity() == other._by_identity()

    __hash__ = None  # type: ignore[assignment]

    def _by_identity(self) -> dict[Hashable, Variant]:
        return {identity: value for identity, (_, value) in self._entries.items()}

    def __repr__(self) -> str:
        types = f", {_shown(self._key_type)}, {_shown(self._value_type)}" if self.is_typed() else ""
        return f"Dictionary({list(self.items())}{types})"


class _Items(ItemsView[Any, Any]):
    """Without looking up each key again, which for a list as a key would read all of it."""

    __slots__ = ()
    _mapping: Dictionary

    def __iter__(self) -> Iterator[tuple[Variant, Variant]]:
        return iter(self._mapping._entries.values())


class _Values(ValuesView[Any]):
    __slots__ = ()
    _mapping: Dictionary

    def __iter__(self) -> Iterator[Variant]:
        return (value for _, value in self._mapping._entries.values())


def _shown(element_type: ElementType) -> str:
    return f"{element_type.type.name}, {element_type.class_name!r}, {element_type.script or None!r}"


def _identity(key: Variant) -> Hashable:
    """A value that is equal for two keys if they are one key to Godot."""
    # Each of these has a hash that a remote cannot choose: text, bytes, or one of the value types. See hashing.py.
    kind = typeof(key)
    if kind is VariantType.TYPE_BOOL:
        return b"true" if key else b"false"
    if kind is VariantType.TYPE_INT:
        number = int(key)
        return b"int" + number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    if kind is VariantType.TYPE_FLOAT:
        return b"float" + _pack_double(float(key) or 0.0) if key == key else b"nan"  # -0.0 equals 0.0
    if kind is VariantType.TYPE_PACKED_BYTE_ARRAY:
        return b"bytes" + bytes(key)
    if isinstance(key, Row) and not key.is_finite():
        return _without_nan(key)
    try:
        hash(key)
    except TypeError:
        return b"value" + encode_variant(key, typed=False)
    return key  # type: ignore[no-any-return]  # of a type that equals no other one


def _without_nan(row: Row[Any]) -> Hashable:
    """In Godot's keys NaN equals NaN, also as a component."""
    numbers = row._to_wire()
    if all(number == number for number in numbers):
        return row
    return f"{type(row).__name__} {[None if number != number else number or 0.0 for number in numbers]}".encode()
