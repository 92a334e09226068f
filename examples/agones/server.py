"""A game server to run by the dozen: probes, metrics, a drain, seats for players who drop, Agones, JSON logs.

    PORT=7777 PROBE_PORT=8080 python server.py

Beside it runs Agones' SDK server, if the environment has its port. docs/operations.md explains each part. The game is
as small as possible: players count.
"""

from __future__ import annotations

import logging
import os
import sys

from godot_enet import ENetMultiplayerPeer, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.metrics import Metrics
from godot_enet.ops import Agones, JsonFormatter, Seat, Seats, Server, port_from_environment

TICK_RATE = 30
HOLD_SECONDS = 60


class Game(Node):
    """Each player has a count of its own, which outlives a lost connection."""

    def __init__(self, seats: Seats) -> None:
        super().__init__("Game")
        self.seats = seats
        seats.taken.connect(self.on_taken)
        seats.resumed.connect(self.on_resumed)

    def on_taken(self, peer: int, seat: Seat) -> None:
        seat.data = 0

    def on_resumed(self, peer: int, seat: Seat) -> None:
        self.rpc_id(peer, "counted", seat.data)

    @rpc("any_peer", "reliable")
    def count(self) -> None:
        peer = self.multiplayer.get_remote_sender_id()
        seat = self.seats.seat_of(peer)
        if seat is not None:
            seat.data += 1
            self.rpc_id(peer, "counted", seat.data)

    @rpc("authority", "reliable")
    def counted(self, total: int) -> None:
        """The clients have this."""


def main() -> int:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])

    port = port_from_environment(7777)
    transport = ENetMultiplayerPeer()
    if transport.create_server(port, 32) is not Error.OK:
        return 1
    tree = SceneTree()
    multiplayer = tree.get_multiplayer()
    assert isinstance(multiplayer, SceneMultiplayer)
    multiplayer.multiplayer_peer = transport
    seats = Seats(multiplayer, HOLD_SECONDS)
    tree.root.add_child(Game(seats))

    with Server(
        multiplayer,
        probes=("0.0.0.0", port_from_environment(8080, "PROBE_PORT")),
        metrics=Metrics(multiplayer, profile=True),
        seats=seats,
        agones=Agones() if "AGONES_SDK_HTTP_PORT" in os.environ else None,
        agones_players="players",
    ) as server:
        for delta in server.frames(TICK_RATE):
            tree.process(delta)
    transport.close()
    return server.exit_code


if __name__ == "__main__":
    sys.exit(main())
