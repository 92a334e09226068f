"""Makes up programs for ``programs.py`` of the kind that finds faults: few names, which are in each other's way."""

from __future__ import annotations

import random
from typing import Any

from tests.unit.compat.scene.replication.programs import Program

__all__ = ["random_program"]

STEPS = 60
_COMMON = [
    *["0", "1", "300", "-5", "0.0", "-0.0", "1.5", "nan", "true", "null", '"x"', '&"n"', "Vector2(1, 2)"],
    *["Vector2(nan, 0)", "[1, 2]", "[nan]", '[[1], {"a": [2]}]', '{"k": nan}'],
]
_VALUES = [
    *_COMMON,
    *["1099511627776", "-2147483649", "16777217.0", "inf", '""', '"é🐟"', 'NodePath("../A:b")', "Vector2i(-1, 70000)"],
    *["Vector3(1, 2, 3)", "Color(1, 0.5, 0, 1)", "Rect2(1, 2, 3, 4)", "Quaternion(0, 0, 0, 1)", "Array[int]([1, 2])"],
    *["Plane(0, 1, 0, 2)", "PackedByteArray(1, 2)", "PackedInt32Array(-1, 70000)", "PackedFloat32Array(nan, 1)"],
    *['PackedStringArray("a", "")', "PackedVector2Array(1, 2, 3, 4)", "Transform2D(1, 0, 0, 1, 0, 0)"],
    *["Vector2i(1, 2)", "[]", "{}", "{1: [null, true]}", "Dictionary[String, int]({})", "Vector4(0, nan, 1, 2)"],
]
"""As GDScript writes them."""
_NAMES = ["U1", "U2", "1000", "2000", "N1"]
_NODES = [f"Main/Units/{name}" for name in _NAMES]
_PATHS = [*_NODES, "Main/Customs/Cust", "Main/Placed", "Main/Units/N1/Inside/Inner"]
_SYNCS = [
    "Main/Placed/Sync",
    *[f"{node}/{name}" for node in _NODES for name in ("Sync", "State", "Input")],
    "Main/Units/U1/Arm/ArmSync",
    "Main/Units/U2/Sync3",
]
_SPAWNERS = ["Main/Spawner", "Main/Custom", "Main/Units/N1/InnerSpawner"]
_PLACES = [*_PATHS, *_PATHS, *_PATHS, *_SPAWNERS, *_SYNCS[:4], "Main/Units"]
_PROPERTIES = [".:hp", ".:position", ".:position:x", ".:ammo", ".:tag", "Head:rotation", ".:none", "No:position", ":hp"]
_WEIGHTS = {
    "connect": 6,
    "leave": 1,
    "add": 8,
    "spawn": 3,
    "free": 2,
    "queue_free": 2,
    "frame": 3,
    "remove": 2,
    "put_back": 3,
    "reparent": 1,
    "rename": 1,
    "set": 10,
    "append": 3,
    "authority": 3,
    "visible": 6,
    "public": 2,
    "update": 2,
    "filter": 4,
    "mode": 2,
    "property": 2,
    "listed": 1,
    "no_config": 0.2,
    "interval": 1,
    "root": 1,
    "limit": 0.5,
    "spawn_path": 0.5,
    "scene": 0.5,
    "max": 1,
    "rpc": 4,
    "rehost": 0.5,
    "poll": 24,
}


def random_program(seed: int) -> Program:
    """A program of sixty steps in four worlds, of which three join the first."""
    pick = random.Random(seed)
    program: Program = [["world", side] for side in "SABC"] + [["connect", side] for side in "ABC"]
    kinds = pick.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=STEPS)
    program += [_step(kind, pick) for kind in kinds]
    return [*program, *[["poll", "SABC"]] * 4]


def _step(kind: str, pick: random.Random) -> list[Any]:
    side, sync = pick.choice("SSSSAABC"), pick.choice(_SYNCS)
    number, is_set = pick.choice([0, 1, 1000, 2000, 3000]), pick.random() < 0.6
    name = pick.choice(["hp", "ammo", "tag", "label", "position"])
    made: dict[str, list[Any]] = {
        "connect": [pick.choice("ABC")],
        "leave": [pick.choice("ABC")],
        "add": _new_node(pick),
        "spawn": [pick.choice("SSSA"), pick.choice(_VALUES)],
        "free": [side, pick.choice(_PLACES)],
        "queue_free": [side, pick.choice(_PLACES)],
        "frame": [],
        "remove": [side, pick.choice(_PLACES)],
        "put_back": [side, is_set, pick.random() < 0.5],
        "reparent": [side, pick.choice(_NODES), pick.choice(["Main", "Main/Customs", "Main/Units"])],
        "rename": [side, pick.choice(_PLACES), pick.choice([*_NAMES, "Cust"])],
        "set": [side, pick.choice(_PATHS), name, pick.choice(_COMMON if name == "position" else _VALUES)],
        "append": [side, pick.choice(_PATHS), pick.choice(["hp", "ammo", "tag"]), pick.randrange(5)],
        "authority": [side, pick.choice([*_SYNCS, *_PATHS, *_SPAWNERS]), pick.choice([1, 1, 1000, 2000]), is_set],
        "visible": [side, sync, number, pick.random() < 0.5],
        "public": [side, sync, pick.random() < 0.4],
        "update": [side, sync, number],
        "filter": [pick.choice("SSA"), sync, pick.randrange(3), is_set],
        "mode": [side, sync, pick.randrange(3)],
        "property": [side, sync, pick.choice(_PROPERTIES), pick.randrange(3)],
        "listed": [side, sync, pick.choice(_PROPERTIES), pick.randrange(4), is_set],
        "no_config": [side, sync],
        "interval": [side, sync, pick.choice(["replication_interval", "delta_interval"]), pick.choice([0, 10**6])],
        "root": [side, sync, pick.choice(["..", "..", "../..", "", "../Nowhere"])],
        "limit": [side, pick.choice(_SPAWNERS), pick.randrange(3)],
        "spawn_path": [side, pick.choice(_SPAWNERS), pick.choice(["../Units", "../Customs", "..", "", "../Nowhere"])],
        "scene": [side, pick.choice(_SPAWNERS), pick.choice(["", "deep", "unit", "plain", "nest"])],
        "max": [
            side,
            pick.choice(["max_sync_packet_size", "max_delta_packet_size"]),
            pick.choice([100, 128, 300, 1350]),
        ],
        "rpc": [side, pick.choice(_PATHS), pick.choice([0, 1, 1000, 2000, -1, -1000]), pick.randrange(9)],
        "rehost": [],
        "poll": ["".join(pick.sample("SABC", pick.randint(1, 4)))],
    }
    return [kind, *made[kind]]


def _new_node(pick: random.Random) -> list[Any]:
    scene = pick.choice(["plain", "unit", "unit", "two", "two", "nest", "late", "deep", "many"])
    names = {"late": ["1000", "2000"], "deep": ["U1"], "many": ["U2"]}.get(scene, _NAMES)
    return [pick.choice("SSSA"), scene, pick.choice(names)]
