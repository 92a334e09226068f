"""A remote-controlled libenet: the program godot/peer.gd in Python over pyenet, with the same commands and answers.

Run as ``python -m interop.libenet_peer PORT``; the numbers of statistics, errors and states are Godot's.
"""

from __future__ import annotations

import importlib
import json
import select
import socket
import sys
from collections.abc import Mapping
from typing import Any

from . import payloads
from .traffic import Stream, Traffic

__all__ = ["main"]

enet: Any = importlib.import_module("enet")

EVENT_NAMES = {1: "connect", 2: "disconnect", 3: "receive"}
FAILED = 1
RANGE_CODER = 1
STATISTICS = (
    "packetLoss",
    "packetLossVariance",
    "packetLossEpoch",
    "roundTripTime",
    "roundTripTimeVariance",
    "lastRoundTripTime",
    "lastRoundTripTimeVariance",
    "packetThrottle",
    "packetThrottleLimit",
    "packetThrottleCounter",
    "packetThrottleEpoch",
    "packetThrottleAcceleration",
    "packetThrottleDeceleration",
    "packetThrottleInterval",
)
"""The attributes in the order of ``ENetPacketPeer.PeerStatistic``."""

Arguments = Mapping[str, Any]


class RemoteHost:
    """One ENet host and the commands that drive it: each public method is a command."""

    def __init__(self, identity: int) -> None:
        self.identity = identity
        self.events: list[dict[str, Any]] = []
        self._host: Any = None
        self._socket: socket.socket | None = None
        self._peers: list[Any] = []
        self._slots: dict[int, int] = {}
        self._traffic: Traffic | None = None

    def open(self, a: Arguments) -> dict[str, Any]:
        bind: str = a["bind"]
        address = enet.Address(None if bind == "*" else bind.encode(), 0) if bind else None
        self._host = enet.Host(address, a["peers"], a["channels"], a["incoming"], a["outgoing"])
        self._socket = socket.socket(fileno=self._host.socket.fileno())
        return {"host": self.identity, "error": 0, "port": self._local_port()}

    def connect_to(self, a: Arguments) -> int:
        peer = self._host.connect(enet.Address(b"127.0.0.1", a["port"]), a["channels"], a["data"])
        return self._key(peer)

    def send(self, a: Arguments) -> int:
        for index in range(a["count"]):
            packet = payloads.make(a["seed"] + index, a["size"], a["kind"])
            error = self._send(a["peer"], a["channel"], packet, a["flags"])
            if error:
                return error
        return 0

    def broadcast(self, a: Arguments) -> None:
        packet = enet.Packet(payloads.make(a["seed"], a["size"], a["kind"]), a["flags"])
        self._host.broadcast(a["channel"], packet)

    def end(self, a: Arguments) -> None:
        peer = self._peers[a["peer"]]
        if a["mode"] == "disconnect":
            peer.disconnect(a["data"])
        elif a["mode"] == "later":
            peer.disconnect_later(a["data"])
        else:
            self._slots.pop(peer.incomingPeerID, None)
            if a["mode"] == "now":
                peer.disconnect_now(a["data"])
            else:
                peer.reset()

    def ping(self, a: Arguments) -> None:
        self._peers[a["peer"]].ping()

    def ping_interval(self, _a: Arguments) -> None:
        """pyenet has no call for it: the default stays, 500 ms."""

    def timeout(self, _a: Arguments) -> None:
        """pyenet has no call for it: the defaults stay, 5 to 30 s."""

    def throttle(self, a: Arguments) -> None:
        peer = self._peers[a["peer"]]
        peer.packetThrottleInterval = a["interval"]
        peer.packetThrottleAcceleration = a["acceleration"]
        peer.packetThrottleDeceleration = a["deceleration"]

    def bandwidth(self, a: Arguments) -> None:
        self._host.incomingBandwidth = a["incoming"]
        self._host.outgoingBandwidth = a["outgoing"]

    def compress(self, a: Arguments) -> None:
        """pyenet can only set the range coder; a new host has nothing set."""
        if a["mode"] == RANGE_CODER:
            self._host.compress_with_range_coder()

    def statistic(self, a: Arguments) -> int:
        return int(getattr(self._peers[a["peer"]], STATISTICS[a["which"]]))

    def info(self, a: Arguments) -> dict[str, Any]:
        peer = self._peers[a["peer"]]
        active = self._slots.get(peer.incomingPeerID) == a["peer"]
        return {
            "state": peer.state,
            "active": active,
            "channels": peer.channelCount,
            "address": str(peer.address.host) if active else "",
            "port": peer.address.port if active else 0,
            "local_port": self._local_port(),
            "mtu": peer.mtu,
            "window": peer.windowSize,
            "incoming": peer.incomingBandwidth,
            "outgoing": peer.outgoingBandwidth,
            "sessions": [peer.incomingSessionID, peer.outgoingSessionID],
        }

    def totals(self, _a: Arguments) -> list[int]:
        host = self._host
        return [host.totalSentData, host.totalSentPackets, host.totalReceivedData, host.totalReceivedPackets]

    def traffic(self, a: Arguments) -> None:
        key = a["peer"]
        streams = tuple(Stream(*row) for row in a["streams"])
        self._traffic = Traffic(
            lambda channel, data, flags: self._send(key, channel, data, flags), streams, a["period"]
        )

    def traffic_run(self, a: Arguments) -> None:
        self._expected_traffic().running = a["running"]

    def traffic_report(self, _a: Arguments) -> dict[str, Any]:
        return self._expected_traffic().report()._asdict()

    def close(self, _a: Arguments) -> None:
        if self._socket is not None:
            self._socket.detach()  # the host closes the descriptor
        self._host = None

    def fileno(self) -> int:
        return int(self._host.socket.fileno())

    def step(self) -> None:
        """What a frame does: take every event there is, and send what the traffic has due."""
        while (event := self._host.service(0)).type:
            self._record(event)
        if self._traffic is not None:
            self._traffic.send_due()

    def _record(self, event: Any) -> None:
        name = EVENT_NAMES[event.type]
        row = {"host": self.identity, "kind": name, "data": event.data, "channel": event.channelID}
        row["peer"] = self._key(event.peer)
        if name == "disconnect":
            del self._slots[event.peer.incomingPeerID]
        if name == "receive":
            packet: bytes = event.packet.data
            row["flags"] = event.packet.flags
            if self._traffic is not None:
                self._traffic.take(event.channelID, event.packet.flags, packet)
                return
            row |= {"data": 0, "size": len(packet), "digest": payloads.digest(packet)}
        self.events.append(row)

    def _send(self, key: int, channel: int, data: bytes, flags: int) -> int:
        return FAILED if self._peers[key].send(channel, enet.Packet(data, flags)) else 0

    def _key(self, peer: Any) -> int:
        key = self._slots.get(peer.incomingPeerID)
        if key is None:
            key = self._slots[peer.incomingPeerID] = len(self._peers)
            self._peers.append(peer)
        return key

    def _local_port(self) -> int:
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    def _expected_traffic(self) -> Traffic:
        assert self._traffic is not None
        return self._traffic


class Program:
    """Every host of this process, and the control connection."""

    def __init__(self) -> None:
        self._hosts: dict[int, RemoteHost] = {}
        self._created = 0

    def run(self, control: socket.socket) -> None:
        """Serve until the control connection closes."""
        line = b""
        while True:
            sockets = [control.fileno(), *(host.fileno() for host in self._hosts.values())]
            ready, _, _ = select.select(sockets, [], [], 0.001)
            if control.fileno() in ready:
                received = control.recv(65536)
                if not received:
                    return
                line += received
            if line.endswith(b"\n"):
                control.sendall(self._answer(json.loads(line)))
                line = b""
            for host in self._hosts.values():
                host.step()

    def _answer(self, command: dict[str, Any]) -> bytes:
        result = self._execute(command)
        events = [event for host in self._hosts.values() for event in host.events]
        for host in self._hosts.values():
            host.events.clear()
        if command["do"] == "close":
            del self._hosts[command["host"]]
        return json.dumps({"result": result, "events": events}).encode() + b"\n"

    def _execute(self, command: dict[str, Any]) -> Any:
        if command["do"] in ("poll", "pace"):
            return None
        if command["do"] == "batch":
            return [self._execute(each) for each in command["commands"]]
        if command["do"] == "open":
            self._created += 1
            self._hosts[self._created] = RemoteHost(self._created)
            return self._hosts[self._created].open(command)
        return getattr(self._hosts[command["host"]], command["do"])(command)


def main(arguments: list[str]) -> None:
    """Connect to the control port given as the only argument and serve."""
    with socket.create_connection(("127.0.0.1", int(arguments[0]))) as control:
        control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Program().run(control)


if __name__ == "__main__":
    main(sys.argv[1:])
