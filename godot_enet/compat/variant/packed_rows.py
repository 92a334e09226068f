"""The packed arrays of vectors and colours: all their components in one block of 32-bit floats."""

from __future__ import annotations

import builtins
from array import array
from collections.abc import Iterable, MutableSequence
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex, TypeVar, overload

from godot_enet.compat.variant.color import Color
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.packed import PackedArray, from_little_endian, numbers, to_little_endian
from godot_enet.compat.variant.row import Row, make
from godot_enet.compat.variant.vector2 import Vector2
from godot_enet.compat.variant.vector3 import Vector3
from godot_enet.compat.variant.vector4 import Vector4

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["PackedColorArray", "PackedRowArray", "PackedVector2Array", "PackedVector3Array", "PackedVector4Array"]

_R = TypeVar("_R", bound=Row[float])


class PackedRowArray(PackedArray[_R], MutableSequence[_R]):
    """Rows of one type, their components rounded to 32 bits. A numpy array must have one row of numbers for each."""

    __slots__ = ("_numbers",)
    _element: ClassVar[type[Any]]

    def __init__(self, values: Iterable[_R] = ()) -> None:
        self._numbers: array[float]
        if isinstance(values, PackedRowArray) and values._element is self._element:
            self._numbers = values._numbers[:]
        elif hasattr(values, "astype"):
            self._numbers = numbers("f", values, (-1, self._element._width))
        else:
            self._numbers = array("f", [number for value in values for number in self._checked(value)])

    @classmethod
    def _from_numbers(cls, flat: array[float]) -> Self:
        """Create an array around a block of floats, which is not copied."""
        made = cls()
        made._numbers = flat
        return made

    @classmethod
    def from_byte_array(cls, data: bytes) -> Self:
        """Create an array from components in the wire format; they must be whole rows."""
        flat = array("f")
        from_little_endian(flat, data)
        return cls._from_numbers(flat)

    def __copy__(self) -> Self:
        return type(self)(self)

    def to_byte_array(self) -> bytes:
        """The components in the wire format, little-endian."""
        return to_little_endian(self._numbers)

    def _checked(self, value: object) -> Row[float]:
        if not isinstance(value, self._element):
            raise TypeError(f"expected {self._element.__name__}, not {type(value).__name__}")
        return value  # type: ignore[no-any-return]

    def _place(self, index: SupportsIndex) -> builtins.slice:
        """Where in the block an element is."""
        width = self._element._width
        number = index.__index__()
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        return builtins.slice(number * width, (number + 1) * width)

    def __len__(self) -> int:
        return len(self._numbers) // int(self._element._width)

    @overload
    def __getitem__(self, key: SupportsIndex) -> _R: ...
    @overload
    def __getitem__(self, key: builtins.slice) -> Self: ...
    def __getitem__(self, key: SupportsIndex | builtins.slice) -> _R | Self:
        if isinstance(key, builtins.slice):
            return type(self)([self[index] for index in range(*key.indices(len(self)))])
        row: _R = make(self._element, self._numbers[self._place(key)])
        return row

    @overload
    def __setitem__(self, key: SupportsIndex, value: _R) -> None: ...
    @overload
    def __setitem__(self, key: builtins.slice, value: Iterable[_R]) -> None: ...
    def __setitem__(self, key: SupportsIndex | builtins.slice, value: Any) -> None:
        if isinstance(key, builtins.slice):
            rows = list(self)
            rows[key] = value
            self._numbers = type(self)(rows)._numbers
        else:
            self._numbers[self._place(key)] = array("f", self._checked(value))

    def __delitem__(self, key: SupportsIndex | builtins.slice) -> None:
        if isinstance(key, builtins.slice):
            rows = list(self)
            del rows[key]
            self._numbers = type(self)(rows)._numbers
        else:
            del self._numbers[self._place(key)]

    def insert(self, index: SupportsIndex, value: _R) -> None:
        """Insert an element at an index."""
        start = builtins.slice(index.__index__(), None).indices(len(self))[0] * self._element._width
        self._numbers[start:start] = array("f", self._checked(value))

    def extend(self, values: Iterable[_R]) -> None:
        """Append several."""
        self._numbers.extend(type(self)(values)._numbers)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._numbers == other._numbers

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)})"


class PackedVector2Array(PackedRowArray[Vector2]):
    """Of :class:`Vector2`."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_VECTOR2_ARRAY
    _element = Vector2
    _blank = Vector2()


class PackedVector3Array(PackedRowArray[Vector3]):
    """Of :class:`Vector3`."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_VECTOR3_ARRAY
    _element = Vector3
    _blank = Vector3()


class PackedVector4Array(PackedRowArray[Vector4]):
    """Of :class:`Vector4`."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_VECTOR4_ARRAY
    _element = Vector4
    _blank = Vector4()


class PackedColorArray(PackedRowArray[Color]):
    """Of :class:`Color`."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_COLOR_ARRAY
    _element = Color
    _blank = Color()
