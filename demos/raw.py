"""Every event of ENetConnection as it happens: a key for each call, and its effect.

    python -m godot_enet demo raw                         both sides, each with its own half of the window
    python -m godot_enet demo raw --server                only the server
    python -m godot_enet demo raw --host 127.0.0.1        only a client; start any number of these

Keys: C connects, D disconnects; R, U and N send a packet reliably, unreliably and unsequenced, F a large one that
is split into fragments; B broadcasts from the server; X destroys the client's host, C creates a new one. The server
never answers by itself, so each event is caused by a key. --auto presses all keys.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing

from godot_enet import ENetConnection, ENetPacketPeer, Error

from . import _stage
from ._options import GOODBYE, SILENCE, bad_address, demo, make_parser, port_in_use
from ._stage import FAINT, LINE, PANEL, TEXT, Stage, pygame

CHANNELS = 3
MAX_CLIENTS = 32
HELLO = 7  # the number sent with a connection request
LARGE = 5000  # bytes: more than fits into a datagram

WIDTH, HEIGHT = 960, 460
HEAD, FOOT, GAP, ROW = 148, 40, 10, 22
FLASH = 12  # frames that a lamp stays lit

NAMES: dict[int, str] = {
    ENetConnection.EVENT_NONE: "NONE",
    ENetConnection.EVENT_CONNECT: "CONNECT",
    ENetConnection.EVENT_RECEIVE: "RECEIVE",
    ENetConnection.EVENT_DISCONNECT: "DISCONNECT",
    ENetConnection.EVENT_ERROR: "ERROR",
}
COLORS: dict[int, str] = {
    ENetConnection.EVENT_NONE: FAINT,
    ENetConnection.EVENT_CONNECT: _stage.GREEN,
    ENetConnection.EVENT_RECEIVE: _stage.BLUE,
    ENetConnection.EVENT_DISCONNECT: _stage.ORANGE,
    ENetConnection.EVENT_ERROR: _stage.RED,
}
WAYS = {  # key: channel, flags, text
    "r": (0, ENetPacketPeer.FLAG_RELIABLE, "reliable"),
    "u": (1, 0, "unreliable"),
    "n": (2, ENetPacketPeer.FLAG_UNSEQUENCED, "unsequenced"),
    "f": (0, ENetPacketPeer.FLAG_RELIABLE, "fragments" + "." * (LARGE - len("fragments"))),
}
FLAGS = {0: "unreliable", ENetPacketPeer.FLAG_RELIABLE: "reliable", ENetPacketPeer.FLAG_UNSEQUENCED: "unsequenced"}
AUTO = {30: "r", 50: "u", 70: "n", 90: "f", 110: "b", 135: "d", 165: "c", 195: "b", 210: "x", 225: "c"}  # frame: key


class Side:
    """A connection and its events. By itself it only calls ``service``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection = ENetConnection()
        self.connected = 0
        self.failed = False
        """Whether the last event was an ERROR."""
        self.counts = dict.fromkeys(NAMES, 0)
        self.lit = dict.fromkeys(NAMES, -FLASH)
        """The frame of the last event of each kind."""
        self.log: deque[tuple[int, str, str]] = deque(maxlen=(HEIGHT - HEAD - FOOT - 2 * GAP) // ROW - 1)
        """Frame, colour, text."""

    @property
    def active(self) -> bool:
        return self.connection.engine_name != ""

    def service(self, frame: int) -> None:
        """Once per frame, until there is nothing left to report."""
        if self.failed and not self.active:
            return  # each call would log another error
        while True:
            kind, peer, data, channel = self.connection.service()
            self.counts[kind] += 1
            self.lit[kind] = frame
            self.failed = kind == ENetConnection.EVENT_ERROR
            if kind == ENetConnection.EVENT_CONNECT and peer is not None:
                self.connected += 1
                peer.set_timeout(*SILENCE)
                self.note(frame, kind, f"{address_of(peer)}, data {data}, {peer.get_channels()} channels")
            elif kind == ENetConnection.EVENT_RECEIVE and peer is not None:
                flags = FLAGS.get(peer.get_packet_flags(), "other flags")
                packet = peer.get_packet()
                text = packet[:12].decode(errors="replace").rstrip(".")
                self.note(frame, kind, f"channel {channel}, {flags}, {len(packet)} bytes: {text}")
            elif kind == ENetConnection.EVENT_DISCONNECT and self.connected:
                self.connected -= 1
                self.note(frame, kind, f"data {data}" + ("" if data else ": our request, or a timeout"))
            elif kind == ENetConnection.EVENT_DISCONNECT:
                self.note(frame, kind, "no answer; press C to try again")
            elif kind == ENetConnection.EVENT_ERROR:
                self.note(frame, kind, "no host: call create_host first")
                return
            else:
                return

    def note(self, frame: int, kind: int, text: str) -> None:
        self.log.append((frame, COLORS[kind], f"{NAMES[kind]}  {text}"))
        print(f"{frame:5} {self.name}: {NAMES[kind]} {text}")

    def close(self) -> None:
        if self.active:
            for peer in self.connection.get_peers():
                peer.peer_disconnect_now(GOODBYE)
            self.connection.destroy()
        self.connected = 0


def address_of(peer: ENetPacketPeer) -> str:
    return f"{peer.get_remote_address()}:{peer.get_remote_port()}"


def open_server(side: Side, address: str, port: int) -> None:
    if side.connection.create_host_bound(address, port, MAX_CLIENTS, CHANNELS) != Error.OK:
        raise port_in_use(port)
    print(f"listening on port {side.connection.get_local_port()}")


def open_client(side: Side, address: str, port: int) -> None:
    """Connect, unless already done. The peer exists at once, the connection after EVENT_CONNECT."""
    if not side.active:
        side.connection.create_host(1, CHANNELS)
    if not side.connection.get_peers():
        peer = side.connection.connect_to_host(address, port, CHANNELS, HELLO)
        if peer is None:
            raise bad_address(address, port)
        peer.set_timeout(*SILENCE)


def press(key: str, server: Side | None, client: Side | None, address: str, port: int) -> None:
    """Make the call of a key. It logs the errors that Godot would log: try D twice."""
    if key == "b" and server:
        server.connection.broadcast(0, b"to everyone", ENetPacketPeer.FLAG_RELIABLE)
    if client is None:
        return
    if key == "c":
        open_client(client, address, port)
    elif key == "x":
        client.close()  # from here on service() reports EVENT_ERROR
    elif client.active:
        for peer in client.connection.get_peers():
            if key == "d":
                peer.peer_disconnect(HELLO)
            elif key in WAYS:
                channel, flags, text = WAYS[key]
                peer.send(channel, text.encode(), flags)


def draw(stage: Stage, side: Side, area: pygame.Rect) -> None:
    pygame.draw.rect(stage.screen, PANEL, area, border_radius=6)
    port = side.connection.get_local_port() if side.active else 0
    state = f"port {port}" if port else "no port yet" if side.active else "no host"
    stage.text(side.name, (area.x + 14, area.y + 12), TEXT, 30)
    stage.text(state, (area.right - 14, area.y + 16), FAINT, anchor="topright")
    width = (area.width - 28) / len(NAMES)
    for column, (kind, name) in enumerate(NAMES.items()):
        x = area.x + 14 + round((column + 0.5) * width)
        lit = stage.frame - side.lit[kind] < FLASH
        pygame.draw.circle(stage.screen, COLORS[kind] if lit else LINE, (x, area.y + 62), 11)
        stage.text(name, (x, area.y + 84), COLORS[kind], 18, "midtop")
        stage.text(str(side.counts[kind]), (x, area.y + 102), TEXT, 20, "midtop")
    pygame.draw.line(stage.screen, LINE, (area.x + 14, area.y + 130), (area.right - 14, area.y + 130))
    for row, (frame, color, text) in enumerate(side.log):
        y = area.y + HEAD + row * ROW
        stage.text(str(frame), (area.x + 48, y), FAINT, 18, "midright")
        stage.text(text, (area.x + 58, y), color, 17, "midleft", area.width - 72)


@demo
def main(argv: Sequence[str] | None, stack: ExitStack) -> None:
    options = make_parser("raw", __doc__, auto="press the keys by itself, one after the other").parse_args(argv)
    address, port = options.host or "127.0.0.1", options.port
    stage = stack.enter_context(closing(Stage("raw", (WIDTH, HEIGHT), options.frames, options.screenshot)))
    server = None if options.host else stack.enter_context(closing(Side("server")))
    client = None if options.server else stack.enter_context(closing(Side("client")))
    if server:
        open_server(server, "*" if options.server else address, port)
    if client:
        open_client(client, address, port)
    sides = [side for side in (server, client) if side]
    width = (WIDTH - GAP) // len(sides) - GAP
    while stage.running:
        keys = stage.pressed()
        if options.auto and stage.frame in AUTO:
            keys.append(AUTO[stage.frame])
        for key in keys:
            press(key, server, client, address, port)
        for side in sides:
            side.service(stage.frame)
        stage.screen.fill(_stage.BACKGROUND)
        for column, side in enumerate(sides):
            area = pygame.Rect(GAP + column * (width + GAP), GAP, width, HEIGHT - FOOT - GAP)
            draw(stage, side, area)
        keys_text = "C connect   R, U, N, F send   D disconnect   X destroy   B broadcast from the server   ESC quit"
        stage.text(keys_text, (GAP + 14, HEIGHT - FOOT / 2), FAINT, anchor="midleft")
        stage.tick()


if __name__ == "__main__":
    sys.exit(main())
