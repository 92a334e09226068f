"""Sections of Godot's text files: a tag in brackets, and the assignments below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from godot_enet.compat.variant import Variant
from godot_enet.scenes.tokens import Cursor
from godot_enet.scenes.values import References, read_value

__all__ = ["Section", "read_assignments", "read_tag", "sections"]

# Characters that are no blanks, up to where a name ends; godot: VariantParser::parse_tag_assign_eof
_NAME = re.compile(r'[^\x00-\x20=";]+')
_PLAIN_NAME = re.compile(r'([^\x00-\x20=";\[][^\x00-\x20=";]*) ?=')
"""A name with its value, in the form in which Godot writes them."""
_PLAIN_FIELD = re.compile(r"(\w+)=", re.ASCII)


@dataclass(eq=False, slots=True)
class Section:
    """A tag with its fields, and the assignments below it."""

    name: str
    fields: dict[str, Variant]
    line: int
    properties: dict[str, Variant] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """The line of each property."""

    def text(self, name: str) -> str:
        """A field as text; empty if it is missing."""
        found = self.fields.get(name, "")
        return str(found)


def sections(cursor: Cursor, references: References | None = None) -> Iterator[Section]:
    """The sections of a scene or resource, one by one.

    The caller may add the definitions of a section to ``references`` before it requests the next one.

    Raises:
        SceneError: Godot could not read the text.
    """
    while cursor.peek():
        section = read_tag(cursor, references)
        read_assignments(cursor, section, references)
        yield section


def read_tag(cursor: Cursor, references: References | None = None) -> Section:
    """The tag that begins here.

    Raises:
        SceneError: there is none.
    """
    if cursor.peek() != "[":
        raise cursor.error("'[' of a section")
    line = cursor.line()
    cursor.position += 1
    cursor.peek()
    name = cursor.word()
    if not name:
        raise cursor.error("the name of a section")
    while (mark := cursor.peek()) and mark in ".:":
        cursor.position += 1
        cursor.peek()
        name += mark + cursor.word()
    fields: dict[str, Any] = {}
    while not cursor.skip("]"):
        match = _PLAIN_FIELD.match(cursor.text, cursor.position)
        if match is not None:
            cursor.position = match.end()
            fields[match.group(1)] = read_value(cursor, references)
            continue
        key = cursor.word()
        if not key:
            raise cursor.error("']' or the name of a field")
        cursor.expect("=", f"behind {key}")
        fields[key] = read_value(cursor, references)
    return Section(name, fields, line)


def read_assignments(cursor: Cursor, section: Section, references: References | None = None) -> None:
    """Read the assignments up to the next tag into the section.

    Raises:
        SceneError: a value cannot be read.
    """
    name, line = "", 0
    while char := cursor.peek():
        if char == "[" and not name:
            return
        line = line if name else cursor.line()
        plain = None if name else _PLAIN_NAME.match(cursor.text, cursor.position)
        if plain is not None:
            name, cursor.position = plain.group(1), plain.end()
        elif char == "=":
            cursor.position += 1
        else:
            name = cursor.string() if char == '"' else name + _name_part(cursor)
            continue
        section.properties[name] = read_value(cursor, references)
        section.lines[name] = line
        name = ""


def _name_part(cursor: Cursor) -> str:
    """The rest of a name that contains blanks, which Godot drops."""
    match = _NAME.match(cursor.text, cursor.position)
    if match is None:
        raise cursor.error("the name of a property")
    cursor.position = match.end()
    return match.group()
