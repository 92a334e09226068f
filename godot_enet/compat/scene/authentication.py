"""Peers whose connection stands, but who are not let in yet: both ends have to say that they are satisfied."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic

from godot_enet.compat.coroutines import run
from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.steps import Steps, ours

__all__ = ["AUTH", "MAX_BYTES", "MAX_PACKETS", "Authentication"]

AUTH = b"\x07\x00"
"""With data behind it: what ``auth_callback`` is called with. Alone: that end is satisfied."""

MAX_PACKETS = 256
MAX_BYTES = 1 << 20
"""What one peer may send until it is let in: each packet is a call, and a task if that is a coroutine. Ours, not
Godot's."""


class _Pending:
    """How far a peer is."""

    __slots__ = ("bytes", "local", "packets", "remote", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.local = False
        self.remote = False
        self.packets = self.bytes = 0
        """What it has sent."""


class Authentication:
    """The pending peers of one multiplayer.

    Args:
        send: sends a reliable packet to a peer, on channel 0, whether it is let in or not.
        admit: lets a peer in, and forgets it here.
        admit_steps: the same in steps.
    """

    def __init__(
        self,
        send: Callable[[int, bytes], Error],
        admit: Callable[[int], None],
        admit_steps: Callable[[int], Steps],
    ) -> None:
        self._send = send
        self._admit = admit
        self._admit_steps = admit_steps
        self._pending: dict[int, _Pending] = {}
        self.callback: Callable[[int, bytes], object] | None = None
        self.timeout = 3.0

    def begin(self, peer: int) -> None:
        """A peer has connected."""
        self._pending[peer] = _Pending(monotonic())

    def forget(self, peer: int) -> bool:
        """A peer is gone; whether it was pending."""
        return self._pending.pop(peer, None) is not None

    def clear(self) -> None:
        """Nobody is there any more."""
        self._pending.clear()

    def peers(self) -> list[int]:
        """Who is pending."""
        return list(self._pending)

    def __contains__(self, peer: int) -> bool:
        return peer in self._pending

    def send(self, peer: int, data: bytes) -> Error:
        """Send data for the other end's callback."""
        pending = self._pending.get(peer)
        if pending is None:
            text = 'Condition "!pending_peers.has(p_to)" is true. Returning: ERR_INVALID_PARAMETER'
            return fail(text, Error.ERR_INVALID_PARAMETER)
        if not data:
            text = 'Condition "p_data.is_empty()" is true. Returning: ERR_INVALID_PARAMETER'
            return fail(text, Error.ERR_INVALID_PARAMETER)
        if pending.local or pending.remote:
            why = (
                "The authentication session was previously marked as completed"
                if pending.local
                else "The remote peer notified that the authentication session was completed"
            )
            return fail(f"{why}, no more authentication data can be sent.", Error.ERR_FILE_CANT_WRITE)
        return self._send(peer, AUTH + data)

    def complete(self, peer: int) -> Error:
        """This end is satisfied."""
        pending = self._pending.get(peer)
        if pending is None:
            text = 'Condition "!pending_peers.has(p_peer)" is true. Returning: ERR_INVALID_PARAMETER'
            return fail(text, Error.ERR_INVALID_PARAMETER)
        if pending.local:
            text = "The authentication session was already marked as completed."
            return fail(text, Error.ERR_FILE_CANT_WRITE)
        pending.local = True
        self._send(peer, AUTH)
        if pending.remote and self._pending.get(peer) is pending:
            self._admit(peer)
        return Error.OK

    def may_send(self, peer: int, size: int) -> bool:
        """A pending peer has sent so many bytes; whether they shall be looked at."""
        pending = self._pending[peer]
        if pending.packets >= MAX_PACKETS or pending.bytes + size > MAX_BYTES:
            return False
        pending.packets += 1
        pending.bytes += size
        return True

    def receive(self, peer: int, data: bytes, failed: Callable[[BaseException], object], steps: Steps) -> None:
        """A step: what a pending peer has sent, without the two bytes in front.

        The callback may raise anything. If it is a coroutine, ``failed`` is given what it raises after its first wait.
        """
        callback, pending = self.callback, self._pending.get(peer)
        admission = ours(partial(self._admit_steps, peer))
        if not data and pending is not None and pending.local:
            steps[0] = admission
            return
        if not data and pending is not None:
            pending.remote = True
        del steps[0]
        if data and callback is not None:
            run(callback(peer, data), failed)

    def expired(self) -> list[int]:
        """Who has been pending for too long."""
        if not self._pending or self.timeout <= 0:
            return []
        latest = monotonic() - self.timeout
        return [peer for peer, pending in self._pending.items() if pending.since <= latest]
