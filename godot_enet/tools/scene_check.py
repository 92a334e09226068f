"""``scene-check``: checks whether Python code matches a Godot project where all peers must match."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.scenes import SceneFactory, factory_of, make
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.scenes import Scene, SceneError
from godot_enet.scenes.classes import registered_classes
from godot_enet.scenes.project import Autoload, Project
from godot_enet.scenes.replication import spawner_setup
from godot_enet.tools.project_scripts import ProjectScripts
from godot_enet.tools.python_modules import import_module
from godot_enet.tools.scene_differences import Difference, Differences

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to", "check"]

_DESCRIPTION = """\
Compare a Godot project with Python code: RPCs of all scripts, autoloads, spawn lists, replication configs. Exit code: 0
if both ends match, 1 if not, 2 if something cannot be read. Modules are imported as if they had been started without
arguments; their classes with @script, and scenes with register_scene, are compared with the project's. TREE names
a callable in the module that returns a SceneTree, or the node that stands for /root, with autoloads and main scene."""
_CALLS_FAIL = "calls from peers fail here"
_NOT_CREATED = "it cannot be created here"
_NO_TREE = "RPCs and replication do not find its nodes"


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser(
        "scene-check", help="compare a Godot project with the Python code that joins it", description=_DESCRIPTION
    )
    parser.add_argument("project", metavar="PROJECT", help="the folder with project.godot")
    parser.add_argument("modules", nargs="+", metavar="MODULE[:TREE]", help="modules to import")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        project = Project(options.project)
        roots = [root for name in options.modules for root in _import(name)]
        found = list(check(project, roots))
    except SceneError as error:
        return _fail(str(error))
    except (ImportError, AttributeError, TypeError) as error:
        return _fail(str(error))
    except (Exception, SystemExit) as error:  # raised by a module
        return _fail(f"{type(error).__name__}: {error}")
    if options.json:
        _say(json.dumps([each._asdict() for each in found], indent=1))
        return 1 if found else 0
    for each in found:
        _say(str(each))
    for problem in project.problems:
        _say(f"{problem} (not compared)")
    _say(f"{len(found)} difference{'' if len(found) == 1 else 's'}" if found else "No differences.")
    return 1 if found else 0


def _fail(text: str) -> int:
    _say(f"scene-check: {text}", sys.stderr)
    return 2


def _say(text: str, stream: Any = None) -> None:
    print(text, file=stream or sys.stdout)


def _import(name: str) -> Iterator[Node]:
    """Import a module. Returns the root of its tree, if a callable for the tree is given."""
    module, _, attribute = name.partition(":")
    found: Any = import_module(module)
    if not attribute:
        return
    for part in attribute.split("."):
        found = getattr(found, part)
    if callable(found) and not isinstance(found, (Node, SceneTree)):
        found = found()
    if isinstance(found, SceneTree):
        found = found.root
    if not isinstance(found, Node):
        raise TypeError(f"{name} is neither a SceneTree nor a Node, and returns none")
    yield found


def check(project: Project, roots: list[Node]) -> Iterator[Difference]:
    """The differences between a project and the imported Python code.

    Args:
        project: the project.
        roots: nodes that stand for ``/root``, with autoloads and the main scene.
    """
    scripts = ProjectScripts(project)
    scripts.note_nodes_made_in_code()
    differences = Differences(project, scripts)
    for root in roots:
        for autoload in project.autoloads:
            yield from _of_autoload(project, scripts, differences, autoload, root)
        if project.main_scene:
            yield from _of_main_scene(project, differences, root)
    yield from _of_scenes(project, differences, roots)
    yield from _of_classes(scripts, differences)


def _of_autoload(
    project: Project, scripts: ProjectScripts, differences: Differences, autoload: Autoload, root: Node
) -> Iterator[Difference]:
    scene = _scene(project, autoload.path) if autoload.path.endswith(".tscn") else None
    matters = any(map(differences.matters, scene.nodes())) if scene else bool(scripts.methods(autoload.path))
    node = root.get_node_or_null(autoload.name)
    if node is None:
        for path in [each.script for each in scene.nodes()] if scene else [autoload.path]:
            differences.tell(path)
        if matters:
            place = ("res://project.godot", autoload.line)
            yield Difference(*place, "/root", f"there is no autoload {autoload.name}", _NO_TREE)
    elif scene is not None:
        yield from differences.of_tree(scene.root, node)
    else:
        yield from differences.of_class(autoload.path, type(node))


def _of_main_scene(project: Project, differences: Differences, root: Node) -> Iterator[Difference]:
    scene = _scene(project, project.main_scene)
    if scene is None:
        return
    node = root.get_node_or_null(scene.root.name)
    if node is not None:
        yield from differences.of_tree(scene.root, node)
    elif any(map(differences.matters, scene.nodes())):
        yield Difference(*scene.root.origin, "/root", f"there is no main scene {scene.root.name}", _NO_TREE)


def _of_scenes(project: Project, differences: Differences, roots: list[Node]) -> Iterator[Difference]:
    """Scenes that spawners have in their lists, and others that are registered here, with their factories."""
    factories: dict[str, SceneFactory | None] = {}
    for root in roots:
        factories |= _factories(root)
    scenes = {path: scene for path in project.scene_paths() if (scene := _scene(project, path))}
    spawned: dict[str, None] = {}
    for scene in scenes.values():
        for node in scene.nodes():
            if node.type == "MultiplayerSpawner":
                spawned.update(dict.fromkeys(spawner_setup(project, node).scenes))
    compared = {project.main_scene, *(autoload.path for autoload in project.autoloads)}
    for path in [*spawned, *(path for path in scenes if path not in spawned)]:
        if path not in scenes:
            continue
        scene, factory = scenes[path], factories.get(path) or factory_of(path)
        if factory is None and path in spawned:
            text = "no factory is registered for the scene"
            yield Difference(*scene.root.origin, "Python", text, _NOT_CREATED)
        elif factory is not None and (path in spawned or any(map(differences.matters, scene.nodes()))):
            yield from _of_factory(differences, scene, factory, factories)
        elif factory is None and path not in compared:
            yield from _of_added(differences, scene, list(scenes.values()), roots)


def _of_added(differences: Differences, scene: Scene, scenes: list[Scene], roots: list[Node]) -> Iterator[Difference]:
    """A scene that is not registered, but whose nodes are beside the main scene, where its name is its own."""
    name = scene.root.name
    if sum(each.root.name == name for each in scenes) == 1:
        for node in filter(None, [root.get_node_or_null(name) for root in roots]):
            yield from differences.of_tree(scene.root, node)


def _of_factory(
    differences: Differences, scene: Scene, factory: SceneFactory, factories: dict[str, SceneFactory | None]
) -> Iterator[Difference]:
    try:
        made = make(scene.path, factory)
    except Exception as error:
        text = f"the factory of the scene raises {type(error).__name__}: {error}"
        yield Difference(*scene.root.origin, "Python", text, _NOT_CREATED)
        return
    factories |= _factories(made)
    yield from differences.of_tree(scene.root, made)


def _factories(root: Node) -> dict[str, SceneFactory | None]:
    """The factories of the spawners below a node."""
    found: dict[str, SceneFactory | None] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.get_children()
        if isinstance(node, MultiplayerSpawner):
            found |= {scene.path: scene.factory for scene in node._scenes if scene.factory is not None}
    return found


def _of_classes(scripts: ProjectScripts, differences: Differences) -> Iterator[Difference]:
    for path, registered in registered_classes().items():
        if ".gd" in path and isinstance(registered, type):
            yield from differences.of_class(path, registered)
    for path in scripts.with_methods():
        if path in differences.scripts_told:
            continue
        outer, _, inner = path.partition(".gd:")
        cls: Any = registered_classes().get(f"{outer}.gd") if inner else None
        for name in inner.split(".") if inner else ():
            cls = getattr(cls, name, None)
        if isinstance(cls, type) and issubclass(cls, Node):
            yield from differences.of_class(path, cls)
            continue
        names = sorted(scripts.methods(path))
        line = min(method.line for method in scripts.methods(path).values())
        text = f"there is no class for {path.removeprefix('res://')}, which has the RPCs {', '.join(names)}"
        yield Difference(path.partition(".gd:")[0].removesuffix(".gd") + ".gd", line, "Python", text, _CALLS_FAIL)


def _scene(project: Project, path: str) -> Scene | None:
    try:
        return project.scene(path)
    except SceneError as error:
        project.add_problem(error.as_problem())
        return None
