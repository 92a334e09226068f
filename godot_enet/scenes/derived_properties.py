"""Start values for properties that Godot computes from others, where a synchronizer replicates them."""

from __future__ import annotations

from math import degrees
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.variant import Basis, NodePath, Quaternion, Transform2D, Transform3D, Variant, Vector2, Vector3

__all__ = ["set_derived", "value_of"]


def set_derived(node: Node, path: NodePath) -> None:
    """Set a replicated property that a node of a scene lacks, if it follows from others.

    Args:
        node: the root node of the synchronizer.
        path: the property, from there.
    """
    found = node.get_node_or_null(path.get_concatenated_names()) if path.get_name_count() else node
    name = str(path.get_subname(0)) if path.get_subname_count() else ""
    if found is None or hasattr(found, name):
        return
    value = value_of(found, name)
    if value is not None:
        setattr(found, name, value)


def value_of(node: Node, name: str) -> Variant:
    """Compute a property such as ``global_position``, ``transform`` or ``quaternion``; None if it is none of these."""
    plain = name.removeprefix("global_")
    transform = _global(node) if plain != name else _local(node)
    if isinstance(transform, Transform2D):
        return _of_plane(transform, plain)
    return None if transform is None else _of_space(transform, plain)


def _of_plane(transform: Transform2D, name: str) -> Variant:
    rotation = transform.get_rotation()
    values: dict[str, Variant] = {
        "transform": transform,
        "position": transform.origin,
        "rotation": rotation,
        "rotation_degrees": degrees(rotation),
        "scale": transform.get_scale(),
        "skew": transform.get_skew(),
    }
    return values.get(name)


def _of_space(transform: Transform3D, name: str) -> Variant:
    basis = transform.basis
    rotation = basis.orthonormalized().get_euler()
    values: dict[str, Variant] = {
        "transform": transform,
        "position": transform.origin,
        "rotation": rotation,
        "rotation_degrees": Vector3(*map(degrees, rotation)),
        "scale": basis.get_scale(),
        "basis": basis,
        "quaternion": Quaternion(basis.orthonormalized()),
    }
    return values.get(name)


def _local(node: Any) -> Transform2D | Transform3D | None:
    """The transform of a node in its parent, by its properties; None for a node without one."""
    position, rotation, scale = (getattr(node, name, None) for name in ("position", "rotation", "scale"))
    if isinstance(position, Vector2) and isinstance(rotation, (int, float)) and isinstance(scale, Vector2):
        return Transform2D(float(rotation), scale, float(getattr(node, "skew", 0.0)), position)
    if isinstance(position, Vector3) and isinstance(rotation, Vector3) and isinstance(scale, Vector3):
        return Transform3D(Basis.from_euler(rotation).scaled_local(scale), position)
    return None


def _global(node: Node) -> Transform2D | Transform3D | None:
    """The same from the root of its scene, or from the furthest ancestor that is reached through nodes of the same
    kind."""
    # godot: CanvasItem::get_global_transform, Node3D::get_global_transform
    found = _local(node)
    above = node.get_parent()
    while found is not None and above is not None:
        place = _local(above)
        if type(place) is not type(found) or getattr(node, "top_level", False):
            break
        found = place * found  # type: ignore[operator]
        node, above = above, above.get_parent()
    return found
