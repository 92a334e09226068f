"""Shepherds and wolves, as one makes such a game in Godot: spawners, synchronizers, authority, visibility.

    python -m godot_enet demo flock                         a menu: host a game, or join one
    python -m godot_enet demo flock --server                host, and be the first shepherd
    python -m godot_enet demo flock --host 127.0.0.1        join; any number can
    godot --path demos/godot/flock -- --server              the same for Godot; or -- --host 127.0.0.1

Keys: the arrows, or W, A, S and D. --auto plays by itself. Shepherds bring sheep to the fold, wolves to their lair. A
shepherd sees a wolf only when it is near, and a wolf that is near a shepherd drops its sheep.

The scenes are those of the Godot project, which this reads. The server decides, but for two things: each player says
where it wants to go, and whoever carries a sheep says where that is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from random import uniform
from typing import Any

from godot_enet import ENetMultiplayerPeer, Error, Node, OfflineMultiplayerPeer, SceneTree, Vector2
from godot_enet.scenes import Game

from ._flock_pieces import FIELD, SIGHT, Home, Player, Sheep, autoplay, meadow
from ._flock_view import FOOT, draw
from ._options import SILENCE, DemoError, bad_address, make_parser, port_in_use
from ._stage import FPS, Stage, pygame

PROJECT = Path(__file__).parent / "godot" / "flock"
SHEEP = 8
PAUSE = 4.0  # seconds between two rounds
KEYS = (
    (Vector2.LEFT, (pygame.K_LEFT, pygame.K_a)),
    (Vector2.RIGHT, (pygame.K_RIGHT, pygame.K_d)),
    (Vector2.UP, (pygame.K_UP, pygame.K_w)),
    (Vector2.DOWN, (pygame.K_DOWN, pygame.K_s)),
)


class Flock(Node):
    """The field with its sheep, shepherds and wolves."""

    game: Game

    def __init__(self) -> None:
        super().__init__()
        self.message = ""  # what the server says of the game; replicated
        self.pause = 0.0
        self.playing = False

    def _ready(self) -> None:
        self.get_node("WolfSpawner").spawn_function = self._make_wolf
        self.multiplayer.peer_connected.connect(self._peer_connected)
        self.multiplayer.peer_disconnected.connect(self._peer_disconnected)
        self.multiplayer.connection_failed.connect(lambda: self.leave("No server answered."))
        self.multiplayer.server_disconnected.connect(lambda: self.leave("The server is gone."))

    def host(self, port: int) -> None:
        peer = ENetMultiplayerPeer()
        if peer.create_server(port) != Error.OK:
            raise port_in_use(port)
        self.multiplayer.multiplayer_peer, self.playing = peer, True
        for _ in range(SHEEP):
            sheep: Any = self.game.instantiate("res://sheep.tscn")
            sheep.position = meadow()
            self.get_node("Sheep").add_child(sheep, True)
        self._welcome(1)

    def join(self, address: str, port: int) -> None:
        peer = ENetMultiplayerPeer()
        if peer.create_client(address, port) != Error.OK:
            raise bad_address(address, port)
        self.multiplayer.multiplayer_peer, self.playing = peer, True
        self.message = f"Connecting to {address}:{port} ..."
        self._be_quick(1)

    def leave(self, why: str) -> None:
        """End the connection, whoever began it."""
        if isinstance(self.multiplayer.multiplayer_peer, ENetMultiplayerPeer):
            self.multiplayer.multiplayer_peer.close()
        self.multiplayer.multiplayer_peer = OfflineMultiplayerPeer()
        for node in (*self.players(), *self.sheep()):
            node.queue_free()
        self.message, self.playing = why, False

    def _peer_connected(self, peer: int) -> None:
        if self.multiplayer.is_server():
            self._be_quick(peer)
            self._welcome(peer)

    def _be_quick(self, peer: int) -> None:
        transport = self.multiplayer.multiplayer_peer
        if isinstance(transport, ENetMultiplayerPeer) and (remote := transport.get_peer(peer)):
            remote.set_timeout(*SILENCE)

    def _peer_disconnected(self, peer: int) -> None:
        if not self.multiplayer.is_server():
            return
        if player := self.player(peer):
            player.free()  # at once, or the sheep that it loses would find it once more
        for sheep in self.sheep():
            if sheep.carrier == peer:
                sheep.carrier = 0

    # A wolf is made by a function, from data that says how. A shepherd is spawned because it is added: at all peers,
    # with the state of its synchronizers.
    def _welcome(self, peer: int) -> None:
        y = uniform(40, FIELD.y - 40)
        if self.get_node("Wolves").get_child_count() < self.get_node("Shepherds").get_child_count():
            self.get_node("WolfSpawner").spawn({"id": peer, "position": Vector2(FIELD.x - 40, y)})
            return
        shepherd: Any = self.game.instantiate("res://player.tscn")
        shepherd.name, shepherd.position = str(peer), Vector2(40, y)
        self.get_node("Shepherds").add_child(shepherd)

    def _make_wolf(self, data: Any) -> Any:
        wolf: Any = self.game.instantiate("res://player.tscn")
        wolf.name, wolf.position, wolf.is_wolf = str(data["id"]), data["position"], True
        return wolf

    def players(self) -> list[Player]:
        return [*self.get_node("Shepherds").get_children(), *self.get_node("Wolves").get_children()]

    def player(self, peer: int) -> Player | None:
        return next((player for player in self.players() if player.name == str(peer)), None)

    def me(self) -> Player | None:
        return self.player(self.multiplayer.get_unique_id())

    def sheep(self) -> list[Sheep]:
        return self.get_node("Sheep").get_children()  # type: ignore[no-any-return]

    def count(self, home: int) -> int:
        return sum(sheep.home == home for sheep in self.sheep())

    def load_of(self, carrier: Player) -> Sheep | None:
        return next((sheep for sheep in self.sheep() if sheep.carrier == int(carrier.name)), None)

    def sees(self, peer: int, wolf: Player) -> bool:
        """Peer 0 stands for all; nobody is sent what all may not see, but each that may."""
        watcher = self.player(peer)
        return watcher is not None and (watcher.is_wolf or watcher.position.distance_to(wolf.position) < SIGHT)

    def _process(self, delta: float) -> None:
        if not (self.playing and self.multiplayer.is_server()):
            return
        saved, eaten = self.count(Home.SAVED), self.count(Home.EATEN)
        if saved + eaten < SHEEP:
            self.pause = PAUSE
            self.message = f"{saved} in the fold, {eaten} in the lair."
            return
        winner = "Nobody wins" if saved == eaten else "The shepherds win" if saved > eaten else "The wolves win"
        self.message = f"{winner}, {saved} : {eaten}."
        self.pause -= delta
        if self.pause <= 0:
            for sheep in self.sheep():
                sheep.home, sheep.position = Home.LOOSE, meadow()


def start(tree: SceneTree) -> Flock:
    """The project's main scene in a tree, with our classes for its scripts."""
    game = Game(PROJECT, {"res://flock.gd": Flock, "res://player.gd": Player, "res://sheep.gd": Sheep})
    flock = game.start(tree)
    assert isinstance(flock, Flock)
    flock.game = game
    return flock


def read_keys() -> Vector2:
    held = pygame.key.get_pressed()
    return sum((way for way, keys in KEYS if any(held[key] for key in keys)), Vector2()).limit_length()


def press(flock: Flock, event: pygame.event.Event, address: str, port: int) -> str:
    """A key in the menu. Returns the address to join."""
    try:
        if event.key == pygame.K_h:
            flock.host(port)
        elif event.key in (pygame.K_j, pygame.K_RETURN):
            flock.join(address, port)
    except DemoError as reason:
        flock.message = str(reason)
    if event.key == pygame.K_BACKSPACE:
        return address[:-1]
    return address + event.unicode if event.unicode and event.unicode in "0123456789." else address


def main(argv: Sequence[str] | None = None) -> int:
    options = make_parser("flock", __doc__, auto="play by itself").parse_args(argv)
    tree, said = SceneTree(), ""
    flock = start(tree)
    address, menu = options.host or "127.0.0.1", not (options.server or options.host)
    try:
        stage = Stage("flock", (int(FIELD.x), int(FIELD.y) + FOOT), options.frames, options.screenshot)
        if options.server:
            flock.host(options.port)
        elif options.host:
            flock.join(address, options.port)
        while stage.running and (menu or flock.playing):
            for event in stage.events():
                if event.type == pygame.KEYDOWN and not flock.playing:
                    address = press(flock, event, address, options.port)
            if me := flock.me():
                me.direction = autoplay(flock, me) if options.auto else read_keys()
            tree.process(1 / FPS)  # polls the multiplayer, then moves everything
            draw(stage, flock, address)
            stage.tick()
            if flock.message != said:
                said = flock.message
                print(said)
    except KeyboardInterrupt:
        print()
    except DemoError as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        flock.leave(flock.message)
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
