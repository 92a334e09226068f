"""A host in another program as an endpoint."""

from __future__ import annotations

from typing import Any

from .endpoints import Endpoint, Message, Seen, Totals
from .programs import Program
from .traffic import PERIOD, STREAMS, Report

__all__ = ["RemoteEndpoint"]


class RemoteEndpoint(Endpoint):
    """A host in a program: what it does is decided there, this only carries commands and events."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.name = program.name
        self.program = program
        self.host = 0
        """How the program numbers it, from 1."""

    def open(self, bind: str = "", *, peers: int = 8, channels: int = 0, incoming: int = 0, outgoing: int = 0) -> int:
        limits = {"peers": peers, "channels": channels, "incoming": incoming, "outgoing": outgoing}
        answer = self.program.call("open", bind=bind, **limits)
        assert answer["error"] == 0
        self.host = int(answer["host"])
        return int(answer["port"])

    def connect(self, port: int, channels: int = 255, data: int = 0) -> int:
        return int(self._call("connect_to", port=port, channels=channels, data=data))

    def send(self, peer: int, message: Message, flags: int, channel: int = 0, count: int = 1) -> int:
        fields = {"flags": flags, "channel": channel, "count": count}
        return int(self._call("send", peer=peer, **message._asdict(), **fields))

    def send_and_end(self, peer: int, message: Message, count: int, mode: str, data: int) -> None:
        common = {"host": self.host, "peer": peer}
        send = {"do": "send", **message._asdict(), "flags": 1, "channel": 0, "count": count}
        end = {"do": "end", "mode": mode, "data": data}
        assert self.program.call("batch", commands=[send | common, end | common])[0] == 0

    def broadcast(self, message: Message, flags: int, channel: int = 0) -> None:
        self._call("broadcast", **message._asdict(), flags=flags, channel=channel)

    def end(self, peer: int, mode: str, data: int = 0) -> None:
        self._call("end", peer=peer, mode=mode, data=data)

    def ping(self, peer: int) -> None:
        self._call("ping", peer=peer)

    def ping_interval(self, peer: int, milliseconds: int) -> None:
        self._call("ping_interval", peer=peer, milliseconds=milliseconds)

    def set_timeout(self, peer: int, limit: int, minimum: int, maximum: int) -> None:
        self._call("timeout", peer=peer, limit=limit, minimum=minimum, maximum=maximum)

    def throttle_configure(self, peer: int, interval: int, acceleration: int, deceleration: int) -> None:
        values = {"interval": interval, "acceleration": acceleration, "deceleration": deceleration}
        self._call("throttle", peer=peer, **values)

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        self._call("bandwidth", incoming=incoming, outgoing=outgoing)

    def compress(self, mode: int) -> None:
        self._call("compress", mode=mode)

    def statistic(self, peer: int, which: int) -> int:
        return int(self._call("statistic", peer=peer, which=which))

    def info(self, peer: int) -> dict[str, Any]:
        answer: dict[str, Any] = self._call("info", peer=peer)
        return answer

    def totals(self) -> Totals:
        return Totals(*map(int, self._call("totals")))

    def expect_traffic(self, peer: int) -> None:
        self._call("traffic", peer=peer, streams=STREAMS, period=PERIOD)

    def run_traffic(self, running: bool) -> None:
        self._call("traffic_run", running=running)

    def traffic_report(self) -> Report:
        answer = self._call("traffic_report")
        return Report([*map(int, answer["sent"])], [*map(int, answer["received"])], answer["faults"])

    def poll(self) -> None:
        for event in self.program.events.pop(self.host, []):
            fields = {name: int(event.get(name, 0)) for name in ("peer", "data", "channel", "size", "flags")}
            self.seen.append(Seen(kind=event["kind"], digest=event.get("digest", ""), **fields))

    def close(self) -> None:
        if self.host and self.program.alive:
            self._call("close")

    def _call(self, do: str, **arguments: Any) -> Any:
        return self.program.call(do, host=self.host, **arguments)
