"""The type of the elements of a typed array or dictionary, and the conversion to it."""

from __future__ import annotations

from dataclasses import dataclass

from godot_enet.compat.variant.conversions import REFUSED, convert
from godot_enet.compat.variant.kinds import Variant, VariantType, typeof

__all__ = ["ANY", "REFUSED", "ElementType"]


@dataclass(frozen=True, slots=True)
class ElementType:
    """The type of the elements: ``TYPE_NIL`` for any. Classes and scripts are names; nothing is ever loaded."""

    type: VariantType = VariantType.TYPE_NIL
    class_name: str = ""
    script: str = ""

    def fit(self, value: Variant) -> Variant:
        """The value as an element, converted if necessary; ``REFUSED`` if it cannot be one."""
        return value if self.type is VariantType.TYPE_NIL else convert(value, self.type)

    def admit(self, value: Variant) -> Variant:
        """The value as an element, converted if necessary.

        Raises:
            TypeError: it cannot be one.
        """
        element = self.fit(value)
        if element is REFUSED:
            raise TypeError(f"an element of {typeof(value).name} does not fit {self.type.name}")
        return element


ANY = ElementType()
