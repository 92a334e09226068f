"""A bad network on a good machine: latency, jitter and loss for one connection, changed while the game runs.

    network = BadNetwork(connection, latency=100, jitter=20, loss=0.05)
    network.change(loss=0.2)

Units: milliseconds, bytes per second; shares are 0.0..1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.globals import Error
from godot_enet.core.host import with_stage
from godot_enet.core.sim.link import LinkConfig
from godot_enet.core.transports.impaired import ImpairedTransport

if TYPE_CHECKING:
    from godot_enet.compat import ENetConnection
    from godot_enet.core.interface import HostView, Transport

__all__ = ["BadNetwork"]

_INACTIVE = "the connection is not active: call create_host first"


class BadNetwork:
    """Puts a simulated link between an active connection and its network, the same in both directions.

    All datagrams of the connection pass through it: on a server those of all clients. The engine
    of a native host stays in C; its socket and network thread move to Python. Before ``dtls_server_setup`` or
    ``dtls_client_setup`` it impairs the encrypted datagrams; ``destroy`` ends it.

    Args:
        connection: after ``create_host`` or ``create_host_bound``.
        latency: milliseconds one way, so the round trip grows by twice that.
        jitter: maximum random delay added one way, for each datagram.
        loss: share of datagrams lost, in each direction.
        reorder: share of datagrams that may overtake others, limited by the jitter.
        duplicate: share of datagrams that arrive twice.
        rate: bandwidth one way in bytes per second; 0 is unlimited.
        seed: equal seeds give identical runs.

    Raises:
        ValueError: the connection is inactive, or ended because its host cannot be served from Python (the log says
            so), or a value is out of range.
    """

    def __init__(
        self,
        connection: ENetConnection,
        *,
        latency: int = 0,
        jitter: int = 0,
        loss: float = 0.0,
        reorder: float = 0.0,
        duplicate: float = 0.0,
        rate: int = 0,
        seed: int = 0,
    ) -> None:
        if connection._host is None:
            raise ValueError(_INACTIVE)
        self._seed = seed
        self._stage: ImpairedTransport | None = None
        self._config = LinkConfig(
            delay=latency, jitter=jitter, loss=loss, reorder=reorder, duplicate=duplicate, rate=rate
        )
        if connection._replace_host(lambda host: with_stage(host, self._wrap)) is not Error.OK:
            raise ValueError(_INACTIVE)

    def __repr__(self) -> str:
        return f"<BadNetwork {self._config}>"

    def _wrap(self, transport: Transport, _view: HostView) -> Transport:
        self._stage = ImpairedTransport(transport, self._config, self._config, self._seed)
        return self._stage

    @property
    def latency(self) -> int:
        """Milliseconds one way."""
        return self._config.delay

    @property
    def jitter(self) -> int:
        """Maximum random delay added one way, in milliseconds."""
        return self._config.jitter

    @property
    def loss(self) -> float:
        """Share of datagrams lost, in each direction."""
        return self._config.loss

    def change(
        self,
        *,
        latency: int | None = None,
        jitter: int | None = None,
        loss: float | None = None,
        reorder: float | None = None,
        duplicate: float | None = None,
        rate: int | None = None,
    ) -> None:
        """Change the given values, and keep the others. Datagrams in flight keep their delay.

        Raises:
            ValueError: a value is out of range; nothing has changed.
        """
        now = self._config
        self._config = config = LinkConfig(
            delay=now.delay if latency is None else latency,
            jitter=now.jitter if jitter is None else jitter,
            loss=now.loss if loss is None else loss,
            reorder=now.reorder if reorder is None else reorder,
            duplicate=now.duplicate if duplicate is None else duplicate,
            rate=now.rate if rate is None else rate,
        )
        if self._stage is not None:
            self._stage.impair(config, config)
