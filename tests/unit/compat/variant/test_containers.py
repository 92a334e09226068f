"""Array and Dictionary as Python objects."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet.compat.variant import (
    Array,
    Dictionary,
    EncodedObjectAsID,
    PackedByteArray,
    PackedInt32Array,
    StringName,
    VariantType,
    Vector2,
    Vector2i,
)
from tests.rows import each_row

INT, STRING, OBJECT = VariantType.TYPE_INT, VariantType.TYPE_STRING, VariantType.TYPE_OBJECT


def test_a_typed_array_converts_what_is_put_in() -> None:
    array = Array([1, 2.9, True], INT)
    array.append(4.5)
    array.extend([5.0])
    array.insert(0, 0.0)
    array += [6.5]
    array[1] = 1.5
    array[2:4] = [2.5, 3.5]
    assert array == [0, 1, 2, 3, 4, 5, 6]
    assert {type(element) for element in array} == {int}


@each_row(
    "change",
    [
        lambda array: array.append("a"),
        lambda array: array.extend([1, "a"]),
        lambda array: array.insert(0, None),
        lambda array: array.__iadd__([1, "a"]),
        lambda array: array.__setitem__(0, "a"),
        lambda array: array.__setitem__(slice(None), [1, "a"]),
        lambda array: array.append(float("nan")),
        lambda array: array.append((1, 2)),
    ],
)
def test_it_refuses_the_rest_and_stays_as_it_was(change: Callable[[Array], None]) -> None:
    array = Array([1, 2], INT)
    with pytest.raises(TypeError):
        change(array)
    assert array == [1, 2]


def test_it_says_what_it_holds() -> None:
    array = Array([None, EncodedObjectAsID(1)], OBJECT, "Node", "res://a.gd")
    assert array.is_typed()
    assert array.get_typed_builtin() is OBJECT
    assert array.get_typed_class_name() == "Node"
    assert array.get_typed_script() == "res://a.gd"
    assert not Array([1, "a"]).is_typed()
    assert repr(Array([1], INT)) == "Array([1], TYPE_INT, '', None)"


@pytest.mark.parametrize(
    "arguments", [(39,), (INT, "Node"), (INT, "", "res://a.gd"), (VariantType.TYPE_NIL, "Node"), (-1,), (1000,)]
)
def test_not_every_type_can_be_that_of_elements(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"is not an element type|is not a valid VariantType"):
        Array([], *arguments)
    with pytest.raises(ValueError, match=r"is not an element type|is not a valid VariantType"):
        Dictionary({}, *arguments)


def test_copies_keep_the_type() -> None:
    array = Array([[1]], VariantType.TYPE_ARRAY)
    for twin in (array.copy(), copy.copy(array), copy.deepcopy(array), pickle.loads(pickle.dumps(array))):
        assert type(twin) is Array
        assert twin == array
        assert twin.get_typed_builtin() is VariantType.TYPE_ARRAY
    assert copy.deepcopy(array)[0] is not array[0]
    assert copy.copy(array)[0] is array[0]


def test_keys_are_those_of_godot() -> None:
    dictionary = Dictionary([(1, "int"), (1.0, "float"), (True, "bool")])
    assert len(dictionary) == 3
    assert [dictionary[1], dictionary[1.0], dictionary[True]] == ["int", "float", "bool"]
    assert list(dictionary) == [1, 1.0, True]
    assert [type(key) for key in dictionary] == [int, float, bool]
    assert 0 not in dictionary


def test_equal_keys_are_one_and_the_first_stays() -> None:
    pairs: list[tuple[Any, Any]] = [
        ("a", StringName("a")),
        (0.0, -0.0),
        (math.nan, float("nan")),
        ([1, [2]], [1, [2]]),
        ({"a": 1}, {"a": 1}),
        (PackedInt32Array([1]), PackedInt32Array([1])),
        ([], Array([], INT)),
        (Dictionary({}, INT), {}),
        (b"x", PackedByteArray(b"x")),
        (Vector2(1, 2), Vector2(1, 2)),
    ]
    for first, second in pairs:
        dictionary = Dictionary([(first, 1)])
        dictionary[second] = 2
        assert dictionary[first] == 2
        (key,) = dictionary
        assert key is first
        del dictionary[second]
        assert not dictionary


def test_other_keys_are_several() -> None:
    keys = [[1], [1.0], [], {}, Vector2(1, 2), Vector2i(1, 2), PackedInt32Array([1]), [[1]], None, "1", b"1"]
    dictionary = Dictionary([(key, index) for index, key in enumerate(keys)])
    assert [dictionary[key] for key in keys] == list(range(len(keys)))


def test_what_is_missing_is_a_key_error_that_names_it() -> None:
    dictionary = Dictionary({"a": 1})
    for act in (lambda: dictionary["b"], lambda: dictionary.pop("b"), lambda: dictionary.__delitem__("b")):
        with pytest.raises(KeyError, match=r"^'b'$"):
            act()
    assert dictionary.get([1]) is None
    assert [1] not in dictionary


def test_it_is_a_mapping_in_order() -> None:
    dictionary = Dictionary({"b": 1})
    dictionary[[2]] = 2
    dictionary["a"] = 3
    dictionary["b"] = 4
    assert list(dictionary.items()) == [("b", 4), ([2], 2), ("a", 3)]
    assert list(dictionary.keys()) == ["b", [2], "a"]
    assert list(dictionary.values()) == [4, 2, 3]
    assert ([2], 2) in dictionary.items()
    assert dictionary.pop([2]) == 2
    assert dictionary == {"a": 3, "b": 4}
    assert dictionary == Dictionary({"a": 3, "b": 4})
    assert dictionary != Dictionary({"a": 3, "b": 4.5})
    assert dictionary != [("b", 4), ("a", 3)]


def test_a_typed_dictionary_converts_or_refuses() -> None:
    dictionary = Dictionary({1.5: StringName("a")}, INT, "", None, STRING)
    dictionary[2.5] = "b"
    assert list(dictionary.items()) == [(1, "a"), (2, "b")]
    assert type(dictionary[1]) is str
    for key, value in (("a", "b"), (1, 1), (None, "b")):
        with pytest.raises(TypeError):
            dictionary[key] = value
    assert len(dictionary) == 2
    assert repr(dictionary) == "Dictionary([(1, 'a'), (2, 'b')], TYPE_INT, '', None, TYPE_STRING, '', None)"


def test_a_typed_dictionary_says_what_it_holds() -> None:
    dictionary = Dictionary({}, OBJECT, "Node", "res://a.gd", OBJECT, "Resource", None)
    assert dictionary.is_typed()
    assert dictionary.get_typed_key_builtin() is OBJECT
    assert dictionary.get_typed_key_class_name() == "Node"
    assert dictionary.get_typed_key_script() == "res://a.gd"
    assert dictionary.get_typed_value_builtin() is OBJECT
    assert dictionary.get_typed_value_class_name() == "Resource"
    assert dictionary.get_typed_value_script() == ""
    assert not Dictionary().is_typed()
    assert repr(Dictionary({1: 2})) == "Dictionary([(1, 2)])"


def test_a_dictionary_can_be_copied() -> None:
    dictionary = Dictionary([([1], [2])], VariantType.TYPE_ARRAY)
    for twin in (copy.copy(dictionary), copy.deepcopy(dictionary), pickle.loads(pickle.dumps(dictionary))):
        assert type(twin) is Dictionary
        assert twin == dictionary
        assert twin.get_typed_key_builtin() is VariantType.TYPE_ARRAY
        twin[[3]] = 4
        assert len(dictionary) == 1


def test_no_variant_is_no_key() -> None:
    with pytest.raises(TypeError, match="tuple is not a Variant type"):
        Dictionary()[(1, 2)] = 3
