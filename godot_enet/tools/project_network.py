"""The port and the compression that a project's scripts use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import godot_enet
from godot_enet.scenes.project import Project
from godot_enet.tools.gdscript import ScriptClass
from godot_enet.tools.project_scripts import ProjectScripts

__all__ = ["NetworkSettings", "network_settings"]

_DEFAULT = 7000
_SERVER = re.compile(r"\.create_server\(\s*([^,()]+)")
_CLIENT = re.compile(r"\.create_client\(\s*[^,()]+,\s*([^,()]+)")
_COMPRESS = re.compile(r"\.compress\(\s*ENetConnection\.(COMPRESS_\w+)")
_NAMED_PORT = re.compile(r"^[^#\n]*?\w*port\"?\s*(?::\s*int\s*)?:?[:=]\s*(\d{4,5})\b", re.IGNORECASE | re.MULTILINE)
_ASSIGNED = r"\s*(?::\s*\w+\s*)?:?=(?!=)\s*([^,)\n#]+)"


class NetworkSettings(NamedTuple):
    """What a peer of the game needs to connect."""

    port: int
    remark: str
    """A comment for the end of its line, if the port is not certain."""
    compression: str
    """A member of ``ENetConnection.CompressionMode``; empty for none."""


def network_settings(project: Project, scripts: ProjectScripts) -> NetworkSettings:
    """Find out how the scripts of a project connect."""
    paths = sorted(project.folder.files(".gd"), key=lambda path: path.startswith("res://addons/"))
    texts = {path: project.folder.read(path) for path in paths}
    return NetworkSettings(*_port(texts, scripts), _compression(texts))


def _port(texts: dict[str, str], scripts: ProjectScripts) -> tuple[int, str]:
    for pattern in (_SERVER, _CLIENT):
        for path, text in texts.items():
            for written in pattern.findall(text):
                script = scripts.script(path)
                for tokens in _expressions(texts, path, written.strip()) if script else ():
                    if script and (port := _value(script, tokens)):
                        return port, ""
    for path, text in texts.items():
        for found in _NAMED_PORT.finditer(text):
            if (port := int(found.group(1))) < 65536:
                line = text.count("\n", 0, found.start(1)) + 1
                return port, f"  # a guess, from {path}:{line}"
    return _DEFAULT, "  # not found in the scripts: set it"


def _expressions(texts: dict[str, str], path: str, written: str) -> Iterator[str]:
    """The argument of a call, and if that is a variable or parameter, what it is at first.

    Args:
        texts: all scripts.
        path: of the script with the call.
        written: the argument.
    """
    yield written
    if re.fullmatch(r"\w+", written):
        yield from re.findall(rf"(?<![\w.]){written}{_ASSIGNED}", texts[path])
    elif member := re.fullmatch(r"\w+\.(\w+)", written):  # of an autoload
        for text in texts.values():
            yield from re.findall(rf"\bvar\s+{member.group(1)}{_ASSIGNED}", text)


def _value(script: ScriptClass, written: str) -> int:
    """A constant that can be a port; otherwise 0."""
    try:
        value = script.value(re.findall(r"\w+|[^\s\w]", written))
    except (ValueError, OSError):
        return 0
    return value if type(value) is int and 0 < value < 65536 else 0


def _compression(texts: dict[str, str]) -> str:
    for text in texts.values():
        found = _COMPRESS.search(text)
        if found and hasattr(godot_enet.ENetConnection, found.group(1)):
            return found.group(1)
    return ""
