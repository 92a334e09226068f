"""A server and a client in a process whose sockets fail: see ``storm.c``, which must have been preloaded.

Arguments: "threaded" or "inline", and names of errnos. Says for each of these how the conversation went on.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import sys
import time

from godot_enet import ENetConnection, ENetPacketPeer

_PATIENCE = 30.0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Pair:
    """Both ends, and what they have reported."""

    def __init__(self, threaded: bool) -> None:
        self.server, self.client = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
        assert self.server.create_host_bound("127.0.0.1", 0) == 0
        assert self.client.create_host(1) == 0
        self.events: list[int] = []
        self.got: list[bytes] = []

    def run(self, seconds: float, count: int = -1) -> None:
        """Service both for so long, or until so many packets have come to the server."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and len(self.got) != count:
            for end in (self.server, self.client):
                event = end.service(1)
                if event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
                    self.got.append(event.peer.get_packet())
                elif event.type != ENetConnection.EVENT_NONE:
                    self.events.append(int(event.type))

    def meet(self, weather: ctypes.CDLL) -> ENetPacketPeer:
        peer = self.client.connect_to_host("127.0.0.1", self.server.get_local_port(), 1)
        assert peer is not None
        self.run(0.05)
        weather.storm(0, 0, 0)
        ends = time.monotonic() + _PATIENCE
        while len(self.events) < 2 and time.monotonic() < ends:
            self.run(0.02)
        for each in (peer, *self.server.get_peers()):
            each.set_timeout(1 << 30, 1 << 30, 1 << 30)  # round trips are so short that resends run out at once
        return peer


def main() -> None:
    logging.basicConfig(stream=sys.stdout, format="log: %(message)s", level=logging.INFO)
    weather = ctypes.CDLL(None)
    threaded = sys.argv[1] == "threaded"
    for name in sys.argv[2:]:
        number = getattr(errno, name)
        before = weather.storm_hits(0), weather.storm_hits(1)
        weather.storm(number, 4, 4)
        pair = Pair(threaded)
        peer = pair.meet(weather)
        say(f"{name}: {pair.events}")
        weather.storm(number, 1, 1)  # nothing goes through at all
        packets = [b"%d" % each + bytes(100) for each in range(30)]
        for packet in packets:
            assert peer.send(0, packet, ENetPacketPeer.FLAG_RELIABLE) == 0
            pair.client.flush()
        pair.run(0.1)
        say(f"nothing: {len(pair.got)}")
        weather.storm(number, 2, 2)
        pair.run(0.2, len(packets))
        weather.storm(0, 0, 0)
        pair.run(_PATIENCE, len(packets))
        say(f"everything: {pair.got == packets} {pair.events}")
        say(f"refused: {weather.storm_hits(0) - before[0] >= 30} {weather.storm_hits(1) - before[1] >= 3}")
        pair.client.destroy()
        pair.server.destroy()


if __name__ == "__main__":
    main()
