"""Rollback: two players send nothing but inputs, both ends play the whole match, and late inputs are played again.

An end guesses that the other player still does what it did last, or at first the same as the own one. When the inputs
arrive, it goes back to the last state that both ends agree on, and plays from there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from copy import deepcopy
from typing import Generic, TypeVar
from zlib import crc32

from godot_enet.netcode.determinism import stepped
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.inputs import MAX_COPIES, InputBuffer, InputSender
from godot_enet.netcode.packer import Packer

__all__ = ["Rollback"]

_S = TypeVar("_S")
_A = TypeVar("_A")

_HEAD = struct.Struct("<IIb")
"""The last tick with a checksum, the checksum, and how many ticks the sender is ahead of the inputs it has."""
_KEPT_CHECKSUMS = 8
_MAX_LEAD = 2.0
"""Ticks by which an end may run ahead of the other on average, before it waits for one."""


class Rollback(Generic[_S, _A]):
    """One player's end of a match for two. Call :meth:`correct` and :meth:`act` in each frame, and send the result.

    Args:
        side: 0 or 1; the other end has the other one.
        start: Makes the state at the beginning, of which ``copy.deepcopy`` makes a copy.
        step: Applies the inputs of both sides to a state, and returns the state, or None if it changed it in place. It
            must do the same on both machines: :func:`check_determinism` helps.
        inputs: Of an input of one player.
        window: The most ticks that this end may be ahead of the other's inputs, before it waits. From 1 to 31.
        check_every: Ticks between two checksums.
        checksum: Of a state; its lowest 32 bits are compared. By default of its ``repr``, which must then tell all of
            it, as a dataclass's does.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        side: int,
        start: Callable[[], _S],
        step: Callable[[_S, tuple[_A, _A]], _S | None],
        inputs: Packer[_A],
        window: int = 16,
        check_every: int = 30,
        checksum: Callable[[_S], int] | None = None,
    ) -> None:
        if side not in (0, 1):
            raise ValueError("side must be 0 or 1")
        if not (1 <= window <= MAX_COPIES // 2 and check_every >= 1):
            raise ValueError(f"window must be 1 to {MAX_COPIES // 2}, and check_every at least 1")
        self.side = side
        self.agreed, self.agreed_tick = start(), 0
        """The state after the last tick for which both inputs are known. It is the same at both ends."""
        self.state, self.tick = deepcopy(self.agreed), 0
        """The state after the last own input, with guesses for the other's: the one to draw."""
        self.checksums: dict[int, int] = {}
        """Of the agreed state, by tick; the latest ones."""
        self.checked = 0
        """The last tick at which both ends had the same checksum."""
        self.desync: int | None = None
        """A tick at which the ends differ. This end then waits forever."""
        self._step, self._window, self._check_every = step, window, check_every
        self._checksum = checksum or (lambda state: crc32(repr(state).encode()))
        # The other end has sent input N - window when this one sends N, and had this one's up to window before that. So
        # what it may lack is in each packet, and no loss makes a gap.
        self._sender = InputSender(inputs, copies=2 * window)
        self._buffer = InputBuffer(inputs, limit=MAX_COPIES + 1)  # all that a packet can have
        self._own: dict[int, _A] = {}
        self._other: dict[int, _A] = {}
        self._guess: _A | None = None
        self._newest = self._other_ahead = 0
        self._lead = 0.0

    def receive(self, packet: bytes) -> None:
        """Take a packet of the other end. Late and repeated ones are harmless.

        Raises:
            MessageError: it is not a packet. Nothing has changed then.
        """
        if len(packet) < _HEAD.size:
            raise MessageError(f"{len(packet)} bytes are no packet")
        self._buffer.receive(packet[_HEAD.size :])
        tick, checksum, self._other_ahead = _HEAD.unpack_from(packet)
        for number, action in self._buffer.take(len(self._buffer)):
            if number <= self.tick + self._window:
                self._other[number] = action
                self._newest = number
        if self.checksums.get(tick, checksum) != checksum:
            self.desync = tick
        elif tick in self.checksums:
            self.checked = max(self.checked, tick)

    def correct(self) -> _S:
        """Play again what the received inputs change. Returns the state before, with the guesses that it had."""
        before = self.state
        while self.agreed_tick < self.tick and self.agreed_tick + 1 in self._other:
            self.agreed = stepped(self._step, self.agreed, self._inputs(self.agreed_tick + 1))
            self.agreed_tick += 1
            del self._own[self.agreed_tick]
            self._guess = self._other.pop(self.agreed_tick)
            if self.agreed_tick % self._check_every == 0:
                self.checksums[self.agreed_tick] = self._checksum(self.agreed) & 0xFFFFFFFF
                self.checksums.pop(self.agreed_tick - _KEPT_CHECKSUMS * self._check_every, None)
        self.state = deepcopy(self.agreed)
        for tick in range(self.agreed_tick + 1, self.tick + 1):
            self.state = stepped(self._step, self.state, self._inputs(tick))
        return before

    def act(self, action: _A) -> bytes:
        """Apply the own input, unless this end has to wait. Returns the packet for the other end; it may get lost."""
        if not self._must_wait():
            action = self._sender.add(action)
            self.tick += 1
            self._own[self.tick] = action
            self.state = stepped(self._step, self.state, self._inputs(self.tick))
        checked = max(self.checksums, default=0)
        ahead = max(-99, min(99, self.tick - self._newest))
        return _HEAD.pack(checked, self.checksums.get(checked, 0), ahead) + self._sender.packet()

    def _inputs(self, tick: int) -> tuple[_A, _A]:
        own = self._own[tick]
        other = self._other.get(tick, own if self._guess is None else self._guess)
        return (other, own) if self.side else (own, other)

    def _must_wait(self) -> bool:
        """For an input that is long in coming, after a desync, or because this end runs ahead of the other."""
        self._lead += 0.05 * ((self.tick - self._newest) - self._other_ahead - self._lead)
        runs_ahead = self._lead > _MAX_LEAD
        self._lead -= _MAX_LEAD * runs_ahead
        return runs_ahead or self.tick - self.agreed_tick >= self._window or self.desync is not None
