"""``scene-skeleton``: generates a Python module that joins a Godot project's game."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import godot_enet
from godot_enet.scenes import SceneError, synchronizer_setup
from godot_enet.scenes.native_properties import native_properties
from godot_enet.scenes.project import Project
from godot_enet.tools.gdscript import Declaration, ScriptClass
from godot_enet.tools.project_network import NetworkSettings, network_settings
from godot_enet.tools.project_scripts import ProjectScripts
from godot_enet.tools.replication_calls import AuthorityCall, authority_calls, spawn_function_of
from godot_enet.tools.skeleton_text import (
    annotation,
    declaration,
    decorator,
    kind_of_derived,
    parameter,
    quoted,
    safe,
    value_of,
)

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to", "skeleton"]

_DESCRIPTION = """\
Print a Python module that joins or hosts a Godot project's game: a class for each script that has RPCs or is
replicated, and a main() that prints received RPCs and spawns. Save it, run it, and complete it."""
_SCENE = re.compile(r"load\(\s*[\"'](res://[^\"']+\.tscn)[\"']")
_NATIVE = ("MultiplayerSpawner", "MultiplayerSynchronizer", "Timer")


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser(
        "scene-skeleton", help="print a Python module that joins a Godot project's game", description=_DESCRIPTION
    )
    parser.add_argument("project", metavar="PROJECT", help="the folder with project.godot")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        project = Project(options.project)
        text = skeleton(project)
    except SceneError as error:
        _say(f"scene-skeleton: {error}\n", sys.stderr)
        return 2
    _say(text)
    for problem in project.problems:
        _say(f"scene-skeleton: {problem}\n", sys.stderr)
    return 0


def _say(text: str, stream: Any = None) -> None:
    (stream or sys.stdout).write(text)


def skeleton(project: Project) -> str:
    """The text of the module.

    Raises:
        SceneError: the main scene cannot be read.
    """
    return "\n".join(_Skeleton(project).lines())


class _Skeleton:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._scripts = ProjectScripts(project)
        self._native: dict[str, str] = {}
        """Godot class of the nodes of a script."""
        self._replicated: dict[str, dict[str, None]] = {}
        """Replicated properties, by script."""
        self._names: dict[str, str] = {}
        """Classes, by script."""
        self._authorities: dict[str, list[AuthorityCall]] = {}
        """By script, for the scripts of nodes."""
        self._find_nodes()
        self._network: NetworkSettings = network_settings(project, self._scripts)
        self._scripts.note_nodes_made_in_code()

    def _find_nodes(self) -> None:
        for path in self._project.scene_paths():
            try:
                scene = self._project.scene(path)
            except SceneError as error:
                self._project.add_problem(error.as_problem())
                continue
            for node in scene.nodes():
                if node.script:
                    self._native.setdefault(node.script, node.type)
                    self._find_authorities(node.script)
                if node.type != "MultiplayerSynchronizer":
                    continue
                setup = synchronizer_setup(self._project, node)
                root = node.find(str(setup.root_path))
                for entry in setup.properties:
                    owner = root and root.find(str(entry.path.get_concatenated_names()) or ".")
                    if owner is not None and owner.script:
                        self._replicated.setdefault(owner.script, {})[str(entry.path.get_subname(0))] = None

    def _find_authorities(self, path: str) -> None:
        """Of the script of a node, and of those that it extends."""
        while path.endswith(".gd") and path not in self._authorities and self._project.exists(path):
            self._authorities[path] = authority_calls(self._project.folder.read(path))
            path = self._base(path)

    def lines(self) -> Iterator[str]:
        """The lines of the module."""
        scripts = self._wanted()
        for path in scripts:
            self._name(path)
        name = re.sub(r"[^\w .,-]", "", self._project.name) or "without a name"
        yield f'"""A member of the game {name}: run it with --server to host it, and without to join it."""'
        yield ""
        yield "from __future__ import annotations"
        yield ""
        yield "import argparse"
        yield "from typing import Any"
        yield ""
        yield f"from godot_enet import {', '.join(sorted(self._imports(scripts)))}"
        yield "from godot_enet.scenes import Game, script"
        yield ""
        yield f"PROJECT = {quoted(str(self._project.folder.root))}"
        yield f"PORT = {self._network.port}{self._network.remark}"
        yield ""
        yield ""
        yield "def heard(node: Node, method: str, *args: Any) -> None:"
        yield '    """Print a received RPC."""'
        yield '    print(f"{node.get_path()}.{method}{args} from {node.multiplayer.get_remote_sender_id()}")'
        for path in scripts:
            yield ""
            yield ""
            yield from self._class(path)
        yield ""
        yield ""
        yield "game = Game(PROJECT)"
        yield ""
        yield ""
        yield from self._main()

    def _wanted(self) -> list[str]:
        """Scripts with something that peers share, after those that they extend."""
        found: dict[str, None] = {}
        spawners = [path for path, native in self._native.items() if native == "MultiplayerSpawner"]
        own = [path for path in self._scripts.with_methods() if ".gd:" not in path]
        owned = [path for path, calls in self._authorities.items() if calls]
        for path in sorted({*own, *self._replicated, *spawners, *owned}):
            if not path.endswith(".gd"):
                continue
            lineage = [path]
            while (base := self._base(lineage[-1])) and base not in lineage:
                lineage.append(base)
            found.update(dict.fromkeys(reversed([each for each in lineage if each == path or self._matters(each)])))
        return list(found)

    def _matters(self, path: str) -> bool:
        return bool(self._scripts.methods(path)) or path in self._replicated or bool(self._authorities.get(path))

    def _base(self, path: str) -> str:
        script = self._scripts.script(path)
        base = script and script.base()
        place = base and base.path
        return "res://" + place.relative_to(self._project.folder.root).as_posix() if place else ""

    def _name(self, path: str) -> str:
        if path not in self._names:
            stem = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+|_", Path(path).stem)) or "Script"
            stem = stem if stem[0].isalpha() else f"Script{stem}"
            taken = {*self._names.values(), *godot_enet.__all__, "Game", "Any"}
            name, number = stem, 2
            while name in taken:
                name, number = f"{stem}{'Node' if name == stem else number}", number + (name != stem)
            self._names[path] = name
        return self._names[path]

    def _imports(self, scripts: list[str]) -> set[str]:
        natives = {self._native.get(path, "") for path in scripts} & set(_NATIVE)
        values = {each for path in scripts for each in self._values(path)}
        names = {"ENetMultiplayerPeer", "Error", "Node", "SceneTree", "rpc"} | natives | values
        return names | ({"ENetConnection"} if self._network.compression else set())

    def _values(self, path: str) -> Iterator[str]:
        """The package's classes that annotations of a script need."""
        script = self._scripts.script(path)
        if script is None:
            return
        declared = [each for name in script.own_methods() for each in script.parameters(name)]
        declared += self._replicated_variables(path, script)
        for each in declared:
            names = {annotation(script, each), type(value_of(script, each)).__name__}
            yield from names.intersection(godot_enet.__all__)

    def _class(self, path: str) -> Iterator[str]:
        script = self._scripts.script(path)
        if script is None:
            return
        base = self._names.get(self._base(path), "")
        native = self._native.get(path, "")
        yield f'@script("{path}")'
        yield f"class {self._name(path)}({base or (native if native in _NATIVE else 'Node')}):"
        calls = self._authorities.get(path, [])
        members = [self._properties(path, script), self._spawning(path, native)]
        members += [_remarks(path, calls), *_authority_methods(path, calls), *self._methods(path, script)]
        members = [each for each in members if each]
        if all(line.startswith("    #") for member in members for line in member):
            members.append(["    pass"])
        for number, member in enumerate(members):
            yield from ["", *member] if number else member

    def _properties(self, path: str, script: ScriptClass) -> list[str]:
        return [f"    {declaration(script, each)}" for each in self._replicated_variables(path, script)]

    def _replicated_variables(self, path: str, script: ScriptClass) -> Iterator[Declaration]:
        """Properties that replicate, without those of Godot's class, which nodes of scenes have."""
        native = native_properties(self._native.get(path, ""))
        for name in self._replicated.get(path, ()):
            if not name.isidentifier() or keyword.iskeyword(name):
                continue
            if name in script.variables:
                yield script.variables[name]
            elif name not in native:
                yield Declaration(name, kind_of_derived(name, native), None)

    def _spawning(self, path: str, native: str) -> list[str]:
        if native != "MultiplayerSpawner":
            return []
        text = self._project.folder.read(path)
        found = _SCENE.search(text)
        made = f'game.instantiate("{found.group(1)}")' if found else "Node()"
        name, line = spawn_function_of(text)
        told = f"{name}() in {path}:{line}" if name else "the spawn_function that a script sets"
        return [
            "    def __init__(self) -> None:",
            "        self.spawn_function = self.spawned_node",
            "",
            "    def spawned_node(self, data: Any) -> Node:",
            f'        """A guess: create the node, with its name and values, as {told} does."""',
            '        print(f"{self.get_path()} spawns {data!r}")',
            f"        return {made}",
        ]

    def _methods(self, path: str, script: ScriptClass) -> Iterator[list[str]]:
        methods = self._scripts.methods(path)
        for name in script.own_methods():
            method = methods.get(name)
            if method is None:
                continue  # its script cannot be read, which is a problem of the project
            declared = [each._replace(name=safe(each.name)) for each in script.parameters(name)]
            parameters = [parameter(script, each) for each in declared]
            names = [each.name for each in declared]
            if method.most is None:
                parameters.append("*rest: Any")
                names.append("*rest")
            yield [
                f"    {decorator(method.config)}",
                f"    def {name}({', '.join(['self', *parameters])}) -> None:",
                f"        {', '.join(['heard(self', quoted(name), *names])})",
            ]

    def _main(self) -> Iterator[str]:
        compression = self._network.compression
        yield "def make_tree() -> SceneTree:"
        yield '    """The autoloads and the main scene; for scene-check, too."""'
        yield "    tree = SceneTree()"
        yield "    game.register_scenes()"
        yield "    game.start(tree)"
        yield "    return tree"
        yield ""
        yield ""
        yield "def main() -> None:"
        yield "    parser = argparse.ArgumentParser(description=__doc__)"
        yield '    parser.add_argument("--server", action="store_true")'
        yield '    parser.add_argument("--address", default="127.0.0.1")'
        yield '    parser.add_argument("--port", type=int, default=PORT)'
        yield "    options = parser.parse_args()"
        yield "    tree, peer = make_tree(), ENetMultiplayerPeer()"
        yield "    if options.server:"
        yield "        error = peer.create_server(options.port)"
        yield "    else:"
        yield "        error = peer.create_client(options.address, options.port)"
        yield "    if error != Error.OK:"
        yield '        raise SystemExit(f"cannot start the network: {error.name}")'
        if compression:
            yield f"    peer.host.compress(ENetConnection.{compression})"
        yield "    multiplayer = tree.root.multiplayer"
        yield "    multiplayer.multiplayer_peer = peer"
        yield '    multiplayer.peer_connected.connect(lambda id: print("peer", id, "connected"))'
        yield '    multiplayer.peer_disconnected.connect(lambda id: print("peer", id, "disconnected"))'
        yield "    multiplayer.connection_failed.connect(lambda: tree.quit(1))"
        yield "    multiplayer.server_disconnected.connect(tree.quit)"
        yield "    raise SystemExit(tree.run(60))"
        yield ""
        yield ""
        yield 'if __name__ == "__main__":'
        yield "    main()"
        yield ""


def _remarks(path: str, calls: list[AuthorityCall]) -> list[str]:
    """The authorities that are not in :func:`_authority_methods`."""
    return [f"    # Set this authority, too: {path}:{each.line}: {each.text}" for each in calls if not each.is_by_name]


def _authority_methods(path: str, calls: list[AuthorityCall]) -> Iterator[list[str]]:
    """Methods that set authorities by the number in the node's name."""
    by_name = [each for each in calls if each.is_by_name]
    for function in dict.fromkeys(each.function for each in by_name):
        yield [
            f"    def {function}(self) -> None:",
            "        if str(self.name).isdecimal():",
            *[
                f"            {_node_at(each.target)}.set_multiplayer_authority(int(self.name))  # {path}:{each.line}"
                for each in by_name
                if each.function == function
            ],
        ]


def _node_at(path: str) -> str:
    return "self" if path == "." else f"self.get_node({quoted(path)})"
