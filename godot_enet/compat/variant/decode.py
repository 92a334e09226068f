"""Decodes Godot's binary Variant format.

Data from a remote costs time and memory in proportion to its size: lengths are checked before anything is copied,
containers grow only as their elements are read, a list is used instead of recursion, and keys cannot be chosen to
collide. A byte becomes at most ``MAX_AMPLIFICATION`` bytes of Python objects. Only ``DecodeError`` is raised, whatever
the bytes are.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import error
from typing import Any, NamedTuple

from godot_enet.compat.errors import fail, handling_remote_input
from godot_enet.compat.globals import Error
from godot_enet.compat.variant.containers import Array, Dictionary
from godot_enet.compat.variant.element_type import ANY, REFUSED, ElementType
from godot_enet.compat.variant.encode import ENCODED_OBJECT, MAX_DEPTH
from godot_enet.compat.variant.failures import DecodeError
from godot_enet.compat.variant.hashing import spreads
from godot_enet.compat.variant.kinds import Variant, VariantType
from godot_enet.compat.variant.readers import READERS, read_string, unpack_u32

__all__ = ["MAX_AMPLIFICATION", "MAX_KEY_NESTING", "decode_variant", "plain_dictionary"]

MAX_AMPLIFICATION = 40
"""Bytes of memory for each byte of a value, at most; most values take 2 to 8."""

MAX_KEY_NESTING = 8
"""Containers that are keys of containers that are keys, and so on. Godot has no limit: a key has to be read as a whole,
so a packet of n bytes could cost n times 1024."""

_DICTIONARY = VariantType.TYPE_DICTIONARY
_TYPES = len(READERS)
_BUILT_IN = [ElementType(VariantType(number)) for number in range(VariantType.TYPE_MAX)]
_ENCODED = ElementType(VariantType.TYPE_OBJECT, ENCODED_OBJECT)


class _Frame(NamedTuple):
    """A container whose next element is being read."""

    items: list[Variant]
    left: int
    """Elements still to come; keys and values count separately."""
    finish: Callable[[list[Variant]], Variant] | None
    """Makes the container from its items; None for a plain list."""
    is_dictionary: bool
    key_nesting: int


def decode_variant(data: bytes | bytearray, offset: int = 0, *, allow_objects: bool = False) -> tuple[Variant, int]:
    """Decode the value at ``offset``. Returns it and its size in bytes; data after it is ignored.

    Args:
        data: the bytes; not copied as a whole, so that all values of one array are read in linear time.
        offset: the offset of the value.
        allow_objects: whether typed arrays and dictionaries keep the names of classes and scripts, which are
            ``EncodedObjectAsID`` otherwise. Objects themselves are refused in any case.

    Raises:
        DecodeError: there is no value, or one that is refused.
    """
    dropped: list[int] = []
    try:
        value, end = _decode(data, offset, allow_objects, dropped)
    except error:
        raise DecodeError("truncated Variant", Error.ERR_INVALID_DATA) from None
    if dropped:
        fail(
            f"dropped {sum(dropped)} elements that do not fit the type of their Array or Dictionary", None, remote=True
        )
    return value, end - offset


def _decode(data: bytes | bytearray, position: int, allow_objects: bool, dropped: list[int]) -> tuple[Variant, int]:
    outer: list[_Frame] = []
    items: list[Variant] = []
    left = 1
    finish: Callable[[list[Variant]], Variant] | None = None
    is_dictionary = False
    key_nesting = 0
    while True:
        while left:
            left -= 1
            (header,) = unpack_u32(data, position)
            position += 4
            kind = header & 0xFF
            if kind >= _TYPES:
                raise DecodeError(f"unknown Variant type {kind}", Error.ERR_INVALID_DATA)
            read = READERS[kind]
            if read is not None:
                value, position = read(data, position, header)
                items.append(value)
                continue
            outer.append(_Frame(items, left, finish, is_dictionary, key_nesting))
            key_nesting += is_dictionary and left & 1
            if key_nesting > MAX_KEY_NESTING:
                raise DecodeError("keys of a Dictionary are nested too deeply", Error.ERR_OUT_OF_MEMORY)
            is_dictionary = kind == _DICTIONARY
            open_container = _open_dictionary if is_dictionary else _open_array
            finish, position = open_container(data, position, header, allow_objects, dropped)
            left = unpack_u32(data, position)[0] & 0x7FFFFFFF
            position += 4
            if left and len(outer) > MAX_DEPTH:
                raise DecodeError("Variant is too deep. Bailing.", Error.ERR_OUT_OF_MEMORY)
            if is_dictionary:
                left *= 2
            items = []
        if not outer:
            return items[0], position
        value = items if finish is None else finish(items)
        items, left, finish, is_dictionary, key_nesting = outer.pop()
        items.append(value)


_Opened = tuple[Callable[[list[Variant]], Variant] | None, int]


def _open_array(
    data: bytes | bytearray, position: int, header: int, allow_objects: bool, dropped: list[int]
) -> _Opened:
    """The function that makes the array from its items, and the offset of its count."""
    if not header & 3 << 16:
        return None, position
    element_type, position = _element_type(data, position, header >> 16 & 3, allow_objects)
    if element_type.type is VariantType.TYPE_NIL:
        return None, position

    def finish(items: list[Variant]) -> Variant:
        with handling_remote_input:  # a failed conversion logs text from the remote
            fitted = [element_type.fit(item) for item in items]
        kept = [element for element in fitted if element is not REFUSED]
        if len(kept) < len(items):
            dropped.append(len(items) - len(kept))
        return Array._of(kept, element_type)

    return finish, position


def _open_dictionary(
    data: bytes | bytearray, position: int, header: int, allow_objects: bool, dropped: list[int]
) -> _Opened:
    """The function that makes the dictionary from alternating keys and values, and the offset of its count."""
    if not header & 15 << 16:
        return _finish_dictionary, position
    key_type, position = _element_type(data, position, header >> 16 & 3, allow_objects)
    value_type, position = _element_type(data, position, header >> 18 & 3, allow_objects)
    if key_type.type is VariantType.TYPE_NIL and value_type.type is VariantType.TYPE_NIL:
        return _finish_dictionary, position

    def finish(items: list[Variant]) -> Variant:
        dictionary = Dictionary._of(key_type, value_type)
        with handling_remote_input:
            fitted = [key_type.fit(key) for key in items[::2]]
        for key, value in zip(fitted, items[1::2], strict=True):
            if key is not REFUSED:
                dictionary._put(key, value)  # Godot does not check the types of the values
        if REFUSED in fitted:
            dropped.append(fitted.count(REFUSED))
        return dictionary

    return finish, position


def _finish_dictionary(items: list[Variant]) -> Variant:
    return plain_dictionary(items[::2], items[1::2])


def plain_dictionary(keys: list[Variant], values: list[Variant]) -> Variant:
    """A plain dict, if that loses nothing and its keys do not collide; otherwise a ``Dictionary``.

    Raises:
        TypeError: a key is not a Variant.
    """
    plain: dict[Any, Variant] | None = None
    try:
        if not spreads(keys):
            return _any_dictionary(keys, values)
        plain = dict(zip(keys, values, strict=True))
    except TypeError:  # a key that cannot be hashed
        pass
    else:
        if len(plain) == len(keys):
            return plain
    dictionary = _any_dictionary(keys, values)
    return plain if plain is not None and len(plain) == len(dictionary) else dictionary


def _any_dictionary(keys: list[Variant], values: list[Variant]) -> Dictionary:
    """Make a dictionary with keys and values of any type."""
    dictionary = Dictionary._of(ANY, ANY)
    for key, value in zip(keys, values, strict=True):
        dictionary._put(key, value)
    return dictionary


def _element_type(data: bytes | bytearray, position: int, kind: int, allow_objects: bool) -> tuple[ElementType, int]:
    """The type of the elements of a container: none, by number, by name of a class, or by path of a script."""
    if kind == 0:
        return ANY, position
    if kind == 1:
        (number,) = unpack_u32(data, position)
        if number >= VariantType.TYPE_MAX:
            raise DecodeError(f"unknown Variant type {number}", Error.ERR_INVALID_DATA)
        if number == VariantType.TYPE_OBJECT and not allow_objects:
            return _ENCODED, position + 4
        return _BUILT_IN[number], position + 4
    name, position = read_string(data, position)
    if not allow_objects:
        return _ENCODED, position
    if kind == 2:
        return ElementType(VariantType.TYPE_OBJECT, name), position
    if not name.startswith("res://"):
        raise DecodeError(f"invalid script path {name!r}", Error.ERR_INVALID_DATA)
    return ElementType(VariantType.TYPE_OBJECT, "", name), position
