"""The values that a parameter accepts, by its annotation: those that GDScript accepts for a parameter of that type.

Annotations that stand for none of Godot's types are not checked. Where Python can express more than GDScript, the
nearest rule of Godot applies: each element of a ``list[int]`` is converted as an element of an ``Array[int]``, a union
accepts whatever one of its members accepts, and numbers become members of an enum if it has them.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from godot_enet.compat.variant import Array, Dictionary, PackedByteArray, Variant, VariantType, typeof
from godot_enet.compat.variant.conversions import REFUSED, convert
from godot_enet.compat.variant.element_type import ElementType

__all__ = ["REFUSED", "Accepted", "accepted", "type_name"]

_KINDS: dict[object, VariantType] = {
    NoneType: VariantType.TYPE_NIL,
    bool: VariantType.TYPE_BOOL,
    int: VariantType.TYPE_INT,
    float: VariantType.TYPE_FLOAT,
    str: VariantType.TYPE_STRING,
    bytes: VariantType.TYPE_PACKED_BYTE_ARRAY,
    bytearray: VariantType.TYPE_PACKED_BYTE_ARRAY,
    memoryview: VariantType.TYPE_PACKED_BYTE_ARRAY,
    list: VariantType.TYPE_ARRAY,
    dict: VariantType.TYPE_DICTIONARY,
    collections.abc.Callable: VariantType.TYPE_CALLABLE,
}
_BUFFERS = (PackedByteArray, bytearray, memoryview)
"""The types that a parameter may have instead of ``bytes``, which arrive."""


class Accepted(NamedTuple):
    """The values that a parameter accepts."""

    name: str
    """The name of the type in errors."""
    fit: Callable[[Variant], Variant]
    """The value, converted if necessary; ``REFUSED`` if it is not accepted."""
    exact: object = None
    """Values of exactly this class are accepted unchanged."""
    kind: VariantType | None = None
    """Godot's type, if there is one."""


def type_name(value: Variant) -> str:
    """Godot's name of the type of a value."""
    try:
        return typeof(value).godot_name
    except TypeError:
        return type(value).__name__


def accepted(annotation: object, names: Mapping[str, Any], more_names: Mapping[str, Any]) -> Accepted | None:
    """The meaning of an annotation; None if nothing is checked.

    Args:
        annotation: the annotation itself, or its text.
        names: the meaning of names in the text: the globals of the function.
        more_names: the meaning of further names: those of the class.
    """
    holder = SimpleNamespace(__annotations__={"it": annotation})
    try:
        try:
            hint = get_type_hints(holder, dict(names))["it"]
        except NameError:
            hint = get_type_hints(holder, dict(names), dict(more_names))["it"]
        return _of(hint)
    except Exception:  # known only to type checkers; and an annotation may be anything, and raise anything
        return None


def _of(hint: Any) -> Accepted | None:
    if hasattr(hint, "__supertype__"):  # a NewType
        return _of(hint.__supertype__)
    if type(hint).__name__ == "TypeAliasType":
        return _of(hint.__value__)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Union or origin is UnionType:
        return _union([_of(argument) for argument in arguments])
    cls = origin or hint
    kind = _kind(cls)
    if kind is None:
        return _node(cls) if isinstance(cls, type) else None
    if issubclass(cls, Enum):
        return _enum(cls, kind)
    inner = [_of(argument) for argument in arguments]
    if cls is list and inner:
        return _list(*inner)
    if cls is dict and inner:
        return _dict(*inner)
    if cls is Array and inner:
        return _typed_array(_element_type(inner[0]))
    if cls is Dictionary and inner:
        return _typed_dictionary(*map(_element_type, inner))
    return _plain(cls, kind)


def _kind(cls: object) -> VariantType | None:
    for base in cls.__mro__ if isinstance(cls, type) else ():
        kind = _KINDS[base] if base in _KINDS else vars(base).get("variant_type")
        if isinstance(kind, VariantType):
            return kind
    return None


def _plain(cls: type, kind: VariantType) -> Accepted:
    def fit(value: Variant) -> Variant:
        try:
            fitting = convert(value, kind)
        except TypeError:  # no Variant: a local call
            return value if isinstance(value, cls) else REFUSED
        if cls in _BUFFERS and fitting is not REFUSED and not isinstance(fitting, cls):
            return cls(fitting)
        return fitting

    return Accepted(kind.godot_name, fit, cls, kind)


def _node(cls: type) -> Accepted | None:
    """Nodes are not sent: a null arrives instead, or the value is refused."""
    from godot_enet.compat.scene.node import Node  # which is above this module

    if not issubclass(cls, Node):
        return None
    kind = VariantType.TYPE_OBJECT
    return Accepted(
        kind.godot_name, lambda value: value if value is None or isinstance(value, cls) else REFUSED, cls, kind
    )


def _enum(cls: type[Enum], kind: VariantType) -> Accepted:
    def fit(value: Variant) -> Variant:
        fitting = convert(value, kind)
        try:
            return fitting if fitting is REFUSED else cls(fitting)
        except ValueError:  # as in GDScript, a parameter with an enum type accepts any number
            return fitting

    return Accepted(kind.godot_name, fit, cls, kind)


def _union(members: list[Accepted | None]) -> Accepted | None:
    known = [member for member in members if member is not None]
    if len(known) < len(members):
        return None

    def fit(value: Variant) -> Variant:
        fitting = [member.fit(value) for member in known]
        if any(made is value for made in fitting):
            return value
        return next((made for made in fitting if made is not REFUSED), REFUSED)

    return Accepted(" | ".join(member.name for member in known), fit)


def _all(element: Accepted | None, values: list[Variant]) -> list[Variant]:
    return values if element is None else [element.fit(value) for value in values]


def _list(element: Accepted | None) -> Accepted:
    kind = VariantType.TYPE_ARRAY

    def fit(value: Variant) -> Variant:
        array = convert(value, kind)
        if array is REFUSED:
            return REFUSED
        fitting = _all(element, list(array))
        if any(made is REFUSED for made in fitting):
            return REFUSED
        return array if all(map(_is, fitting, array)) else fitting

    return Accepted(f"Array[{element.name}]" if element else "Array", fit, None, kind)


def _dict(key: Accepted | None, value: Accepted | None) -> Accepted:
    kind = VariantType.TYPE_DICTIONARY

    def fit(given: Variant) -> Variant:
        if convert(given, kind) is REFUSED:
            return REFUSED
        old_keys, old_values = list(given), list(given.values())
        keys, values = _all(key, old_keys), _all(value, old_values)
        if any(made is REFUSED for made in keys + values):
            return REFUSED
        if all(map(_is, keys + values, old_keys + old_values)):
            return given
        pairs = zip(keys, values, strict=True)
        return dict(pairs) if isinstance(given, dict) else Dictionary(pairs)

    names = [each.name if each else "Variant" for each in (key, value)]
    return Accepted(f"Dictionary[{', '.join(names)}]", fit, None, kind)


def _is(one: object, other: object) -> bool:
    return one is other


def _element_type(element: Accepted | None) -> ElementType:
    return ElementType(VariantType.TYPE_NIL if element is None or element.kind is None else element.kind)


def _typed_array(element: ElementType) -> Accepted:
    """GDScript's ``Array[int]``: accepts arrays that are declared so, and packed arrays."""
    kind = VariantType.TYPE_ARRAY

    def fit(value: Variant) -> Variant:
        array = convert(value, kind)
        if array is REFUSED or element.type is VariantType.TYPE_NIL:
            return array
        if typeof(value) is kind:
            same = isinstance(value, Array) and value.get_typed_builtin() is element.type
            return value if same else REFUSED
        fitting = [element.fit(each) for each in array]
        # As in Godot: if one element does not fit, there is no array.
        return Array._of([] if any(made is REFUSED for made in fitting) else fitting, element)

    return Accepted(kind.godot_name, fit, None, kind)


def _typed_dictionary(key: ElementType, value: ElementType) -> Accepted:
    """GDScript's ``Dictionary[String, int]``: accepts dictionaries with these types, or with this type of keys only."""
    kind = VariantType.TYPE_DICTIONARY

    def fit(given: Variant) -> Variant:
        if convert(given, kind) is REFUSED:
            return REFUSED
        if key == value == ElementType():
            return given
        if not isinstance(given, Dictionary) or not given.is_typed():
            return REFUSED
        keys, values = given.get_typed_key_builtin(), given.get_typed_value_builtin()
        return given if keys is key.type and values in (value.type, VariantType.TYPE_NIL) else REFUSED

    return Accepted(kind.godot_name, fit, None, kind)
