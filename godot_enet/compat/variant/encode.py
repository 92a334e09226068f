"""Encodes Godot's binary Variant format.

Everything is little-endian and padded to 4 bytes. Each value has a header: its type, and flags from bit 16 on.
Containers are traversed with a list of iterators instead of recursion, so that only Godot's limit of 1024 applies to
their depth, and not Python's recursion limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from godot_enet.compat.globals import Error
from godot_enet.compat.variant.element_type import ANY, ElementType
from godot_enet.compat.variant.failures import EncodeError
from godot_enet.compat.variant.kinds import Variant, VariantType, refuse, typeof
from godot_enet.compat.variant.writers import WRITERS, pack_u32, string_block

__all__ = ["ENCODED_OBJECT", "MAX_DEPTH", "encode_variant"]

MAX_DEPTH = 1024
"""Containers around a value, at most. godot: Variant::MAX_RECURSION_DEPTH"""
ENCODED_OBJECT = "EncodedObjectAsID"
"""The class that Godot writes instead of any other if objects are not allowed."""

_MAX_SIZE = 0x7FFFFFFF


def encode_variant(
    value: Variant, *, max_size: int = _MAX_SIZE, full_objects: bool = False, typed: bool = True
) -> bytes:
    """The bytes of one value.

    Args:
        value: anything :func:`typeof` has a type for.
        max_size: the maximum size in bytes.
        full_objects: whether typed arrays and dictionaries keep the names of classes and scripts. Objects themselves
            are always sent as their number.
        typed: whether typed arrays and dictionaries keep their types at all.

    Raises:
        EncodeError: it is nested too deeply, or larger than ``max_size``, or the path of a script is invalid.
        TypeError: it is, or contains, something that is not a Variant.
        OverflowError: an int does not fit 64 bits, or a component of an integer vector 32.
    """
    write = WRITERS.get(type(value))
    if write is None:
        return _encode_nested(value, max_size, full_objects, typed)
    data = write(value)
    if len(data) > max_size:
        raise _too_large(max_size)
    return data


def _too_large(max_size: int) -> EncodeError:
    text = (
        f"Failed to encode variant, encode size is bigger than encode_buffer_max_size ({max_size} bytes). "
        "Consider raising it via 'set_encode_buffer_max_size'."
    )
    return EncodeError(text, Error.ERR_OUT_OF_MEMORY)


def _encode_nested(value: Variant, max_size: int, full_objects: bool, typed: bool) -> bytes:
    chunks: list[bytes] = []
    size = 0
    outer: list[Iterator[Variant]] = []  # the remaining elements of the containers around
    values: Iterator[Variant] = iter((value,))
    while True:
        for each in values:
            cls = type(each)
            write = WRITERS.get(cls)
            if write is None and cls is not list and cls is not dict:
                write = _inherited(cls)
            if write is not None:
                chunk = write(each)
                children = None
            else:
                chunk, children = _open(each, full_objects, typed)
            chunks.append(chunk)
            size += len(chunk)
            if size > max_size:
                raise _too_large(max_size)
            if children is not None:
                if len(outer) == MAX_DEPTH:
                    raise EncodeError("Potential infinite recursion detected. Bailing.", Error.ERR_OUT_OF_MEMORY)
                outer.append(values)
                values = children
                break
        else:
            if not outer:
                return b"".join(chunks)
            values = outer.pop()


def _inherited(cls: type) -> Callable[[Any], bytes] | None:
    """The writer of the nearest class that it inherits, such as ``int`` for an ``IntEnum``."""
    return next((WRITERS[base] for base in cls.__mro__ if base in WRITERS), None)


def _open(value: Variant, full_objects: bool, typed: bool) -> tuple[bytes, Iterator[Variant] | None]:
    """The beginning of a container, and its elements; None if it is empty."""
    kind = typeof(value)
    header, types = int(kind), b""
    if kind is VariantType.TYPE_ARRAY:
        element_types = [(getattr(value, "_element_type", ANY), 16)]
        children: Iterable[Variant] = value
    elif kind is VariantType.TYPE_DICTIONARY:
        element_types = [(getattr(value, "_key_type", ANY), 16), (getattr(value, "_value_type", ANY), 18)]
        children = chain.from_iterable(value.items())
    else:
        raise refuse(value)
    for element_type, shift in element_types:
        if element_type is not ANY and typed:
            flags, description = _container_type(element_type, full_objects)
            header |= flags << shift
            types += description
    return pack_u32(header) + types + pack_u32(len(value)), iter(children) if value else None


def _container_type(element_type: ElementType, full_objects: bool) -> tuple[int, bytes]:
    """The flags for an element type, and its description after the header."""
    if element_type.type is VariantType.TYPE_NIL:
        return 0, b""
    if element_type.script and full_objects:
        if not element_type.script.startswith("res://"):
            text = "Failed to encode a path to a custom script for a container type."
            raise EncodeError(text, Error.ERR_UNAVAILABLE)
        return 3, string_block(element_type.script)
    if element_type.class_name or element_type.script:
        return 2, string_block(element_type.class_name if full_objects else ENCODED_OBJECT)
    return 1, pack_u32(element_type.type)
