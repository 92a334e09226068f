"""Air hockey for two by rollback: both ends play the whole match, and send nothing but the buttons of their player.

    python -m godot_enet demo hockey                       both ends in one window, over a link that L makes worse
    python -m godot_enet demo hockey --server              one end: the left player, who waits for the other
    python -m godot_enet demo hockey --host 127.0.0.1      the other end

Keys: W, A, S and D move the left player, the arrows the right one. In one window, or with --auto, each moves by itself
until you press one of its keys. R shows the right end without rollback: its own player reacts late, too. C cheats at
that end, by moving the puck, and the checksums tell. White rings are what both ends agree on; what is filled is ahead.
"""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from random import Random

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.netcode import MessageError, Rollback, check_determinism

from ._buttons import BUTTONS, Buttons
from ._disc import Disc
from ._hockey_table import HEIGHT, MALLET, MOUTH, POINTS, PUCK, WIDTH, Table, advance, autoplay
from ._link import FULL, LINKS, OTHER_VERSION, Link, admit, connect, events_of, listen, say_goodbye
from ._options import GOODBYE, DemoError, demo, make_parser
from ._stage import ARROWS, BLUE, FAINT, GREEN, LINE, ORANGE, PANEL, TEXT, WASD, Stage, held_buttons, pygame

GAP, HEAD, FOOT, ROW = 12, 36, 30, 22  # pixels; ROW is a line of text
COLORS, KEYS = (BLUE, ORANGE), (WASD, ARROWS)
SIDES = "left", "right"
PEERS = 8  # slots of the left end: whoever connects and says nothing keeps nobody else out
LEFT_WITH = {
    GOODBYE: "The other player left.",
    FULL: "A match is already being played.",
    OTHER_VERSION: "The other player has another version of the game.",
}


class End:
    """A player's: a Rollback, and the connection that feeds it. Side 0, the left one, waits for the other."""

    def __init__(self, side: int, connection: ENetConnection, status: str = "") -> None:
        self.side, self.connection, self.status = side, connection, ""
        self.link: Link | None = None
        self.peer: ENetPacketPeer | None = None
        self.ended = False
        self.match = Rollback(side, Table, lambda table, both: advance(table, (both[0].held, both[1].held)), BUTTONS)
        self.jumps = deque[float](maxlen=120)  # pixels by which late inputs moved the puck, in each frame
        self._tell(status)

    def play(self, held: int) -> None:
        """Call once per frame."""
        self._receive()
        if self.peer and not self.ended:
            before = self.match.correct().puck
            self.jumps.append(before.distance(self.match.state.puck.x, self.match.state.puck.y))
            self.peer.send(0, self.match.act(Buttons(held)), 0)  # unreliable: the next frame's has all of it again
            self.connection.flush()
            if self.match.desync is not None:
                self._tell(f"Desync: the ends differ at tick {self.match.desync}.")

    def close(self) -> None:
        print(f"{SIDES[self.side]}: {self.match.agreed_tick} ticks, the same at tick {self.match.checked}")
        say_goodbye(self.connection, self.link)

    def _receive(self) -> None:
        for kind, peer, data, _ in events_of(self.connection):
            if kind == ENetConnection.EVENT_CONNECT:
                if self.side:
                    self._begin(peer)
                elif not admit(peer, self.peer is not None, data == BUTTONS.schema_hash) and not self.peer:
                    self._tell("Refused a player with another version of the game; waiting for the next ...")
            elif kind == ENetConnection.EVENT_DISCONNECT and (self.side or peer is self.peer):
                self._tell(LEFT_WITH.get(data, "The other player timed out.") if self.peer else "Nobody answered.")
                self.ended = True
            elif kind == ENetConnection.EVENT_RECEIVE and self.peer in (None, peer):
                with suppress(MessageError):  # never trust received data
                    self.match.receive(peer.get_packet())
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


def draw(stage: Stage, end: End, left: int, rollback: bool) -> None:
    """The table as an end shows it, and what it knows."""
    match, area = end.match, pygame.Rect(left, HEAD, WIDTH, HEIGHT)
    table = match.state if rollback else match.agreed

    def circle(disc: Disc, radius: float, color: str, width: int = 0) -> None:
        pygame.draw.circle(stage.screen, color, (left + disc.x, HEAD + disc.y), radius, width)

    stage.text(f"{SIDES[end.side]} player's end", (left, HEAD / 2), COLORS[end.side], 24, "midleft")
    stage.text(end.status, (area.right, HEAD / 2), FAINT, anchor="midright")
    pygame.draw.rect(stage.screen, PANEL, area, border_radius=12)
    pygame.draw.line(stage.screen, LINE, area.midtop, area.midbottom, 2)
    pygame.draw.circle(stage.screen, LINE, area.center, 56, 2)
    for side, (mallet, color) in enumerate(zip(table.mallets, COLORS, strict=True)):
        stage.screen.fill(color, (left + side * (WIDTH - 4), area.centery - MOUTH / 2, 4, MOUTH))
        stage.text(str(table.score[side]), (area.centerx + (-50, 50)[side], area.top + 8), color, 56, "midtop")
        circle(mallet, MALLET, color)
        circle(mallet, MALLET / 2, PANEL, 3)
        circle(match.agreed.mallets[side], MALLET + 1, TEXT, 1)
    circle(table.puck, PUCK, TEXT)
    circle(match.agreed.puck, PUCK + 1, TEXT, 1)
    for side, score in enumerate(table.score):
        if score == POINTS:
            stage.text(f"{SIDES[side]} wins", area.center, COLORS[side], 48, "center")
    ahead, moved = match.tick - match.agreed_tick, sum(end.jumps) / max(1, len(end.jumps))
    text = f"rollback: {ahead} ticks ahead of what is agreed, puck corrected by {moved:.1f} px"
    if not rollback:
        text = f"no rollback: what is agreed, {ahead} ticks late"
    stage.text(text, (left, area.bottom + 0.8 * ROW), GREEN if rollback else ORANGE, anchor="midleft", width=WIDTH)
    text = f"the same at both ends: tick {match.checked}, checksum {match.checksums.get(match.checked, 0):08x}"
    stage.text(text, (left, area.bottom + 1.8 * ROW), FAINT, anchor="midleft", width=WIDTH)


def open_ends(options: argparse.Namespace) -> list[End]:
    """Both, or the one that the options ask for."""
    ends, address, port = [], options.host or "127.0.0.1", options.port
    if not options.host:
        connection = listen("*" if options.server else address, port, PEERS, 1)
        port = connection.get_local_port()
        ends.append(End(0, connection, f"Waiting on port {port} ..."))
    if not options.server:
        connection, _ = connect(address, port, 1, BUTTONS.schema_hash)
        ends.append(End(1, connection, f"Connecting to {address}:{port} ..."))
    return ends


@demo
def main(argv: Sequence[str] | None, stack: ExitStack) -> None:
    parser = make_parser("hockey", __doc__, auto="play by itself")
    parser.add_argument("--link", choices=LINKS, default="good", help="between the ends; default: %(default)s")
    options, random = parser.parse_args(argv), Random(1)
    difference = check_determinism(Table, advance, [(random.randrange(16), random.randrange(16)) for _ in range(300)])
    if difference:
        raise DemoError(f"The rules are not deterministic: {difference}.")
    ends = [stack.enter_context(closing(end)) for end in open_ends(options)]
    size = GAP + len(ends) * (WIDTH + GAP), HEAD + HEIGHT + 3 * ROW + FOOT
    stage = stack.enter_context(closing(Stage("hockey", size, options.frames, options.screenshot)))
    last, rollback = ends[-1], True
    link = last.link = Link(last.connection, 1, options.link)
    pilots = set(ends) if options.auto or len(ends) == 2 else set()
    while stage.running and not any(end.ended for end in ends):
        for key in stage.pressed():
            if key == "l":
                link.use_next()
            elif key == "r":
                rollback = not rollback
            elif key == "c":
                last.match.agreed.puck.y += 1
        stage.clear(f"L: {link}    R: rollback    C: cheat    ESC: quit", FOOT)
        for index, end in enumerate(ends):
            predicts = rollback or end is not last
            held = held_buttons(KEYS[end.side] if len(ends) == 2 else WASD | ARROWS)
            if held:
                pilots.discard(end)
            if end in pilots:
                held = autoplay(end.match.state if predicts else end.match.agreed, end.side)
            end.play(held)
            draw(stage, end, GAP + index * (WIDTH + GAP), predicts)
        stage.tick()


if __name__ == "__main__":
    sys.exit(main())
