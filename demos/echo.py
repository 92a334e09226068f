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

from godot_enet import ENetConnection, ENetPacketPeer, Error

from . import _stage
from ._options import (
    GOODBYE,
    MAX_EVENTS_PER_FRAME,
    PICTURE_FRAMES,
    SILENCE,
    DemoError,
    bad_address,
    make_parser,
    port_in_use,
)
from ._stage import BLUE, ORANGE, PANEL, TEXT, Stage, pygame

MAX_CLIENTS = 32
RELIABLE, UNRELIABLE = 0, 1  # channels
RELIABLE_EVERY = 10  # frames
LISTEN = 30  # frames at the end of --frames in which the client only receives
STALL = 0.5  # seconds
MESSAGE = struct.Struct("!d")  # time of sending

WIDTH, HEIGHT = 640, 372
HEAD, STRIP, GAP = 40, 100, 10  # pixels: heading, one graph, margin


class Server:
    """Returns each message on the same channel, with the same flags."""

    def __init__(self, address: str, port: int, threaded: bool) -> None:
        self.connection = ENetConnection(threaded=threaded)
        if self.connection.create_host_bound(address, port, MAX_CLIENTS) != Error.OK:
            raise port_in_use(port)
        print(f"listening on port {port}")
        self.echoed = 0
        self.peer: ENetPacketPeer | None = None  # the latest client, whose statistics are drawn

    def service(self) -> None:
        for _ in range(MAX_EVENTS_PER_FRAME):
            event = self.connection.service()
            if event.peer is None:
                break
            if event.type == ENetConnection.EVENT_CONNECT:
                print(f"{event.peer.get_remote_address()} connected")
                self.peer = event.peer
                self.peer.set_timeout(*SILENCE)
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                print("a client left" if event.data == GOODBYE else "a client timed out")
            elif event.type == ENetConnection.EVENT_RECEIVE:
                flags = event.peer.get_packet_flags()
                event.peer.send(event.channel, event.peer.get_packet(), flags)
                self.echoed += 1
        self.connection.flush()

    def close(self) -> None:
        for peer in self.connection.get_peers():
            peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()
        print(f"server: {self.echoed} messages echoed")


class Client:
    """Sends messages that contain their time, and measures their round trip."""

    def __init__(self, address: str, port: int, threaded: bool) -> None:
        self.connection = ENetConnection(threaded=threaded)
        self.connection.create_host(1)
        self.server = f"{address}:{port}"
        peer = self.connection.connect_to_host(address, port, 2)
        if peer is None:
            raise bad_address(address, port)
        self.peer = peer
        self.peer.set_timeout(*SILENCE)
        self.connected = self.ended = False
        self.sent, self.echoed = [0, 0], [0, 0]  # by channel
        self.latest = self.total = 0.0  # ms from sending a message to reading its echo

    def service(self) -> None:
        while not self.ended and (event := self.connection.service()).peer is not None:
            if event.type == ENetConnection.EVENT_CONNECT:
                print(f"connected to {self.server}")
                self.connected = True
            elif event.type == ENetConnection.EVENT_RECEIVE:
                (sent_at,) = MESSAGE.unpack(self.peer.get_packet())
                self.latest = (time.monotonic() - sent_at) * 1000
                self.total += self.latest
                self.echoed[event.channel] += 1
            elif not self.connected:
                raise DemoError(f"No server answered at {self.server}.")
            else:
                print("The server said goodbye." if event.data == GOODBYE else "The server timed out.")
                self.ended = True

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
        if not self.ended:
            self.peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()
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
        round_trip = peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
        loss = peer.get_statistic(ENetPacketPeer.PEER_PACKET_LOSS) / ENetPacketPeer.PACKET_LOSS_SCALE
        throttle = peer.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) / ENetPacketPeer.PACKET_THROTTLE_SCALE
    return (round_trip, client.latest) if client else (round_trip,), (100 * loss,), (100 * throttle,)


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


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    last = PICTURE_FRAMES if options.screenshot and options.frames is None else options.frames
    server: Server | None = None
    client: Client | None = None
    try:
        stage = Stage("echo", (WIDTH, HEIGHT), last, options.screenshot)
        if not options.host:
            server = Server("*" if options.server else "127.0.0.1", options.port, not options.inline)
        if not options.server:
            client = Client(options.host or "127.0.0.1", options.port, not options.inline)
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
    except KeyboardInterrupt:
        print()
    except DemoError as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if client:
            client.close()
        if server:
            server.close()
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
