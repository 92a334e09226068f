"""The players and the sheep of flock.py: what each does by itself, and what it tells the other ends."""

from __future__ import annotations

from enum import IntEnum
from math import pi
from random import uniform
from typing import TYPE_CHECKING, Any

from godot_enet import Node, Rect2, Vector2, rpc

if TYPE_CHECKING:
    from .flock import Flock

FIELD = Vector2(640, 400)  # pixels
FOLD, LAIR = Rect2(0, 110, 90, 180), Rect2(550, 110, 90, 180)
SPEED, PACE = 130.0, 8.0  # pixels a second: of players, and of sheep while they are loose
SIGHT, SCARE, REACH = 150.0, 70.0, 20.0  # at which a shepherd sees a wolf; it drops its sheep; a sheep is picked up
ON_HEAD = Vector2(0, -14)
EDGE = Vector2(20, 20)


class Home(IntEnum):
    """Where a sheep has ended."""

    LOOSE = 0
    SAVED = 1
    EATEN = 2


def home_at(place: Vector2) -> int:
    return Home.SAVED if FOLD.has_point(place) else Home.EATEN if LAIR.has_point(place) else Home.LOOSE


def stall(home: int, count: int) -> Vector2:
    """The place of a sheep at home; ``count`` are there now, this one included."""
    column, row = (count - 1) % 2, (count - 1) // 2
    return (FOLD if home == Home.SAVED else LAIR).position + Vector2(27 + 36 * column, 30 + 40 * row)


def meadow() -> Vector2:
    return Vector2(uniform(FOLD.end.x + 60, LAIR.position.x - 60), uniform(40, FIELD.y - 40))


class Player(Node):
    """A shepherd or a wolf, named by the peer that plays it. The server moves it; the peer says in which direction."""

    is_wolf = False
    position = Vector2()
    direction = Vector2()  # what its player wants; ``Input`` replicates it to the server
    flock: Flock

    # The authority must be known before the synchronizers enter the tree: in _ready it is too late.
    def _enter_tree(self) -> None:
        self.flock = self.get_node("../..")
        inputs, state = self.get_node("Input"), self.get_node("State")
        inputs.set_multiplayer_authority(int(self.name))
        inputs.set_visibility_for(1, True)  # nobody else needs it
        if self.is_wolf:
            state.add_visibility_filter(lambda peer: self.flock.sees(peer, self))

    def _process(self, delta: float) -> None:
        if self.multiplayer.is_server() and self.direction.is_finite():
            moved = self.position + self.direction.limit_length() * SPEED * delta
            self.position = moved.clamp(Vector2(), FIELD)

    @property
    def visible(self) -> bool:
        return not self.is_wolf or self.flock.sees(self.multiplayer.get_unique_id(), self)

    def is_scared(self) -> bool:
        shepherds = self.flock.get_node("Shepherds").get_children()
        return self.is_wolf and any(each.position.distance_to(self.position) < SCARE for each in shepherds)


class Sheep(Node):
    """A sheep. The server has authority over its place, or the peer whose player carries it."""

    home: int = Home.LOOSE
    position = Vector2()
    _carrier = 0

    def __init__(self) -> None:
        super().__init__()
        self.heading = uniform(-pi, pi)

    @property
    def carrier(self) -> int:
        """The peer whose player carries it; 0 is nobody.

        It is replicated, so that those who join later know it, too. ``State`` comes before ``Place`` in the scene: so
        does this value, and ``Place`` enters their trees with the right authority.
        """
        return self._carrier

    @carrier.setter
    def carrier(self, peer: int) -> None:
        self._carrier = peer
        self.get_node("Place").set_multiplayer_authority(max(1, peer))

    @property
    def flock(self) -> Flock:
        return self.get_node("../..")  # type: ignore[no-any-return]

    def _process(self, delta: float) -> None:
        if self.carrier == self.multiplayer.get_unique_id():
            self._be_carried(self.flock.player(self.carrier))
        elif self.multiplayer.is_server() and self.carrier == 0 and self.home == Home.LOOSE:
            self.heading += uniform(-2.0, 2.0) * delta
            moved = self.position + Vector2.from_angle(self.heading) * PACE * delta
            self.position = moved.clamp(EDGE, FIELD - EDGE)
            self._look_for_carrier()

    def _look_for_carrier(self) -> None:
        for player in self.flock.players():
            near = self.position.distance_to(player.position) < REACH
            if near and not player.is_scared() and not self.flock.load_of(player):
                self.carrier = int(player.name)
                return

    def _be_carried(self, player: Any) -> None:
        if player is None:
            return
        self.position = player.position + ON_HEAD
        if player.is_scared() or home_at(self.position) == (Home.EATEN if player.is_wolf else Home.SAVED):
            self.give_back.rpc_id(1, self.position)
            self.carrier = 0  # the last place it sent may still arrive after this: then Godot logs that it ignores it

    # Called by the carrier, as nobody else knows when its last place was sent.
    @rpc("any_peer", "call_local", "reliable")
    def give_back(self, at: Vector2) -> None:
        api = self.multiplayer
        if api.is_server() and api.get_remote_sender_id() == self.carrier and at.is_finite():
            self.carrier = 0
            self.position, self.home = at.clamp(Vector2(), FIELD), home_at(at)
            if self.home:
                self.position = stall(self.home, self.flock.count(self.home))


def autoplay(flock: Flock, me: Player) -> Vector2:
    """To the nearest sheep, and home with it."""
    if flock.load_of(me):
        return me.position.direction_to((LAIR if me.is_wolf else FOLD).get_center())
    loose = [sheep.position for sheep in flock.sheep() if sheep.carrier == 0 and sheep.home == Home.LOOSE]
    return me.position.direction_to(min(loose, key=me.position.distance_to, default=me.position))
