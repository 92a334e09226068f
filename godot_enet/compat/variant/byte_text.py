"""Text in a byte array, under Godot's names. Methods that Godot has on ``String`` are class methods here."""

from __future__ import annotations

import codecs
import locale
import re
import sys
from typing import TYPE_CHECKING

from godot_enet.compat.errors import as_str, fail
from godot_enet.compat.variant.byte_fields import ByteFields
from godot_enet.compat.variant.writers import well_formed

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ByteText"]


def _text(data: bytes, encoding: str) -> str:
    """Decode; malformed parts become U+FFFD, with an error."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        return fail(f"Unicode parsing error: {error}", data.decode(encoding, "replace"), remote=True)


class ByteText(ByteFields):
    """Conversions from text and to text."""

    __slots__ = ()

    @classmethod
    def to_ascii_buffer(cls, text: str) -> Self:
        """Encode one byte for each character; a space for those that are not ASCII."""
        return cls(re.sub(r"[^\x00-\x7f]", " ", as_str(text, "text")).encode("ascii"))

    @classmethod
    def to_utf8_buffer(cls, text: str) -> Self:
        """As UTF-8."""
        return cls(well_formed(as_str(text, "text")).encode("utf-8"))

    @classmethod
    def to_utf16_buffer(cls, text: str) -> Self:
        """Encode as UTF-16, little-endian, without a byte order mark."""
        return cls(well_formed(as_str(text, "text")).encode("utf-16-le"))

    @classmethod
    def to_utf32_buffer(cls, text: str) -> Self:
        """Encode as UTF-32, little-endian, without a byte order mark."""
        return cls(well_formed(as_str(text, "text")).encode("utf-32-le"))

    @classmethod
    def hex_decode(cls, text: str) -> Self:
        """Decode two hexadecimal digits for each byte; anything else gives no bytes and an error."""
        if len(as_str(text, "text")) % 2:
            return fail("Hexadecimal string of uneven length.", cls())
        wrong = re.search("[^0-9a-fA-F]", text)
        if wrong is not None:
            where = f'"{wrong.group()}" at index {wrong.start()}'
            return fail(f"Invalid hexadecimal character {where}.", cls())
        return cls(bytes.fromhex(text))

    def hex_encode(self) -> str:
        """Return two hexadecimal digits for each byte."""
        return self.hex()

    def get_string_from_ascii(self) -> str:
        """Return each byte as the character of that number, up to the first 0."""
        return bytes(self).partition(b"\0")[0].decode("latin-1")

    def get_string_from_utf8(self) -> str:
        """Decode UTF-8 up to the first 0; invalid bytes become U+FFFD, with an error."""
        return _text(bytes(self).removeprefix(codecs.BOM_UTF8).partition(b"\0")[0], "utf-8")

    def get_string_from_utf16(self) -> str:
        """Decode UTF-16 up to the first 0, in the order of its byte order mark, or little-endian."""
        codec = "utf-16-be" if self.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
        return _text(bytes(self)[: len(self) // 2 * 2], codec).removeprefix("\ufeff").partition("\0")[0]

    def get_string_from_utf32(self) -> str:
        """Decode UTF-32, little-endian; a 0 becomes U+FFFD, too."""
        return _text(bytes(self)[: len(self) // 4 * 4], "utf-32-le").replace("\0", "\ufffd")

    def get_string_from_wchar(self) -> str:
        """Decode this system's wide characters: UTF-16 on Windows, UTF-32 elsewhere."""
        return self.get_string_from_utf16() if sys.platform == "win32" else self.get_string_from_utf32()

    def get_string_from_multibyte_char(self, encoding: str = "") -> str:
        """Decode an encoding by its name, or the system's own."""
        name = encoding or locale.getpreferredencoding(False)
        try:
            codecs.lookup(name)
        except LookupError:
            return fail(f"Unknown encoding {name!r}.", "")
        return _text(bytes(self).partition(b"\0")[0], name)
