"""The metrics as plain numbers, named after Prometheus' conventions, and measured on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from godot_enet.compat.enet_connection import ConnectionMethods
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.replication.traffic import SceneCount, TrafficRow
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.core.protocol.constants import PACKET_LOSS_SCALE, PACKET_THROTTLE_SCALE, ROUND_TRIP_BOUNDS
from godot_enet.metrics.serving import Serving, connection_of, transport_of

__all__ = ["Family", "Histogram", "Kind", "gather"]

Kind = Literal["counter", "gauge", "histogram", "gaugehistogram"]
_MAX_NAMES = 200
"""RPC methods and synchronizers with rows of their own: names of spawned nodes may come from remotes."""
_OTHERS = "(others)"


class Histogram(NamedTuple):
    """A histogram: counts by upper bound."""

    bounds: tuple[float, ...]
    """In ascending order; a last class without an upper bound follows."""
    counts: tuple[int, ...]
    """Of each class, not cumulative."""
    total: float
    """The sum of all values."""


class Family(NamedTuple):
    """One metric."""

    name: str
    """Its name with the unit at the end, without ``_total``."""
    kind: Kind
    help: str
    unit: str
    """``seconds``, ``bytes``, ``ratio`` or nothing."""
    samples: list[tuple[dict[str, str], float]]
    """Labels and values; empty for histograms."""
    histogram: Histogram | None = None


def _family(name: str, kind: Kind, help: str, *samples: tuple[dict[str, str], float], unit: str = "") -> Family:
    return Family(f"godot_enet_{name}{'_' * bool(unit)}{unit}", kind, help, unit, list(samples))


def _single(name: str, kind: Kind, help: str, value: float, unit: str = "") -> Family:
    return _family(name, kind, help, ({}, value), unit=unit)


def gather(serving: Serving, names: set[tuple[str, str]], *, per_peer: bool) -> Iterator[Family]:
    """Measure.

    Args:
        serving: the object to measure; another thread may use it at the same time.
        names: the RPC methods and synchronizers that have rows of their own so far; new ones are added.
        per_peer: whether each peer has rows of its own.
    """
    connection = connection_of(serving)
    yield _single("active", "gauge", "Whether the connection is active.", float(connection is not None))
    if connection is not None:
        yield from _connection(connection)
        if per_peer:
            yield from _peers(serving, connection)
    if isinstance(serving, SceneMultiplayer):
        yield from _scene(serving, names)


def _connection(connection: ConnectionMethods) -> Iterator[Family]:
    summary = connection.summary()
    if summary is None:  # destroyed meanwhile
        return
    count = summary.connected
    states = ("connecting", "connected", "disconnecting")
    yield _family(
        "peers",
        "gauge",
        "Peers by state.",
        *(({"state": state}, float(getattr(summary, state))) for state in states),
    )
    yield _single("half_open_connections", "gauge", "Connections without a proved address.", summary.half_open)
    yield Family(
        "godot_enet_round_trip_time_seconds",
        "gaugehistogram",
        "Round trip times of the connected peers.",
        "seconds",
        [],
        Histogram(
            tuple(bound / 1000 for bound in ROUND_TRIP_BOUNDS),
            summary.round_trip_times,
            summary.round_trip_time / 1000,
        ),
    )
    loss = summary.packet_loss / (count * PACKET_LOSS_SCALE) if count else 0.0
    yield _single("packet_loss", "gauge", "Mean share of commands lost.", loss, "ratio")
    throttle = summary.packet_throttle / (count * PACKET_THROTTLE_SCALE) if count else 1.0
    yield _single("packet_throttle", "gauge", "Mean share of unreliable packets that are sent.", throttle, "ratio")
    yield _single("queued_commands", "gauge", "Commands that wait to be sent.", summary.packets_queued)
    yield _single("queued", "gauge", "Data that waits to be sent or acknowledged.", summary.queued_data, "bytes")
    yield _single("in_transit", "gauge", "Reliable data in flight.", summary.reliable_data_in_transit, "bytes")
    yield _single("unread", "gauge", "Received data that the program has not read.", summary.buffered_data, "bytes")
    for name, unit, which, help in _TOTALS:
        yield _single(name, "counter", help, connection.get_total(which), unit)
    drops = connection.counters()
    yield _family(
        "drops",
        "counter",
        "Datagrams and packets dropped, by cause.",
        *(({"cause": cause.name.lower()}, float(times)) for cause, times in drops.items()),
    )
    idle = max(0, connection.get_idle_time()) / 1000
    yield _single("service_age", "gauge", "Time since service() last did network work.", idle, "seconds")


_STATISTICS = ConnectionMethods.HostStatistic
_TOTALS = (
    ("sent", "bytes", _STATISTICS.HOST_TOTAL_SENT_DATA, "UDP payloads sent."),
    ("sent_datagrams", "", _STATISTICS.HOST_TOTAL_SENT_PACKETS, "Datagrams sent."),
    ("received", "bytes", _STATISTICS.HOST_TOTAL_RECEIVED_DATA, "UDP payloads received, invalid ones included."),
    ("received_datagrams", "", _STATISTICS.HOST_TOTAL_RECEIVED_PACKETS, "Datagrams received, invalid ones included."),
)


def _peers(serving: Serving, connection: ConnectionMethods) -> Iterator[Family]:
    """Numbers of each connected peer, by its id or, of an ``ENetConnection``, its address."""
    transport = transport_of(serving)
    if isinstance(transport, ENetMultiplayerPeer):
        found = [(str(number), peer) for number, peer in list(transport._peers.items())]
    else:
        found = [(str(peer._address), peer) for peer in connection.get_peers()]
    # The last one of several with one address: the others are dead, and Prometheus requires unique labels.
    named = {name: peer for name, peer in found if peer.get_state() == ENetPacketPeer.STATE_CONNECTED}

    def family(name: str, help: str, unit: str, value: Callable[[ENetPacketPeer], float]) -> Family:
        return _family(
            name, "gauge", help, *(({"peer": peer}, value(remote)) for peer, remote in named.items()), unit=unit
        )

    round_trip, loss = ENetPacketPeer.PEER_ROUND_TRIP_TIME, ENetPacketPeer.PEER_PACKET_LOSS
    yield family(
        "peer_round_trip_time",
        "Round trip time of a peer.",
        "seconds",
        lambda peer: peer.get_statistic(round_trip) / 1000,
    )
    yield family(
        "peer_packet_loss",
        "Share of a peer's commands that was lost.",
        "ratio",
        lambda peer: peer.get_statistic(loss) / PACKET_LOSS_SCALE,
    )


def _scene(scene: SceneMultiplayer, names: set[tuple[str, str]]) -> Iterator[Family]:
    counters = scene.counters()
    yield _family(
        "scene_drops",
        "counter",
        "Packets that the high-level multiplayer dropped, by cause.",
        *(({"cause": cause.name.lower()}, float(counters.get(cause, 0))) for cause in SceneDrop),
    )
    yield _family(
        "scene_operations",
        "counter",
        "Nodes spawned, despawned and synchronized.",
        *((_operation(kind), float(counters.get(kind, 0))) for kind in SceneCount if kind not in _RPCS),
    )
    rows = scene.traffic()
    if rows:
        times: dict[tuple[str, str, str], list[float]] = {}
        for row in rows:
            key = _row_key(row, names)
            sums = times.setdefault(key, [0.0, 0.0])
            sums[0] += row.times
            sums[1] += row.bytes
        labels = {key: dict(zip(("operation", "direction", "name"), key, strict=True)) for key in times}
        yield _family(
            "scene_messages",
            "counter",
            "Operations by RPC method or synchronizer, while profiling is on.",
            *((labels[key], sums[0]) for key, sums in times.items()),
        )
        yield _family(
            "scene_message",
            "counter",
            "Bytes by RPC method or synchronizer, while profiling is on.",
            *((labels[key], sums[1]) for key, sums in times.items()),
            unit="bytes",
        )


_RPCS = (SceneCount.RPCS_SENT, SceneCount.RPCS_RECEIVED)
"""Counted while profiling is on, and not in ``counters()``."""


def _operation(kind: SceneCount) -> dict[str, str]:
    operation, _, direction = kind.name.lower().partition("s_")
    return {"operation": operation, "direction": direction}


def _row_key(row: TrafficRow, names: set[tuple[str, str]]) -> tuple[str, str, str]:
    """The labels of a row: a method, or the name of a synchronizer without its path, which has peers' ids in it."""
    labels = _operation(row.kind)
    operation, name = labels["operation"], row.method or row.path.rpartition("/")[2]
    if (operation, name) not in names:
        if len(names) >= _MAX_NAMES:
            name = _OTHERS
        else:
            names.add((operation, name))
    return operation, labels["direction"], name
