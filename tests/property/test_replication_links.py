"""Whatever is spawned, changed, hidden and joined over links that lose packets: in the end all see the same."""

from __future__ import annotations

from collections import deque
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.variant import Vector2
from tests.unit.compat.scene.memory import MemoryNetwork, MemoryPeer, Packet
from tests.unit.compat.scene.replication.ends import A, B, Ends, Player

CLIENTS = (A, B, 7)
TICKS = 25


class LossyNetwork(MemoryNetwork):
    """Reliable packets come late, but all, and in order for each pair; others are lost, doubled and mixed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.is_lossy = True
        self._lines: dict[tuple[int, int], deque[Packet]] = {}
        self._loose: list[Packet] = []

    def add(self, number: int, *, relays: bool = True) -> MemoryPeer:
        peer = LossyPeer(self, number, relays)
        self.peers[number] = peer
        if number != 1:
            peer.happen(1, True)
            self.peers[1].happen(number, True)
        return peer

    def carry(self, packet: Packet) -> None:
        if packet.mode == 2:
            self._lines.setdefault((packet.sender, packet.to), deque()).append(packet)
        elif not self.is_lossy or self.random.random() < 0.7:
            self._loose += [packet] * (1 + (self.is_lossy and self.random.random() < 0.1))

    def deliver(self) -> None:
        """What arrives now."""
        for line in self._lines.values():
            while line and (not self.is_lossy or self.random.random() < 0.6):
                self._arrive(line.popleft())
        if self.is_lossy:
            self.random.shuffle(self._loose)
        arriving, self._loose = self._loose, []
        for packet in arriving:
            self._arrive(packet)

    def _arrive(self, packet: Packet) -> None:
        peer = self.peers.get(packet.to)
        if peer is not None and packet.sender in peer._linked:
            peer.waiting.append(packet)

    def drop(self, number: int) -> None:
        """What a peer that has gone had under way is gone, too."""
        for pair in [pair for pair in self._lines if number in pair]:
            del self._lines[pair]
        self._loose = [packet for packet in self._loose if number not in (packet.sender, packet.to)]


class LossyPeer(MemoryPeer):
    """One end of it."""

    def _put_packet(self, packet: bytes) -> Error:
        assert isinstance(self._network, LossyNetwork)
        sent = Packet(packet, self.number, self._target, int(self._transfer_mode), self._transfer_channel)
        self._network.carry(sent)
        return Error.OK


class Game:
    """A server, and clients that come and go."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ends = Ends(*CLIENTS, join=False)
        self.network = LossyNetwork(seed)
        self.ends.network = self.network
        for member in self.ends.members.values():
            member._network = self.network
            member.node.add_child(Player("Placed"))
        self.ends[1].join()
        self.here: set[int] = set()
        self.made = 0

    def tick(self) -> None:
        self.network.deliver()
        for number in (1, *sorted(self.here)):
            self.ends[number].api.poll()
            self.ends[number].tree.process(0.0)

    def players(self, number: int) -> list[Node]:
        return self.ends.at(number, "Players").get_children()  # type: ignore[no-any-return]

    def change(self) -> None:
        """Something happens."""
        pick = self.random
        players = [*self.players(1), self.ends.at(1, "Placed")]
        player = pick.choice(players)
        what = pick.choice(["join", "leave", "spawn", "free", "health", "position", "hide", "show", "public"])
        if what == "join":
            self.join(pick.choice(CLIENTS))
        elif what == "leave":
            self.leave(pick.choice(CLIENTS))
        elif what == "spawn":
            self.made += 1
            self.ends.add(Player(f"P{self.made}"))
        elif what == "free" and player.name != "Placed":
            player.queue_free()
        elif what == "health":
            player.health = pick.randrange(100)
        elif what == "position":
            player.position = Vector2(pick.randrange(100), pick.randrange(100))
        elif what in ("hide", "show"):
            player.sync.set_visibility_for(pick.choice(CLIENTS), what == "show")
        elif what == "public":
            player.sync.public_visibility = pick.random() < 0.5

    def join(self, number: int) -> None:
        if number not in self.here:
            self.here.add(number)
            self.ends[number].join()

    def leave(self, number: int) -> None:
        if number in self.here:
            self.here.remove(number)
            self.ends[number].transport.close()
            self.ends[number].api.poll()
            self.ends[number].tree.process(0.0)
            self.network.drop(number)
            self.ends[1].api.poll()

    def settle(self) -> None:
        self.network.is_lossy = False
        for _ in range(12):
            self.tick()


@given(st.integers(0, 2**32))
def test_all_end_with_what_they_may_see(seed: int) -> None:
    game = Game(seed)
    game.join(A)
    for _ in range(TICKS):
        for _ in range(game.random.randrange(4)):
            game.change()
        game.tick()
    game.settle()
    for number in game.here:
        seen = [player for player in game.players(1) if player.sync._is_visible_to(number)]  # type: ignore[attr-defined]
        names = {str(player.name) for player in seen}
        assert {str(player.name) for player in game.players(number)} == names, seed
        placed = [game.ends.at(1, "Placed")] if game.ends.at(1, "Placed/Sync")._is_visible_to(number) else []
        for player in [*seen, *placed]:
            place = "Placed" if player.name == "Placed" else f"Players/{player.name}"
            theirs = game.ends.at(number, place)
            assert (theirs.health, theirs.position) == (player.health, player.position), (seed, place)
    for number in set(CLIENTS) - game.here:
        assert game.players(number) == [], seed
