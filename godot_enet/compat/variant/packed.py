"""The packed arrays of numbers and of strings, and the base of all packed arrays.

Those of numbers are ``array.array`` underneath: one block of memory, sent and received by copying it, and open to
``memoryview`` and to numpy's ``asarray``. numpy arrays are taken as they are; numpy itself is never imported here.
"""

from __future__ import annotations

import builtins
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, MutableSequence
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Generic, SupportsIndex, TypeVar, overload

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.variant.kinds import VariantType

_T = TypeVar("_T")
_N = TypeVar("_N", int, float)

if TYPE_CHECKING:
    from typing_extensions import Self

    _Array = array
    _Sequence = MutableSequence
else:
    _Sequence = Generic  # adds no method: those of sequences come from the base after PackedArray

    class _Array(array):
        """An array that can be subscripted by a type, also before Python 3.12."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


__all__ = [
    "PackedArray",
    "PackedFloat32Array",
    "PackedFloat64Array",
    "PackedInt32Array",
    "PackedInt64Array",
    "PackedStringArray",
    "from_little_endian",
    "numbers",
    "to_little_endian",
]

_LIMITS = {"i": 31, "q": 63}
"""Bits without the sign, by the typecodes of ints."""


class PackedArray(_Sequence[_T]):
    """Godot's names for operations of sequences for which Python has other names or none.

    It stands before the sequence type among a class's bases. Python gives its own types methods of the same names in
    later versions (``bytearray.resize`` in 3.14), and ours have to be found first.
    """

    __slots__ = ()
    variant_type: ClassVar[VariantType]
    _blank: ClassVar[Any]
    """The element that ``resize`` adds."""

    def size(self) -> int:
        """The number of elements."""
        return len(self)

    def is_empty(self) -> bool:
        """Whether there are none."""
        return not len(self)

    def get(self, index: int) -> _T:
        """The element at an index from 0; beyond the end a zero value, with an error in the log."""
        if not 0 <= index < len(self):
            blank: _T = self._blank
            return fail(f"Index p_index = {index} is out of bounds (size = {len(self)}).", blank)
        return self[index]

    def set(self, index: int, value: _T) -> None:
        """Replace the element at an index from 0; beyond the end only an error in the log."""
        if not 0 <= index < len(self):
            return fail(f"Index p_index = {index} is out of bounds (size = {len(self)}).", None)
        self[index] = value

    def push_back(self, value: _T) -> None:
        """As ``append``."""
        self.append(value)

    def append_array(self, array: Iterable[_T]) -> None:
        """As ``extend``."""
        self.extend(array)

    def remove_at(self, index: int) -> None:
        """Remove the element at an index from 0; beyond the end only an error in the log."""
        if not 0 <= index < len(self):
            return fail(f"Index p_index = {index} is out of bounds (size = {len(self)}).", None)
        del self[index]

    def erase(self, value: _T) -> bool:
        """Remove the first element with this value. Returns whether there was one."""
        found = value in self
        if found:
            self.remove(value)
        return found

    def clear(self) -> None:
        """Remove all elements."""
        del self[:]

    def fill(self, value: _T) -> None:
        """Replace all elements."""
        for index in range(len(self)):
            self[index] = value

    def resize(self, new_size: int) -> Error:
        """Change the number of elements; new ones are zero. Returns ``OK``, or an error for a negative size."""
        if new_size < 0:
            return fail('Condition "p_size < 0" is true. Returning: ERR_INVALID_PARAMETER', Error.ERR_INVALID_PARAMETER)
        del self[new_size:]
        self.extend([self._blank] * (new_size - len(self)))
        return Error.OK

    def has(self, value: _T) -> bool:
        """Whether an element has this value."""
        return value in self

    def find(self, value: _T, from_: int = 0) -> int:
        """The index of the first element with this value at or after ``from_``; -1 if there is none."""
        if from_ < 0:
            return -1
        return next((index for index in range(from_, len(self)) if self[index] == value), -1)

    def rfind(self, value: _T, from_: int = -1) -> int:
        """The index of the last element with this value at or before ``from_``, which may count from the end; or -1."""
        start = from_ + len(self) if from_ < 0 else min(from_, len(self) - 1)
        return next((index for index in range(start, -1, -1) if self[index] == value), -1)

    def slice(self, begin: int, end: int = 0x7FFFFFFF) -> Self:
        """A copy of the elements from ``begin`` to before ``end``."""
        return type(self)(self[begin:end])  # type: ignore[call-arg]

    def duplicate(self) -> Self:
        """A copy."""
        return type(self)(self)  # type: ignore[call-arg]

    def sort(self) -> None:
        """Sort the elements in ascending order."""
        self[:] = type(self)(sorted(self))  # type: ignore[call-arg, type-var]

    def bsearch(self, value: _T, before: bool = True) -> int:
        """The index at which a value belongs in a sorted array, before (or after) equal elements."""
        position: int = (bisect_left if before else bisect_right)(self, value)  # type: ignore[call-overload]
        return position


def from_little_endian(into: array[Any], data: bytes) -> None:
    """Append numbers in the wire format."""
    start = len(into)
    into.frombytes(data)
    if sys.byteorder == "big":
        tail = into[start:]
        tail.byteswap()
        into[start:] = tail


def to_little_endian(values: array[Any]) -> bytes:
    """Create an array from the wire format."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def numbers(typecode: str, values: Iterable[Any], shape: tuple[int, ...] = (-1,)) -> array[Any]:
    """An ``array`` of numbers; a numpy array must have the shape (-1 for any length) and is converted by numpy.

    Raises:
        TypeError: an element or the shape is of another kind.
        OverflowError: an int does not fit.
    """
    if isinstance(values, (str, bytes, bytearray)):
        raise TypeError(f"expected numbers, not {type(values).__name__}")
    astype = getattr(values, "astype", None)
    if astype is None:
        return array(typecode, values)
    found = values.shape  # type: ignore[attr-defined]
    if len(found) != len(shape) or found[1:] != shape[1:]:
        raise TypeError(f"expected a numpy array of shape {shape}, not {found}".replace("-1", "n"))
    converted = astype(f"={typecode}", order="C", casting="same_kind", copy=False)
    if typecode in _LIMITS and 0 not in found:  # numpy would truncate
        bits = _LIMITS[typecode]
        if not -(1 << bits) <= int(values.min()) <= int(values.max()) < 1 << bits:  # type: ignore[attr-defined]
            raise OverflowError(f"a number of the numpy array does not fit {bits + 1} bits")
    result = array(typecode)
    result.frombytes(converted.tobytes())
    return result


class _NumberArray(PackedArray[_N], _Array[_N]):
    __slots__ = ()
    _typecode: ClassVar[str]
    _blank = 0

    def __new__(cls, values: Iterable[_N] = ()) -> Self:
        return super().__new__(cls, cls._typecode, numbers(cls._typecode, values))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tolist()})"

    # What array copies out is a plain array again.

    @overload
    def __getitem__(self, key: SupportsIndex) -> _N: ...
    @overload
    def __getitem__(self, key: builtins.slice) -> Self: ...
    def __getitem__(self, key: SupportsIndex | builtins.slice) -> Any:
        found: Any = super().__getitem__(key)
        return type(self)(found) if isinstance(found, array) else found

    def __copy__(self) -> Self:
        return type(self)(self)

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.tolist(),)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return self.__reduce__()

    def to_byte_array(self) -> bytes:
        """The elements as bytes, little-endian."""
        return to_little_endian(self)


class PackedInt32Array(_NumberArray[int]):
    """Ints of 32 bits."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_INT32_ARRAY
    _typecode = "i"


class PackedInt64Array(_NumberArray[int]):
    """Ints of 64 bits."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_INT64_ARRAY
    _typecode = "q"


class PackedFloat32Array(_NumberArray[float]):
    """Floats of 32 bits; elements are rounded."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_FLOAT32_ARRAY
    _typecode = "f"


class PackedFloat64Array(_NumberArray[float]):
    """Floats of 64 bits."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_FLOAT64_ARRAY
    _typecode = "d"


class PackedStringArray(PackedArray[str], list[str]):  # type: ignore[misc]
    """Strings."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_STRING_ARRAY
    _blank = ""

    def __repr__(self) -> str:
        return f"PackedStringArray({super().__repr__()})"

    def to_byte_array(self) -> bytes:
        """All strings in UTF-8, each followed by a zero byte."""
        return b"".join(text.encode("utf-8", "replace") + b"\0" for text in self)
