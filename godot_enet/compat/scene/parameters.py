"""The parameters of a method: their number and types.

GDScript checks the arguments of a call, and converts some of them, such as an int to a float. A Python function accepts
anything, and a remote may send anything, so this module does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, unwrap
from inspect import signature as _signature
from typing import Any

from godot_enet.compat.scene.annotations import REFUSED, Accepted, accepted, type_name
from godot_enet.compat.variant import Variant

__all__ = ["ArgumentsError", "Parameters", "signature"]

if sys.version_info >= (3, 14):
    from annotationlib import Format

    def signature(function: Callable[..., Any]) -> Signature:
        """``inspect.signature``, whether or not the names in the annotations exist at run time."""
        return _signature(function, annotation_format=Format.FORWARDREF)

else:
    signature = _signature


class ArgumentsError(Exception):
    """The arguments do not fit; the message gives the reason, in Godot's words."""


class Parameters:
    """The parameters of a function.

    Args:
        function: the function, which is not called.
        skip: 1 if its first parameter is the node.
        owner: the class that it is a method of; annotations may use names of that class.
    """

    __slots__ = ("_accepted", "_fewest", "_most", "_rest")

    def __init__(self, function: Callable[..., Any], skip: int = 1, owner: type = object) -> None:
        self._fewest = 0
        self._most: int | None = 0
        self._accepted: list[Accepted | None] = []
        self._rest: Accepted | None = None
        try:
            parameters = list(signature(function).parameters.values())
            names = getattr(unwrap(function), "__globals__", {})
        except (TypeError, ValueError):  # without a signature, as functions in C may be
            self._most = None
            return
        more_names: dict[str, Any] = {}
        for base in reversed(owner.__mro__):
            more_names.update(vars(base))
        for parameter in parameters:
            if parameter.kind is Parameter.VAR_POSITIONAL:
                self._most = None
                self._rest = accepted(parameter.annotation, names, more_names)
            elif parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
                if skip:
                    skip -= 1
                    continue
                self._accepted.append(accepted(parameter.annotation, names, more_names))
                self._fewest += parameter.default is Parameter.empty
                if self._most is not None:
                    self._most += 1

    @property
    def count(self) -> tuple[int, int | None]:
        """The minimum and maximum number of arguments; None if there may be any number."""
        return self._fewest, self._most

    def check_count(self, count: int) -> None:
        """Check the number of arguments, before the expensive decoding.

        Raises:
            ArgumentsError: they are too few or too many.
        """
        if count < self._fewest or (self._most is not None and count > self._most):
            expected = self._fewest if count < self._fewest else self._most
            raise ArgumentsError(f"Method expected {expected} argument(s), but called with {count}")

    def fit(self, arguments: Sequence[Variant]) -> list[Variant]:
        """The arguments, converted as in GDScript.

        Raises:
            ArgumentsError: they are too few, too many or of other types.
        """
        self.check_count(len(arguments))
        fitting = list(arguments)
        declared = len(self._accepted)
        for position, value in enumerate(arguments):
            wanted = self._accepted[position] if position < declared else self._rest
            if wanted is not None and type(value) is not wanted.exact:
                fitting[position] = made = wanted.fit(value)
                if made is REFUSED:
                    where = f"argument {position + 1} from {type_name(value)} to {wanted.name}"
                    raise ArgumentsError(f"Cannot convert {where}")
        return fitting
