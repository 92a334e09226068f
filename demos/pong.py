"""Pong for two players, written as in Godot: nodes, RPCs, authority. The other player can run Godot.

    python -m godot_enet demo pong                          a menu: host a match, or join one
    python -m godot_enet demo pong --server                 host, and play on the left
    python -m godot_enet demo pong --host 127.0.0.1         join, and play on the right
    godot --path demos/godot/pong -- --server               the same in Godot; or -- --host 127.0.0.1

Keys: up and down, or W and S. --auto plays by itself, and ends when the match does.

Authority: each player controls its own paddle, and the player towards whom the ball flies controls the ball, so nobody
loses to a ball that seemed to be still on its way. The RPC that announces a hit also passes the authority on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from random import uniform

from godot_enet import ENetConnection, ENetMultiplayerPeer, Error, Node, OfflineMultiplayerPeer, SceneTree, Vector2, rpc

from . import _stage
from ._options import SILENCE, DemoError, bad_address, make_parser, port_in_use
from ._pong_pieces import BALL, CENTER, HEIGHT, PADDLE_X, PAUSE, REACH, WIDTH, Ball, Paddle
from ._stage import FAINT, FPS, LINE, PANEL, TEXT, Stage, pygame

FOOT = 30  # pixels below the field
BALL_SPEED = 280.0  # pixels per second, at a serve
POINTS = 5
LINGER = FPS  # frames after the match for the last message to arrive


class Pong(Node):
    """The match and its two players: the server has the left paddle, the client the right one."""

    def __init__(self) -> None:
        super().__init__("Pong")
        self.paddles = Paddle("Left", PADDLE_X), Paddle("Right", WIDTH - PADDLE_X)
        self.ball = Ball(self)
        for child in (*self.paddles, self.ball):
            self.add_child(child)
        self.points, self.speed = POINTS, BALL_SPEED  # the server's choice
        self.score = [0, 0]
        self.playing = self.over = False
        self.mine: Paddle | None = None
        self.status = ""

    def _ready(self) -> None:
        self.multiplayer.peer_connected.connect(self._peer_connected)
        self.multiplayer.peer_disconnected.connect(lambda _: self._stop("The other player left."))
        self.multiplayer.connection_failed.connect(lambda: self.leave("No server answered."))
        self.multiplayer.server_disconnected.connect(lambda: self.leave("The server closed the connection."))

    def host(self, port: int) -> None:
        peer = ENetMultiplayerPeer()
        if peer.create_server(port, max_clients=1) != Error.OK:
            raise port_in_use(port)
        self._start(peer, self.paddles[0], f"Waiting for a player on port {port} ...")

    def join(self, address: str, port: int) -> None:
        peer = ENetMultiplayerPeer()
        if peer.create_client(address, port) != Error.OK:
            raise bad_address(address, port)
        self._start(peer, self.paddles[1], f"Connecting to {address}:{port} ...")
        self._be_quick(1)

    def _start(self, peer: ENetMultiplayerPeer, mine: Paddle, status: str) -> None:
        assert peer.host
        peer.host.compress(ENetConnection.COMPRESS_RANGE_CODER)  # both ends must use the same mode
        self.multiplayer.multiplayer_peer = peer
        self.mine, self.status = mine, status

    def _peer_connected(self, peer: int) -> None:
        self._be_quick(peer)
        me = self.multiplayer.get_unique_id()
        self.paddles[1].set_multiplayer_authority(peer if self.multiplayer.is_server() else me)
        if self.multiplayer.is_server():
            self.begin.rpc(self.points, Vector2(self.speed, 0).rotated(uniform(-0.4, 0.4)))

    def _be_quick(self, peer: int) -> None:
        transport = self.multiplayer.multiplayer_peer
        if isinstance(transport, ENetMultiplayerPeer) and (remote := transport.get_peer(peer)):
            remote.set_timeout(*SILENCE)

    @rpc("authority", "call_local", "reliable")
    def begin(self, points: int, serve: Vector2) -> None:
        self.points, self.speed = points, serve.length()
        self.score = [0, 0]
        self.playing, self.over, self.status = True, False, f"First to {points} wins."
        self.ball.pause = PAUSE
        self.ball.bounce(CENTER, serve)

    def receiver(self) -> Paddle:
        return self.paddles[self.ball.velocity.x > 0]

    def count_goal(self, loser: int) -> None:
        self.score[1 - loser] += 1
        if max(self.score) >= self.points:
            self.playing, self.over = False, True
            self.status = f"{'Right' if loser == 0 else 'Left'} wins, {self.score[0]} : {self.score[1]}."

    def _process(self, delta: float) -> None:
        if self.playing:
            for node in (*self.paddles, self.ball):
                node.move(delta)

    def _stop(self, why: str) -> None:
        self.playing = False
        self.status = self.status if self.over else why

    def leave(self, why: str) -> None:
        """End the connection."""
        if isinstance(self.multiplayer.multiplayer_peer, ENetMultiplayerPeer):
            self.multiplayer.multiplayer_peer.close()
        self.multiplayer.multiplayer_peer = OfflineMultiplayerPeer()
        self.mine = None
        self._stop(why)


def autoplay(pong: Pong, paddle: Paddle) -> float:
    """Follow the ball when it approaches, and return to the middle otherwise; hit it with the end of the paddle."""
    comes = pong.receiver() is paddle
    end = REACH * (0.75 if int(pong.ball.velocity.y) % 2 else -0.75)
    off = (pong.ball.position.y + end if comes else HEIGHT / 2) - paddle.y
    return 0.0 if abs(off) < 4 else 1.0 if off > 0 else -1.0


def read_keys() -> float:
    held = pygame.key.get_pressed()
    down, up = held[pygame.K_DOWN] or held[pygame.K_s], held[pygame.K_UP] or held[pygame.K_w]
    return float(down) - float(up)


def draw(stage: Stage, pong: Pong, address: str) -> None:
    screen = stage.screen
    screen.fill(_stage.BACKGROUND)
    screen.fill(PANEL, (0, 0, WIDTH, HEIGHT))
    for y in range(6, HEIGHT if pong.mine else 120, 24):
        screen.fill(LINE, (WIDTH // 2 - 1, y, 3, 12))
    for side, (paddle, color) in enumerate(zip(pong.paddles, (_stage.BLUE, _stage.ORANGE), strict=True)):
        place = (paddle.x + (-8 if side == 0 else 0), paddle.y - REACH, 8, 2 * REACH)
        pygame.draw.rect(screen, color, place, border_radius=3)
        stage.text(str(pong.score[side]), (WIDTH / 2 + (-60, 60)[side], 14), color, 72, "midtop")
        if paddle is pong.mine:
            stage.text("you", (paddle.x + (18, -18)[side], 10), FAINT, anchor=("topleft", "topright")[side])
    if pong.playing:
        pygame.draw.circle(screen, TEXT, (pong.ball.position.x, pong.ball.position.y), BALL)
    if pong.mine is None:
        stage.text("H: host a match", (WIDTH / 2, 160), TEXT, 32, "center")
        stage.text(f"J: join {address}", (WIDTH / 2, 205), TEXT, 32, "center")
        stage.text("or type another address", (WIDTH / 2, 235), FAINT, anchor="center")
    stage.text(pong.status, (12, HEIGHT + FOOT / 2), TEXT, anchor="midleft")
    stage.text("W, S: move   ESC: quit", (WIDTH - 12, HEIGHT + FOOT / 2), FAINT, anchor="midright")


def press(pong: Pong, event: pygame.event.Event, address: str, port: int) -> str:
    """Handle a key in the menu. Returns the address to join."""
    try:
        if event.key == pygame.K_h:
            pong.host(port)
        elif event.key in (pygame.K_j, pygame.K_RETURN):
            pong.join(address, port)
    except DemoError as reason:
        pong.status = str(reason)
    if event.key == pygame.K_BACKSPACE:
        return address[:-1]
    return address + event.unicode if event.unicode and event.unicode in "0123456789." else address


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("pong", __doc__, auto="play by itself, until the match is over")
    parser.add_argument(
        "--points", type=int, default=POINTS, help="points needed to win, for --server; default: %(default)s"
    )
    parser.add_argument("--speed", type=float, default=BALL_SPEED, help="speed of the ball, for --server")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    tree, pong = SceneTree(), Pong()
    tree.root.add_child(pong)
    pong.points, pong.speed = options.points, options.speed
    address, menu, linger, said = options.host or "127.0.0.1", not (options.server or options.host), LINGER, ""
    try:
        stage = Stage("pong", (WIDTH, HEIGHT + FOOT), options.frames, options.screenshot)
        if options.server:
            pong.host(options.port)
        elif options.host:
            pong.join(address, options.port)
        while stage.running and (menu or pong.mine) and linger:
            for event in stage.events():
                if event.type == pygame.KEYDOWN and pong.mine is None:
                    address = press(pong, event, address, options.port)
            if pong.mine:
                pong.mine.direction = autoplay(pong, pong.mine) if options.auto else read_keys()
            tree.process(1 / FPS)  # polls the multiplayer, then moves everything
            draw(stage, pong, address)
            stage.tick()
            linger -= options.auto and pong.over
            if pong.status != said:
                said = pong.status
                print(said)
    except KeyboardInterrupt:
        print()
    except DemoError as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        pong.leave(pong.status)
        Stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
