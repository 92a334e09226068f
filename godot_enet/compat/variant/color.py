"""Color."""

from __future__ import annotations

import colorsys
import math
import re
from typing import TYPE_CHECKING, Any, overload

from godot_enet.compat.errors import as_str, fail
from godot_enet.compat.variant.color_names import NamedColors, find
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import Arithmetic, clamp, make, member, real

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Color"]

_UNSET: Any = object()
_CODE = re.compile("([0-9a-fA-F]{3}){1,2}|([0-9a-fA-F]{4}){1,2}")


class Color(NamedColors, Arithmetic):
    """Red, green, blue and alpha, 0 to 1 each; more is allowed (overbright).

    Made from components; or from another colour, an HTML code like ``"#ff8000"`` or a name like ``"dark red"``, and
    perhaps a new alpha.

    >>> Color("tomato").to_html(False)
    'ff6347'
    """

    __slots__ = ()
    variant_type = VariantType.TYPE_COLOR
    _width = 4

    @overload
    def __new__(cls, r: float = 0.0, g: float = 0.0, b: float = 0.0, a: float = 1.0) -> Self: ...
    @overload
    def __new__(cls, r: Color | str, g: float = ...) -> Self: ...
    def __new__(cls, r: float | Color | str = 0.0, g: float = _UNSET, b: float = 0.0, a: float = 1.0) -> Self:
        if isinstance(r, str):
            r = cls.html(r) if cls.html_is_valid(r) else _named(r)
        if isinstance(r, Color):
            return make(cls, r if g is _UNSET else (*r[:3], real(g)))
        return make(cls, (real(r), 0.0 if g is _UNSET else real(g), real(b), real(a)))

    @classmethod
    def html(cls, rgba: str) -> Self:
        """Parse 3, 4, 6 or 8 hexadecimal digits, with or without ``#``; anything else gives black and an error."""
        if not cls.html_is_valid(rgba):
            return fail(f"Invalid color code: {rgba}.", cls())
        digits = rgba.removeprefix("#")
        if len(digits) <= 4:
            digits = "".join(digit * 2 for digit in digits)
        return cls.from_rgba8(*bytes.fromhex(digits))

    @staticmethod
    def html_is_valid(color: str) -> bool:
        """Whether it is a code that :meth:`html` accepts."""
        return _CODE.fullmatch(as_str(color, "color").removeprefix("#")) is not None

    @staticmethod
    def from_string(str: str, default: Color) -> Color:
        """The colour of a code, as in :meth:`html`, or of a name; otherwise ``default``."""
        return Color.html(str) if Color.html_is_valid(str) else find(str) or default

    @classmethod
    def from_rgba8(cls, r8: int, g8: int, b8: int, a8: int = 255) -> Self:
        """From components of 0 to 255."""
        return make(cls, (r8 / 255.0, g8 / 255.0, b8 / 255.0, a8 / 255.0))

    @classmethod
    def hex(cls, hex: int) -> Self:
        """From one number, red in its highest byte and alpha in its lowest."""
        return cls.from_rgba8(*(hex & 0xFFFFFFFF).to_bytes(4, "big"))

    @classmethod
    def hex64(cls, hex: int) -> Self:
        """From one number with 16 bits for each component, red first."""
        return make(cls, [(hex >> shift & 0xFFFF) / 65535.0 for shift in (48, 32, 16, 0)])

    @classmethod
    def from_hsv(cls, h: float, s: float, v: float, alpha: float = 1.0) -> Self:
        """From hue, saturation and value, 0 to 1 each."""
        return make(cls, (*colorsys.hsv_to_rgb(h % 1.0, s, v), real(alpha)))

    def __neg__(self) -> Self:
        """Everything subtracted from 1, alpha as well."""
        return make(type(self), [1.0 - component for component in self])

    r = member(float, 0, "Red.")
    g = member(float, 1, "Green.")
    b = member(float, 2, "Blue.")
    a = member(float, 3, "Alpha: 0 is transparent, 1 is opaque.")

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

    def _packed(self, order: str, most: int) -> int:
        """Its components in this order, highest first. Beyond 0 to 1 they wrap around, as in Godot."""
        bits = most.bit_length()
        total = 0
        for component in order:
            total = total << bits | _rounded(self["rgba".index(component)], most) & most
        return total

    def to_rgba32(self) -> int:
        """One number of 32 bits, red in its highest byte. Beyond 0 to 1 a component wraps around, as in Godot."""
        return self._packed("rgba", 0xFF)

    def to_argb32(self) -> int:
        """The same with alpha in front."""
        return self._packed("argb", 0xFF)

    def to_abgr32(self) -> int:
        """The same, reversed."""
        return self._packed("abgr", 0xFF)

    def to_rgba64(self) -> int:
        """One number of 64 bits, red highest; it is negative when its highest bit is set, as any int in Godot."""
        return _signed(self._packed("rgba", 0xFFFF))

    def to_argb64(self) -> int:
        """The same with alpha in front."""
        return _signed(self._packed("argb", 0xFFFF))

    def to_abgr64(self) -> int:
        """The same, reversed."""
        return _signed(self._packed("abgr", 0xFFFF))

    def clamp(self, min: Color | None = None, max: Color | None = None) -> Self:
        """Each component limited to 0 and 1, or to the components of ``min`` and ``max``."""
        low, high = min or (0.0,) * 4, max or (1.0,) * 4
        return make(type(self), map(clamp, self, low, high))

    def blend(self, over: Color) -> Self:
        """The result of another colour over this one."""
        below = self[3] * (1.0 - over[3])
        alpha = below + over[3]
        if not alpha:
            return make(type(self), (0.0,) * 4)
        mixed = [(a * below + b * over[3]) / alpha for a, b in zip(self[:3], over[:3], strict=True)]
        return make(type(self), (*mixed, alpha))

    def srgb_to_linear(self) -> Self:
        """The colour converted from sRGB to linear components."""
        return make(type(self), (*map(_linear, self[:3]), self[3]))

    def linear_to_srgb(self) -> Self:
        """The reverse of :meth:`srgb_to_linear`."""
        return make(type(self), (*map(_nonlinear, self[:3]), self[3]))

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


def _linear(component: float) -> float:
    return component / 12.92 if component < 0.04045 else ((component + 0.055) / 1.055) ** 2.4


def _nonlinear(light: float) -> float:
    return light * 12.92 if light < 0.0031308 else 1.055 * light ** (1.0 / 2.4) - 0.055


def _named(name: str) -> Color:
    color = find(name)
    return fail(f"Invalid color name: {name}.", Color()) if color is None else color


def _rounded(component: float, most: int) -> int:
    return int(component * most + math.copysign(0.5, component))


def _byte(component: float) -> int:
    return max(0, min(255, _rounded(component, 255)))


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
