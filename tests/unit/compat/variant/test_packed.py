"""The packed arrays but that of bytes."""

from __future__ import annotations

import copy
import math
import pickle
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import Error
from godot_enet.compat.variant import (
    Color,
    PackedColorArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
    Vector2,
    Vector2i,
    Vector3,
    Vector4,
    encode_variant,
)
from tests.rows import each_row

Logged = Callable[[], list[str]]

# Each class, and five elements in ascending order.
ELEMENTS: list[tuple[Any, list[Any]]] = [
    (PackedInt32Array, [-5, 0, 1, 2, (1 << 31) - 1]),
    (PackedInt64Array, [-(1 << 63), 0, 1, 2, 1 << 40]),
    (PackedFloat32Array, [-0.5, 0.0, 0.25, 1.0, math.inf]),
    (PackedFloat64Array, [-0.1, 0.0, 0.1, 0.2, 1e300]),
    (PackedStringArray, ["", "a", "b", "c", "é"]),
    (PackedVector2Array, [Vector2(0, 1), Vector2(1, 0), Vector2(1, 2), Vector2(2, 0), Vector2(3, 0)]),
    (PackedVector3Array, [Vector3(n, 2, 3) for n in range(5)]),
    (PackedVector4Array, [Vector4(n, 2, 3, 4) for n in range(5)]),
    (PackedColorArray, [Color(n, 0, 0, 0.5) for n in range(5)]),
]
EACH = each_row(("cls", "elements"), ELEMENTS, ids=[cls.__name__ for cls, _ in ELEMENTS])


class Matrix:
    """What numpy's arrays offer, and no more of it than is needed: a shape, limits, and conversion, which wraps."""

    def __init__(self, shape: tuple[int, ...], *numbers: float) -> None:
        self.shape = shape
        self.numbers = numbers
        self.asked: list[Any] = []

    def astype(self, dtype: str, **how: Any) -> array[float]:
        self.asked.append((dtype, how))
        wrapped = ((int(number) + (1 << 31)) % (1 << 32) - (1 << 31) for number in self.numbers)
        return array(dtype[-1], wrapped if dtype[-1] == "i" else self.numbers)

    def min(self) -> float:
        return min(self.numbers)

    def max(self) -> float:
        return max(self.numbers)


@EACH
def test_it_is_a_sequence(cls: Any, elements: list[Any]) -> None:
    packed = cls(elements)
    model = list(elements)
    assert len(packed) == 5
    assert list(packed) == model
    assert [packed[0], packed[-1], packed[2]] == [model[0], model[-1], model[2]]
    for part in (slice(1, 3), slice(None, None, -1), slice(-2, None), slice(3, 1), slice(0, 100, 2)):
        assert list(packed[part]) == model[part]
        if cls is not PackedStringArray:
            assert type(packed[part]) is cls
    for sequence in (packed, model):
        sequence.append(elements[0])
        sequence.extend(elements[1:3])
        sequence.insert(2, elements[4])
        sequence.insert(-1, elements[3])
        sequence.insert(100, elements[3])
        sequence[0] = elements[1]
        sequence[-1] = elements[2]
        sequence.pop()
        sequence.remove(elements[3])
        sequence.reverse()
        del sequence[0]
        del sequence[1:3]
    packed += cls(elements[:2])
    model += elements[:2]
    assert list(packed) == model
    for wrong in (len(packed), -len(packed) - 1):
        with pytest.raises(IndexError):
            packed[wrong]


@EACH
def test_slices_can_be_replaced(cls: Any, elements: list[Any]) -> None:
    packed, model = cls(elements), list(elements)
    packed[1:3] = cls(elements[3:])
    model[1:3] = elements[3:]
    assert list(packed) == model


@EACH
def test_it_is_equal_by_content_and_no_key(cls: Any, elements: list[Any]) -> None:
    assert cls(elements) == cls(elements)
    assert cls(elements) != cls(elements[1:])
    assert cls(cls(elements)) == cls(elements)
    with pytest.raises(TypeError, match="unhashable"):
        hash(cls(elements))


@EACH
def test_copies_are_of_the_same_type_and_independent(cls: Any, elements: list[Any]) -> None:
    packed = cls(elements)
    twins = [copy.copy(packed), copy.deepcopy(packed), pickle.loads(pickle.dumps(packed)), packed.duplicate()]
    for twin in twins:
        assert type(twin) is cls
        assert twin == packed
        twin.append(elements[0])
        assert len(packed) == 5


@EACH
def test_its_representation_makes_it_again(cls: Any, elements: list[Any]) -> None:
    import godot_enet.compat.variant as names

    packed = cls(elements)
    assert eval(repr(packed), {**vars(names), "inf": math.inf}) == packed


@EACH
def test_it_has_the_methods_of_godot(logged: Logged, cls: Any, elements: list[Any]) -> None:
    packed = cls(elements[1:4])
    assert packed.size() == 3
    assert not packed.is_empty()
    packed.push_back(elements[4])
    packed.append_array(cls(elements[:1]))
    assert list(packed) == [*elements[1:], elements[0]]
    assert packed.get(4) == elements[0]
    packed.set(4, elements[2])
    assert packed.has(elements[2])
    assert not packed.has(elements[0])
    assert [packed.find(elements[2]), packed.find(elements[2], 2), packed.find(elements[2], -2)] == [1, 4, -1]
    assert [packed.find(elements[0]), packed.find(elements[2], 9)] == [-1, -1]
    assert [packed.rfind(elements[2]), packed.rfind(elements[2], 3), packed.rfind(elements[2], -2)] == [4, 1, 1]
    assert [packed.rfind(elements[0]), packed.rfind(elements[2], 99), packed.rfind(elements[2], -9)] == [-1, 4, -1]
    assert packed.count(elements[2]) == 2
    assert packed.erase(elements[2])
    assert not packed.erase(elements[0])
    packed.sort()
    assert list(packed) == elements[1:]
    assert type(packed) is cls
    assert [packed.bsearch(elements[2]), packed.bsearch(elements[2], False), packed.bsearch(elements[0])] == [1, 2, 0]
    assert list(packed.slice(1, 3)) == elements[2:4]
    assert list(packed.slice(-1)) == elements[4:]
    packed.remove_at(0)
    assert list(packed) == elements[2:]
    packed.fill(elements[4])
    assert list(packed) == [elements[4]] * 3
    assert packed.resize(1) is Error.OK
    assert packed.resize(3) is Error.OK
    assert list(packed) == [elements[4], cls._blank, cls._blank]
    assert logged() == []
    packed.clear()
    assert packed.is_empty()


@EACH
def test_beyond_its_end_there_are_only_errors(logged: Logged, cls: Any, elements: list[Any]) -> None:
    packed = cls(elements)
    assert packed.get(5) == packed.get(-1) == cls._blank
    packed.set(5, elements[0])
    packed.set(-1, elements[0])
    packed.remove_at(5)
    packed.remove_at(-1)
    assert packed.resize(-1) is Error.ERR_INVALID_PARAMETER
    assert list(packed) == elements
    assert len(logged()) == 7


@pytest.mark.parametrize("cls", [PackedInt32Array, PackedInt64Array, PackedFloat32Array, PackedFloat64Array])
def test_its_memory_is_open_to_others(cls: Any) -> None:
    packed = cls([1, 2, 3])
    view = memoryview(packed)
    assert view.itemsize == packed.itemsize
    assert view.tolist() == [1, 2, 3]
    view[0] = type(packed[0])(7)
    view.release()
    assert packed[0] == 7
    assert packed.to_byte_array() == encode_variant(packed)[8:]


@pytest.mark.parametrize("cls", [PackedInt32Array, PackedInt64Array])
def test_ints_must_be_ints_and_fit(cls: Any) -> None:
    for wrong in (1.5, "1", None):
        with pytest.raises(TypeError):
            cls([wrong])
    with pytest.raises(OverflowError):
        cls([1 << 63])


@pytest.mark.parametrize("cls", [PackedInt32Array, PackedFloat32Array])
@pytest.mark.parametrize("wrong", ["12", b"1234", bytearray(4)])
def test_text_and_bytes_are_no_numbers(cls: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected numbers"):
        cls(wrong)


def test_floats_of_32_bits_are_rounded() -> None:
    assert PackedFloat32Array([0.1, 1e300]).tolist() == [0.10000000149011612, math.inf]
    assert PackedVector2Array([Vector2(0.1, -1e300)])[0] == Vector2(0.10000000149011612, -math.inf)


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (PackedVector2Array, (1, 2)),
        (PackedVector2Array, Vector2i(1, 2)),
        (PackedVector3Array, Vector2(1, 2)),
        (PackedColorArray, Vector4()),
    ],
)
def test_rows_must_be_of_the_right_type(cls: Any, wrong: Any) -> None:
    packed = cls([cls._blank])
    puts: list[Callable[[], object]] = [
        lambda: cls([wrong]),
        lambda: packed.append(wrong),
        lambda: packed.insert(0, wrong),
        lambda: packed.extend([wrong]),
        lambda: packed.__setitem__(0, wrong),
        lambda: packed.__setitem__(slice(None), [wrong]),
    ]
    for put in puts:
        with pytest.raises(TypeError, match=r"^expected "):
            put()
    assert list(packed) == [cls._blank]


@pytest.mark.parametrize(
    ("cls", "dtype"),
    [
        (PackedInt32Array, "=i"),
        (PackedInt64Array, "=q"),
        (PackedFloat32Array, "=f"),
        (PackedFloat64Array, "=d"),
    ],
)
def test_arrays_of_numpy_convert_themselves(cls: Any, dtype: str) -> None:
    numbers = Matrix((3,), 1, 2, 3)
    assert cls(numbers).tolist() == [1, 2, 3]
    assert numbers.asked == [(dtype, {"order": "C", "casting": "same_kind", "copy": False})]
    for shape in ((), (3, 1), (1, 3)):
        with pytest.raises(TypeError, match=r"expected a numpy array of shape \(n,\)"):
            cls(Matrix(shape, 1, 2, 3))


@pytest.mark.parametrize("number", [1 << 31, -(1 << 31) - 1])
def test_what_numpy_would_wrap_is_refused(number: int) -> None:
    matrix: Any = Matrix((2,), 0, number)
    with pytest.raises(OverflowError, match="does not fit 32 bits"):
        PackedInt32Array(matrix)
    assert PackedInt64Array(matrix).tolist() == [0, number]
    empty: Any = Matrix((0,))
    assert PackedInt32Array(empty).tolist() == []


def test_rows_come_from_matrices_of_their_width() -> None:
    square: Any = Matrix((2, 2), 1, 2, 3, 4)
    line: Any = Matrix((1, 4), 1, 0, 0, 1)
    assert PackedVector2Array(square) == PackedVector2Array([Vector2(1, 2), Vector2(3, 4)])
    assert PackedColorArray(line) == PackedColorArray([Color(1, 0, 0, 1)])
    for shape in ((4,), (2, 3), (1, 2, 2)):
        wrong: Any = Matrix(shape, 1, 2, 3, 4)
        with pytest.raises(TypeError, match=r"expected a numpy array of shape \(n, 2\)"):
            PackedVector2Array(wrong)
