"""StringName and NodePath, and the types that are only carried."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet.compat.variant import RID, EncodedCallable, EncodedObjectAsID, EncodedSignal, NodePath, StringName
from tests.rows import each_row

Logged = Callable[[], list[str]]


def test_a_string_name_equals_the_string() -> None:
    assert StringName("a") == "a"
    assert hash(StringName("a")) == hash("a")
    assert repr(StringName("it's")) == 'StringName("it\'s")'
    assert pickle.loads(pickle.dumps(StringName("a"))) == StringName("a")
    assert type(copy.copy(StringName("a"))) is StringName


# The text, and its names, subnames and root, as Godot splits it.
@each_row(
    ("text", "names", "subnames", "absolute", "shown"),
    [
        ("", [], [], False, ""),
        ("a", ["a"], [], False, "a"),
        ("a//b/", ["a", "b"], [], False, "a/b"),
        ("/", [], [], True, "/"),
        ("//", [], [], True, "/"),
        ("/root/../%x", ["root", "..", "%x"], [], True, "/root/../%x"),
        ("a:b:c", ["a"], ["b", "c"], False, "a:b:c"),
        (":b", [], ["b"], False, ":b"),
        ("a:b/c", ["a"], ["b/c"], False, "a:b/c"),
        ("a:", ["a"], [], False, "a"),
        ("a:b:", ["a"], ["b"], False, "a:b"),
        (":", [], [], False, ""),
    ],
)
def test_a_path_is_split(text: str, names: list[str], subnames: list[str], absolute: bool, shown: str) -> None:
    path = NodePath(text)
    assert [path.get_name(index) for index in range(path.get_name_count())] == names
    assert [path.get_subname(index) for index in range(path.get_subname_count())] == subnames
    assert path.is_absolute() is absolute
    assert path.is_empty() is (text in ("", ":"))
    assert str(path) == shown
    assert path == NodePath(shown) == NodePath(path)
    assert hash(path) == hash(NodePath(shown))
    assert repr(path) == f"NodePath({shown!r})"


@pytest.mark.parametrize("text", ["a::b", "::", "a:b::"])
def test_an_empty_property_makes_it_invalid(logged: Logged, text: str) -> None:
    assert NodePath(text).is_empty()
    assert logged() == [f"Invalid NodePath '{text}'."]


def test_a_path_is_immutable_and_can_be_copied() -> None:
    path = NodePath("/a/b:c")
    with pytest.raises(AttributeError):
        path.names = ()
    with pytest.raises(AttributeError):
        path._names = ()
    for twin in (copy.copy(path), copy.deepcopy(path), pickle.loads(pickle.dumps(path))):
        assert twin == path
        assert twin.is_absolute()
    assert path != "/a/b:c"
    assert path != NodePath("a/b:c")


def test_parts_beyond_the_last_are_errors(logged: Logged) -> None:
    path = NodePath("a:b")
    assert [path.get_name(1), path.get_name(-1), path.get_subname(1)] == [""] * 3
    assert len(logged()) == 3


@pytest.mark.parametrize("wrong", [None, 1, b"a", ["a"]])
def test_a_path_is_made_of_text(wrong: Any) -> None:
    with pytest.raises(TypeError, match="path must be a str"):
        NodePath(wrong)


@pytest.mark.parametrize(
    "handle", [RID(5), EncodedObjectAsID(5), EncodedCallable(), EncodedSignal(StringName("hit"), 5)]
)
def test_handles_are_values(handle: Any) -> None:
    assert handle == copy.copy(handle) == pickle.loads(pickle.dumps(handle))
    assert {handle: 1}[copy.deepcopy(handle)] == 1
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        handle.id = 1


def test_handles_tell_their_number() -> None:
    assert RID(5).get_id() == 5
    assert RID(5).is_valid()
    assert not RID().is_valid()
    assert EncodedObjectAsID(7).get_object_id() == 7
