"""The named colours, with the values of Godot's constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.variant.color import Color

__all__ = ["NamedColors", "find"]


class _named:
    """A colour that is created on first use."""

    def __init__(self, rgba: int) -> None:
        self._rgba = rgba
        self._color: Color | None = None

    def __get__(self, instance: object, owner: type | None = None) -> Color:
        if self._color is None:
            from godot_enet.compat.variant.color import Color  # a subclass of the class with these

            self._color = Color.hex(self._rgba)
        return self._color


class NamedColors:
    """The constants."""

    __slots__ = ()

    ALICE_BLUE = _named(0xF0F8FFFF)
    ANTIQUE_WHITE = _named(0xFAEBD7FF)
    AQUA = _named(0x00FFFFFF)
    AQUAMARINE = _named(0x7FFFD4FF)
    AZURE = _named(0xF0FFFFFF)
    BEIGE = _named(0xF5F5DCFF)
    BISQUE = _named(0xFFE4C4FF)
    BLACK = _named(0x000000FF)
    BLANCHED_ALMOND = _named(0xFFEBCDFF)
    BLUE = _named(0x0000FFFF)
    BLUE_VIOLET = _named(0x8A2BE2FF)
    BROWN = _named(0xA52A2AFF)
    BURLYWOOD = _named(0xDEB887FF)
    CADET_BLUE = _named(0x5F9EA0FF)
    CHARTREUSE = _named(0x7FFF00FF)
    CHOCOLATE = _named(0xD2691EFF)
    CORAL = _named(0xFF7F50FF)
    CORNFLOWER_BLUE = _named(0x6495EDFF)
    CORNSILK = _named(0xFFF8DCFF)
    CRIMSON = _named(0xDC143CFF)
    CYAN = _named(0x00FFFFFF)
    DARK_BLUE = _named(0x00008BFF)
    DARK_CYAN = _named(0x008B8BFF)
    DARK_GOLDENROD = _named(0xB8860BFF)
    DARK_GRAY = _named(0xA9A9A9FF)
    DARK_GREEN = _named(0x006400FF)
    DARK_KHAKI = _named(0xBDB76BFF)
    DARK_MAGENTA = _named(0x8B008BFF)
    DARK_OLIVE_GREEN = _named(0x556B2FFF)
    DARK_ORANGE = _named(0xFF8C00FF)
    DARK_ORCHID = _named(0x9932CCFF)
    DARK_RED = _named(0x8B0000FF)
    DARK_SALMON = _named(0xE9967AFF)
    DARK_SEA_GREEN = _named(0x8FBC8FFF)
    DARK_SLATE_BLUE = _named(0x483D8BFF)
    DARK_SLATE_GRAY = _named(0x2F4F4FFF)
    DARK_TURQUOISE = _named(0x00CED1FF)
    DARK_VIOLET = _named(0x9400D3FF)
    DEEP_PINK = _named(0xFF1493FF)
    DEEP_SKY_BLUE = _named(0x00BFFFFF)
    DIM_GRAY = _named(0x696969FF)
    DODGER_BLUE = _named(0x1E90FFFF)
    FIREBRICK = _named(0xB22222FF)
    FLORAL_WHITE = _named(0xFFFAF0FF)
    FOREST_GREEN = _named(0x228B22FF)
    FUCHSIA = _named(0xFF00FFFF)
    GAINSBORO = _named(0xDCDCDCFF)
    GHOST_WHITE = _named(0xF8F8FFFF)
    GOLD = _named(0xFFD700FF)
    GOLDENROD = _named(0xDAA520FF)
    GRAY = _named(0xBEBEBEFF)
    GREEN = _named(0x00FF00FF)
    GREEN_YELLOW = _named(0xADFF2FFF)
    HONEYDEW = _named(0xF0FFF0FF)
    HOT_PINK = _named(0xFF69B4FF)
    INDIAN_RED = _named(0xCD5C5CFF)
    INDIGO = _named(0x4B0082FF)
    IVORY = _named(0xFFFFF0FF)
    KHAKI = _named(0xF0E68CFF)
    LAVENDER = _named(0xE6E6FAFF)
    LAVENDER_BLUSH = _named(0xFFF0F5FF)
    LAWN_GREEN = _named(0x7CFC00FF)
    LEMON_CHIFFON = _named(0xFFFACDFF)
    LIGHT_BLUE = _named(0xADD8E6FF)
    LIGHT_CORAL = _named(0xF08080FF)
    LIGHT_CYAN = _named(0xE0FFFFFF)
    LIGHT_GOLDENROD = _named(0xFAFAD2FF)
    LIGHT_GRAY = _named(0xD3D3D3FF)
    LIGHT_GREEN = _named(0x90EE90FF)
    LIGHT_PINK = _named(0xFFB6C1FF)
    LIGHT_SALMON = _named(0xFFA07AFF)
    LIGHT_SEA_GREEN = _named(0x20B2AAFF)
    LIGHT_SKY_BLUE = _named(0x87CEFAFF)
    LIGHT_SLATE_GRAY = _named(0x778899FF)
    LIGHT_STEEL_BLUE = _named(0xB0C4DEFF)
    LIGHT_YELLOW = _named(0xFFFFE0FF)
    LIME = _named(0x00FF00FF)
    LIME_GREEN = _named(0x32CD32FF)
    LINEN = _named(0xFAF0E6FF)
    MAGENTA = _named(0xFF00FFFF)
    MAROON = _named(0xB03060FF)
    MEDIUM_AQUAMARINE = _named(0x66CDAAFF)
    MEDIUM_BLUE = _named(0x0000CDFF)
    MEDIUM_ORCHID = _named(0xBA55D3FF)
    MEDIUM_PURPLE = _named(0x9370DBFF)
    MEDIUM_SEA_GREEN = _named(0x3CB371FF)
    MEDIUM_SLATE_BLUE = _named(0x7B68EEFF)
    MEDIUM_SPRING_GREEN = _named(0x00FA9AFF)
    MEDIUM_TURQUOISE = _named(0x48D1CCFF)
    MEDIUM_VIOLET_RED = _named(0xC71585FF)
    MIDNIGHT_BLUE = _named(0x191970FF)
    MINT_CREAM = _named(0xF5FFFAFF)
    MISTY_ROSE = _named(0xFFE4E1FF)
    MOCCASIN = _named(0xFFE4B5FF)
    NAVAJO_WHITE = _named(0xFFDEADFF)
    NAVY_BLUE = _named(0x000080FF)
    OLD_LACE = _named(0xFDF5E6FF)
    OLIVE = _named(0x808000FF)
    OLIVE_DRAB = _named(0x6B8E23FF)
    ORANGE = _named(0xFFA500FF)
    ORANGE_RED = _named(0xFF4500FF)
    ORCHID = _named(0xDA70D6FF)
    PALE_GOLDENROD = _named(0xEEE8AAFF)
    PALE_GREEN = _named(0x98FB98FF)
    PALE_TURQUOISE = _named(0xAFEEEEFF)
    PALE_VIOLET_RED = _named(0xDB7093FF)
    PAPAYA_WHIP = _named(0xFFEFD5FF)
    PEACH_PUFF = _named(0xFFDAB9FF)
    PERU = _named(0xCD853FFF)
    PINK = _named(0xFFC0CBFF)
    PLUM = _named(0xDDA0DDFF)
    POWDER_BLUE = _named(0xB0E0E6FF)
    PURPLE = _named(0xA020F0FF)
    REBECCA_PURPLE = _named(0x663399FF)
    RED = _named(0xFF0000FF)
    ROSY_BROWN = _named(0xBC8F8FFF)
    ROYAL_BLUE = _named(0x4169E1FF)
    SADDLE_BROWN = _named(0x8B4513FF)
    SALMON = _named(0xFA8072FF)
    SANDY_BROWN = _named(0xF4A460FF)
    SEA_GREEN = _named(0x2E8B57FF)
    SEASHELL = _named(0xFFF5EEFF)
    SIENNA = _named(0xA0522DFF)
    SILVER = _named(0xC0C0C0FF)
    SKY_BLUE = _named(0x87CEEBFF)
    SLATE_BLUE = _named(0x6A5ACDFF)
    SLATE_GRAY = _named(0x708090FF)
    SNOW = _named(0xFFFAFAFF)
    SPRING_GREEN = _named(0x00FF7FFF)
    STEEL_BLUE = _named(0x4682B4FF)
    TAN = _named(0xD2B48CFF)
    TEAL = _named(0x008080FF)
    THISTLE = _named(0xD8BFD8FF)
    TOMATO = _named(0xFF6347FF)
    TRANSPARENT = _named(0xFFFFFF00)
    TURQUOISE = _named(0x40E0D0FF)
    VIOLET = _named(0xEE82EEFF)
    WEB_GRAY = _named(0x808080FF)
    WEB_GREEN = _named(0x008000FF)
    WEB_MAROON = _named(0x800000FF)
    WEB_PURPLE = _named(0x800080FF)
    WHEAT = _named(0xF5DEB3FF)
    WHITE = _named(0xFFFFFFFF)
    WHITE_SMOKE = _named(0xF5F5F5FF)
    YELLOW = _named(0xFFFF00FF)
    YELLOW_GREEN = _named(0x9ACD32FF)


_BY_NAME = {name.replace("_", ""): name for name in vars(NamedColors) if name.isupper()}
_IGNORED = str.maketrans("", "", " -_'.")


def find(name: str) -> Color | None:
    """A colour by its name, in any spelling that Godot accepts: ``"dark red"``, ``"DarkRed"``."""
    constant = _BY_NAME.get(name.translate(_IGNORED).upper())
    color: Color | None = None if constant is None else getattr(NamedColors, constant)
    return color
