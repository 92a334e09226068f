"""Players of demos/flock.py and demos/godot/flock that a test looks into and plays for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from godot_enet import MultiplayerSynchronizer, SceneTree, Vector2
from tests.demos.program import ROOT

from .programs import HERE, Program

__all__ = ["End", "GodotEnd", "PythonEnd", "State", "States", "godot_project"]

State = tuple[int, list[Any]]
"""The authority of a synchronizer, and the values of its properties."""
States = dict[str, State]
"""By path."""
FRAME = 1 / 60
WAYS = {"ui_up": Vector2.UP, "ui_left": Vector2.LEFT}
LATE = "Ignoring sync data from non-authority or for missing node."
"""A place that was under way when its carrier gave the sheep back: it goes unreliably, and may come last."""
PROBE = '\n[autoload]\n\nProbe="*res://probe.gd"\n'


class End(Protocol):
    """One of the players, or the server with its own."""

    @property
    def id(self) -> int: ...

    def states(self) -> States:
        """Of all synchronizers in its tree."""

    def change(self, path: str, property: str, value: Any) -> None:
        """Set a property of a node below ``/root/Flock``; a pair of numbers is a ``Vector2``."""

    def press(self, action: str, *, down: bool = True) -> None:
        """Hold a key down, or let it go: ``ui_up`` or ``ui_left``."""

    def pause(self) -> None:
        """Stop the game, but not the multiplayer."""

    def close(self) -> None:
        """Leave the game, in which nothing may have gone wrong."""


def rounded(value: Any) -> Any:
    """As comparable: JSON does not keep all digits."""
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return round(value, 2) if isinstance(value, float) else value


class PythonEnd:
    """In this process; it runs while the test waits."""

    def __init__(self, demo: Any, pieces: Any, port: int, *, serves: bool, auto: bool = False) -> None:
        self.tree = SceneTree()
        self.flock: Any = demo.start(self.tree)
        self._autoplay = pieces.autoplay if auto else None
        if serves:
            self.flock.host(port)
        else:
            self.flock.join("127.0.0.1", port)

    @property
    def id(self) -> int:
        return int(self.flock.multiplayer.get_unique_id())

    def frame(self) -> None:
        me = self.flock.me()
        if me and self._autoplay and not self.tree.paused:
            me.direction = self._autoplay(self.flock, me)
        self.tree.process(FRAME)

    def states(self) -> States:
        found: States = {}
        nodes = [self.tree.root]
        while nodes:
            node: Any = nodes.pop()
            nodes += node.get_children()
            if isinstance(node, MultiplayerSynchronizer) and node.replication_config:
                root: Any = node.get_node(node.root_path)
                paths = node.replication_config.get_properties()
                values = [getattr(root, str(path.get_concatenated_subnames())) for path in paths]
                found[str(node.get_path())] = node.get_multiplayer_authority(), rounded(values)
        return found

    def change(self, path: str, property: str, value: Any) -> None:
        setattr(self.flock.get_node(path), property, Vector2(*value) if isinstance(value, tuple) else value)

    def press(self, action: str, *, down: bool = True) -> None:
        self.flock.me().direction = WAYS[action] if down else Vector2()

    def pause(self) -> None:
        self.tree.paused = True

    def close(self) -> None:
        self.flock.leave("")


class GodotEnd:
    """In a process of its own."""

    def __init__(self, executable: str, project: Path, home: Path, arguments: Sequence[str]) -> None:
        places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        command = [executable, "--headless", "--path", str(project), "--", *arguments]
        self._program = Program("godot", command, project, places)

    @property
    def id(self) -> int:
        return int(self._program.call("id"))

    def states(self) -> States:
        described: dict[str, Any] = self._program.call("describe")
        return {path: (int(authority), rounded(values)) for path, (authority, values) in described.items()}

    def change(self, path: str, property: str, value: Any) -> None:
        self._program.call("change", path=f"/root/Flock/{path}", property=property, value=value)

    def press(self, action: str, *, down: bool = True) -> None:
        self._program.call("press", action=action, down=down)

    def pause(self) -> None:
        self._program.call("pause")

    def close(self) -> None:
        errors = [line for line in self._program.output().splitlines() if "ERROR" in line and LATE not in line]
        self._program.close()
        assert not errors, errors


def godot_project(folder: Path) -> Path:
    """The project as it is in the checkout, with a probe in it."""
    shutil.copytree(ROOT / "demos" / "godot" / "flock", folder, ignore=shutil.ignore_patterns(".godot"))
    shutil.copy(HERE / "godot" / "probe.gd", folder)
    with (folder / "project.godot").open("a", encoding="utf-8") as settings:
        settings.write(PROBE)
    return folder
