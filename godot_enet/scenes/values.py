"""Reads the values of Godot's text files, as Variants of this package or, for other types, as records."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from godot_enet.compat.variant import (
    RID,
    Array,
    Dictionary,
    EncodedCallable,
    EncodedSignal,
    NodePath,
    PackedStringArray,
    StringName,
    Variant,
    VariantType,
)
from godot_enet.compat.variant.decode import plain_dictionary
from godot_enet.compat.variant.element_type import ANY, REFUSED, ElementType
from godot_enet.scenes.number_values import NUMBER_READERS, NUMBER_WORDS, ends, whole
from godot_enet.scenes.records import ExtResource, NamedValue, ObjectValue, SubResource, TypedArray, TypedDictionary
from godot_enet.scenes.tokens import ATOM, INT, STRING, WORD, Cursor

__all__ = ["MAX_DEPTH", "Locate", "References", "read_value", "written_path"]

MAX_DEPTH = 100
"""Maximum depth of nested values."""

_WORDS: dict[str, Variant] = {"true": True, "false": False, "null": None, "nil": None, **NUMBER_WORDS}

Locate: TypeAlias = Callable[[str, str], str]
"""The ``res://`` path of a resource, by the path and the uid that are written; either may be empty."""


def written_path(path: str, uid: str) -> str:
    """The path as written."""
    return path


class References(NamedTuple):
    """What the names in ``ExtResource(...)`` and ``SubResource(...)`` stand for, as far as the file has been read."""

    external: dict[str, ExtResource]
    internal: dict[str, SubResource]
    locate: Locate = written_path


def read_value(cursor: Cursor, references: References | None = None, depth: int = 0) -> Variant:
    """Read the value that begins here.

    Args:
        cursor: where to read.
        references: the resources of the file; None where a file has none.
        depth: the number of values around this one.

    Raises:
        SceneError: there is none.
    """
    if depth > MAX_DEPTH:
        raise cursor.error(f"values nested at most {MAX_DEPTH} deep")
    match = ATOM.match(cursor.text, cursor.position)
    if match is not None and (kind := match.lastindex) is not None:  # the common case, in one step
        if kind != WORD:
            cursor.position = match.end()
            text = match.group(kind)
            return text if kind == STRING else int(text) if kind == INT else float(text)
        word = match.group(WORD)
        if word in NUMBER_READERS or word in _READERS:
            cursor.position = match.end()
            return _read_named(word, cursor, references, depth)
    char = cursor.peek()
    if char == '"':
        return cursor.string()
    if char and char in "-0123456789":
        number = cursor.number()
        if number is not None:
            return number
    if char == "[":
        return _elements(cursor, references, depth)
    if char == "{":
        return _dictionary(_entries(cursor, references, depth))
    if char and char in "&@":  # @ is Godot 3's
        cursor.position += 1
        if cursor.text[cursor.position : cursor.position + 1] != '"':
            raise cursor.error(f"a quote after {char}")
        return StringName(cursor.string())
    if char == "#":
        return cursor.color()
    start = cursor.position
    word = cursor.word()
    if word in _WORDS:
        return _WORDS[word]
    if word in NUMBER_READERS or word in _READERS:
        return _read_named(word, cursor, references, depth)
    if word and cursor.peek() == "(":
        return NamedValue(word, tuple(_arguments(cursor, references, depth)))
    cursor.position = start
    raise cursor.error("a value")


def _read_named(word: str, cursor: Cursor, references: References | None, depth: int) -> Variant:
    """Read the value whose name was just read."""
    if word in NUMBER_READERS:
        return NUMBER_READERS[word](cursor)
    return _READERS[word](cursor, references, depth)


def _elements(cursor: Cursor, references: References | None, depth: int) -> list[Variant]:
    cursor.expect("[")
    found: list[Variant] = []
    while not cursor.skip("]"):
        found.append(read_value(cursor, references, depth + 1))
        if not cursor.skip(",") and cursor.peek() != "]":
            raise cursor.error("',' or ']' in an array")
    return found


def _entries(cursor: Cursor, references: References | None, depth: int) -> list[tuple[Variant, Variant]]:
    cursor.expect("{")
    found: list[tuple[Variant, Variant]] = []
    while not cursor.skip("}"):
        key = read_value(cursor, references, depth + 1)
        cursor.expect(":", "behind a key")
        found.append((key, read_value(cursor, references, depth + 1)))
        if not cursor.skip(",") and cursor.peek() != "}":
            raise cursor.error("',' or '}' in a dictionary")
    return found


def _dictionary(entries: list[tuple[Variant, Variant]]) -> Variant:
    try:
        return plain_dictionary([key for key, _ in entries], [value for _, value in entries])
    except TypeError:  # a key with a record in it
        return TypedDictionary(ANY, ANY, entries)


def _arguments(cursor: Cursor, references: References | None, depth: int) -> list[Variant]:
    """Values in brackets, or names in place of values, as in ``InputEvent(KEY, ...)`` of old files."""
    cursor.expect("(")
    found: list[Variant] = []
    while not cursor.skip(")"):
        cursor.peek()
        start = cursor.position
        word = cursor.word()
        if word and word not in _WORDS and cursor.peek() in (",", ")"):
            found.append(NamedValue(word, ()))
        else:
            cursor.position = start
            found.append(read_value(cursor, references, depth + 1))
        if not cursor.skip(",") and cursor.peek() != ")":
            raise cursor.error("',' or ')'")
    return found


# Other values with brackets


def _string_in_brackets(cursor: Cursor) -> str:
    cursor.expect("(")
    if cursor.peek() != '"':
        raise cursor.error("a string")
    text = cursor.string()
    cursor.expect(")")
    return text


def _node_path(cursor: Cursor, references: References | None, depth: int) -> Variant:
    return NodePath(_string_in_brackets(cursor))


def _rid(cursor: Cursor, references: References | None, depth: int) -> Variant:
    cursor.expect("(")
    cursor.peek()
    number = cursor.number()
    cursor.expect(")")
    return RID(whole(number or 0, 64) & 0xFFFFFFFFFFFFFFFF)


def _empty(value: Variant) -> _Reader:
    def read(cursor: Cursor, references: References | None, depth: int) -> Variant:
        cursor.expect("(")
        cursor.expect(")")
        return value

    return read


def _strings(cursor: Cursor, references: References | None, depth: int) -> Variant:
    cursor.expect("(")
    found = PackedStringArray()
    while not cursor.skip(")"):
        if cursor.peek() != '"':
            raise cursor.error("a string")
        found.append(cursor.string())
        if not cursor.skip(",") and cursor.peek() != ")":
            raise cursor.error("',' or ')'")
    return found


def _object(cursor: Cursor, references: References | None, depth: int) -> Variant:
    cursor.expect("(")
    cursor.peek()
    kind = cursor.word()
    if not kind:
        raise cursor.error("the class of an object")
    properties: dict[str, Variant] = {}
    cursor.expect(",", "behind the class of an object")
    while not cursor.skip(")"):
        if cursor.peek() != '"':
            raise cursor.error("the name of a property, in quotes")
        name = cursor.string()
        cursor.expect(":", "behind the name of a property")
        properties[name] = read_value(cursor, references, depth + 1)
        if not cursor.skip(",") and cursor.peek() != ")":
            raise cursor.error("',' or ')'")
    return ObjectValue(kind, properties)


# Resources


def _resource(cursor: Cursor, references: References | None, depth: int) -> Variant:
    cursor.expect("(")
    texts = {"uid": "", "path": ""}
    while True:
        if cursor.peek() != '"':
            raise cursor.error("the path of a resource")
        text = cursor.string()
        kind = "uid" if text.startswith("uid://") else "path"
        if texts[kind]:
            raise cursor.error(f"one {kind} of a resource")
        texts[kind] = text
        if ends(cursor):
            path, uid = texts["path"], texts["uid"]
            return ExtResource(references.locate(path, uid) if references else path, uid=uid)


def _reference_id(cursor: Cursor) -> tuple[str, int]:
    """The id in brackets, a number in old files, and its position."""
    cursor.expect("(")
    is_string = cursor.peek() == '"'
    start = cursor.position
    found = cursor.string() if is_string else cursor.number()
    if found is None:
        raise cursor.error("the id of a resource")
    cursor.expect(")")
    return str(found), start


def _external(cursor: Cursor, references: References | None, depth: int) -> Variant:
    if references is None:
        return _resource(cursor, references, depth)
    id, start = _reference_id(cursor)
    if id not in references.external:
        cursor.position = start
        raise cursor.error("the id of an ext_resource of this file")
    return references.external[id]


def _internal(cursor: Cursor, references: References | None, depth: int) -> Variant:
    if references is None:
        return _resource(cursor, references, depth)
    id, start = _reference_id(cursor)
    if id not in references.internal:
        cursor.position = start
        raise cursor.error("the id of an earlier sub_resource")
    return references.internal[id]


# Typed containers

_BUILT_IN = {kind.godot_name: ElementType(kind) for kind in VariantType if 0 < kind < VariantType.TYPE_MAX}


def _element_type(cursor: Cursor, references: References | None, depth: int) -> ElementType:
    cursor.peek()
    start = cursor.position
    word = cursor.word()
    if not word:
        raise cursor.error("the type of the elements")
    if word in _BUILT_IN:
        return _BUILT_IN[word]
    if word in ("ExtResource", "SubResource", "Resource") and cursor.peek() == "(":
        cursor.position = start
        script = read_value(cursor, references, depth + 1)
        path = script.path if isinstance(script, ExtResource) else f"::{script.id}"
        return ElementType(VariantType.TYPE_OBJECT, "", path)
    return ANY if word == "Variant" else ElementType(VariantType.TYPE_OBJECT, word)


def _holds_objects(*types: ElementType) -> bool:
    return any(kind.type in (VariantType.TYPE_OBJECT, VariantType.TYPE_NIL) for kind in types)


def _typed_array(cursor: Cursor, references: References | None, depth: int) -> Variant:
    cursor.expect("[")
    kind = _element_type(cursor, references, depth)
    cursor.expect("]")
    cursor.expect("(")
    elements = _elements(cursor, references, depth)
    cursor.expect(")")
    if kind is ANY:
        return elements
    if kind.type is VariantType.TYPE_OBJECT:
        return TypedArray(kind, elements)
    try:
        fitted = [kind.fit(element) for element in elements]
    except TypeError:  # a record
        fitted = [REFUSED]
    # godot: Array::assign leaves the array empty if one does not fit
    return Array._of([] if REFUSED in fitted else fitted, kind)


def _typed_dictionary(cursor: Cursor, references: References | None, depth: int) -> Variant:
    cursor.expect("[")
    key_type = _element_type(cursor, references, depth)
    cursor.expect(",")
    value_type = _element_type(cursor, references, depth)
    cursor.expect("]")
    cursor.expect("(")
    entries = _entries(cursor, references, depth)
    cursor.expect(")")
    if key_type is ANY and value_type is ANY:
        return _dictionary(entries)
    if VariantType.TYPE_OBJECT in (key_type.type, value_type.type):
        return TypedDictionary(key_type, value_type, entries)
    made = Dictionary._of(key_type, value_type)
    try:
        for key, value in entries:
            made[key] = value
    except TypeError:
        # godot: Dictionary::assign leaves the dictionary empty if one does not fit; a record needs a place of its own
        if _holds_objects(key_type, value_type):
            return TypedDictionary(key_type, value_type, entries)
        return Dictionary._of(key_type, value_type)
    return made


_Reader = Callable[[Cursor, References | None, int], Variant]
_READERS: dict[str, _Reader] = {
    "NodePath": _node_path,
    "RID": _rid,
    "Signal": _empty(EncodedSignal()),
    "Callable": _empty(EncodedCallable()),
    "Object": _object,
    "Resource": _resource,
    "ExtResource": _external,
    "SubResource": _internal,
    "Array": _typed_array,
    "Dictionary": _typed_dictionary,
    **dict.fromkeys(("PackedStringArray", "PoolStringArray", "StringArray"), _strings),
}
