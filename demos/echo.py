"""An echo over ENet, with the health of the connection drawn live: round-trip time, loss and throttle.

    python demos/echo.py                         both sides in one process
    python demos/echo.py --server                the server alone
    python demos/echo.py --host 127.0.0.1        a client alone; start as many as you like

Every frame the client sends an unreliable message, now and then a reliable one; the server sends each back as it came.
SPACE stalls the program for half a second, as loading a level does; ESC quits. A stall delays the messages, but not
ENet's own round trip: a network thread answers meanwhile. With --inline service() does that, and both are delayed.
"""

from __future__ import annotations

import argparse
import os
import struct
import sys
import time
from collections import deque
from collections.abc import Sequence

from godot_enet import ENetConnection, ENetPacketPeer, Error

try:
    import pygame
except ModuleNotFoundError:
    sys.exit("This demo draws with pygame: pip install pygame (or pygame-ce)")

PORT = 8910  # as in Godot's pong demo
MAX_CLIENTS = 32
RELIABLE, UNRELIABLE = 0, 1  # channels
RELIABLE_EVERY = 10  # frames
GOODBYE = 1  # data of a disconnect on purpose; ENet reports 0 for a remote that fell silent
SILENCE = (32, 1500, 3000)  # give a silent remote up after about 3 s, not ENet's 5 to 30
LISTEN = 30  # frames at the end of --frames in which nothing is sent, only echoes come back
STALL = 0.5  # seconds
MESSAGE = struct.Struct("!d")  # when the client sent it

FPS, PICTURE_FRAMES = 60, 300
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
WIDTH, HEIGHT = 640, 372
HEAD, STRIP, GAP = 40, 100, 10  # pixels: head line, one graph, space around it
BACKGROUND, PANEL, TEXT, FIRST, SECOND = "#14181f", "#1e2530", "#d5dbe6", "#5ec8ff", "#ffb454"


class DemoError(Exception):
    """Why the demo cannot go on, in words for the user."""


class Server:
    """Sends every message back on its channel, as reliably as it came."""

    def __init__(self, address: str, port: int, threaded: bool) -> None:
        self.connection = ENetConnection(threaded=threaded)
        if self.connection.create_host_bound(address, port, MAX_CLIENTS) != Error.OK:
            raise DemoError(f"Cannot listen on port {port}: is another program using it? --port chooses another.")
        print(f"listening on port {port}")
        self.echoed = 0
        self.peer: ENetPacketPeer | None = None  # the latest client: the one whose health is drawn

    def service(self) -> None:
        while (event := self.connection.service()).peer is not None:
            if event.type == ENetConnection.EVENT_CONNECT:
                print(f"{event.peer.get_remote_address()} came")
                self.peer = event.peer
                self.peer.set_timeout(*SILENCE)
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                print("a client left" if event.data == GOODBYE else "a client vanished")
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
    """Sends messages that carry their time, and measures when they are back."""

    def __init__(self, address: str, port: int, threaded: bool) -> None:
        self.connection = ENetConnection(threaded=threaded)
        self.connection.create_host(1)
        self.server = f"{address}:{port}"
        peer = self.connection.connect_to_host(address, port, 2)
        if peer is None:
            raise DemoError(f"Cannot connect to {self.server}: is this the name of a host, and a port?")
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
                print("The server said goodbye." if event.data == GOODBYE else "The server vanished.")
                self.ended = True

    def send(self, frame: int) -> None:
        if self.connected and not self.ended:
            message = MESSAGE.pack(time.monotonic())
            self.peer.send(UNRELIABLE, message, 0)  # the next frame brings a newer one
            self.sent[UNRELIABLE] += 1
            if frame % RELIABLE_EVERY == 0:
                self.peer.send(RELIABLE, message, ENetPacketPeer.FLAG_RELIABLE)
                self.sent[RELIABLE] += 1
            self.connection.flush()  # now, not at the next frame's service()

    def close(self) -> None:
        if not self.ended:
            self.peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()
        for name, channel in (("reliable", RELIABLE), ("unreliable", UNRELIABLE)):
            print(f"client: {self.echoed[channel]} of {self.sent[channel]} {name} messages came back")
        print(f"client: {self.total / max(1, sum(self.echoed)):.1f} ms on average from sending one to reading it")


class Graph:
    """One quantity over the last frames, in lines that scroll to the left."""

    def __init__(self, title: str, unit: str, top: float) -> None:
        self.title, self.unit, self.top = title, unit, top
        self.history: deque[Sequence[float]] = deque(maxlen=WIDTH - 2 * GAP)

    def draw(self, screen: pygame.Surface, font: pygame.font.Font, area: pygame.Rect) -> None:
        screen.fill(PANEL, area)
        top = max(self.top, *(max(values) for values in self.history))
        legend = [(f"{self.title} ({self.unit}, scale to {top:.0f})", TEXT)]
        for color, line in zip((FIRST, SECOND), zip(*self.history, strict=True), strict=False):
            left, scale = area.right - len(line), (area.height - 26) / top
            points = [(left + x, area.bottom - 2 - value * scale) for x, value in enumerate(line)]
            if len(points) > 1:
                pygame.draw.lines(screen, color, False, points, 2)
            legend.append((f"{line[-1]:.1f}", color))
        x = area.x + 6
        for text, color in legend:
            x = screen.blit(font.render(text, True, color), (x, area.y + 4)).right + 10


def read_health(peer: ENetPacketPeer | None, client: Client | None) -> tuple[tuple[float, ...], ...]:
    """What the three graphs show: round-trip times in ms, reliable packets lost in %, throttle in %."""
    round_trip = loss = throttle = 0.0
    measured = client is None or client.echoed[RELIABLE] > 0  # until then ENet assumes 500 ms
    if peer is not None and peer.get_state() == ENetPacketPeer.STATE_CONNECTED and measured:
        round_trip = peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
        loss = peer.get_statistic(ENetPacketPeer.PEER_PACKET_LOSS) / ENetPacketPeer.PACKET_LOSS_SCALE
        throttle = peer.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) / ENetPacketPeer.PACKET_THROTTLE_SCALE
    return (round_trip, client.latest) if client else (round_trip,), (100 * loss,), (100 * throttle,)


def open_window() -> pygame.Surface:
    if sys.platform.startswith("linux") and not any(map(os.environ.get, DISPLAYS)):
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        print("No display found: drawing where nobody sees it (SDL_VIDEODRIVER=dummy). Ctrl-C quits.")
    pygame.display.init()
    pygame.font.init()
    pygame.display.set_caption("godot_enet: echo")
    return pygame.display.set_mode((WIDTH, HEIGHT))


def wants_to_quit() -> bool:
    for event in pygame.event.get():
        if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
            return True
        if event.type == pygame.KEYDOWN and event.key == pygame.K_SPACE:
            time.sleep(STALL)
    return False


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="An echo over ENet, with its round-trip time, loss and throttle.")
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--server", action="store_true", help="run the server alone")
    side.add_argument("--host", help="run a client alone, to this server")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--inline", action="store_true", help="no network thread: service() does all the work")
    parser.add_argument("--frames", type=int, help="quit after this many frames")
    parser.add_argument("--screenshot", metavar="FILE", help=f"save the last frame, the {PICTURE_FRAMES}th by default")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    last = PICTURE_FRAMES if options.screenshot and options.frames is None else options.frames
    server: Server | None = None
    client: Client | None = None
    try:
        screen, font, clock = open_window(), pygame.font.Font(None, 22), pygame.time.Clock()
        if not options.host:
            server = Server("*" if options.server else "127.0.0.1", options.port, not options.inline)
        if not options.server:
            client = Client(options.host or "127.0.0.1", options.port, not options.inline)
        graphs = [
            Graph("round trip: ENet's own" + (", a message's" if client else ""), "ms", 50),
            Graph("reliable packets lost", "%", 10),
            Graph("throttle: unreliable packets let through", "%", 100),
        ]
        frame = 0
        while not wants_to_quit() and not (client and client.ended) and frame != last:
            frame += 1
            if server:
                server.service()
            if client:
                client.service()
                if last is None or frame + LISTEN <= last:
                    client.send(frame)
            health = read_health(client.peer if client else server.peer if server else None, client)
            screen.fill(BACKGROUND)
            screen.blit(font.render("SPACE: stall for half a second   ESC: quit", True, TEXT), (GAP, GAP))
            for row, (graph, values) in enumerate(zip(graphs, health, strict=True)):
                graph.history.append(values)
                graph.draw(screen, font, pygame.Rect(GAP, HEAD + row * (STRIP + GAP), WIDTH - 2 * GAP, STRIP))
            pygame.display.flip()
            clock.tick(FPS)
        if options.screenshot:
            pygame.image.save(screen, options.screenshot)
            print(f"saved {options.screenshot}")
    except KeyboardInterrupt:
        print()
    except (DemoError, pygame.error) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if client:
            client.close()
        if server:
            server.close()
        pygame.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
