"""An end of hockey.py: a connection around a Rollback, which does the rest."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.netcode import MessageError, Rollback

from ._buttons import BUTTONS, Buttons
from ._hockey_table import Table, advance
from ._link import FULL, OTHER_VERSION, Link, admit, events_of, say_goodbye
from ._options import GOODBYE

SIDES = "left", "right"
PEERS = 8  # slots of the left end: whoever connects and says nothing keeps nobody else out
LEFT_WITH = {
    GOODBYE: "The other player left.",
    FULL: "A match is already being played.",
    OTHER_VERSION: "The other player has another version of the game.",
}


class End:
    """One player's: 0 is the left one, whose connection waits for the other, and 1 the right one."""

    def __init__(self, side: int, connection: ENetConnection, status: str = "") -> None:
        self.side, self.connection, self.status = side, connection, ""
        self.link: Link | None = None
        self.peer: ENetPacketPeer | None = None
        self.ended = False
        self.match = Rollback(side, Table, lambda table, both: advance(table, (both[0].held, both[1].held)), BUTTONS)
        self.jumps: deque[float] = deque(maxlen=120)
        """Pixels by which inputs that came late moved the puck, in each frame."""
        self._tell(status)

    def play(self, held: int) -> None:
        """Call once per frame."""
        for kind, peer, data, _ in events_of(self.connection):
            self._handle(kind, peer, data)
        if self.peer and not self.ended:
            before = self.match.state.puck
            self.match.correct()
            self.jumps.append(before.distance(self.match.state.puck.x, self.match.state.puck.y))
            self.peer.send(0, self.match.act(Buttons(held)), 0)  # unreliable: the next frame's has all of it again
            self.connection.flush()
            if self.match.desync is not None:
                self._tell(f"Desync: the ends differ at tick {self.match.desync}.")

    def close(self) -> None:
        print(f"{SIDES[self.side]}: {self.match.agreed_tick} ticks, the same at tick {self.match.checked}")
        say_goodbye(self.connection, self.link)

    def _handle(self, kind: int, peer: ENetPacketPeer, data: int) -> None:
        if kind == ENetConnection.EVENT_CONNECT:
            if self.side:
                self._begin(peer)
            elif not admit(peer, self.peer is not None, data == BUTTONS.schema_hash) and not self.peer:
                self._tell("Refused a player with another version of the game; waiting for the next ...")
        elif kind == ENetConnection.EVENT_DISCONNECT and (self.side or peer is self.peer):
            self._tell(LEFT_WITH.get(data, "The other player timed out.") if self.peer else "Nobody answered.")
            self.ended = True
        elif kind == ENetConnection.EVENT_RECEIVE:
            packet = peer.get_packet()
            if self.peer in (None, peer):
                with suppress(MessageError):  # never trust received data
                    self.match.receive(packet)
                    self._begin(peer)

    def _begin(self, peer: ENetPacketPeer) -> None:
        """Play with this one: the left end with the first that sends inputs."""
        if self.peer is None:
            self.peer = peer
            self._tell("Playing.")
            for other in self.connection.get_peers():
                if other is not peer:
                    other.peer_disconnect(FULL)

    def _tell(self, status: str) -> None:
        if status != self.status:
            self.status = status
            print(f"{SIDES[self.side]}: {status}")
