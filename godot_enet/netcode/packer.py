"""States as bits: a dataclass is the schema, its fields become columns of a few bits, and only changes are sent."""

from __future__ import annotations

from hashlib import blake2b
from operator import attrgetter
from typing import Generic, TypeVar

from godot_enet.netcode.columns import codec_of
from godot_enet.netcode.rows import Row, RowCodec
from godot_enet.netcode.schema import fields_of

__all__ = ["Packer", "Row"]

_T = TypeVar("_T")


class Packer(Generic[_T]):
    """Packs states of one dataclass.

    Fields are ``bool``, ``int``, ``float``, an ``Enum``, :class:`~godot_enet.Vector2`, :class:`~godot_enet.Vector3` or
    :class:`~godot_enet.Quaternion`. ``Annotated`` says how exact they are: ``Annotated[float, Range(0, 960, 1 / 8)]``.
    Without it an ``int`` takes 32 bits, and a ``float`` is rounded to 32 bits.

    Args:
        schema: The dataclass.

    Raises:
        TypeError: it is not a dataclass, or a field cannot be packed; the message names the field.
    """

    def __init__(self, schema: type[_T]) -> None:
        self.schema = schema
        fields = list(fields_of(schema))
        codecs = [codec_of(field) for field in fields]
        text = "\n".join(f"{field.name}: {codec.text}" for field, codec in zip(fields, codecs, strict=True))
        self.schema_hash = int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "little")
        """32 bits that differ for other names, types and limits of fields; fits ``data`` of ``connect_to_host``."""
        self._names = [field.name for field in fields]
        self._get = attrgetter(*self._names)
        self._splits = [codec.split for codec in codecs]
        self.rows = RowCodec(schema, codecs)
        """The bits of the columns."""
        self.size = self.rows.size
        """Bytes of a packed state."""

    def __repr__(self) -> str:
        return f"<Packer of {self.schema.__name__}, {self.size} bytes, hash {self.schema_hash:08x}>"

    def quantize(self, state: _T) -> Row:
        """The columns of a state.

        Raises:
            ValueError: a number is not finite, or a quaternion is zero; the message names the field.
        """
        values = self._get(state) if len(self._names) > 1 else (self._get(state),)
        row: list[int] = []
        try:
            for name, split, value in zip(self._names, self._splits, values, strict=True):  # noqa: B007
                row += split(value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{name}: {error}") from None
        return tuple(row)

    def restore(self, row: Row) -> _T:
        """The state with these columns.

        Raises:
            MessageError: no state has them.
        """
        return self.rows.restore(row)

    def rounded(self, state: _T) -> _T:
        """The state as the other end will see it."""
        return self.restore(self.quantize(state))

    def pack(self, state: _T) -> bytes:
        """A whole state in :attr:`size` bytes.

        Raises:
            ValueError: as for :meth:`quantize`.
        """
        return self.rows.pack(self.quantize(state))

    def unpack(self, data: bytes) -> _T:
        """The state in ``data``.

        Raises:
            MessageError: ``data`` is not a result of :meth:`pack`.
        """
        return self.restore(self.rows.unpack(data))
