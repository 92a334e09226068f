"""Two engines made alike and told the same: whatever they answer is compared at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from godot_enet.core.engine import PythonEngine
from godot_enet.core.errors import EnetError
from godot_enet.core.interface import Compressor, Engine
from godot_enet.core.native import NativeEngine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import PeerStatistic

__all__ = ["Divergence", "Lockstep"]

_MAX_TEXT = 300
"""Characters of an argument or answer that a failure shows."""


class Divergence(AssertionError):
    """The engines did not answer the same."""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}... ({len(text)} characters)"


def _first_difference(ours: object, theirs: object) -> tuple[str, object, object]:
    """Where two answers part: the index inside a list, or nothing more than the answers themselves."""
    if isinstance(ours, list) and isinstance(theirs, list):
        for index in range(min(len(ours), len(theirs))):
            if ours[index] != theirs[index]:
                return f"[{index}]", ours[index], theirs[index]
        return " (lengths)", len(ours), len(theirs)
    return "", ours, theirs


def _answer(engine: Engine, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    try:
        return getattr(engine, name)(*arguments, **options)
    except EnetError as error:
        return type(error)


class Lockstep:
    """A PythonEngine and a NativeEngine of one configuration."""

    def __init__(self, config: HostConfig) -> None:
        config = config if config.seed else replace(config, seed=1)  # Else each would have a key of its own.
        self.config = config
        self.python = PythonEngine(config)
        self.native = NativeEngine(config)
        self.compressor: Compressor | None = None

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """One call on both engines; returns their common answer, or the class of the error that both raised."""
        python = _answer(self.python, name, arguments, options)
        native = _answer(self.native, name, arguments, options)
        if python != native:
            self._part(f"{name}{_short(arguments)}{options or ''}", python, native)
        return python

    def set_compressor(self, compressor: Compressor | None) -> None:
        """The same codec for both: in Python for one, in C for the other where C has it."""
        self.compressor = compressor
        self.call("set_compressor", compressor)

    def compare(self) -> None:
        """Everything that can be looked at."""
        self.call("poll_timeout")
        handles = self.call("peers")
        for handle in handles:
            self.call("peer_info", handle)
            self.call("peer_state", handle)
            for which in PeerStatistic:
                self.call("peer_statistic", handle, which)
        self.call("summary")
        python, native = dict(self.python.drops), dict(self.native.drops)
        reports = self.python.poll_drops(), self.native.poll_drops()
        if python != native:
            self._part("drops", python, native)
        if reports[0] != reports[1]:
            self._part("poll_drops()", *reports)
        if self.python.channel_limit != self.native.channel_limit:
            self._part("channel_limit", self.python.channel_limit, self.native.channel_limit)

    def _part(self, what: str, python: object, native: object) -> None:
        where, ours, theirs = _first_difference(python, native)
        raise Divergence(f"{what}{where}\n  python: {_short(ours)}\n  native: {_short(theirs)}")
