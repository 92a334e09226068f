"""Our own package as an endpoint, through its public names only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error

from . import payloads
from .endpoints import Endpoint, Message, Seen, Totals
from .traffic import PERIOD, STREAMS, Report, Traffic

__all__ = ["LocalEndpoint"]

KINDS = {
    ENetConnection.EVENT_ERROR: "error",
    ENetConnection.EVENT_CONNECT: "connect",
    ENetConnection.EVENT_DISCONNECT: "disconnect",
    ENetConnection.EVENT_RECEIVE: "receive",
}


class LocalEndpoint(Endpoint):
    """An ENetConnection of this package, serviced whenever it is polled.

    Args:
        engine: ``"python"`` or ``"native"``.
        driver: ``"inline"`` or ``"thread"``.
    """

    def __init__(self, engine: str, driver: str) -> None:
        super().__init__()
        self.name = f"ours ({engine}, {driver})"
        self.connection = ENetConnection(threaded=driver == "thread")
        self._engine = engine
        self.peers: list[ENetPacketPeer] = []
        self._totals = [0, 0, 0, 0]
        self._traffic: Traffic | None = None

    def open(self, bind: str = "", *, peers: int = 8, channels: int = 0, incoming: int = 0, outgoing: int = 0) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GODOT_ENET_ENGINE", self._engine)
            if bind:
                error = self.connection.create_host_bound(bind, 0, peers, channels, incoming, outgoing)
            else:
                error = self.connection.create_host(peers, channels, incoming, outgoing)
        assert error == Error.OK
        assert self.connection.engine_name == self._engine
        return self.connection.get_local_port() if bind else 0  # a client has none before its first datagram

    def connect(self, port: int, channels: int = 255, data: int = 0) -> int:
        peer = self.connection.connect_to_host("127.0.0.1", port, channels, data)
        assert peer is not None
        return self._key(peer)

    def send(self, peer: int, message: Message, flags: int, channel: int = 0, count: int = 1) -> int:
        for index in range(count):
            error = self.peers[peer].send(channel, payloads.make(message.seed + index, *message[1:]), flags)
            if error != Error.OK:
                return int(error)
        return 0

    def send_and_end(self, peer: int, message: Message, count: int, mode: str, data: int) -> None:
        assert self.send(peer, message, ENetPacketPeer.FLAG_RELIABLE, count=count) == 0
        self.end(peer, mode, data)

    def broadcast(self, message: Message, flags: int, channel: int = 0) -> None:
        self.connection.broadcast(channel, payloads.make(*message), flags)

    def end(self, peer: int, mode: str, data: int = 0) -> None:
        target = self.peers[peer]
        if mode == "disconnect":
            target.peer_disconnect(data)
        elif mode == "later":
            target.peer_disconnect_later(data)
        elif mode == "now":
            target.peer_disconnect_now(data)
        else:
            target.reset()

    def ping(self, peer: int) -> None:
        self.peers[peer].ping()

    def ping_interval(self, peer: int, milliseconds: int) -> None:
        self.peers[peer].ping_interval(milliseconds)

    def set_timeout(self, peer: int, limit: int, minimum: int, maximum: int) -> None:
        self.peers[peer].set_timeout(limit, minimum, maximum)

    def throttle_configure(self, peer: int, interval: int, acceleration: int, deceleration: int) -> None:
        self.peers[peer].throttle_configure(interval, acceleration, deceleration)

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        self.connection.bandwidth_limit(incoming, outgoing)

    def compress(self, mode: int) -> None:
        self.connection.compress(mode)
        assert self.connection.engine_name == self._engine

    def dropped(self) -> dict[str, int]:
        """How often something received was not used, by the name of the cause."""
        return {cause.name: times for cause, times in self.connection.counters().items() if times}

    def statistic(self, peer: int, which: int) -> int:
        return int(self.peers[peer].get_statistic(ENetPacketPeer.PeerStatistic(which)))

    def info(self, peer: int) -> dict[str, Any]:
        target = self.peers[peer]
        active = target.is_active()
        return {
            "state": int(target.get_state()),
            "active": active,
            "channels": target.get_channels() if active else 0,
            "address": target.get_remote_address() if active else "",
            "port": target.get_remote_port() if active else 0,
            "local_port": self.connection.get_local_port(),
        }

    def totals(self) -> Totals:
        for which in ENetConnection.HostStatistic:
            self._totals[which] += int(self.connection.pop_statistic(which))
        return Totals(*self._totals)

    def expect_traffic(self, peer: int) -> None:
        target = self.peers[peer]
        self._traffic = Traffic(lambda channel, data, flags: int(target.send(channel, data, flags)), STREAMS, PERIOD)

    def run_traffic(self, running: bool) -> None:
        assert self._traffic is not None
        self._traffic.running = running

    def traffic_report(self) -> Report:
        assert self._traffic is not None
        return self._traffic.report()

    def poll(self) -> None:
        while (event := self.connection.service(0)).type != ENetConnection.EVENT_NONE:
            self._record(event)
            if event.type == ENetConnection.EVENT_ERROR:
                break
        if self._traffic is not None:
            self._traffic.send_due()

    def close(self) -> None:
        self.connection.destroy()

    def _record(self, event: Sequence[Any]) -> None:
        kind, peer, data, channel = event
        key = -1 if peer is None else self._key(peer)
        if kind != ENetConnection.EVENT_RECEIVE:
            self.seen.append(Seen(KINDS[kind], key, data, channel))
            return
        flags = peer.get_packet_flags()
        packet = peer.get_packet()
        if self._traffic is not None:
            self._traffic.take(channel, flags, packet)
        else:
            self.seen.append(Seen("receive", key, data, channel, len(packet), payloads.digest(packet), flags))

    def _key(self, peer: ENetPacketPeer) -> int:
        for key, known in enumerate(self.peers):
            if known is peer:
                return key
        self.peers.append(peer)
        return len(self.peers) - 1
