"""What scripts say about authorities and spawn functions, as far as a line shows it."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["AuthorityCall", "authority_calls", "spawn_function_of"]

_FUNCTION = re.compile(r"(?:static\s+)?func\s+(\w+)")
_CALL = re.compile(r"(?P<target>[^\s:=(]+|\S*get_node\([^()]*\))?(?<!\w)set_multiplayer_authority\((?P<rest>.*)")
_NUMBER = r"(?:(?:self\.)?name|str\((?:self\.)?name\))"
_BY_NAME = re.compile(rf"(?:{_NUMBER}\.to_int\(\)|int\({_NUMBER}\))")
_NODE = re.compile(r"""\$["']?([\w/%]+)["']?|(?:self\.)?get_node\(\^?["']([^"']+)["']\)|(%\w+)""")
_SPAWN_FUNCTION = re.compile(r"^\s*(?:self\.)?(?:spawn_function\s*=|set_spawn_function\()\s*(\w+)", re.MULTILINE)
_BEFORE_USE = ("_init", "_enter_tree", "_ready")


class AuthorityCall(NamedTuple):
    """A call of ``set_multiplayer_authority``."""

    line: int
    text: str
    """The line."""
    function: str
    """The function that calls it."""
    target: str
    """The path of the node that gets the authority, from that of the script; empty if unknown."""
    is_by_name: bool
    """Whether the node gets the number in its own name, as soon as the node is there."""


def authority_calls(text: str) -> list[AuthorityCall]:
    """The calls of ``set_multiplayer_authority`` in a script."""
    found = []
    function, names = "", set[str]()
    for number, line in enumerate(text.splitlines(), 1):
        code = line.partition("#")[0]
        if begun := _FUNCTION.match(code):
            function, names = begun.group(1), set()
        if variable := re.match(rf"\s+var\s+(\w+)\s*(?::\s*int\s*)?:?=\s*{_BY_NAME.pattern}\s*$", code):
            names.add(variable.group(1))
        if call := _CALL.search(code):
            target = _target(text, (call["target"] or "").rstrip("."))
            number_of = _argument(call["rest"])
            is_by_name = bool(target and (_BY_NAME.fullmatch(number_of) or number_of in names))
            is_by_name = is_by_name and function in _BEFORE_USE
            found.append(AuthorityCall(number, code.strip(), function, target, is_by_name))
    return found


def _argument(rest: str) -> str:
    """The first argument of a call, after its opening bracket."""
    depth = 0
    for place, character in enumerate(rest):
        depth += (character in "([{") - (character in ")]}")
        if depth < 0 or (depth == 0 and character == ","):
            return rest[:place].strip()
    return rest.strip()


def _target(text: str, written: str) -> str:
    """The path of a node that is called by a path, or by a variable of the script that is set to one."""
    if written in ("", "self"):
        return "."
    if written.isidentifier():
        variable = re.search(rf"^@onready\s+var\s+{written}\b[^=\n]*=\s*(.+?)\s*$", text, re.MULTILINE)
        written = variable.group(1) if variable else ""
    node = _NODE.fullmatch(written)
    return next(filter(None, node.groups()), "") if node else ""


def spawn_function_of(text: str) -> tuple[str, int]:
    """The function that a spawner's script sets as its ``spawn_function``, and where; empty and 0 if it sets none."""
    found = _SPAWN_FUNCTION.search(text)
    if found is None:
        return "", 0
    declared = re.search(rf"^func\s+{found.group(1)}\b", text, re.MULTILINE)
    place = declared.start() if declared else found.start(1)
    return found.group(1), text.count("\n", 0, place) + 1
