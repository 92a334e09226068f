"""The connections of demos that show what a bad link does, and the link."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.tools.bad_network import BadNetwork

from ._options import GOODBYE, MAX_EVENTS_PER_FRAME, SILENCE, DemoError, bad_address, port_in_use


class Quality(NamedTuple):
    """Of a link: latency in ms each way, maximum jitter in ms, share of losses."""

    latency: int
    jitter: int
    loss: float


LINKS = {"good": Quality(5, 2, 0.0), "bad": Quality(60, 20, 0.05), "awful": Quality(120, 40, 0.15)}
FULL, OTHER_VERSION = 2, 3  # data of a disconnect, as GOODBYE is
NO_DROPS = 5000, 2, 0  # throttle: do not drop unreliable packets when the round trip grows, as ENet does; there are few


class Link(BadNetwork):
    """A client's link to its server, which L makes worse."""

    name = ""

    def __init__(self, connection: ENetConnection, seed: int, name: str = "") -> None:
        super().__init__(connection, seed=seed)
        if name:
            self.use(name)

    def use(self, name: str) -> None:
        """Be one of LINKS."""
        self.name = name
        self.change(**LINKS[name]._asdict())

    def use_next(self) -> None:
        """Be worse, or good again."""
        names = list(LINKS)
        self.use(names[(names.index(self.name) + 1) % len(names)])

    def __str__(self) -> str:
        fastest, slowest = 2 * self.latency, 2 * (self.latency + self.jitter)
        return f"{self.name} link: {fastest} to {slowest} ms, {100 * self.loss:.0f} % lost"


def listen(address: str, port: int, peers: int, channels: int, threaded: bool = True) -> ENetConnection:
    """A server's connection."""
    connection = ENetConnection(threaded=threaded)
    if connection.create_host_bound(address, port, peers, channels) != Error.OK:
        raise port_in_use(port)
    return connection


def connect(
    address: str, port: int, channels: int, data: int, threaded: bool = True
) -> tuple[ENetConnection, ENetPacketPeer]:
    """A client's connection, and its server."""
    connection = ENetConnection(threaded=threaded)
    connection.create_host(1)
    peer = connection.connect_to_host(address, port, channels, data)
    if peer is None:
        raise bad_address(address, port)
    peer.set_timeout(*SILENCE)
    return connection, peer


def events_of(connection: ENetConnection) -> Iterator[tuple[int, ENetPacketPeer, int, int]]:
    """The events of a frame: type, peer, data, channel. In a flood the rest waits."""
    for kind, peer, data, channel in islice(connection.events(), MAX_EVENTS_PER_FRAME):
        if peer:
            yield kind, peer, data, channel


def admit(peer: ENetPacketPeer, is_full: bool, is_same_version: bool) -> bool:
    """Whether a client that has connected may play; it hears why, if not."""
    peer.set_timeout(*SILENCE)
    peer.throttle_configure(*NO_DROPS)
    if is_full or not is_same_version:
        peer.peer_disconnect(FULL if is_full else OTHER_VERSION)
    return is_same_version and not is_full


def lost_server(data: int, server: str, was_connected: bool) -> None:
    """Say why a client has lost its server; it is an error if it never had one."""
    if data == OTHER_VERSION:
        raise DemoError("The server has another version of the game.")
    if not was_connected:
        raise DemoError(f"No server answered at {server}.")
    print("The server said goodbye." if data == GOODBYE else "The server timed out.")


def round_trip_and_loss(peer: ENetPacketPeer) -> tuple[float, float]:
    """As ENet measures them: milliseconds, and percent of reliable packets; zeros unless it is connected."""
    if peer.get_state() != ENetPacketPeer.STATE_CONNECTED:
        return 0.0, 0.0
    loss = peer.get_statistic(ENetPacketPeer.PEER_PACKET_LOSS) / ENetPacketPeer.PACKET_LOSS_SCALE
    return peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME), 100 * loss


def say_goodbye(connection: ENetConnection, link: Link | None = None) -> None:
    """Disconnect from everybody, and end."""
    if link:
        link.change(latency=0, jitter=0, loss=0.0, reorder=1.0)  # the goodbye overtakes what is under way, then lost
    for peer in connection.get_peers():
        peer.peer_disconnect_now(GOODBYE)
    connection.destroy()
