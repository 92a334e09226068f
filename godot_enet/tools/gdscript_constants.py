"""Evaluates constant expressions of GDScript, as allowed in annotations."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

import godot_enet
from godot_enet.compat.variant import VariantType
from godot_enet.tools.gdscript_tokens import Tokens

__all__ = ["UnknownName", "evaluate"]


class UnknownName(ValueError):
    """An unknown name."""


def _quotient(a: Any, b: Any) -> Any:
    """Division of ints rounds towards zero, as in C."""
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a / b


def _cast(value: Any) -> Any:
    """A cast to an enum or a class keeps the value."""
    return value


def _remainder(a: int, b: int) -> int:
    return a - b * int(_quotient(a, b))


_BINARY: list[dict[str, Callable[[Any, Any], Any]]] = [
    {"in": lambda a, b: a in b},
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    },
    {"|": operator.or_},
    {"^": operator.xor},
    {"&": operator.and_},
    {"<<": operator.lshift, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _quotient, "%": _remainder},
]
"""Lowest precedence first."""
_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_FUNCTIONS: dict[str, Any] = {
    "int": int,
    "float": float,
    "bool": bool,
    "len": len,
    **dict.fromkeys(("abs", "absi", "absf"), abs),
    **dict.fromkeys(("min", "mini", "minf"), min),
    **dict.fromkeys(("max", "maxi", "maxf"), max),
    **dict.fromkeys(("clamp", "clampi", "clampf"), lambda value, least, most: max(least, min(value, most))),
    **dict.fromkeys(("floor", "floori"), math.floor),
    **dict.fromkeys(("ceil", "ceili"), math.ceil),
    **dict.fromkeys(("round", "roundi"), round),
    "pow": pow,
}
_CONSTANTS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "PI": math.pi,
    "TAU": math.tau,
    **{kind.name: int(kind) for kind in VariantType},
    **{error.name: int(error) for error in godot_enet.Error},
}


def evaluate(tokens: list[str], find: Callable[[str], Any], preload: Callable[[str], Any]) -> Any:
    """The value of an expression.

    Args:
        tokens: the expression.
        find: returns the value of a name, or an object with ``member``; raises :exc:`UnknownName`.
        preload: the script at a path, likewise.

    Raises:
        UnknownName: a name is unknown.
        ValueError: it is not a constant expression.
    """
    expression = _Expression(Tokens(tokens), find, preload)
    try:
        value = expression.cast()
        rest = expression.tokens.peek()
        if rest:
            raise ValueError(f"unexpected {rest!r}")
        return value
    except UnknownName:
        raise
    except (SyntaxError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(f"{' '.join(tokens)!r} is not a constant: {error}") from None


class _Expression:
    """Evaluates while it reads; a method for each level of precedence."""

    def __init__(self, tokens: Tokens, find: Callable[[str], Any], preload: Callable[[str], Any]) -> None:
        self.tokens = tokens
        self._find = find
        self._preload = preload

    def cast(self) -> Any:
        value = self._ternary()
        while self.tokens.skip("as"):
            value = _FUNCTIONS.get(self.tokens.take(), _cast)(value)
        return value

    def _ternary(self) -> Any:
        value = self._or()
        if not self.tokens.skip("if"):
            return value
        condition = self._or()
        if not self.tokens.skip("else"):
            raise ValueError("if without else")
        other = self._ternary()
        return value if condition else other

    def _or(self) -> Any:
        value = self._and()
        while self.tokens.skip("or", "||"):
            value = bool(self._and()) or bool(value)
        return value

    def _and(self) -> Any:
        value = self._not()
        while self.tokens.skip("and", "&&"):
            value = bool(self._not()) and bool(value)
        return value

    def _not(self) -> Any:
        if self.tokens.skip("not", "!"):
            return not self._not()
        return self._binary(0)

    def _binary(self, level: int) -> Any:
        if level == len(_BINARY):
            return self._sign()
        value = self._binary(level + 1)
        while self.tokens.peek() in _BINARY[level]:
            token = self.tokens.take()
            operand = self._binary(level + 1)
            if token == "<<" and operand > 64:
                raise ValueError("a shift by more than an int has bits")
            value = _BINARY[level][token](value, operand)
        return value

    def _sign(self) -> Any:
        if self.tokens.peek() in _UNARY:
            return _UNARY[self.tokens.take()](self._sign())
        return self._power()

    def _power(self) -> Any:
        value = self._postfix()
        while self.tokens.skip("**"):
            exponent = self._postfix()
            if abs(value) ** min(abs(exponent), 64) >= 1 << 63:
                raise ValueError("a power that no int holds")
            value = value**exponent
        return value

    def _postfix(self) -> Any:
        value = self._primary()
        while True:
            if self.tokens.skip("."):
                value = _member(value, self.tokens.take())
            elif self.tokens.skip("["):
                value = value[evaluate(self.tokens.until("]"), self._find, self._preload)]
            else:
                return value

    def _primary(self) -> Any:
        token = self.tokens.take()
        if token in ("&", "^") and self.tokens.peek()[:1] in ("'", '"'):  # a StringName or NodePath
            token = self.tokens.take()
        if token == "(":
            value = evaluate(self.tokens.until(")"), self._find, self._preload)
        elif token[:1].isdigit() or (token[:1] == "." and len(token) > 1) or token.strip("r")[:1] in ("'", '"'):
            digits = token.replace("_", "")
            value = int(digits) if digits.isdecimal() else ast.literal_eval(token)  # Python's 010 is an error
        elif token == "[":
            value = [self._all(part) for part in self._parts("[", "]")]
        elif token == "{":
            value = dict(map(self._pair, self._parts("{", "}")))
        elif self.tokens.peek() == "(":
            value = self._call(token)
        elif token == "self":
            value = self._find(token)
        elif token.isidentifier():
            value = self._name(token)
        else:
            raise ValueError(f"unexpected {token!r}" if token else "unexpected end")
        return value

    def _parts(self, opening: str, closing: str) -> list[list[str]]:
        return Tokens([opening, *self.tokens.until(closing), closing]).bracketed(opening, closing)

    def _all(self, tokens: list[str]) -> Any:
        return evaluate(tokens, self._find, self._preload)

    def _pair(self, tokens: list[str]) -> tuple[Any, Any]:
        pair = Tokens(tokens)
        key = pair.until(":", "=")
        is_name = tokens[len(key) : len(key) + 1] == ["="]
        return key[0] if is_name else self._all(key), self._all(pair.until())

    def _name(self, name: str) -> Any:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        try:
            return self._find(name)
        except UnknownName:
            native = getattr(godot_enet, name, None)
            if isinstance(native, type):
                return native
            raise

    def _call(self, name: str) -> Any:
        arguments = [self._all(part) for part in self.tokens.bracketed("(", ")")]
        if name == "preload":
            return self._preload(*arguments)
        native = getattr(godot_enet, name, None)
        function = _FUNCTIONS.get(name) or (native if hasattr(native, "variant_type") else None)
        if function is None:
            raise ValueError(f"{name}() is unknown")
        return function(*arguments)


def _member(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value[name]
    member = getattr(value, "member", None)
    if callable(member):
        return member(name)
    if isinstance(value, type) and not hasattr(value, name):
        raise UnknownName(name)  # Godot's class has more members than this package's
    found = getattr(value, name)
    if isinstance(found, (int, float, type)) or hasattr(found, "variant_type"):  # Color.RED, Vector2.ZERO
        return found
    raise ValueError(f"{name!r} is not a constant")
