"""Properties by their paths: attributes of nodes, and components of what they hold."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.property_paths import PropertyError, PropertyPath
from godot_enet.compat.variant import (
    AABB,
    Basis,
    Color,
    NodePath,
    Plane,
    Quaternion,
    Rect2,
    Transform2D,
    Transform3D,
    Vector2,
    Vector2i,
    Vector3,
    Vector4,
)


class Thing(Node):
    """With attributes of every kind."""

    limit = 7

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.value: Any = 1
        self.secret = 5
        self._checked = 0

    @property
    def checked(self) -> int:
        return self._checked

    @checked.setter
    def checked(self, value: int) -> None:
        if not isinstance(value, int):
            raise ValueError(value)
        self._checked = value

    @property
    def fixed(self) -> int:
        return 3

    @property
    def broken(self) -> int:
        raise RuntimeError("no")


@pytest.fixture
def root() -> Thing:
    root = Thing("Root")
    arm = Thing("Arm")
    arm.add_child(Thing("Hand"))
    root.add_child(arm)
    return root


def read(root: Node, path: str) -> Any:
    return PropertyPath(NodePath(path)).read(root)


def write(root: Node, path: str, value: Any) -> None:
    PropertyPath(NodePath(path)).write(root, value)


@pytest.mark.parametrize("path", [".:value", ":value", "Arm:value", "Arm/Hand:value", "Arm/..:value"])
def test_a_property_of_a_node(root: Thing, path: str) -> None:
    write(root, path, "new")
    assert read(root, path) == "new"
    places = {"Arm:value": "Arm", "Arm/Hand:value": "Arm/Hand"}
    assert root.get_node(places.get(path, ".")).value == "new"


@pytest.mark.parametrize(
    ("value", "path", "new", "result"),
    [
        (Vector2(1, 2), "x", 5.0, Vector2(5, 2)),
        (Vector2(1, 2), "y", 5, Vector2(1, 5)),
        (Vector2i(1, 2), "y", 5, Vector2i(1, 5)),
        (Vector3(1, 2, 3), "z", 5.0, Vector3(1, 2, 5)),
        (Vector4(1, 2, 3, 4), "w", 5.0, Vector4(1, 2, 3, 5)),
        (Color(1, 1, 1, 1), "a", 0.5, Color(1, 1, 1, 0.5)),
        (Rect2(Vector2(1, 2), Vector2(3, 4)), "position:x", 5.0, Rect2(Vector2(5, 2), Vector2(3, 4))),
        (Rect2(Vector2(1, 2), Vector2(3, 4)), "size", Vector2(5, 5), Rect2(Vector2(1, 2), Vector2(5, 5))),
        (AABB(Vector3(), Vector3()), "size:y", 2.0, AABB(Vector3(), Vector3(0, 2, 0))),
        (Plane(1, 0, 0, 4), "d", 5.0, Plane(1, 0, 0, 5)),
        (Quaternion(0, 0, 0, 1), "x", 1.0, Quaternion(1, 0, 0, 1)),
        (Transform2D(), "origin:x", 5.0, Transform2D(Vector2(1, 0), Vector2(0, 1), Vector2(5, 0))),
        (Transform3D(), "origin:z", 5.0, Transform3D(Basis(), Vector3(0, 0, 5))),
        ({"k": {"n": 1}}, "k:n", 2, {"k": {"n": 2}}),
        ({}, "new", 2, {"new": 2}),
    ],
    ids=repr,
)
def test_a_component(root: Thing, value: Any, path: str, new: Any, result: Any) -> None:
    root.value = value
    write(root, f".:value:{path}", new)
    assert root.value == result
    assert type(root.value) is type(result)
    assert read(root, f".:value:{path}") == new


def test_a_component_of_an_object(root: Thing) -> None:
    root.value = root.get_node("Arm")
    write(root, ".:value:secret", 9)
    assert root.get_node("Arm").secret == 9
    write(root, ".:value:nothing", 9)
    assert not hasattr(root.get_node("Arm"), "nothing")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("No:value", "Node 'No:value' not found."),
        ("Arm/No:value", "Node 'Arm/No:value' not found."),
        (".:nothing", "Property '.:nothing' not found."),
        (".:value:x", "Property '.:value:x' not found."),
        (".:broken", "Property '.:broken' not found."),
        ("Arm", "Property 'Arm' not found."),
    ],
)
def test_what_cannot_be_read(root: Thing, path: str, text: str) -> None:
    with pytest.raises(PropertyError) as caught:
        read(root, path)
    assert str(caught.value) == text


def test_what_is_not_there_is_not_written(root: Thing) -> None:
    write(root, ".:nothing", 1)
    assert not hasattr(root, "nothing")
    write(root, ".:fixed", 1)
    assert root.fixed == 3
    write(root, ".:limit", 1)
    assert (root.limit, Thing.limit) == (1, 7)
    root.value = Vector2(1, 2)
    write(root, ".:value:z", 1.0)
    write(root, ".:value:x", "text")
    assert root.value == Vector2(1, 2)
    with pytest.raises(PropertyError):
        write(root, "No:value", 1)


def test_a_setter_that_raises_is_logged(root: Thing, caplog: pytest.LogCaptureFixture) -> None:
    write(root, ".:checked", 4)
    write(root, ".:checked", "no")
    assert root.checked == 4
    [record] = caplog.records
    assert record.getMessage() == "Error setting property '.:checked' of 'Root'."
    assert record.exc_info


def test_a_getter_that_raises_is_logged(root: Thing, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PropertyError):
        read(root, ".:broken")
    [record] = caplog.records
    assert record.getMessage() == "Error reading property '.:broken' of 'Root'."
