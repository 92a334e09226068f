"""``project.godot`` and ``.import`` files: settings in sections."""

from __future__ import annotations

from godot_enet.scenes.errors import SceneError
from godot_enet.scenes.sections import Section, read_assignments
from godot_enet.scenes.tokens import Cursor

__all__ = ["parse_config_file"]


def parse_config_file(text: str, path: str) -> dict[str, Section]:
    """Parse the sections, by name; settings before the first are in the section ``""``.

    Args:
        text: the whole text.
        path: its name in errors.

    Raises:
        SceneError: a setting cannot be read.
    """
    cursor = Cursor(text, path)
    found = {"": Section("", {}, 1)}
    read_assignments(cursor, found[""])
    while cursor.peek():
        line = cursor.line()
        end = cursor.text.find("]", cursor.position)
        if end < 0:
            raise SceneError(path, line, "expected ']' after the name of a section")
        name = cursor.text[cursor.position + 1 : end].strip()
        cursor.position = end + 1
        read_assignments(cursor, found.setdefault(name, Section(name, {}, line)))
    return found
