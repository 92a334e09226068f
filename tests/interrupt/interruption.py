"""Exceptions at chosen instructions, as a signal handler may raise them, and engines that live through them.

A signal handler runs between two instructions. A hook that is called for each can raise between any two, so one place
after the other can be tried, without a clock.
"""

from __future__ import annotations

import contextlib
import dis
import sys
import threading
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from random import Random
from types import CodeType, FrameType, TracebackType
from typing import Any, TypeVar

import pytest

import godot_enet
from godot_enet.core.engine import PythonEngine
from godot_enet.core.errors import UnknownPeer
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.interrupts import ONE_AT_A_TIME
from godot_enet.core.native import NativeEngine
from godot_enet.core.protocol.constants import DisconnectMode
from godot_enet.core.protocol.events import Event, PeerHandle

__all__ = ["FragileNativeEngine", "FragilePythonEngine", "Interrupted", "Interruption", "taken_after_use"]

if sys.version_info >= (3, 12):
    from sys import monitoring

    _TOOL = 4
    """None of those that debuggers and profilers use."""

_PACKAGE = str(Path(godot_enet.__file__).parent)
_Result = TypeVar("_Result")
taken_after_use = pytest.mark.skipif(
    not ONE_AT_A_TIME, reason="for the sake of threads, packets are taken here before they are used"
)
"""Of tests in which a packet stays until it is returned."""


class Interrupted(Exception):
    """What the handler raises."""


class Interruption:
    """Around code in which an exception comes out of the package, ``after`` this many of its instructions.

    Args:
        after: 1 or more; if the code ends before, nothing is raised.
        parts: parts of the package, as paths, in which instructions count.
        anywhere: whether every instruction counts, or only those before which CPython looks for signals.
    """

    def __init__(self, after: int, parts: tuple[str, ...] = ("",), *, anywhere: bool = True) -> None:
        self._left = after
        self._anywhere = anywhere
        self._last: dict[FrameType, int] = {}
        """Where each frame's last instruction is."""
        self._thread = threading.get_ident()
        self._parts = tuple(f"{_PACKAGE}/{part}" for part in parts)
        self.place: str | None = None
        """Where it was raised; None if it was not."""

    def __enter__(self) -> Interruption:
        if sys.version_info >= (3, 12):
            if monitoring.get_tool(_TOOL) is None:
                monitoring.use_tool_id(_TOOL, "interruption")
            self._outer = monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, self._on_monitored)
            monitoring.restart_events()
            monitoring.set_events(_TOOL, monitoring.events.INSTRUCTION)
        else:
            self._before = sys.gettrace()
            sys.settrace(self._on_call)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if sys.version_info >= (3, 12):
            monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, self._outer)
            if self._outer is None:
                monitoring.free_tool_id(_TOOL)
            else:  # This one is inside of another one, which goes on.
                monitoring.set_events(_TOOL, monitoring.events.INSTRUCTION)
        else:
            sys.settrace(self._before)

    def _stop(self) -> None:
        if sys.version_info >= (3, 12):
            monitoring.set_events(_TOOL, 0)
        else:
            sys.settrace(None)

    def _on_monitored(self, code: CodeType, offset: int) -> object:
        """Python 3.12 and later trace instructions of a function only from its next call on, but can monitor all."""
        if sys.version_info >= (3, 12) and not code.co_filename.startswith(self._parts):
            return monitoring.DISABLE
        frame = sys._getframe(1)
        if self._thread == threading.get_ident() and not _is_in_finalizer(frame):
            self._look(frame)
        return None

    def _on_call(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(self._parts) or _is_in_finalizer(frame):
            return None  # what finalizers raise reaches nobody
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._on_instruction

    def _on_instruction(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        if event == "opcode":
            self._look(frame)
        return self._on_instruction

    def _look(self, frame: FrameType) -> None:
        """An instruction of the package is about to be executed."""
        if self.place is None and (self._anywhere or self._may_come(frame)):
            self._left -= 1
            if self._left <= 0:
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                self._stop()
                raise Interrupted(self.place)

    def _may_come(self, frame: FrameType) -> bool:
        """Whether a signal handler can run before the next instruction: after a call, a beginning, a step back."""
        code, place = frame.f_code, frame.f_lasti
        last = self._last.get(frame)
        self._last[frame] = place
        if last is None:
            return sys.version_info < (3, 11)
        # In truth it comes at the end of the last instruction: who catches it there must be who does here.
        return _name_at(code, last).startswith(_LOOKING) and _handler_at(code, last) == _handler_at(code, place)


_LOOKING = ("CALL", "RESUME", "JUMP_BACKWARD", "POP_JUMP_BACKWARD", "JUMP_ABSOLUTE", "YIELD", "SEND", "ENTER_EXECUTOR")


def _is_in_finalizer(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None


@cache
def _code_of(code: CodeType) -> bytes:
    return code.co_code


@cache
def _handlers_of(code: CodeType) -> list[tuple[int, int, int]]:
    parse = getattr(dis, "_parse_exception_table", None)
    return [] if parse is None else [(entry.start, entry.end, entry.target) for entry in parse(code)]


def _handler_at(code: CodeType, place: int) -> int | None:
    """Where an exception at this instruction goes on, from Python 3.11 on."""
    return next((target for start, end, target in _handlers_of(code) if start <= place < end), None)


def _name_at(code: CodeType, place: int) -> str:
    return dis.opname[_code_of(code)[place]]


class FragileEngine:
    """Mixed into an engine: many of its calls are interrupted, and called again as the next pass would."""

    dice = Random(0)
    chance = 0.3
    interruptions = 0
    """So far, of all engines."""

    def _attempt(self, call: Callable[..., _Result], *arguments: object, **keywords: object) -> _Result:
        if self.dice.random() > self.chance:
            return call(*arguments, **keywords)
        # Most calls take few instructions, and some take thousands.
        after = int(2 ** self.dice.uniform(0, 12))
        with Interruption(after, ("core/engine/", "core/native/native_engine.py")) as interruption:
            try:
                return call(*arguments, **keywords)
            finally:
                FragileEngine.interruptions += interruption.place is not None

    def _insist(self, call: Callable[..., _Result], *arguments: object, **keywords: object) -> _Result:
        results: list[_Result] = []
        while not results:
            with contextlib.suppress(Interrupted):
                results.append(self._attempt(call, *arguments, **keywords))
        return results[0]

    def receive(self, batch: Iterable[Datagram], now: int) -> None:
        try:
            self._attempt(super().receive, batch, now)  # type: ignore[misc]
        except Interrupted:
            self.handle_timeout(now)

    def handle_timeout(self, now: int) -> None:
        self._insist(super().handle_timeout, now)  # type: ignore[misc]

    def poll_transmit(self, now: int, *, urgent: bool = False) -> list[Datagram]:
        return self._insist(super().poll_transmit, now, urgent=urgent)  # type: ignore[misc]

    def poll_timeout(self) -> int | None:
        due: int | None = self._insist(super().poll_timeout)  # type: ignore[misc]
        return due

    def poll_event(self) -> Event | None:
        event: Event | None = self._insist(super().peek_event)  # type: ignore[misc]
        if event is not None:
            self._insist(super().pop_event, event)  # type: ignore[misc]
        return event

    def connect(self, address: Address, channels: int, data: int, *, any_source: bool = False) -> PeerHandle:
        before = self._peers()
        peers: list[PeerHandle] = []
        while not peers:
            with contextlib.suppress(Interrupted):
                call = partial(super().connect, any_source=any_source)  # type: ignore[misc]
                self._attempt(call, address, channels, data)
            peers = [peer for peer in self._peers() if peer not in before]
        (peer,) = peers
        return peer

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        before = self._queued(peer)
        while self._queued(peer) == before:
            with contextlib.suppress(Interrupted):
                self._attempt(super().send, peer, channel, packet, flags)  # type: ignore[misc]

    def disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode, now: int) -> None:
        call: Callable[..., None] = super().disconnect  # type: ignore[misc]
        try:
            self._attempt(call, peer, data, mode, now)
        except Interrupted:
            with contextlib.suppress(UnknownPeer):  # then it was done
                call(peer, data, mode, now)

    def _peers(self) -> list[PeerHandle]:
        self.poll_timeout()  # brings everything in order
        return list(super().peers())  # type: ignore[misc]

    def _queued(self, peer: PeerHandle) -> int:
        self.poll_timeout()
        count: int = super().peer_info(peer).packets_queued  # type: ignore[misc]
        return count


class FragilePythonEngine(FragileEngine, PythonEngine):
    """The Python engine, interrupted at random."""


class FragileNativeEngine(FragileEngine, NativeEngine):
    """What of the native engine is in Python, interrupted at random."""
