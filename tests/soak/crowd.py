"""Players who come, talk and go for hours of virtual time, and what must hold all the while."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from godot_enet.core.interface import Address, Engine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, PacketFlag, PeerState
from godot_enet.core.protocol.events import Event, EventType, PeerHandle
from godot_enet.core.sim import LinkConfig, SimHost, World

__all__ = ["SECOND", "Crowd"]

SECOND = 1000
SERVER = Address("10.0.0.1", 5000)
RELIABLE, UNRELIABLE, UNSEQUENCED = 0, 1, 2
"""The channels, by what travels there."""
FLAGS = (PacketFlag.RELIABLE, PacketFlag(0), PacketFlag.UNSEQUENCED)
WAITING = 64
"""Commands a player may have queued before it keeps quiet for a second."""


class Talk:
    """What one side of a connection has heard from the other. Raises AssertionError where ENet's promises break."""

    def __init__(self) -> None:
        self.next_reliable = 0
        self.last_unreliable = -1
        self.recent: set[int] = set()
        """Unsequenced numbers heard lately."""
        self.heard = 0

    def hear(self, event: Event) -> None:
        number = int.from_bytes(event.packet, "big")
        self.heard += 1
        if event.channel == RELIABLE:
            assert number == self.next_reliable, f"reliable {number} instead of {self.next_reliable}"
            self.next_reliable += 1
        elif event.channel == UNRELIABLE:
            assert number > self.last_unreliable, f"unreliable {number} after {self.last_unreliable}"
            self.last_unreliable = number
        else:
            assert number not in self.recent, f"unsequenced {number} twice"
            self.recent.add(number)
            if len(self.recent) > 2000:
                self.recent = {each for each in self.recent if each > number - 1000}


class Player:
    """One client: a host of its own, and the server's view of it."""

    def __init__(self, host: SimHost) -> None:
        self.host = host
        self.peer: PeerHandle | None = None
        self.at_server: PeerHandle | None = None
        self.begin_again()
        self.idle_until = 0

    def begin_again(self) -> None:
        """A new connection: numbers begin at 0."""
        self.connected = False
        self.here, self.there = Talk(), Talk()
        self.sent_up, self.sent_down = [0, 0, 0], [0, 0, 0]


class Crowd:
    """One server and its players, driven a second at a time.

    Args:
        make: the engine to use.
        players: how many, all of whom may be connected at once.
        link: what their datagrams go through.
        churn: a player's chance, each second, to leave in one of ENet's ways, and to come back soon after.
    """

    def __init__(
        self, make: Callable[[HostConfig], Engine], players: int, link: LinkConfig, churn: float, seed: int
    ) -> None:
        self.random = Random(seed)
        self.churn = churn
        self.world = World(seed=seed, start=SECOND, link=link, capture=False)
        config = HostConfig(peer_count=players, seed=seed + 1)
        self.server = self.world.add_host(make(config), SERVER)
        self.players = []
        self.by_address: dict[Address, Player] = {}
        self.by_handle: dict[PeerHandle, Player] = {}
        for index in range(players):
            address = Address(f"10.1.{index // 250}.{index % 250 + 1}", 4000 + index)
            host = self.world.add_host(make(HostConfig(peer_count=1, seed=seed + 2 + index)), address)
            player = Player(host)
            self.players.append(player)
            self.by_address[address] = player
        self.joined = self.left = self.heard = 0

    def run(self, seconds: int) -> None:
        """Let time pass.

        Raises:
            AssertionError: something was delivered twice, in a wrong order, or after its connection's end.
        """
        for _ in range(seconds):
            now = self.world.now
            for player in self.players:
                self._move(player, now)
            self.world.run_for(SECOND)
            self._listen()

    def settle(self, seconds: int = 120) -> None:
        """Nobody speaks, leaves or comes any more: all that was promised must arrive."""
        for _ in range(seconds):
            self.world.run_for(SECOND)
            self._listen()
        for player in self.players:
            assert player.peer is not None, "a player was lost"
            assert player.connected, "a player could not connect"
            assert player.there.next_reliable == player.sent_up[RELIABLE], "reliable packets did not reach the server"
            assert player.here.next_reliable == player.sent_down[RELIABLE], "reliable packets did not reach a player"
            info = player.host.engine.peer_info(player.peer)
            assert info.reliable_data_in_transit == info.waiting_data == 0, "something was left over"

    def stop_churn(self) -> None:
        """From now on everybody stays."""
        self.churn = 0.0

    def _move(self, player: Player, now: int) -> None:
        engine = player.host.engine
        if player.peer is None:
            if now >= player.idle_until:
                player.begin_again()
                player.peer = engine.connect(SERVER, len(FLAGS), 0)
            return
        if engine.peer_state(player.peer) != PeerState.CONNECTED:
            return
        if self.random.random() < self.churn:
            self._leave(player, now)
            return
        if engine.peer_info(player.peer).packets_queued < WAITING:
            for channel, flags in enumerate(FLAGS):  # each of the 16-bit counters goes round in 18 hours
                engine.send(player.peer, channel, player.sent_up[channel].to_bytes(4, "big"), flags)
                player.sent_up[channel] += 1
        if player.at_server is not None and self.server.engine.peer_state(player.at_server) == PeerState.CONNECTED:
            number = player.sent_down[RELIABLE].to_bytes(4, "big")
            self.server.engine.send(player.at_server, RELIABLE, number, PacketFlag.RELIABLE)
            player.sent_down[RELIABLE] += 1

    def _leave(self, player: Player, now: int) -> None:
        assert player.peer is not None
        mode = self.random.choice(list(DisconnectMode))
        player.host.engine.disconnect(player.peer, 0, mode, now)
        self.left += 1
        if mode in (DisconnectMode.NOW, DisconnectMode.RESET):
            self._gone(player, now)

    def _gone(self, player: Player, now: int) -> None:
        player.peer = None
        player.connected = False
        # Longer than the server needs to notice one who left without a word.
        player.idle_until = now + self.random.randint(40, 90) * SECOND

    def _listen(self) -> None:
        for timed in self.server.events:
            event = timed.event
            if event.type is EventType.CONNECT:
                player = self.by_address[self.server.engine.peer_info(event.peer).address]
                player.at_server = event.peer
                self.by_handle[event.peer] = player
                self.joined += 1
                continue
            player = self.by_handle[event.peer]
            if event.type is EventType.DISCONNECT:
                del self.by_handle[event.peer]
                if player.at_server == event.peer:
                    player.at_server = None
            else:
                assert player.at_server == event.peer, "a packet of a connection that is over"
                player.there.hear(event)
                self.heard += 1
        self.server.events.clear()
        for player in self.players:
            for timed in player.host.events:
                event = timed.event
                if event.type is EventType.CONNECT:
                    player.connected = True
                elif event.type is EventType.DISCONNECT:
                    self._gone(player, timed.time)
                else:
                    assert player.connected, "a packet of a connection that is over"
                    player.here.hear(event)
                    self.heard += 1
            player.host.events.clear()
