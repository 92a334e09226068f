"""The part of ENetMultiplayerPeer for programs with an event loop of their own: what to wait for. Not in Godot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.enet_peers import INACTIVE, ENetPeers, Mode
from godot_enet.compat.errors import fail

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["WaitingPeers"]


class WaitingPeers(ENetPeers):
    """Abstract: the waiting of :class:`ENetMultiplayerPeer`."""

    def __enter__(self) -> Self:
        """Return itself; the end of the ``with`` block closes it."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the descriptor to wait on before :meth:`poll`: :meth:`ENetConnection.fileno` of its host.

        Not in Godot. A mesh has a host for each peer, and no single descriptor.

        Returns:
            The descriptor; -1, with an error, while inactive and for a mesh.
        """
        if self._mode is Mode.NONE:
            return fail(INACTIVE, -1)
        host = self._hosts.get(0)
        if host is None:
            return fail("A mesh has no single descriptor: wait for those of its hosts.", -1)
        return host.fileno()

    def poll_timeout(self) -> float | None:
        """Return how long a wait for :meth:`fileno` may take before :meth:`poll` is needed. Not in Godot.

        A ``SceneMultiplayer`` with synchronizers or authentication needs its own ``poll()`` every frame all the same.

        Returns:
            Seconds, as :meth:`ENetConnection.poll_timeout`; 0.0 also while received packets wait for
            :meth:`get_packet`, and signals behind them. 0.0, with an error, while inactive.
        """
        if self._mode is Mode.NONE:
            return fail(INACTIVE, 0.0)
        if self._inbox.packets or self._inbox.held or self._todo:
            return 0.0
        timeouts = [each for host in list(self._hosts.values()) if (each := host.poll_timeout()) is not None]
        return min(timeouts, default=None)
