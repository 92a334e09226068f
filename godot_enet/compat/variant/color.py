"""Color."""

from __future__ import annotations

import colorsys
import math
import re
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import Arithmetic, make, real

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Color"]

_UNSET: Any = object()
_CODE = re.compile("([0-9a-fA-F]{3}){1,2}|([0-9a-fA-F]{4}){1,2}")


class Color(Arithmetic):
    """Red, green, blue and alpha, 0 to 1 each; more is allowed (overbright).

    Made from components, from another colour and a new alpha, or from an HTML code like ``"#ff8000"`` or ``"f80c"``.
    """

    __slots__ = ()
    variant_type = VariantType.TYPE_COLOR
    _width = 4

    BLACK: ClassVar[Color]
    WHITE: ClassVar[Color]
    TRANSPARENT: ClassVar[Color]

    @overload
    def __new__(cls, r: float = 0.0, g: float = 0.0, b: float = 0.0, a: float = 1.0) -> Self: ...
    @overload
    def __new__(cls, r: Color | str, g: float = ...) -> Self: ...
    def __new__(cls, r: float | Color | str = 0.0, g: float = _UNSET, b: float = 0.0, a: float = 1.0) -> Self:
        if isinstance(r, str):
            r = cls.html(r)
        if isinstance(r, Color):
            return make(cls, r if g is _UNSET else (*r[:3], real(g)))
        return make(cls, (real(r), 0.0 if g is _UNSET else real(g), real(b), real(a)))

    @classmethod
    def html(cls, rgba: str) -> Self:
        """From 3, 4, 6 or 8 hexadecimal digits, with or without ``#``.

        Raises:
            ValueError: it is no such code; names of colours are not known here.
        """
        digits = rgba.removeprefix("#")
        if not _CODE.fullmatch(digits):
            raise ValueError(f"not an HTML colour code: {rgba!r}")
        if len(digits) <= 4:
            digits = "".join(digit * 2 for digit in digits)
        return cls.from_rgba8(*bytes.fromhex(digits))

    @classmethod
    def from_rgba8(cls, r8: int, g8: int, b8: int, a8: int = 255) -> Self:
        """From components of 0 to 255."""
        return make(cls, (r8 / 255.0, g8 / 255.0, b8 / 255.0, a8 / 255.0))

    @classmethod
    def hex(cls, hex: int) -> Self:
        """From one number, red in its highest byte and alpha in its lowest."""
        return cls.from_rgba8(*(hex & 0xFFFFFFFF).to_bytes(4, "big"))

    @classmethod
    def from_hsv(cls, h: float, s: float, v: float, alpha: float = 1.0) -> Self:
        """From hue, saturation and value, 0 to 1 each."""
        return make(cls, (*colorsys.hsv_to_rgb(h % 1.0, s, v), real(alpha)))

    def __neg__(self) -> Self:
        """Everything subtracted from 1, alpha as well."""
        return make(type(self), [1.0 - component for component in self])

    @property
    def r(self) -> float:
        """Red."""
        return self[0]

    @property
    def g(self) -> float:
        """Green."""
        return self[1]

    @property
    def b(self) -> float:
        """Blue."""
        return self[2]

    @property
    def a(self) -> float:
        """Alpha: 0 is transparent, 1 is opaque."""
        return self[3]

    @property
    def r8(self) -> int:
        """Red, 0 to 255."""
        return _byte(self[0])

    @property
    def g8(self) -> int:
        """Green, 0 to 255."""
        return _byte(self[1])

    @property
    def b8(self) -> int:
        """Blue, 0 to 255."""
        return _byte(self[2])

    @property
    def a8(self) -> int:
        """Alpha, 0 to 255."""
        return _byte(self[3])

    @property
    def h(self) -> float:
        """Hue, 0 to 1."""
        return colorsys.rgb_to_hsv(*self[:3])[0]

    @property
    def s(self) -> float:
        """Saturation, 0 to 1."""
        return colorsys.rgb_to_hsv(*self[:3])[1]

    @property
    def v(self) -> float:
        """Value, the greatest of the three colours."""
        return max(self[:3])

    def to_html(self, with_alpha: bool = True) -> str:
        """Eight hexadecimal digits, or six."""
        return bytes(map(_byte, self if with_alpha else self[:3])).hex()

    def to_rgba32(self) -> int:
        """One number, red in its highest byte. Beyond 0 to 1 a component wraps around, as in Godot."""
        return int.from_bytes([_rounded(component) & 0xFF for component in self], "big")

    def inverted(self) -> Self:
        """Each colour subtracted from 1; alpha as it is."""
        return make(type(self), (1.0 - self[0], 1.0 - self[1], 1.0 - self[2], self[3]))

    def lightened(self, amount: float) -> Self:
        """Nearer to white; 1 is white."""
        return make(type(self), (*(c + (1.0 - c) * amount for c in self[:3]), self[3]))

    def darkened(self, amount: float) -> Self:
        """Nearer to black; 1 is black."""
        return make(type(self), (*(c * (1.0 - amount) for c in self[:3]), self[3]))

    def get_luminance(self) -> float:
        """Perceived brightness, 0 to 1."""
        return 0.2126 * self[0] + 0.7152 * self[1] + 0.0722 * self[2]


def _rounded(component: float) -> int:
    return int(component * 255.0 + math.copysign(0.5, component))


def _byte(component: float) -> int:
    return max(0, min(255, _rounded(component)))


Color.BLACK = Color(0.0, 0.0, 0.0)
Color.WHITE = Color(1.0, 1.0, 1.0)
Color.TRANSPARENT = Color(1.0, 1.0, 1.0, 0.0)
