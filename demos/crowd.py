"""Crowd: ten thousand players on one port, by several shards; one dot each.

    python -m godot_enet demo crowd                        a server, and its players in another process
    python -m godot_enet demo crowd --server               only the server
    python -m godot_enet demo crowd --host 127.0.0.1       only players, without a window

Each player sends its position five times a second, and the server sends a state to all as often. A dot has the colour
of its player's shard, or with SPACE of its round trip. The panels show each shard's share of players and packets, and
the distribution of round trips.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time
from bisect import bisect
from collections import deque
from collections.abc import Sequence
from itertools import islice

from godot_enet.core import (
    BindError,
    DisconnectMode,
    Event,
    EventType,
    Host,
    HostConfig,
    PeerHandle,
    PeerStatistic,
    UnknownPeer,
    shard_of,
)

from . import _stage
from ._crowd_players import POSITION, RATE, SIZE, play
from ._options import GOODBYE, DemoError, make_parser, port_in_use
from ._stage import BLUE, FAINT, FPS, GREEN, LINE, ORANGE, PANEL, PINK, RED, VIOLET, Stage, pygame

PLAYERS, SHARDS = 10_000, 4
STATE = bytes(200)
MAX_EVENTS_PER_FRAME = 20_000
MEASURED_PER_FRAME = 300  # peers whose round trip is read
MAP, PANEL_WIDTH, GAP = 720, 330, 10  # pixels
SHARD_COLORS = (BLUE, ORANGE, PINK, GREEN, VIOLET, RED, "#d9e36b", "#6be3c9")
ROUND_TRIPS = (5, 10, 20, 40, 80, 160, 320)  # ms, upper ends of the classes; the last class is open
HEAT = ("#46d27a", "#8fd957", "#c9dd4f", "#f2cf4a", "#f7a443", "#f3743f", "#ea4a46", "#c03060")
FADE = 4  # of 255, each frame


class Server:
    """Takes the positions of all players, and knows what each shard does."""

    def __init__(self, address: str, port: int, players: int, shards: int) -> None:
        config = HostConfig(peer_count=players, shards=shards, duplicate_peers=4095)
        try:
            self.host = Host.open(config, bind=address, port=port)
        except BindError:
            raise port_in_use(port) from None
        print(f"listening on port {port}")
        self.shards = self.host.config.shards
        self.players = self.host.config.peer_count
        self.round_trips: dict[PeerHandle, int] = {}
        """In ms, of each player."""
        self.counts = [0] * self.shards
        """Packets that have come through each shard."""
        self.history = deque([(time.monotonic(), [0] * self.shards)], maxlen=FPS)
        """The same at the times of the last frames."""
        self.classes = [[0] * len(HEAT) for _ in range(self.shards)]
        """Players of each shard, by class of round trip."""
        self.full = False
        self._measured = 0
        self._state_due = 0.0
        self._events: list[Event] = []

    def service(self) -> list[tuple[PeerHandle, int, int]]:
        """Take all events. Returns the players that have moved, and their positions."""
        moves = []
        self._events.clear()
        self.host.service_into(self._events, 0, MAX_EVENTS_PER_FRAME)
        for event in self._events:
            if event.type is EventType.RECEIVE:
                self.counts[shard_of(event.peer)] += 1
                if len(event.packet) == POSITION.size:
                    moves.append((event.peer, *POSITION.unpack(event.packet)))
            elif event.type is EventType.CONNECT:
                self.round_trips[event.peer] = 0
            elif event.type is EventType.DISCONNECT:
                self.round_trips.pop(event.peer, None)
        if not self.full and len(self.round_trips) == self.players:
            self.full = True
            print(f"{self.players:,} players are here")
        self.history.append((time.monotonic(), list(self.counts)))
        self._measure()
        return moves

    def _measure(self) -> None:
        """Read the round trips of some players, in turn."""
        first = self._measured if self._measured < len(self.round_trips) else 0
        for peer in list(islice(self.round_trips, first, first + MEASURED_PER_FRAME)):
            with contextlib.suppress(UnknownPeer):  # its DISCONNECT waits to be reported
                self.round_trips[peer] = self.host.peer_statistic(peer, PeerStatistic.ROUND_TRIP_TIME)
        self._measured = first + MEASURED_PER_FRAME
        if first:
            return
        self.classes = [[0] * len(HEAT) for _ in range(self.shards)]
        for peer, round_trip in self.round_trips.items():
            self.classes[shard_of(peer)][heat_of(round_trip)] += 1

    def rates(self) -> list[float]:
        """Packets a second of each shard."""
        (began, first), (now, last) = self.history[0], self.history[-1]
        return [(b - a) / max(0.001, now - began) for a, b in zip(first, last, strict=True)]

    def send(self) -> None:
        """Send the state to all, when it is time."""
        if time.monotonic() >= self._state_due:
            self._state_due = time.monotonic() + 1 / RATE
            self.host.broadcast(0, STATE, 0)
            self.host.flush()

    def close(self) -> None:
        for peer in self.host.peers():
            with contextlib.suppress(UnknownPeer):
                self.host.disconnect(peer, GOODBYE, DisconnectMode.NOW)
        self.host.close()
        print(f"server: {sum(self.counts)} positions received")


def heat_of(round_trip: int) -> int:
    """The class of a round trip."""
    return bisect(ROUND_TRIPS, round_trip)


class Picture:
    """The map, on which dots fade, and the panels."""

    def __init__(self) -> None:
        self.map = pygame.Surface((MAP, MAP))
        self.by_round_trip = False

    def draw(self, stage: Stage, server: Server, moves: list[tuple[PeerHandle, int, int]]) -> None:
        self.map.fill((FADE, FADE, FADE), special_flags=pygame.BLEND_RGB_SUB)
        for peer, x, y in moves:
            shard, round_trip = shard_of(peer), server.round_trips.get(peer, 0)
            color = HEAT[heat_of(round_trip)] if self.by_round_trip else SHARD_COLORS[shard % len(SHARD_COLORS)]
            self.map.fill(color, (x * MAP // SIZE, y * MAP // SIZE, 2, 2))
        stage.screen.fill(_stage.BACKGROUND)
        stage.screen.blit(self.map, (0, 0))
        left = MAP + GAP
        what = "round trip" if self.by_round_trip else "shard"
        stage.text(f"{len(server.round_trips):,} players on one port", (left, GAP), size=28)
        stage.text(f"dots: {what} (SPACE)   ESC: quit   {stage.rate():.0f} frames/s", (left, 38), FAINT, 18)
        shown = server.shards if server.shards <= len(SHARD_COLORS) else len(SHARD_COLORS)
        height = (MAP - 70) // max(4, shown)
        for shard in range(shown):
            area = pygame.Rect(left, 62 + shard * height, PANEL_WIDTH - GAP, height - GAP)
            self.draw_shard(stage, server, shard, area)

    @staticmethod
    def draw_shard(stage: Stage, server: Server, shard: int, area: pygame.Rect) -> None:
        """Its players, packets a second beside those of the busiest, and a histogram of round trips."""
        color = SHARD_COLORS[shard]
        stage.screen.fill(PANEL, area)
        classes, rates = server.classes[shard], server.rates()
        stage.text(f"shard {shard}", (area.x + 8, area.y + 6), color, 22)
        text = f"{sum(classes):,} players, {rates[shard]:,.0f} packets/s"
        stage.text(text, (area.right - 8, area.y + 8), size=18, anchor="topright")
        bar = pygame.Rect(area.x + 8, area.y + 30, area.width - 16, 8)
        stage.screen.fill(LINE, bar)
        bar.width = round(bar.width * rates[shard] / max(1.0, *rates))
        stage.screen.fill(color, bar)
        width, room = (area.width - 16) // len(HEAT), area.height - 66
        for number, count in enumerate(classes):
            high = count * room // max(1, *classes)
            x, bottom = area.x + 8 + number * width, area.bottom - 20
            stage.screen.fill(HEAT[number], (x, bottom - max(high, 1), width - 2, max(high, 1)))
            label = f"<{ROUND_TRIPS[number]}" if number < len(ROUND_TRIPS) else "more"
            stage.text(label, (x + width // 2, bottom + 3), FAINT, 16, "midtop")


def start_players(port: int, count: int) -> subprocess.Popen[bytes]:
    """The players' process."""
    command = [sys.executable, "-m", "godot_enet", "demo", "crowd", "--host", "127.0.0.1"]
    return subprocess.Popen([*command, "--port", str(port), "--players", str(count)])


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("crowd", __doc__)
    parser.add_argument("--players", type=int, default=PLAYERS, help="default: %(default)s")
    parser.add_argument("--shards", type=int, default=SHARDS, help="default: %(default)s")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    server: Server | None = None
    players: subprocess.Popen[bytes] | None = None
    try:
        if options.host:
            play(options.host, options.port, options.players)
            return 0
        stage = Stage("crowd", (MAP + PANEL_WIDTH + GAP, MAP), options.frames, options.screenshot)
        server = Server("*" if options.server else "127.0.0.1", options.port, options.players, options.shards)
        if not options.server:
            players = start_players(options.port, server.players)
        picture = Picture()
        while stage.running:
            if "space" in stage.pressed():
                picture.by_round_trip = not picture.by_round_trip
            moves = server.service()
            server.send()
            picture.draw(stage, server, moves)
            stage.tick()
    except KeyboardInterrupt:
        print()
    except (DemoError, ValueError) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if server:
            server.close()
        if players:
            players.terminate()
            players.wait()
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
