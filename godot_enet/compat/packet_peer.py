"""PacketPeer: Godot's base class of everything that sends and receives packets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from godot_enet.compat.errors import as_bytes, as_int, fail
from godot_enet.compat.globals import Error

if TYPE_CHECKING:
    from godot_enet.compat.variant import Variant

__all__ = ["PacketPeer"]

_OK: Error = Error.OK  # up to Python 3.11 an attribute of an enum takes as long as a call


class PacketPeer(ABC):
    """Abstract base class; see its subclasses."""

    _packet_error = _OK
    _encode_buffer_max_size = 8 * 1024 * 1024

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @abstractmethod
    def get_available_packet_count(self) -> int:
        """Return the number of packets in the receive queue."""

    @abstractmethod
    def _take_packet(self) -> tuple[Error, bytes]:
        """Remove and return the next packet, or an error and no bytes."""

    @abstractmethod
    def _put_packet(self, packet: bytes) -> Error:
        """Send a non-empty packet."""

    def get_packet(self) -> bytes:
        """Remove and return the next packet; ``b""`` if there is none, see :meth:`~PacketPeer.get_packet_error`."""
        self._packet_error, packet = self._take_packet()
        return packet

    def get_packet_error(self) -> Error:
        """Return the error of the last :meth:`get_packet`."""
        return self._packet_error

    def put_packet(self, buffer: bytes | bytearray | memoryview) -> Error:
        """Send a packet. An empty packet returns ``OK`` and is not sent, as in Godot."""
        packet = as_bytes(buffer, "buffer")
        return self._put_packet(packet) if packet else Error.OK

    def get_var(self, allow_objects: bool = False) -> Variant:
        """Remove and decode the next packet; None, with an error, if there is none or it cannot be decoded.

        Objects are never decoded. ``allow_objects`` keeps the names of classes and scripts in typed arrays and
        dictionaries. :meth:`~PacketPeer.get_packet_error` does not change, as in Godot.
        """
        error, packet = self._take_packet()
        return self._decode(packet, allow_objects) if error is Error.OK else None

    def _decode(self, packet: bytes, allow_objects: bool = False) -> Variant:
        """Return the value in a packet; None, with an error, if it cannot be decoded."""
        from godot_enet.compat.variant import decode_packet  # imported late: programs without Variants start faster

        return decode_packet(packet, allow_objects)

    def put_var(self, var: Variant, full_objects: bool = False) -> Error:
        """Send a value in Godot's binary format; ``ERR_OUT_OF_MEMORY`` beyond ``encode_buffer_max_size``.

        Objects are sent as their numbers. ``full_objects`` keeps the names of classes and scripts in typed arrays
        and dictionaries.
        """
        from godot_enet.compat.variant import encode_packet

        error, packet = encode_packet(var, self._encode_buffer_max_size, full_objects)
        return self._put_packet(packet) if error is Error.OK else error

    def get_encode_buffer_max_size(self) -> int:
        """Return the maximum size of an encoded value in :meth:`put_var`, in bytes; 8 MiB by default."""
        return self._encode_buffer_max_size

    def set_encode_buffer_max_size(self, max_size: int) -> None:
        """Set the maximum size of an encoded value in :meth:`put_var`: 1024 bytes to 256 MiB."""
        size = as_int(max_size, "max_size")
        if size < 1024:
            fail(f"Max encode buffer must be at least 1024 bytes. Got {size}.", None)
        elif size > 256 * 1024 * 1024:
            fail(f"Max encode buffer cannot exceed 256 MiB. Got {size} bytes.", None)
        else:
            self._encode_buffer_max_size = 1 << (size - 1).bit_length()

    @property
    def encode_buffer_max_size(self) -> int:
        """As :meth:`get_encode_buffer_max_size`; can be set."""
        return self.get_encode_buffer_max_size()

    @encode_buffer_max_size.setter
    def encode_buffer_max_size(self, max_size: int) -> None:
        self.set_encode_buffer_max_size(max_size)
