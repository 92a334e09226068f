"""Peers that are connected but not admitted yet: both ends have to complete the authentication."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from godot_enet.compat.coroutines import run
from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.scene_commands import AUTH
from godot_enet.compat.steps import Step, Steps

__all__ = ["MAX_BYTES", "MAX_PACKETS", "Authentication"]

MAX_PACKETS = 256
MAX_BYTES = 1 << 20
"""The most that a peer may send before it is admitted: each packet is a call, and a task if that is a coroutine. Godot
has no limit."""


class _Pending:
    """The authentication state of a peer."""

    __slots__ = ("bytes", "local", "packets", "remote", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.local = False
        self.remote = False
        self.packets = self.bytes = 0
        """The bytes and packets that it has sent."""


class Authentication:
    """The pending peers of one multiplayer.

    Args:
        send: sends a reliable packet to a peer, admitted or not, on channel 0.
    """

    def __init__(self, send: Callable[[int, bytes], Error]) -> None:
        self._send = send
        self._pending: dict[int, _Pending] = {}
        self.callback: Callable[[int, bytes], object] | None = None
        self.timeout = 3.0
        self.grace: float | None = None
        """Seconds of silence after which a peer counts as one without ``auth_callback``; None for never, as in
        Godot."""

    def begin(self, peer: int) -> None:
        """Add a peer that has connected."""
        self._pending[peer] = _Pending(monotonic())

    def forget(self, peer: int) -> bool:
        """Remove a peer, and return whether it was pending."""
        return self._pending.pop(peer, None) is not None

    def clear(self) -> None:
        """Remove all peers."""
        self._pending.clear()

    def peers(self) -> list[int]:
        """The ids of the pending peers."""
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
        """Complete the authentication at this end."""
        pending = self._pending.get(peer)
        if pending is None:
            text = 'Condition "!pending_peers.has(p_peer)" is true. Returning: ERR_INVALID_PARAMETER'
            return fail(text, Error.ERR_INVALID_PARAMETER)
        if pending.local:
            text = "The authentication session was already marked as completed."
            return fail(text, Error.ERR_FILE_CANT_WRITE)
        pending.local = True
        self._send(peer, AUTH)
        return Error.OK

    def is_completed(self, peer: int) -> bool:
        """Return whether both ends have completed, so that the peer is admitted."""
        pending = self._pending.get(peer)
        return pending is not None and pending.local and pending.remote

    def may_send(self, peer: int, size: int) -> bool:
        """Count bytes from a pending peer, and return whether they are within its limit."""
        pending = self._pending[peer]
        if pending.packets >= MAX_PACKETS or pending.bytes + size > MAX_BYTES:
            return False
        pending.packets += 1
        pending.bytes += size
        return True

    def receive(
        self, peer: int, data: bytes, admit: Step, failed: Callable[[BaseException], object], steps: Steps
    ) -> None:
        """A step: handle the data of a pending peer, without the two bytes in front.

        The callback may raise anything. If it is a coroutine, ``failed`` is given what it raises after its first wait.
        If both ends have completed, ``admit`` comes next.
        """
        callback, pending = self.callback, self._pending.get(peer)
        if not data and pending is not None and pending.local:
            steps[0] = admit
            return
        if not data and pending is not None:
            pending.remote = True
        del steps[0]
        if data and callback is not None:
            run(callback(peer, data), failed)

    def is_silent(self, peer: int) -> bool:
        """Return whether a pending peer that has not begun to authenticate may be admitted without."""
        return self.grace is not None and not self._pending[peer].packets

    def silent(self) -> list[int]:
        """Return the peers that have not begun to authenticate within the grace."""
        if self.grace is None:
            return []
        latest = monotonic() - self.grace
        return [peer for peer, pending in self._pending.items() if pending.since <= latest and not pending.packets]

    def expired(self) -> list[int]:
        """Return the peers that have been pending for too long."""
        if not self._pending or self.timeout <= 0:
            return []
        latest = monotonic() - self.timeout
        return [peer for peer, pending in self._pending.items() if pending.since <= latest]
