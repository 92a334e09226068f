"""The authority: only the server moves the world. Clients send their buttons, and the server sends the result."""

from __future__ import annotations

import time

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.netcode import DeltaSender, MessageError

from .._options import GOODBYE, MAX_EVENTS_PER_FRAME, SILENCE, port_in_use
from . import messages, rules
from .bots import Bot
from .world import Player, World

SCORES_EVERY = 15  # ticks
THROTTLE = 5000, 2, 0  # do not drop unreliable packets when the round trip grows, as ENet does: traffic is low
RELIABLE = ENetPacketPeer.FLAG_RELIABLE
LATE = 5  # maximum ticks to catch up after a stall


class Server:
    """Receives inputs, moves the players, sends snapshots."""

    def __init__(self, address: str, port: int, bots: int, threaded: bool = True, seed: int = 1) -> None:
        self.connection = ENetConnection(threaded=threaded)
        # One slot more than players, to tell further clients that the arena is full.
        if self.connection.create_host_bound(address, port, rules.MAX_PLAYERS + 1, messages.CHANNELS) != Error.OK:
            raise port_in_use(port)
        self.world = World(seed)
        self.players = self.world.players
        self.without_delta: set[int] = set()
        """Players who get whole states, to see the difference."""
        self.moving = 0.0
        """Seconds spent on bots and movement, without networking."""
        self._sender: DeltaSender[int, messages.Place] = DeltaSender(messages.PLACES)
        self._next_tick = time.monotonic()
        for number in range(bots):
            self.world.add(number, bot=Bot(number))

    @property
    def port(self) -> int:
        return self.connection.get_local_port()

    def update(self) -> None:
        """Call once per frame, or more often."""
        for _ in range(MAX_EVENTS_PER_FRAME):
            event = self.connection.service()
            if event.peer is None:
                break
            if event.type == ENetConnection.EVENT_CONNECT:
                self._join(event.peer, event.data)
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                self._leave(event.peer, event.data)
            elif event.type == ENetConnection.EVENT_RECEIVE:
                self._take_inputs(event.peer, event.peer.get_packet())
        now = time.monotonic()
        self._next_tick = max(self._next_tick, now - LATE * rules.TICK)
        while now >= self._next_tick:
            self._next_tick += rules.TICK
            began = time.perf_counter()
            taken = self.world.move()
            self.moving += time.perf_counter() - began
            if taken:
                self.connection.broadcast(messages.EVENTS, messages.pack_coins(self.world.coins), RELIABLE)
            self._send_states()

    def wait(self) -> None:
        """Sleep until the next tick, for a program without other work."""
        time.sleep(max(0.0, self._next_tick - time.monotonic()))

    def close(self) -> None:
        for peer in self.connection.get_peers():
            peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()

    def scores(self) -> list[messages.Score]:
        """The table, the best first."""
        return sorted((_score(player) for player in self.players.values()), key=lambda row: (-row.points, row.player))

    # Joining, inputs, leaving

    def _join(self, peer: ENetPacketPeer, schemas: int) -> None:
        if schemas != messages.HASH:
            peer.peer_disconnect_later(messages.OTHER_VERSION)
            return
        number = self.world.free_number()
        if number is None:
            peer.peer_disconnect_later(messages.FULL)
            return
        peer.set_timeout(*SILENCE)
        peer.throttle_configure(*THROTTLE)
        peer.send(messages.EVENTS, bytes([messages.WELCOME, number]), RELIABLE)
        peer.send(messages.EVENTS, messages.pack_coins(self.world.coins), RELIABLE)
        self.world.add(number, peer)
        print(f"player {number} joined from {peer.get_remote_address()}")

    def _leave(self, peer: ENetPacketPeer, data: int) -> None:
        player = self._player_of(peer)
        if player is not None:
            del self.players[player.number]
            self._sender.remove(player.number)
            print(f"player {player.number} {'left' if data == GOODBYE else 'timed out'}")

    def _take_inputs(self, peer: ENetPacketPeer, message: bytes) -> None:
        player = self._player_of(peer)
        if player is None:
            return
        try:
            self._sender.acknowledge(player.number, message[: messages.ACK_SIZE])
            player.inputs.receive(message[messages.ACK_SIZE :])
        except MessageError:
            return  # never trust received data

    def _player_of(self, peer: ENetPacketPeer) -> Player | None:
        return next((player for player in self.players.values() if player.peer is peer), None)

    # States

    def _send_states(self) -> None:
        self._sender.update(self.world.tick, self.world.places())
        for player in self.players.values():
            if player.peer:
                if player.number in self.without_delta:
                    self._sender.remove(player.number)  # as if it had acknowledged nothing
                others = [number for number in self.players if number != player.number]
                changes = self._sender.message(player.number, others).data
                player.peer.send(messages.STATE, messages.pack_own(player.done, player.body) + changes, 0)
        if self.world.tick % SCORES_EVERY == 0:
            self.connection.broadcast(messages.EVENTS, messages.pack_scores(self.scores()), RELIABLE)
        self.connection.flush()


def _score(player: Player) -> messages.Score:
    peer = player.peer
    if peer is None or peer.get_state() != ENetPacketPeer.STATE_CONNECTED:
        return messages.Score(player.number, player.points, 0, 0, player.bot is not None)
    round_trip = peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
    loss = peer.get_statistic(ENetPacketPeer.PEER_PACKET_LOSS) / ENetPacketPeer.PACKET_LOSS_SCALE
    return messages.Score(player.number, player.points, min(9999, round(round_trip)), round(100 * loss), False)
