"""Network conditions of a bot: presets by name, conditions of your own, and changes over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from godot_enet.compat.globals import Error
from godot_enet.core.host import with_stage
from godot_enet.core.sim.link import LinkConfig
from godot_enet.core.transports.impaired import ImpairedTransport

if TYPE_CHECKING:
    from godot_enet.compat.enet_connection import ENetConnection
    from godot_enet.core.interface import HostView, Transport

__all__ = ["Impairment", "NetworkProfile", "NetworkTimeline"]

_MBIT = 125_000
"""Bytes per second."""
_PRESETS: dict[str, tuple[LinkConfig, LinkConfig]] = {
    "LAN": (LinkConfig(delay=1), LinkConfig(delay=1)),
    "fibre": (
        LinkConfig(delay=8, jitter=3, loss=0.0005, rate=100 * _MBIT, queue=512 * 1024),
        LinkConfig(delay=8, jitter=3, loss=0.0005, rate=250 * _MBIT, queue=512 * 1024),
    ),
    "home wifi": (
        LinkConfig(delay=12, jitter=15, loss=0.005, rate=20 * _MBIT, queue=256 * 1024),
        LinkConfig(delay=12, jitter=15, loss=0.005, rate=50 * _MBIT, queue=256 * 1024),
    ),
    "hotel wifi": (
        LinkConfig(delay=45, jitter=90, loss=0.01, burst=0.004, burst_length=6, rate=1 * _MBIT, queue=128 * 1024),
        LinkConfig(delay=45, jitter=90, loss=0.01, burst=0.004, burst_length=6, rate=3 * _MBIT, queue=128 * 1024),
    ),
    "5G": (
        LinkConfig(delay=12, jitter=10, loss=0.002, rate=20 * _MBIT, queue=512 * 1024),
        LinkConfig(delay=12, jitter=10, loss=0.002, rate=100 * _MBIT, queue=512 * 1024),
    ),
    "4G": (
        LinkConfig(delay=25, jitter=25, loss=0.005, burst=0.001, burst_length=4, rate=8 * _MBIT, queue=512 * 1024),
        LinkConfig(delay=25, jitter=25, loss=0.005, burst=0.001, burst_length=4, rate=25 * _MBIT, queue=512 * 1024),
    ),
    "3G": (
        LinkConfig(delay=75, jitter=60, loss=0.01, burst=0.003, burst_length=5, rate=_MBIT // 2, queue=128 * 1024),
        LinkConfig(delay=75, jitter=60, loss=0.01, burst=0.003, burst_length=5, rate=2 * _MBIT, queue=256 * 1024),
    ),
    "overseas": (
        LinkConfig(delay=110, jitter=12, loss=0.005, reorder=0.01, rate=50 * _MBIT, queue=512 * 1024),
        LinkConfig(delay=110, jitter=12, loss=0.005, reorder=0.01, rate=100 * _MBIT, queue=512 * 1024),
    ),
    "satellite": (
        LinkConfig(delay=300, jitter=30, loss=0.01, rate=3 * _MBIT, queue=512 * 1024),
        LinkConfig(delay=300, jitter=30, loss=0.01, rate=20 * _MBIT, queue=512 * 1024),
    ),
    "offline": (LinkConfig(loss=1.0), LinkConfig(loss=1.0)),
}
"""What a datagram meets on its way up and down. Typical values, not measurements of one network."""


@dataclass(frozen=True, init=False)
class NetworkProfile:
    """The network between a bot and the server, in each direction.

    Args:
        name: a preset: ``"LAN"``, ``"fibre"``, ``"home wifi"``, ``"hotel wifi"``, ``"5G"``, ``"4G"``, ``"3G"``,
            ``"overseas"``, ``"satellite"`` or ``"offline"``. Any other name needs ``up`` or ``down``.
        up: from the bot to the server; by default that of the preset, or a perfect link.
        down: from the server to the bot, likewise.

    Raises:
        ValueError: there is no such preset.
    """

    name: str
    up: LinkConfig
    down: LinkConfig

    def __init__(self, name: str, *, up: LinkConfig | None = None, down: LinkConfig | None = None) -> None:
        preset = _PRESETS.get(name)
        if preset is None:
            if up is None and down is None:
                raise ValueError(f"there is no network profile {name!r}; there are {', '.join(map(repr, _PRESETS))}")
            preset = LinkConfig(), LinkConfig()
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "up", up or preset[0])
        object.__setattr__(self, "down", down or preset[1])

    @staticmethod
    def presets() -> list[str]:
        """Return the names of the presets."""
        return list(_PRESETS)


class NetworkTimeline:
    """A network that changes while the bot plays.

    Args:
        steps: pairs of a time in seconds since the bot began to connect, and the profile or the name of a preset from
            then on. The first time is 0, and times grow.
        repeat: seconds after which it starts over; 0 keeps the last profile.

    Raises:
        ValueError: the steps are empty, out of order, or name an unknown preset; or ``repeat`` is too short for them.
    """

    def __init__(self, steps: Iterable[tuple[float, NetworkProfile | str]], *, repeat: float = 0.0) -> None:
        self._steps = [(at, NetworkProfile(each) if isinstance(each, str) else each) for at, each in steps]
        if not self._steps or self._steps[0][0] != 0:
            raise ValueError("the first step of a timeline must be at 0 seconds")
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(self._steps)):
            raise ValueError("the steps of a timeline must be in order of time")
        if repeat and repeat <= self._steps[-1][0]:
            raise ValueError(f"repeat must be more than the last step, at {self._steps[-1][0]} s, not {repeat}")
        self._repeat = repeat

    def at(self, seconds: float) -> NetworkProfile:
        """Return the profile at this time, in seconds since the beginning."""
        if self._repeat:
            seconds %= self._repeat
        return next(profile for at, profile in reversed(self._steps) if at <= seconds or at == 0)


class Impairment:
    """Puts the network of a bot between its connection and the socket, which move from C to Python for it.

    Raises:
        ValueError: the connection is inactive.
    """

    def __init__(self, connection: ENetConnection, network: NetworkProfile | NetworkTimeline, seed: int) -> None:
        self._timeline = network if isinstance(network, NetworkTimeline) else NetworkTimeline([(0, network)])
        self._profile = self._timeline.at(0)
        self._seed = seed
        self._stage: ImpairedTransport | None = None
        if connection._replace_host(lambda host: with_stage(host, self._wrap)) is not Error.OK:
            raise ValueError("the connection is not active")

    def _wrap(self, transport: Transport, _view: HostView) -> Transport:
        self._stage = ImpairedTransport(transport, self._profile.up, self._profile.down, self._seed)
        return self._stage

    def advance(self, seconds: float) -> None:
        """Change to the profile of this time, in seconds since the beginning."""
        profile = self._timeline.at(seconds)
        if profile is not self._profile and self._stage is not None:
            self._profile = profile
            self._stage.impair(profile.up, profile.down)
