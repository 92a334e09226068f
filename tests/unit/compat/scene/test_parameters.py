# ruff: noqa: UP006, UP007, UP035, UP045 - all forms of annotations are tested, those of before Python 3.10, too
"""Which arguments a method takes, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Dict, List, Literal, NewType, Optional, TypedDict, TypeVar, Union

import pytest

from godot_enet.compat.scene.annotations import REFUSED
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.parameters import ArgumentsError, Parameters
from godot_enet.compat.variant import (
    Array,
    Dictionary,
    EncodedCallable,
    EncodedObjectAsID,
    NodePath,
    PackedByteArray,
    PackedInt32Array,
    PackedStringArray,
    StringName,
    VariantType,
    Vector2,
    Vector2i,
)
from tests.rows import each_row

if TYPE_CHECKING:
    from fractions import Fraction


def none(node: object) -> None: ...
def one(node: object, a: Any) -> None: ...
def two(node: object, a: int, b: str = "") -> None: ...
def rest(node: object, a: int, *others: Any) -> None: ...
def keyword(node: object, a: int, *, b: int = 1) -> None: ...


@pytest.mark.parametrize(
    ("function", "count"), [(none, (0, 0)), (one, (1, 1)), (two, (1, 2)), (rest, (1, None)), (keyword, (1, 1))]
)
def test_counts(function: Any, count: tuple[int, int | None]) -> None:
    parameters = Parameters(function)
    assert parameters.count == count
    fewest, most = count
    assert parameters.fit([1] * fewest) == [1] * fewest
    if fewest:
        with pytest.raises(ArgumentsError, match=r"Method expected 1 argument\(s\), but called with 0"):
            parameters.fit([])
    if most is None:
        assert len(parameters.fit([1] * 50)) == 50
    else:
        with pytest.raises(ArgumentsError, match=rf"Method expected {most} argument\(s\), but called with {most + 1}"):
            parameters.fit([1] * (most + 1))


def test_without_a_signature_anything_goes() -> None:
    assert Parameters(dict.update, skip=0).count[1] is None


def fitted(annotation: object, value: Any) -> Any:
    def function(node: object, a: Any) -> None: ...

    function.__annotations__["a"] = annotation
    [result] = Parameters(function).fit([value])
    return result


@each_row(
    ("annotation", "value", "result"),
    [
        (int, 1.9, 1),
        (int, True, 1),
        (float, 2, 2.0),
        (float, True, 1.0),
        (bool, 2, True),
        (bool, 0.0, False),
        (str, NodePath("a/b"), "a/b"),
        (str, StringName("x"), "x"),
        (bytes, [300, -1, "2"], b"\x2c\xff\2"),
        (PackedInt32Array, ["x"], PackedInt32Array([0])),
        (StringName, "x", StringName("x")),
        (NodePath, "a:b", NodePath("a:b")),
        (Vector2, Vector2i(1, 2), Vector2(1, 2)),
        (Vector2i, Vector2(1.5, 2), Vector2i(1, 2)),
        (bytes, [1, 2], b"\1\2"),
        (PackedByteArray, b"x", PackedByteArray(b"x")),
        (PackedInt32Array, [1], PackedInt32Array([1])),
        (list, PackedInt32Array([1]), [1]),
        ("list[int]", PackedInt32Array([1]), [1]),
        (dict[str, int], {}, {}),
    ],
)
def test_conversions_as_in_godot(annotation: object, value: Any, result: Any) -> None:
    made = fitted(annotation, value)
    assert made == result
    assert type(made) is type(result)


@each_row(
    ("annotation", "value"),
    [
        (list, Array([1], VariantType.TYPE_INT)),
        (Array, [1]),
        (bytes, PackedByteArray(b"x")),
        (Any, object),
        ("int | None", None),
        ("Fraction", "unknown at run time"),
        ("no such thing", 1),
        (object, 1),
    ],
)
def test_what_is_left_as_it_is(annotation: object, value: Any) -> None:
    assert fitted(annotation, value) is value


@each_row(
    ("annotation", "value"),
    [
        (int, "1"),
        (int, None),
        (int, math.nan),
        (int, math.inf),
        (int, 1e300),
        (float, "x"),
        (str, 1),
        (str, b"x"),
        (Vector2, [1, 2]),
        (list, {}),
        (dict, []),
        (bytes, "x"),
        (bytes, [1e300]),
        (PackedInt32Array, [math.nan]),
    ],
)
def test_what_does_not_fit(annotation: object, value: Any) -> None:
    with pytest.raises(ArgumentsError, match="Cannot convert argument 1 from"):
        fitted(annotation, value)


def test_annotations_need_not_exist_at_run_time() -> None:
    def function(node: object, a: Fraction, b: int) -> None: ...

    assert Parameters(function).fit(["x", 2.0]) == ["x", 2]


UserId = NewType("UserId", int)
Nested = NewType("Nested", UserId)


class Kind(IntEnum):
    A = 0
    B = 5


class Flags(IntFlag):
    ONE = 1
    TWO = 2


class Word(str, Enum):
    YES = "yes"


class Plain(Enum):
    A = 1


class Options(TypedDict):
    a: int


class Score(int):
    """As one may name a kind of int."""


INTS = Array([1, 2], VariantType.TYPE_INT)
BEYOND_GDSCRIPT: list[tuple[Any, Any, Any]] = [
    # unions take a value as it is before they convert it
    (Optional[int], None, None),
    (Optional[int], 1.5, 1),
    (int | str, "x", "x"),
    (int | str, 2.0, 2),
    (str | int, StringName("x"), "x"),
    (float | int, 3, 3),
    (Union[int, None, Vector2], Vector2i(1, 2), Vector2(1, 2)),
    (int | None, "x", REFUSED),
    (Union[str, bytes], 5, REFUSED),
    (int | Decimal, "x", "x"),
    (None, None, None),
    (None, 1, REFUSED),
    # new names for a type
    (UserId, 2.0, 2),
    (Nested, "x", REFUSED),
    (Annotated[int, "of something"], "x", REFUSED),
    (Score, 2.0, 2),
    (Options, {"a": 1}, {"a": 1}),
    (Options, [], REFUSED),
    # enums
    (Kind, 5, Kind.B),
    (Kind, 5.5, Kind.B),
    (Kind, 7, 7),
    (Kind, "A", REFUSED),
    (Flags, 3, Flags.ONE | Flags.TWO),
    (Word, StringName("yes"), Word.YES),
    (Word, "no", "no"),
    (Word, 1, REFUSED),
    (Plain, "anything", "anything"),
    # elements
    (list[int], [1, 2], [1, 2]),
    (list[int], [1.5, True], [1, 1]),
    (list[int], ["x"], REFUSED),
    (list[int], [None], REFUSED),
    (list[int], INTS, INTS),
    (list[float], INTS, [1.0, 2.0]),
    (list[int], PackedStringArray(["x"]), REFUSED),
    (list[int], b"\1\2", [1, 2]),
    (list[list[int]], [[1.0], []], [[1], []]),
    (list[list[int]], [1], REFUSED),
    (list[int | None], [1.0, None], [1, None]),
    (list[Any], ["x", None], ["x", None]),
    (List[int], [1.5], [1]),
    (dict[str, int], {"a": 1.0}, {"a": 1}),
    (dict[str, int], {1: 1}, REFUSED),
    (dict[str, int], Dictionary({"a": 2.0}), Dictionary({"a": 2})),
    (dict[str, Any], {"a": None}, {"a": None}),
    (Dict[str, int], {"a": "x"}, REFUSED),
    # what is not sent
    (Node, None, None),
    (Node, 5, REFUSED),
    (Node, EncodedObjectAsID(5), REFUSED),
    (Optional[Node], None, None),
    (Callable, EncodedCallable(), EncodedCallable()),
    (Callable[[int], None], 5, REFUSED),
    # other forms of bytes
    (bytearray, b"x", bytearray(b"x")),
    (memoryview, b"x", memoryview(b"x")),
    (bytearray, "x", REFUSED),
    # no types of Godot's
    (Sequence[int], ["x"], ["x"]),
    (tuple[int, int], [1, 2], [1, 2]),
    (Literal["a"], "b", "b"),
    (TypeVar("T"), "x", "x"),
    ([int], "x", "x"),
    ("1 / 0", "x", "x"),
    ("a b", "x", "x"),
    (5, "x", "x"),
]


@each_row(("annotation", "value", "result"), BEYOND_GDSCRIPT)
def test_what_gdscript_cannot_say(annotation: Any, value: Any, result: Any) -> None:
    if result is REFUSED:
        with pytest.raises(ArgumentsError, match="Cannot convert argument 1 from"):
            fitted(annotation, value)
    else:
        made = fitted(annotation, value)
        assert made == result
        assert type(made) is type(result)


def test_what_fits_is_not_copied() -> None:
    for annotation, value in [(list[int], [1, 2]), (dict[str, int], {"a": 1}), (list[int], INTS), (str, "x")]:
        assert fitted(annotation, value) is value


def test_the_names_of_types_in_errors() -> None:
    for annotation, name in [
        (int | None, "int | Nil"),
        (list[float], "Array[float]"),
        (dict[str, Any], "Dictionary[String, Variant]"),
        (Kind, "int"),
        (Node, "Object"),
    ]:
        with pytest.raises(ArgumentsError) as error:
            fitted(annotation, "text")
        assert str(error.value) == f"Cannot convert argument 1 from String to {name}"


class Holder:
    class Inner(IntEnum):
        A = 1

    def as_text(self, a: Inner) -> None: ...

    def shadowed(self, a: list[int]) -> None: ...

    def list(self) -> None: ...


def test_annotations_may_name_what_is_in_the_class() -> None:
    assert Parameters(Holder.as_text, owner=Holder).fit([1]) == [Holder.Inner.A]
    assert type(Parameters(Holder.as_text, owner=Holder).fit([1])[0]) is Holder.Inner
    with pytest.raises(ArgumentsError):
        Parameters(Holder.shadowed, owner=Holder).fit(["x"])


def test_the_rest_has_a_type_too() -> None:
    def function(node: object, a: str, *others: int) -> None: ...

    assert Parameters(function).fit(["a", 1.0, True]) == ["a", 1, 1]
    with pytest.raises(ArgumentsError, match="Cannot convert argument 3 from String to int"):
        Parameters(function).fit(["a", 1, "x"])


def test_a_node_among_the_rest_is_no_argument() -> None:
    def function(*everything: Any) -> None: ...

    assert Parameters(function).count == (0, None)


def test_a_local_call_may_give_what_is_not_sent() -> None:
    node = Node()
    assert fitted(Node, node) is node
    assert fitted(Optional[Node], node) is node
    with pytest.raises(ArgumentsError, match="from Node to int"):
        fitted(int, node)


def test_a_wrapper_is_read_as_the_function_inside() -> None:
    @wraps(two)
    def wrapper(*args: Any) -> None: ...

    assert Parameters(wrapper).count == (1, 2)
    assert Parameters(wrapper).fit([1.0]) == [1]
