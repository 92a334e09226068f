"""What arrives for a typed parameter: as in Godot, recorded by ``tests/interop/rpc_world.py``."""

from __future__ import annotations

import json
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

import godot_enet
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.parameters import ArgumentsError, Parameters
from godot_enet.compat.variant import (
    Array,
    Dictionary,
    EncodedCallable,
    EncodedObjectAsID,
    EncodedSignal,
    NodePath,
    Variant,
    VariantType,
    bytes_to_var,
    encode_variant,
    typeof,
)
from tests.rows import each_row

GOLDEN = json.loads((Path(__file__).parents[3] / "vectors" / "rpc_arguments.json").read_text(encoding="utf-8"))
VALUES: list[Variant] = [bytes_to_var(bytes.fromhex(data)) for data in GOLDEN["values"]]


class Kind(IntEnum):
    A = 0
    B = 5


ANNOTATIONS: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "String": str,
    "Object": EncodedObjectAsID,
    "Callable": EncodedCallable,
    "Signal": EncodedSignal,
    "Dictionary": dict,
    "Array": list,
    "PackedByteArray": bytes,
    "Variant": Any,
    "Node": Node,
    "Kind": Kind,
    "Array[int]": Array[int],  # type: ignore[misc]  # of no meaning to type checkers
    "Array[String]": Array[str],  # type: ignore[misc]
    "Dictionary[String, int]": Dictionary[str, int],  # type: ignore[misc]
}
"""Where it is another name than in GDScript."""
TEXTS = (type(None), bool, int, float, str, NodePath)
"""Elements that become text where a PackedStringArray is wanted. Of others Godot makes what ``print`` shows."""


def parameters(annotation: object) -> Parameters:
    def function(node: object, a: Any) -> None: ...

    function.__annotations__["a"] = annotation
    return Parameters(function)


def annotation_of(name: str) -> object:
    return ANNOTATIONS.get(name) or getattr(godot_enet, name)


def has_no_text(name: str, value: Variant) -> bool:
    is_list = typeof(value) is VariantType.TYPE_ARRAY
    return name == "PackedStringArray" and is_list and not all(isinstance(each, TEXTS) for each in value)


@each_row("name", GOLDEN["parameters"])
def test_each_type_of_parameter_with_each_type_of_value(name: str) -> None:
    accepts = parameters(annotation_of(name))
    golden = GOLDEN["parameters"][name]
    for number, value in enumerate(VALUES):
        what = f"{name} from {value!r}"
        if number in golden["refused"] or has_no_text(name, value):
            with pytest.raises(ArgumentsError) as refused:
                accepts.fit([value])
            expected = f"Cannot convert argument 1 from {GOLDEN['types'][number]} to {golden['type']}"
            assert str(refused.value) == expected, what
            continue
        [came] = accepts.fit([value])
        assert encode_variant(came).hex() == golden["converted"].get(str(number), GOLDEN["values"][number]), what


def test_how_many_arguments() -> None:
    counts: dict[tuple[str, ...], Any] = {
        (): lambda node: None,
        ("a",): lambda node, a: None,
        ("a", "b"): lambda node, a, b: None,
        ("a", "b: int = 2"): lambda node, a, b=2: None,
        ("a: int = 1", "b: int = 2"): lambda node, a=1, b=2: None,
    }
    for case in GOLDEN["counts"]:
        accepts = Parameters(counts[tuple(case["parameters"])])
        given = list(range(case["given"]))
        if case["error"] is None:
            assert accepts.fit(given) == given
        else:
            with pytest.raises(ArgumentsError) as refused:
                accepts.fit(given)
            assert str(refused.value) == case["error"]


def test_the_names_of_all_types_are_godots() -> None:
    assert {typeof(value).godot_name for value in VALUES} == set(GOLDEN["types"])
