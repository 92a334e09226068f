"""The scripts of a Godot project, by their ``res://`` paths, with their ``@rpc`` methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

from godot_enet.scenes import Problem
from godot_enet.scenes.project import Project
from godot_enet.tools import gdscript_project
from godot_enet.tools.gdscript import ScriptClass, ScriptMethod, read_script

__all__ = ["ProjectScripts"]

_CODE = r"^[^#\"'\n]*"
"""What may stand before it in a line of code."""
_SET_UP = {
    re.compile(_CODE + r"\b(MultiplayerSpawner|MultiplayerSynchronizer)\.new\(", re.MULTILINE): "makes a {}",
    re.compile(r"^[^#\n]*[\w\"')\]]\.(spawn_function)\s*=[^=]", re.MULTILINE): "sets the {} of a node",
    re.compile(r"^[^#\n]*[\w\"')\]]\.set_(spawn_function)\(", re.MULTILINE): "sets the {} of a node",
    re.compile(r"^[^#\n]*\b(add_spawnable_scene)\(", re.MULTILINE): "calls {}",
}
"""What scripts do that scenes do not tell."""


class ProjectScripts:
    """The scripts of a project. One that cannot be read has no methods, and is listed in the project's problems.

    Args:
        project: the project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._reader = gdscript_project.Project(project.folder.root / "project.godot", read_script)
        self._methods: dict[str, dict[str, ScriptMethod]] = {}

    def methods(self, path: str) -> dict[str, ScriptMethod]:
        """The methods of a script, or of a class inside it (``res://a.gd:Inner``), including inherited ones."""
        if path not in self._methods:
            self._methods[path] = self._read(path)
        return self._methods[path]

    def _read(self, path: str) -> dict[str, ScriptMethod]:
        file, _, inner = path.removeprefix("res://").partition(".gd:")
        if not path.endswith(".gd") and not inner:
            return {}
        file = f"res://{file.removesuffix('.gd')}.gd"
        try:
            found = self._script(file)
            for name in inner.split(".") if inner else ():
                found = found.classes[name]
            return found.methods(inherited=True)
        except (OSError, ValueError, KeyError) as error:
            self._project.add_problem(Problem(file, 0, f"cannot be read: {error}"))
            return {}

    def script(self, path: str) -> ScriptClass | None:
        """The class of a script; None if it cannot be read."""
        try:
            return self._script(path)
        except (OSError, ValueError) as error:
            self._project.add_problem(Problem(path, 0, f"cannot be read: {error}"))
            return None

    def _script(self, path: str) -> ScriptClass:
        script: ScriptClass = self._reader.load(path, self._project.folder.root / "project.godot")
        return script

    def place(self, method: ScriptMethod) -> tuple[str, int]:
        """The file and line of a method."""
        assert method.path is not None
        return "res://" + method.path.relative_to(self._project.folder.root).as_posix(), method.line

    def note_nodes_made_in_code(self) -> None:
        """Make a problem of what scripts set up, since no scene tells about it.

        These are spawners and synchronizers that they make, scenes that they add to the list of a spawner, and spawn
        functions of nodes that have other scripts.
        """
        for path in self._project.folder.files(".gd"):
            text = self._project.folder.read(path)
            found = [
                (match.start(1), told, match) for pattern, told in _SET_UP.items() for match in pattern.finditer(text)
            ]
            for place, told, match in sorted(found, key=itemgetter(0)):
                line = text.count("\n", 0, place) + 1
                done = told.format(match.group(1))
                self._project.add_problem(Problem(path, line, f"the script {done}; do the same"))

    def with_methods(self) -> Iterator[str]:
        """The paths of all scripts, and classes inside them, that have or inherit methods."""
        for path in self._project.folder.files(".gd"):
            if self.methods(path):
                yield path
            yield from self._inner(path)

    def _inner(self, path: str) -> Iterator[str]:
        try:
            waiting = [(path, self._script(path))]
        except (OSError, ValueError):
            return  # reported when its methods were requested
        while waiting:
            where, script = waiting.pop()
            for name, inner in script.classes.items():
                inside = f"{where}.{name}" if ".gd:" in where else f"{where}:{name}"
                waiting.append((inside, inner))
                if self.methods(inside):
                    yield inside
