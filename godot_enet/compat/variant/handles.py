"""Values with a meaning only in the program that made them: they are passed on, not resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from godot_enet.compat.variant.hashing import hash_text
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.names import StringName

__all__ = ["RID", "EncodedCallable", "EncodedObjectAsID", "EncodedSignal"]


@dataclass(frozen=True, slots=True)
class RID:
    """The number of a low-level resource; 0 is none."""

    id: int = 0
    variant_type: ClassVar[VariantType] = VariantType.TYPE_RID

    def __hash__(self) -> int:
        return hash_text(f"{self.id:x}")

    def get_id(self) -> int:
        """The number."""
        return self.id

    def is_valid(self) -> bool:
        """Whether it stands for a resource."""
        return self.id != 0


@dataclass(frozen=True, slots=True)
class EncodedObjectAsID:
    """Stands for an object, which is never sent or decoded itself: its number in the sender's program.

    Sending it sends that number. Godot sends the number of its own wrapper object instead, which is of no use.
    """

    object_id: int = 0
    variant_type: ClassVar[VariantType] = VariantType.TYPE_OBJECT

    def __hash__(self) -> int:
        return hash_text(f"{self.object_id:x}")

    def get_object_id(self) -> int:
        """The number."""
        return self.object_id


@dataclass(frozen=True, slots=True)
class EncodedCallable:
    """Stands for a received ``Callable``, and cannot be called. Functions are sent as this."""

    variant_type: ClassVar[VariantType] = VariantType.TYPE_CALLABLE


@dataclass(frozen=True, slots=True)
class EncodedSignal:
    """Stands for a received ``Signal``: its name, and the number of its object in the sender's program."""

    name: StringName = StringName()  # noqa: RUF009 - it is immutable
    object_id: int = 0
    variant_type: ClassVar[VariantType] = VariantType.TYPE_SIGNAL

    def __hash__(self) -> int:
        return hash_text(f"{self.name}\0{self.object_id:x}")
