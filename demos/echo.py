"""Echo: shows live how a network thread keeps the connection responsive while the program stalls.

    python -m godot_enet demo echo                         both sides in one process
    python -m godot_enet demo echo --server                only the server
    python -m godot_enet demo echo --host 127.0.0.1        only a client; start any number of these

The client sends an unreliable message in each frame and sometimes a reliable one; the server echoes each. SPACE stalls
the program for half a second, as loading a level does; ESC quits. A stall delays the messages, but not ENet's own round
trip, because a network thread answers. With --inline, service() does all the work, and both are delayed.
"""

from __future__ import annotations

import argparse
import struct
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing

from godot_enet import ENetConnection, ENetPacketPeer

from . import _stage
from ._link import connect, events_of, listen, lost_server, round_trip_and_loss, say_goodbye
from ._options import GOODBYE, PICTURE_FRAMES, SILENCE, demo, make_parser
from ._stage import BLUE, ORANGE, PANEL, TEXT, Stage, pygame

MAX_CLIENTS = 32
RELIABLE, UNRELIABLE, CHANNELS = 0, 1, 2  # channels, and their number
RELIABLE_EVERY = 10  # frames
LISTEN = 30  # frames at the end of --frames in which the client only receives
STALL = 0.5  # seconds
MESSAGE = struct.Struct("!d")  # time of sending

WIDTH, HEIGHT = 640, 372
HEAD, STRIP, GAP = 40, 100, 10  # pixels: heading, one graph, margin


class Server:
    """Returns each message on the same channel, with the same flags."""

    def __init__(self, address: str, port: int, threaded: bool) -> None:
        self.connection = listen(address, port, MAX_CLIENTS, CHANNELS, threaded)
        print(f"listening on port {port}")
        self.echoed = 0
        self.peer: ENetPacketPeer | None = None  # the latest client, whose statistics are drawn

    def service(self) -> None:
        for kind, peer, data, channel in events_of(self.connection):
            if kind == ENetConnection.EVENT_CONNECT:
                print(f"{peer.get_remote_address()} connected")
                self.peer = peer
                peer.set_timeout(*SILENCE)
            elif kind == ENetConnection.EVENT_DISCONNECT:
                print("a client left" if data == GOODBYE else "a client timed out")
            elif kind == ENetConnection.EVENT_RECEIVE:
                flags = peer.get_packet_flags()
                peer.send(channel, peer.get_packet(), flags)
                self.echoed += 1
        self.connection.flush()

    def close(self) -> None:
        say_goodbye(self.connection)
        print(f"server: {self.echoed} messages echoed")


class Client:
    """Sends messages that contain their time, and measures their round trip."""

    def __init__(self, address: str, port: int, threaded: bool) -> None:
        self.server = f"{address}:{port}"
        self.connection, self.peer = connect(address, port, CHANNELS, 0, threaded)
        self.connected = self.ended = False
        self.sent, self.echoed = [0, 0], [0, 0]  # by channel
        self.latest = self.total = 0.0  # ms from sending a message to reading its echo

    def service(self) -> None:
        for kind, peer, data, channel in events_of(self.connection):
            if kind == ENetConnection.EVENT_CONNECT:
                print(f"connected to {self.server}")
                self.connected = True
            elif kind == ENetConnection.EVENT_RECEIVE:
                (sent_at,) = MESSAGE.unpack(peer.get_packet())
                self.latest = (time.monotonic() - sent_at) * 1000
                self.total += self.latest
                self.echoed[channel] += 1
            elif kind == ENetConnection.EVENT_DISCONNECT:
                self.ended = True
                lost_server(data, self.server, self.connected)

    def send(self, frame: int) -> None:
        if self.connected and not self.ended:
            message = MESSAGE.pack(time.monotonic())
            self.peer.send(UNRELIABLE, message, 0)  # the next frame sends a newer one
            self.sent[UNRELIABLE] += 1
            if frame % RELIABLE_EVERY == 0:
                self.peer.send(RELIABLE, message, ENetPacketPeer.FLAG_RELIABLE)
                self.sent[RELIABLE] += 1
            self.connection.flush()  # now, not in the next frame's service()

    def close(self) -> None:
        say_goodbye(self.connection)
        for name, channel in (("reliable", RELIABLE), ("unreliable", UNRELIABLE)):
            print(f"client: {self.echoed[channel]} of {self.sent[channel]} {name} messages returned")
        print(f"client: {self.total / max(1, sum(self.echoed)):.1f} ms on average from sending to reading")


class Graph:
    """A scrolling graph of one quantity over the last frames."""

    def __init__(self, title: str, unit: str, top: float) -> None:
        self.title, self.unit, self.top = title, unit, top
        self.history: deque[Sequence[float]] = deque(maxlen=WIDTH - 2 * GAP)

    def draw(self, stage: Stage, area: pygame.Rect) -> None:
        stage.screen.fill(PANEL, area)
        top = max(self.top, *(max(values) for values in self.history))
        legend = [(f"{self.title} ({self.unit}, scale to {top:.0f})", TEXT)]
        for color, line in zip((BLUE, ORANGE), zip(*self.history, strict=True), strict=False):
            left, scale = area.right - len(line), (area.height - 26) / top
            points = [(left + x, area.bottom - 2 - value * scale) for x, value in enumerate(line)]
            if len(points) > 1:
                pygame.draw.lines(stage.screen, color, False, points, 2)
            legend.append((f"{line[-1]:.1f}", color))
        x = area.x + 6
        for text, color in legend:
            x = stage.text(text, (x, area.y + 4), color, 22).right + 10


def read_health(peer: ENetPacketPeer | None, client: Client | None) -> tuple[tuple[float, ...], ...]:
    """Values of the three graphs: round-trip times in ms, reliable packets lost in %, throttle in %."""
    round_trip = loss = throttle = 0.0
    measured = client is None or client.echoed[RELIABLE] > 0  # until then ENet assumes 500 ms
    if peer is not None and peer.get_state() == ENetPacketPeer.STATE_CONNECTED and measured:
        round_trip, loss = round_trip_and_loss(peer)
        throttle = peer.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) / ENetPacketPeer.PACKET_THROTTLE_SCALE
    return (round_trip, client.latest) if client else (round_trip,), (loss,), (100 * throttle,)


def draw(stage: Stage, graphs: Sequence[Graph], health: Sequence[Sequence[float]]) -> None:
    stage.screen.fill(_stage.BACKGROUND)
    stage.text("SPACE: stall for half a second   ESC: quit", (GAP, GAP), size=22)
    for row, (graph, values) in enumerate(zip(graphs, health, strict=True)):
        graph.history.append(values)
        graph.draw(stage, pygame.Rect(GAP, HEAD + row * (STRIP + GAP), WIDTH - 2 * GAP, STRIP))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("echo", __doc__)
    parser.add_argument("--inline", action="store_true", help="no network thread: service() does all the work")
    return parser.parse_args(argv)


@demo
def main(argv: Sequence[str] | None, stack: ExitStack) -> None:
    options = parse(argv)
    last = PICTURE_FRAMES if options.screenshot and options.frames is None else options.frames
    server: Server | None = None
    client: Client | None = None
    stage = stack.enter_context(closing(Stage("echo", (WIDTH, HEIGHT), last, options.screenshot)))
    if not options.host:
        address = "*" if options.server else "127.0.0.1"
        server = stack.enter_context(closing(Server(address, options.port, not options.inline)))
    if not options.server:
        client = stack.enter_context(closing(Client(options.host or "127.0.0.1", options.port, not options.inline)))
    graphs = [
        Graph("round trip: ENet" + (", message" if client else ""), "ms", 50),
        Graph("reliable packets lost", "%", 10),
        Graph("throttle: unreliable packets let through", "%", 100),
    ]
    while stage.running and not (client and client.ended):
        if "space" in stage.pressed():
            time.sleep(STALL)
        if server:
            server.service()
        if client:
            client.service()
            if last is None or stage.frame + LISTEN < last:
                client.send(stage.frame)
        health = read_health(client.peer if client else server.peer if server else None, client)
        draw(stage, graphs, health)
        stage.tick()


if __name__ == "__main__":
    sys.exit(main())
