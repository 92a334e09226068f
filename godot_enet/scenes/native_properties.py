"""The default properties of Godot's node classes, so that nodes of scenes have them as in Godot."""

from __future__ import annotations

import json
import pkgutil
from functools import cache

from godot_enet.compat.scene.node import Node
from godot_enet.compat.variant import Transform3D, Variant
from godot_enet.compat.variant.rotations import EULER_ORDER_YXZ
from godot_enet.scenes.tokens import Cursor
from godot_enet.scenes.values import read_value

__all__ = ["native_class", "native_properties", "placed"]

_TABLE = "native_properties.json"
"""By class: the class that it inherits, and the properties with other defaults than there, in Godot's text format.

``tests/interop/native_recorder.py`` records it. Properties that follow from others are not in it (``global_position``,
``transform``, ``quaternion``), nor are those of ``Node``.
"""


@cache
def _classes() -> dict[str, tuple[str, dict[str, str]]]:
    found: dict[str, tuple[str, dict[str, str]]] = json.loads(pkgutil.get_data("godot_enet.scenes", _TABLE) or "")
    return found


@cache
def native_properties(name: str) -> dict[str, Variant]:
    """The properties of a class, with inherited ones; empty for a class that is not Godot's own."""
    if name not in _classes():
        return {}
    base, written = _classes()[name]
    own = {each: read_value(Cursor(text, _TABLE)) for each, text in written.items()}
    return native_properties(base) | own


@cache
def native_class(name: str) -> type[Node]:
    """A class for nodes with the properties of one of Godot's classes: ``Node`` if that has none of its own."""
    properties = native_properties(name)
    free = {each: value for each, value in properties.items() if not hasattr(Node, each)}
    return type(name, (Node,), {"_native_class": name} | free) if free else Node


def placed(transform: Variant, rotation_order: Variant = EULER_ORDER_YXZ) -> dict[str, Variant]:
    """``position``, ``rotation`` and ``scale`` of a ``Node3D``, of which scenes have the transform only."""
    if not isinstance(transform, Transform3D):
        return {}
    basis, order = transform.basis, rotation_order if rotation_order in range(6) else EULER_ORDER_YXZ
    # godot: core/math/basis.cpp: Basis::get_euler_normalized: a basis that mirrors is turned and has a negative scale
    turned = basis.orthonormalized()
    rotation = (turned if turned.determinant() > 0 else turned * -1.0).get_euler(order)
    return {"position": transform.origin, "rotation": rotation, "scale": basis.get_scale()}
