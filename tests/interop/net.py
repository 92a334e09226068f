"""The endpoints of one test, serviced together until something is so."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .endpoints import Endpoint, Message, Seen
from .programs import Program
from .remote_endpoint import RemoteEndpoint

__all__ = ["LOOPBACK", "End", "Link", "Net"]

LOOPBACK = "127.0.0.1"
DEADLINE = 15.0
PAUSE = 0.0005
THROTTLE_DECELERATION = 12
"""Of ``ENetPacketPeer.PeerStatistic``."""


class Net:
    """Creates endpoints of several sorts, such as "ours" and "theirs", and closes them at the end."""

    def __init__(self, makers: Mapping[str, Callable[[], Endpoint]], programs: Sequence[Program]) -> None:
        self._makers = dict(makers)
        self._programs = list(programs)
        self._endpoints: list[Endpoint] = []

    def add(self, side: str) -> Endpoint:
        """A new endpoint of that sort; not opened yet."""
        endpoint = self._makers[side]()
        self._endpoints.append(endpoint)
        return endpoint

    def adopt(self, program: Program) -> None:
        """From now on the sort ``"adopted"`` makes endpoints in that program."""
        self._programs.append(program)
        self._makers["adopted"] = lambda: RemoteEndpoint(program)

    def abandon(self, program: Program) -> None:
        """Ask nothing more of an adopted program, which is about to end."""
        self._programs.remove(program)
        self._endpoints = [each for each in self._endpoints if getattr(each, "program", None) is not program]

    def step(self) -> None:
        """Let every endpoint do what a frame does."""
        for program in self._programs:
            program.call("poll")
        for endpoint in self._endpoints:
            endpoint.poll()

    def until(self, condition: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
        """Service everything until ``condition`` holds; the test fails when it does not within ``seconds``."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                seen = "\n".join(f"{each.name}: {each.seen[-8:]}" for each in self._endpoints)
                raise AssertionError(f"waited {seconds:.0f} s for: {what}\nlast events\n{seen}")
            self.step()
            time.sleep(PAUSE)

    def spend(self, seconds: float) -> None:
        """Service everything for a time in which nothing in particular is expected."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end, "the time to pass", seconds + DEADLINE)

    def expect(self, end: End, kind: str, count: int = 1) -> list[Seen]:
        """Service everything until an end has at least ``count`` events of a kind; returns them."""
        self.until(lambda: len(end.of(kind)) >= count, f"{count} {kind} events at {end.name}")
        return end.of(kind)

    def link(self, server: Endpoint, client: Endpoint, port: int, channels: int = 255, data: int = 0) -> Link:
        """Connect ``client`` to ``server``, which listens on ``port``; returns when both have their CONNECT event."""
        before = len(server.of("connect"))
        dialling = End(client, client.connect(port, channels, data))
        assert dialling.peer >= 0, "connect_to_host refused"
        self.expect(dialling, "connect")
        self.until(lambda: len(server.of("connect")) > before, f"{client.name} to arrive at {server.name}")
        return Link(self, End(server, server.of("connect")[before].peer), dialling)

    def pair(self, server: str, client: str, bind: str = LOOPBACK) -> Link:
        """A new server and a new client, connected; each named by its sort."""
        listening, dialling = self.add(server), self.add(client)
        port = listening.open(bind)
        dialling.open(peers=1)
        return self.link(listening, dialling, port)

    def close(self) -> None:
        """Close every endpoint, even if one cannot be."""
        with contextlib.ExitStack() as stack:
            for endpoint in self._endpoints:
                stack.callback(endpoint.close)


class End(NamedTuple):
    """One end of a connection."""

    endpoint: Endpoint
    peer: int
    """The connection as this endpoint numbers it."""

    @property
    def name(self) -> str:
        return self.endpoint.name

    def of(self, kind: str) -> list[Seen]:
        """The events of a kind so far."""
        return self.endpoint.of(kind, self.peer)

    def send(self, message: Message, flags: int, channel: int = 0, count: int = 1) -> int:
        return self.endpoint.send(self.peer, message, flags, channel, count)

    def end(self, mode: str, data: int = 0) -> None:
        self.endpoint.end(self.peer, mode, data)

    def info(self) -> dict[str, Any]:
        return self.endpoint.info(self.peer)

    def statistic(self, which: int) -> int:
        return self.endpoint.statistic(self.peer, which)


class Link(NamedTuple):
    """One connection."""

    net: Net
    server: End
    client: End

    def ends(self) -> tuple[End, End]:
        """The server's end, then the client's."""
        return self.server, self.client

    def directions(self) -> tuple[tuple[End, End], tuple[End, End]]:
        """Sender and receiver, both ways."""
        return (self.server, self.client), (self.client, self.server)

    def steady(self) -> None:
        """Stop both throttles from falling, so that a late answer on a busy machine drops no unreliable packet."""
        for end in self.ends():
            end.endpoint.throttle_configure(end.peer, 5000, 2, 0)
        what = "the throttle settings to arrive"
        self.net.until(lambda: not any(end.statistic(THROTTLE_DECELERATION) for end in self.ends()), what)

    def transfer(self, sender: End, receiver: End, message: Message, flags: int, channel: int = 0) -> Seen:
        """Send one packet and wait for it; returns the event of its arrival."""
        before = len(receiver.of("receive"))
        assert sender.send(message, flags, channel) == 0
        return self.net.expect(receiver, "receive", before + 1)[before]
