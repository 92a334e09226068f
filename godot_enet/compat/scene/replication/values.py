"""Values of watched properties: whether one has changed, and copies that do not change with the original."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping
from copy import copy
from typing import Any

from godot_enet.compat.variant import VariantType, typeof
from godot_enet.compat.variant.row import Row

__all__ = ["differs", "duplicate"]

_ATOMS = frozenset({int, bool, str, type(None)})
"""Types whose equal values are identical if they are of one type."""
_NOTHING = object()
_MAX_DEPTH = 100
"""Godot's limit: deeper nested values count as equal, and are not copied."""


def differs(old: Any, new: Any) -> bool:
    """Whether a watched property has changed: its type or its value.

    NaN is the same as NaN, also in a vector or a packed array, but not inside an array or a dictionary.
    """
    # godot: core/variant/variant.cpp: hash_compare
    kind = type(new)
    if type(old) is kind and kind in _ATOMS:
        return bool(old != new)
    return not _same(old, new, 0)


def _same(old: Any, new: Any, depth: int) -> bool:
    if old is new and not isinstance(new, (float, list, Mapping)):
        return True
    try:
        kind = typeof(new)
        if typeof(old) is not kind:
            return False
    except TypeError:
        return bool(old is new)  # not a type of Godot
    if kind is VariantType.TYPE_FLOAT:
        return bool(old == new) or (depth == 0 and math.isnan(old) and math.isnan(new))
    if isinstance(new, Row):
        return _same_numbers(old._to_wire(), new._to_wire())
    if kind is VariantType.TYPE_ARRAY:
        return _same_array(old, new, depth + 1)
    if kind is VariantType.TYPE_DICTIONARY:
        return _same_dictionary(old, new, depth + 1)
    if kind in _PACKED_FLOATS:
        return _same_numbers(old, new)
    if kind in _PACKED_ROWS:
        return len(old) == len(new) and all(_same(a, b, 0) for a, b in zip(old, new, strict=True))
    if kind is VariantType.TYPE_PACKED_BYTE_ARRAY:
        return bytes(old) == bytes(new)
    return bool(old == new)


_PACKED_FLOATS = (VariantType.TYPE_PACKED_FLOAT32_ARRAY, VariantType.TYPE_PACKED_FLOAT64_ARRAY)
_PACKED_ROWS = (
    VariantType.TYPE_PACKED_VECTOR2_ARRAY,
    VariantType.TYPE_PACKED_VECTOR3_ARRAY,
    VariantType.TYPE_PACKED_VECTOR4_ARRAY,
    VariantType.TYPE_PACKED_COLOR_ARRAY,
)


def _same_numbers(old: Any, new: Any) -> bool:
    return len(old) == len(new) and all(a == b or (a != a and b != b) for a, b in zip(old, new, strict=True))


def _same_array(old: Any, new: Any, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return True
    return len(old) == len(new) and all(_same(a, b, depth) for a, b in zip(old, new, strict=True))


def _same_dictionary(old: Any, new: Any, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return True
    if len(old) != len(new):
        return False
    return all(_same(old.get(key, _NOTHING), value, depth) for key, value in new.items())


def duplicate(value: Any) -> Any:
    """A deep copy of arrays, dictionaries and packed arrays; everything else is kept as it is, as in Godot."""
    if isinstance(value, (str, bytes, Row)) or value is None or isinstance(value, (int, float)):
        return value
    return _duplicate(value, 0)


def _duplicate(value: Any, depth: int) -> Any:
    made: Any
    if isinstance(value, list):
        made = copy(value)
        if depth < _MAX_DEPTH:
            for index, item in enumerate(value):
                if isinstance(item, (list, Mapping, bytearray)) or _is_packed(item):
                    list.__setitem__(made, index, _duplicate(item, depth + 1))
        return made
    if isinstance(value, Mapping):
        made = copy(value) if isinstance(value, MutableMapping) else dict(value)
        if depth < _MAX_DEPTH:
            for key, item in list(value.items()):
                made[key] = _duplicate(item, depth + 1)
        return made
    if isinstance(value, memoryview):
        return bytes(value)
    return copy(value) if isinstance(value, bytearray) or _is_packed(value) else value


def _is_packed(value: Any) -> bool:
    kind = getattr(type(value), "variant_type", None)
    return isinstance(kind, VariantType) and kind >= VariantType.TYPE_PACKED_BYTE_ARRAY
