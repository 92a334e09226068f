"""Integer enums that print their names, the same on every version of Python.

``print(Error.ERR_BUSY)`` and ``f"{error}"`` say ``Error.ERR_BUSY``. An ``IntEnum`` says ``44`` in the second, and from
Python 3.11 on in both. ``%d``, ``f"{error:d}"``, ``int()``, ``json`` and arithmetic have the number.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

__all__ = ["NamedIntEnum", "NamedIntFlag"]

_NUMERIC = frozenset("bcdeEfFgGnoxX%")
"""Last characters of format specifications for numbers."""


def _format(number: int, text: str, specification: str) -> str:
    return format(int(number) if specification[-1:] in _NUMERIC else text, specification)


class NamedIntEnum(IntEnum):
    """An ``IntEnum`` that formats as its name."""

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __format__(self, format_spec: str) -> str:
        return _format(self, str(self), format_spec)


class NamedIntFlag(IntFlag):
    """An ``IntFlag`` that formats as the names of its flags."""

    def __str__(self) -> str:
        value, cls = int(self), type(self)
        names = [name for name, flag in cls.__members__.items() if flag and flag & value == flag]
        rest = value & ~sum(flag for flag in cls.__members__.values() if flag & value == flag)
        if rest or not names:
            names.append(str(rest))
        return f"{cls.__name__}.{'|'.join(names)}"

    def __format__(self, format_spec: str) -> str:
        return _format(self, str(self), format_spec)
