"""What a method takes: how many arguments, and of which types where its annotations are types of Godot's.

GDScript checks a call before it makes it, and converts a little: an int becomes a float and the reverse. A Python
function would take anything, and a remote may send anything; so the same is done here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, get_origin, get_type_hints

from godot_enet.compat.variant import (
    Array,
    Dictionary,
    NodePath,
    PackedByteArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    Rect2,
    Rect2i,
    StringName,
    Variant,
    VariantType,
    Vector2,
    Vector2i,
    Vector3,
    Vector3i,
    Vector4,
    Vector4i,
    typeof,
)

__all__ = ["ArgumentsError", "Parameters"]

_KINDS: dict[object, VariantType] = {
    bool: VariantType.TYPE_BOOL,
    int: VariantType.TYPE_INT,
    float: VariantType.TYPE_FLOAT,
    str: VariantType.TYPE_STRING,
    bytes: VariantType.TYPE_PACKED_BYTE_ARRAY,
    list: VariantType.TYPE_ARRAY,
    Array: VariantType.TYPE_ARRAY,
    dict: VariantType.TYPE_DICTIONARY,
    Dictionary: VariantType.TYPE_DICTIONARY,
}
_NUMBERS = (bool, int, float)
_CONVERSIONS: dict[type, tuple[type, ...]] = {
    bool: _NUMBERS,
    int: _NUMBERS,
    float: _NUMBERS,
    str: (NodePath,),
    StringName: (str,),
    NodePath: (str,),
    Vector2: (Vector2i,),
    Vector2i: (Vector2,),
    Vector3: (Vector3i,),
    Vector3i: (Vector3,),
    Vector4: (Vector4i,),
    Vector4i: (Vector4,),
    Rect2: (Rect2i,),
    Rect2i: (Rect2,),
    bytes: (list,),
    PackedByteArray: (bytes, list),
    PackedInt32Array: (list,),
    PackedInt64Array: (list,),
    PackedFloat32Array: (list,),
    PackedFloat64Array: (list,),
    PackedStringArray: (list,),
    list: (
        PackedInt32Array,
        PackedInt64Array,
        PackedFloat32Array,
        PackedFloat64Array,
        PackedStringArray,
        bytes,
    ),
}
"""What else a type is made of. godot: Variant::can_convert_strict"""


class ArgumentsError(Exception):
    """The arguments do not fit; says why."""


class Parameters:
    """What a function takes, after the node itself."""

    __slots__ = ("_fewest", "_most", "_types")

    def __init__(self, function: Callable[..., Any], skip: int = 1) -> None:
        self._fewest = 0
        self._most: int | None = 0
        self._types: list[type | None] = []
        try:
            parameters = list(signature(function).parameters.values())[skip:]
        except ValueError:  # written in C, without a signature
            self._most = None
            return
        for parameter in parameters:
            if parameter.kind is Parameter.VAR_POSITIONAL:
                self._most = None
            elif parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
                self._types.append(_type_of(parameter.annotation, function))
                self._fewest += parameter.default is Parameter.empty
                if self._most is not None:
                    self._most += 1

    @property
    def count(self) -> tuple[int, int | None]:
        """The fewest arguments, and the most; None if there may be any number."""
        return self._fewest, self._most

    def fit(self, arguments: Sequence[Variant]) -> list[Variant]:
        """The arguments, converted where GDScript would.

        Raises:
            ArgumentsError: they are too few, too many or of other types.
        """
        count = len(arguments)
        if count < self._fewest or (self._most is not None and count > self._most):
            expected = f"at least {self._fewest}" if count < self._fewest else f"at most {self._most}"
            raise ArgumentsError(f"expected {expected}, got {count}")
        fitting = list(arguments)
        for position, (value, wanted) in enumerate(zip(arguments, self._types, strict=False)):
            if wanted is not None and type(value) is not wanted:
                fitting[position] = _convert(value, wanted, position)
        return fitting


def _type_of(annotation: object, function: Callable[..., Any]) -> type | None:
    """The type that an annotation stands for, or None where nothing is checked."""
    holder = SimpleNamespace(__annotations__={"it": annotation})
    try:
        hint = get_type_hints(holder, getattr(function, "__globals__", {}))["it"]
    except Exception:  # known to type checkers alone; and get_type_hints raises whatever the annotation does
        return None
    plain = get_origin(hint) or hint
    return plain if isinstance(plain, type) and (plain in _KINDS or _kind(plain) is not None) else None


def _kind(cls: type) -> VariantType | None:
    kind = _KINDS.get(cls) or getattr(cls, "variant_type", None)
    return kind if isinstance(kind, VariantType) else None


def _convert(value: Variant, wanted: type, position: int) -> Variant:
    if isinstance(value, wanted) and type(value) is not bool:
        return value
    for cls in _CONVERSIONS.get(wanted, ()):
        if isinstance(value, cls):
            if wanted is int and isinstance(value, float) and not (math.isfinite(value) and abs(value) < 2**63):
                break
            try:
                return wanted(value)
            except (TypeError, ValueError, OverflowError):
                break
    if typeof(value) is _kind(wanted):
        return value
    raise ArgumentsError(f"argument {position + 1} is of type {type(value).__name__}, expected {wanted.__name__}")
