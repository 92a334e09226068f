"""Programs of spawns, changes, joins, authority and visibility, which a real Godot and the package run alike.

``tests/interop/godot/replication.gd`` is the same interpreter in GDScript; ``tests/vectors/replication_programs.json``
has programs and, for each step, a hash of the lines that Godot 4.6 wrote down;
``python -m tests.interop.replication_recorder`` makes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.variant import VariantType, typeof
from godot_enet.scenes.tokens import Cursor
from godot_enet.scenes.values import read_value
from tests.unit.compat.scene.replication.rig import IDS, HubPeer, Rig
from tests.unit.compat.scene.replication.scenes import SCENES, instantiate, printed

__all__ = ["Program", "digests", "normalised", "run"]

Program = list[list[Any]]
_SCENES = ["plain", "unit", "two", "late", "nest", "deep", "many"]
_NUMBERED = re.compile(rb"(.{4})(@\w+@)\d+", re.DOTALL)
_WORDED = re.compile(
    r"Failed to get path from RPC|Invalid packet received\. (Requested|Tries)|Failed to get cached node"
    r"|ID \d+ not found|Node not found|UNKNOWN_NODE|UNKNOWN_METHOD|FORBIDDEN_RPC|UNASKED_CONFIRMATION"
    r"|RPC '|The rpc node"
    r"|Parameter \"node\" is null|Attempt to call RPC with unknown|Invalid packet received\. Unable to decode"
    r"|.*marshalls|a value that cannot be decoded"
)
"""Lines about RPCs and values, which we word otherwise."""


def read(text: str) -> Any:
    """A value from GDScript's text, as ``str_to_var`` reads it."""
    return read_value(Cursor(text, "program"))


def _made(data: Any) -> Any:
    """What the ``spawn_function`` of all ends returns."""
    if data is None:
        return None
    if isinstance(data, bool):
        return object()
    if isinstance(data, float):
        return 5
    kinds = {VariantType.TYPE_STRING: ("unit", "U1"), VariantType.TYPE_ARRAY: ("two", "2000")}
    kinds[VariantType.TYPE_DICTIONARY] = ("nest", "N1")
    return instantiate(*kinds.get(typeof(data), ("plain", "Cust")))


class Interpreter:
    """Runs one program."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.kept: dict[str, Node] = {}
        self.places: dict[str, str] = {}
        """Where the kept ones were."""
        self.filters: dict[int, Any] = {}

    def run(self, program: Program) -> None:
        rig = self.rig
        for kind, *arguments in program:
            rig.trace.append({"t": "step"})
            rig.current = arguments[0] if arguments and arguments[0] in rig.sides else "S"
            getattr(self, kind)(*arguments)
            rig.current = "S"

    def find(self, side: str, path: str) -> Any:
        return self.rig.n(side, path)

    def world(self, side: str) -> None:
        def function(data: Any) -> Any:
            self.rig.signal(side, f"spawn_function {printed(data)}")
            return _made(data)

        self.rig.world(side, scenes=_SCENES, custom=True, function=function, placed=True)

    def connect(self, side: str) -> None:
        if 1 not in self.rig.sides[side].api.get_peers():
            self.rig.hub[1].pending.append(IDS[side])
            self.rig.sides[side].peer.pending.append(1)
            self.rig.poll()

    def leave(self, side: str) -> None:
        rig, found = self.rig, self.rig.sides[side]
        if 1 in found.api.get_peers():
            found.api.multiplayer_peer = None
            rig.current = "S"
            rig.hub[1].pending.append(-IDS[side])
            rig.hub.pop(IDS[side])
            rig.poll()
            found.peer = HubPeer(rig, IDS[side])
            rig.current = side
            found.api.multiplayer_peer = found.peer

    def add(self, side: str, scene: str, name: str) -> None:
        if (units := self.find(side, "Main/Units")) is not None:
            units.add_child(instantiate(scene, name), True)

    def spawn(self, side: str, data: str) -> None:
        if (spawner := self.find(side, "Main/Custom")) is not None:
            spawner.spawn(read(data))

    def free(self, side: str, path: str) -> None:
        if (node := self.find(side, path)) is not None:
            node.free()

    def queue_free(self, side: str, path: str) -> None:
        if (node := self.find(side, path)) is not None:
            node.queue_free()

    def frame(self) -> None:
        for _ in range(2):
            self.rig.tree._process(0.0)  # a step in Godot begins within a frame, before its nodes
            self.rig.tree._physics_process(1 / 60)

    def remove(self, side: str, path: str) -> None:
        if (node := self.find(side, path)) is not None and side not in self.kept:
            self.places[side] = str(self.rig.sides[side].root.get_path_to(node.get_parent()))
            node.get_parent().remove_child(node)
            self.kept[side] = node

    def put_back(self, side: str, is_fresh: bool, to_its_place: bool) -> None:
        if side in self.kept:
            node = self.kept[side]
            if is_fresh:
                node.request_ready()
            parent = self.find(side, self.places[side] if to_its_place else "Main/Units")
            if parent is not None:
                parent.add_child(node, True)
                del self.kept[side]

    def reparent(self, side: str, path: str, to: str) -> None:
        node, parent = self.find(side, path), self.find(side, to)
        if node is not None and parent is not None:
            node.reparent(parent)

    def rename(self, side: str, path: str, name: str) -> None:
        if (node := self.find(side, path)) is not None:
            node.name = name

    def set(self, side: str, path: str, name: str, value: str) -> None:
        node = self.find(side, path)
        if node is not None and hasattr(node, name):
            setattr(node, name, read(value))

    def authority(self, side: str, path: str, peer: int, recursive: bool) -> None:
        if (node := self.find(side, path)) is not None:
            node.set_multiplayer_authority(peer, recursive)

    def visible(self, side: str, path: str, peer: int, visible: bool) -> None:
        if (node := self.find(side, path)) is not None:
            node.set_visibility_for(peer, visible)

    def update(self, side: str, path: str, peer: int) -> None:
        if (node := self.find(side, path)) is not None:
            node.update_visibility(peer)

    def filter(self, side: str, path: str, rest: int, is_added: bool) -> None:
        chosen = self.filters.setdefault(rest, lambda peer: peer % 3 == rest)
        if (node := self.find(side, path)) is not None:
            (node.add_visibility_filter if is_added else node.remove_visibility_filter)(chosen)

    def mode(self, side: str, path: str, mode: int) -> None:
        if (node := self.find(side, path)) is not None:
            node.visibility_update_mode = mode

    def property(self, side: str, path: str, name: str, mode: int) -> None:
        config = self._own_config(side, path)
        if config is not None and config.has_property(name):
            config.property_set_replication_mode(name, mode)

    def listed(self, side: str, path: str, name: str, index: int, is_spawned: bool) -> None:
        config = self._own_config(side, path)
        if config is None:
            return
        if config.has_property(name):
            config.remove_property(name)
        else:
            config.add_property(name, index if index < len(config.get_properties()) else -1)
            config.property_set_spawn(name, is_spawned)

    def _own_config(self, side: str, path: str) -> SceneReplicationConfig | None:
        node = self.find(side, path)
        if node is None or node.replication_config is None:
            return None
        old, config = node.replication_config, SceneReplicationConfig()
        for each in old.get_properties():
            config.add_property(each)
            config.property_set_spawn(each, old.property_get_spawn(each))
            config.property_set_replication_mode(each, old.property_get_replication_mode(each))
        node.replication_config = config
        return config

    def no_config(self, side: str, path: str) -> None:
        if (node := self.find(side, path)) is not None:
            node.replication_config = None

    def interval(self, side: str, path: str, which: str, seconds: int) -> None:
        if (node := self.find(side, path)) is not None:
            setattr(node, which, float(seconds))

    def public(self, side: str, path: str, is_public: bool) -> None:
        if (node := self.find(side, path)) is not None:
            node.public_visibility = is_public

    def limit(self, side: str, path: str, limit: int) -> None:
        if (node := self.find(side, path)) is not None:
            node.spawn_limit = limit

    def spawn_path(self, side: str, path: str, to: str) -> None:
        if (node := self.find(side, path)) is not None:
            node.spawn_path = to

    def scene(self, side: str, path: str, scene: str) -> None:
        node = self.find(side, path)
        if node is not None and scene:
            node.add_spawnable_scene(f"res://{scene}.tscn", SCENES[scene])
        elif node is not None:
            node.clear_spawnable_scenes()

    def max(self, side: str, which: str, size: int) -> None:
        setattr(self.rig.sides[side].api, which, size)

    def append(self, side: str, path: str, name: str, value: int) -> None:
        node = self.find(side, path)
        if node is not None and isinstance(getattr(node, name, None), list):
            getattr(node, name).append(value)

    def rehost(self) -> None:
        rig = self.rig
        for side, found in rig.sides.items():
            if side != "S" and 1 in found.api.get_peers():
                found.peer.pending.append(-1)
        server = rig.sides["S"]
        server.peer = HubPeer(rig, IDS["S"])
        server.api.multiplayer_peer = server.peer
        rig.poll()
        for side, found in rig.sides.items():
            if found.peer.status == HubPeer.CONNECTION_DISCONNECTED:
                found.peer = HubPeer(rig, IDS[side])
                rig.current = side
                found.api.multiplayer_peer = found.peer

    def root(self, side: str, path: str, root: str) -> None:
        if (node := self.find(side, path)) is not None:
            node.root_path = root

    def rpc(self, side: str, path: str, peer: int, value: int) -> None:
        if (node := self.find(side, path)) is not None:
            self.rig.note(f"rpc {int(node.rpc_id(peer, 'hit', value))}")

    def poll(self, order: str) -> None:
        self.rig.poll(order)


def run(program: Program, rig: Rig) -> list[list[str]]:
    """What happens in each step, as :func:`normalised` lines."""
    Interpreter(rig).run(program)
    return normalised(rig.trace)


def normalised(trace: list[dict[str, Any]]) -> list[list[str]]:
    """The lines of each step, without what may differ: words about RPCs, and numbers of unnamed nodes."""
    steps: list[list[str]] = []
    for entry in trace:
        if entry["t"] == "step":
            steps.append([])
        elif entry["t"] != "error" or not _WORDED.match(entry["text"]):
            kept = {key: value for key, value in entry.items() if key not in ("type", "where")}
            for key in ("from", "to", "channel"):  # of GDScript's JSON, where all numbers are floats
                if key in kept:
                    kept[key] = int(kept[key])
            if "hex" in kept:
                kept["hex"] = _NUMBERED.sub(_without_number, bytes.fromhex(kept["hex"])).hex()
            line = json.dumps(kept, sort_keys=True, ensure_ascii=False)
            steps[-1].append(re.sub(r"@(\w+)@\d+", r"@\1@", line))
    return steps


def _without_number(name: re.Match[bytes]) -> bytes:
    """An unnamed node's name in a packet without its number, and the length before it, if that is its length."""
    before, kind = name.groups()
    length = len(name[0]) - len(before)
    if before == length.to_bytes(4, "little"):
        before = len(kind).to_bytes(4, "little")
    return before + kind


def digests(steps: list[list[str]]) -> list[str]:
    """A short hash for each step."""
    return [hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8] for lines in steps]
