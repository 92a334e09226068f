"""A Godot that is sent RPCs with typed parameters, and tells what arrived.

``python -m tests.interop.rpc_world`` records the whole table again: which parameter takes which type, and with which
value. Left out are conversions that C does not define, such as of a NaN to an int.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from godot_enet.compat.scene.rpc_packet import call_by_path, call_tail
from godot_enet.compat.variant import (
    AABB,
    RID,
    Array,
    Basis,
    Color,
    Dictionary,
    EncodedCallable,
    EncodedObjectAsID,
    EncodedSignal,
    NodePath,
    PackedColorArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
    Plane,
    Projection,
    Quaternion,
    Rect2,
    Rect2i,
    StringName,
    Transform2D,
    Transform3D,
    Variant,
    VariantType,
    Vector2,
    Vector2i,
    Vector3,
    Vector3i,
    Vector4,
    Vector4i,
    bytes_to_var,
    encode_variant,
)

from .programs import Program, find_godot

__all__ = ["PARAMETERS", "VALUES", "VECTORS", "Answer", "Godot", "record"]

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors" / "rpc_arguments.json"
AT_ONCE = 200

PARAMETERS = [
    *(VariantType(number).godot_name for number in range(1, VariantType.TYPE_MAX)),
    "Variant",
    "Node",
    "Kind",
    "Array[int]",
    "Array[String]",
    "Dictionary[String, int]",
]
"""All types of GDScript's; ``Kind`` is an enum of the script."""

_TURN = Basis(Vector3(0, 1, 0), Vector3(-1, 0, 0), Vector3(0, 0, 1))
_SKEW = Basis(Vector3(1, 2, 3), Vector3(4, 5, 6), Vector3(7, 8, 10))
_ROWS = [Vector4(1, 2, 3, 4), Vector4(5, 6, 7, 8), Vector4(9, 10, 11, 12), Vector4(13, 14, 15, 16)]
VALUES: list[Variant] = [
    *(None, True, False, 0, 5, -3, 2**40, -(2**63), 0.0, 1.0, -2.5, 0.1, 1e9),
    *("", "12", "red", "#00ff0080", "no colour", "a/b:c", "/root/X", "1.9", "-1x2"),
    *(StringName(""), StringName("blue"), StringName("12"), NodePath(""), NodePath("a/b:c"), NodePath("/root")),
    *(Vector2(), Vector2(1.5, -2.5), Vector2i(3, -4), Rect2(1.5, 2, -3.5, 4), Rect2i(1, 2, 3, 4)),
    *(Vector3(1.5, -2.5, 3), Vector3i(1, -2, 3), Vector4(1.5, -2.5, 3, 4), Vector4i(1, -2, 3, 4)),
    *(Transform2D(), Transform2D(Vector2(1, 2), Vector2(3, 4), Vector2(5, 6)), Plane(1, 0, 0, 2)),
    *(Quaternion(), Quaternion(0.5, 0.5, 0.5, 0.5), AABB(Vector3(1, 2, 3), Vector3(4, 5, 6))),
    *(Basis(), _TURN, _SKEW, Transform3D(), Transform3D(_SKEW, Vector3(1, 2, 3)), Projection(), Projection(*_ROWS)),
    *(Color(0.1, 0.2, 0.3, 0.4), RID(0), RID(77), EncodedObjectAsID(5), EncodedCallable(), EncodedSignal()),
    *({}, {"a": 1}, Dictionary({"a": 1}, VariantType.TYPE_STRING, "", None, VariantType.TYPE_INT)),
    *(Dictionary({"a": 1}, VariantType.TYPE_STRING), Dictionary({"a": 1.5}, 4, "", None, 3)),
    *([], [1, 2], ["a", "b"], [1, "12", 2.5, None, True], [Vector2(1, 2), Vector3i(3, 4, 5)], [[1], {}]),
    *([Color(1, 0, 0), "red", 255], [300, -1, 2.0, 1 << 40], [StringName("7"), NodePath("8"), "9", " -1.5e1x"]),
    *(Array([1, 2], VariantType.TYPE_INT), Array([1.5], VariantType.TYPE_FLOAT), Array(["a"], 4), Array([], 2)),
    *(b"\1\2\xff", PackedInt32Array([1, -2]), PackedInt32Array(), PackedInt64Array([2**40])),
    *(PackedFloat32Array([1.5]), PackedFloat64Array([0.1]), PackedStringArray(["a", ""])),
    *(PackedVector2Array([Vector2(1, 2)]), PackedVector3Array([Vector3(1, 2, 3)])),
    *(PackedColorArray([Color(1, 0, 0)]), PackedVector4Array([Vector4(1, 2, 3, 4)])),
]
COUNTS: list[tuple[list[str], int]] = [
    (parameters, count)
    for parameters in ([], ["a"], ["a", "b"], ["a", "b: int = 2"], ["a: int = 1", "b: int = 2"])
    for count in range(4)
]


class Answer(NamedTuple):
    """How Godot took a call."""

    came: list[Variant] | None
    """With which arguments the method was called; None if it was not."""
    errors: list[str]


class Godot:
    """The process; close it."""

    def __init__(self, executable: str, home: Path) -> None:
        project = home / "project"
        shutil.copytree(HERE / "godot", project)
        places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        command = [executable, "--headless", "--path", str(project), "--script", "rpc_types.gd", "--"]
        self.program = Program("godot", command, project, places)

    def receive(self, calls: Iterable[tuple[Sequence[str], Sequence[Variant]]]) -> list[Answer]:
        """Calls of a method with these parameters, as GDScript writes them, with these arguments."""
        commands = []
        for parameters, arguments in calls:
            flags, tail = call_tail(0, arguments)
            commands.append({"parameters": list(parameters), "packet": call_by_path(flags, "Main", tail).hex()})
        answers: list[Answer] = []
        for start in range(0, len(commands), AT_ONCE):
            for came, errors in self.program.call("receive_calls", calls=commands[start : start + AT_ONCE]):
                answers.append(Answer(None if came is None else bytes_to_var(bytes.fromhex(came)), list(errors)))
        return answers

    def channels(self, scripts: Sequence[str]) -> list[int | None]:
        """The channel of ``f`` in each script; None where that does not compile."""
        return [None if channel is None else int(channel) for channel in self.program.call("channels", scripts=scripts)]

    def close(self) -> None:
        self.program.close()


def record(godot: Godot) -> dict[str, Any]:
    """The table, as it is kept in ``tests/vectors``: what is neither refused nor converted arrives as it was sent."""
    table: dict[str, Any] = {}
    types: list[str] = [""] * len(VALUES)
    for parameter in PARAMETERS:
        refused: list[int] = []
        wanted = ""
        converted: dict[str, str] = {}
        answers = godot.receive(([f"x: {parameter}"], [value]) for value in VALUES)
        for number, (value, answer) in enumerate(zip(VALUES, answers, strict=True)):
            if answer.came is None:
                refused.append(number)
                types[number], _, wanted = answer.errors[-1].partition(" argument 1 from ")[2].partition(" to ")
            elif not isinstance(value, EncodedObjectAsID) or not isinstance(answer.came[0], EncodedObjectAsID):
                data = encode_variant(answer.came[0])
                if data != encode_variant(value):
                    converted[str(number)] = data.hex()
        table[parameter] = {"type": wanted, "refused": refused, "converted": converted}
    counts = godot.receive((parameters, range(count)) for parameters, count in COUNTS)
    return {
        "godot": "4.6.3",
        "values": [encode_variant(value).hex() for value in VALUES],
        "parameters": table,
        "types": types,
        "counts": [
            {
                "parameters": parameters,
                "given": given,
                "error": answer.errors[-1].partition(": ")[2] if answer.errors else None,
            }
            for (parameters, given), answer in zip(COUNTS, counts, strict=True)
        ],
    }


if __name__ == "__main__":
    executable = find_godot()
    assert executable is not None, "Godot is not installed"
    with tempfile.TemporaryDirectory() as home:
        godot = Godot(executable, Path(home))
        recorded = record(godot)
        godot.close()
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in recorded.items() if key != "parameters"]
    rows = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in recorded["parameters"].items()]
    VECTORS.write_text("{\n" + ",\n".join([*lines, '"parameters": {\n' + ",\n".join(rows) + "\n}"]) + "\n}\n")
