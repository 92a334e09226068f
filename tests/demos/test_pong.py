"""demos/pong.py: two ends play one match, and every way it can end. With a real Godot: tests/interop/test_pong.py."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet import SceneTree
from tests.demos.menu import check_menu
from tests.demos.program import PATIENCE, ROOT, Demo, free_port
from tests.demos.window import Keys

STEP = 1 / 60


class Match:
    """A server and a client, without a window, as fast as they can; a step is a frame of both."""

    def __init__(self, pong: Any, points: int) -> None:
        self.pong = pong
        self.trees = SceneTree(), SceneTree()
        self.left, self.right = self.ends = pong.Pong(), pong.Pong()
        self.left.points, self.left.speed = points, 900.0
        for tree, end in zip(self.trees, self.ends, strict=True):
            tree.root.add_child(end)
        port = free_port()
        self.left.host(port)
        self.right.join("127.0.0.1", port)

    def step(self) -> None:
        for tree in self.trees:
            tree.process(STEP)

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, [(end.status, end.score) for end in self.ends]
            self.step()


@pytest.fixture
def match(host_engine: str, keys: Keys) -> Iterator[Match]:
    for name in ("demos.pong", "demos._pong_pieces"):
        keys.patch(keys.load(name), "uniform", lambda *_: 0.0)  # straight serves
    match = Match(keys.load("demos.pong"), 3)
    yield match
    for end in match.ends:
        end.leave("")


def test_a_goal_counts_on_both_sides(match: Match) -> None:
    match.until(lambda: match.left.playing and match.right.playing)
    assert match.right.points == 3
    assert match.right.speed == pytest.approx(900.0, rel=1e-5)
    match.left.paddles[0].direction = match.right.paddles[1].direction = -1.0  # out of the way, and nobody comes back
    loser = int(match.left.ball.velocity.x > 0)
    match.until(lambda: sum(match.left.score) == sum(match.right.score) == 1)
    assert match.left.score == match.right.score
    assert match.left.score[1 - loser] == 1
    match.until(lambda: match.left.over and match.right.over)
    assert match.left.score == match.right.score
    assert match.left.status == match.right.status == ("Left wins, 3 : 0." if loser else "Right wins, 0 : 3.")


def test_paddles_and_ball_are_where_their_player_has_them(match: Match) -> None:
    match.until(lambda: match.left.playing and match.right.playing)
    match.left.paddles[0].direction, match.right.paddles[1].direction = -1.0, 1.0
    match.right.paddles[0].direction = 1.0  # not its own: nothing happens
    for _ in range(20):
        match.step()
    for end in match.ends:
        end.paddles[0].direction = end.paddles[1].direction = 0.0
    match.until(
        lambda: all(
            abs(mine.y - theirs.y) < 0.01 for mine, theirs in zip(match.left.paddles, match.right.paddles, strict=True)
        )
    )
    assert match.left.paddles[0].y < 150 < 250 < match.right.paddles[1].y


def test_each_hit_hands_the_ball_over(match: Match) -> None:
    """The one it flies to decides about it, at both ends."""
    match.until(lambda: match.left.playing and match.right.playing)
    balls = match.left.ball, match.right.ball

    def reach() -> bool:
        for end in match.ends:
            for paddle in end.paddles:
                paddle.y = min(max(end.ball.position.y, 36.0), 364.0)
        return False

    for hit in range(4):
        flies_right = balls[0].velocity.x > 0
        decides, waits = (balls[1], balls[0]) if flies_right else balls
        assert decides.is_multiplayer_authority()
        assert not waits.is_multiplayer_authority()
        match.until(lambda: reach() or all((ball.velocity.x > 0) != flies_right for ball in balls))  # noqa: B023
        assert decides.velocity.length() == pytest.approx(900 * 1.08 ** (hit + 1), rel=0.001)
        assert decides.velocity.length() == pytest.approx(waits.velocity.length(), rel=0.001)
    assert match.left.score == match.right.score == [0, 0]


def test_who_does_not_decide_is_not_obeyed(match: Match) -> None:
    """A client that claims a goal while the ball flies to the server fools nobody but itself."""
    match.until(lambda: match.left.playing and match.right.playing)
    match.right.ball.bounce.rpc(match.pong.CENTER, match.pong.Vector2(-200, 0))  # it flew to the right
    match.until(lambda: match.left.ball.velocity.x < 0)
    refused = sum(match.left.multiplayer.counters().values())
    assert match.right.ball.goal.rpc(match.pong.Vector2(-200, 0)) == 0
    assert match.right.score == [0, 1]
    match.until(lambda: sum(match.left.multiplayer.counters().values()) > refused)
    assert match.left.score == [0, 0]
    assert match.left.ball.velocity.x < 0


def test_rubbish_does_not_hurt(match: Match) -> None:
    match.until(lambda: match.left.playing and match.right.playing)
    nan = float("nan")
    before = match.left.ball.velocity
    for position, velocity in (((nan, 1.0), (-1.0, 0.0)), ((1.0, 1.0), (-1.0, float("inf")))):
        match.right.ball.bounce.rpc(match.pong.Vector2(*position), match.pong.Vector2(*velocity))
    match.right.paddles[1].place.rpc(nan)
    match.right.ball.rpc("bounce", "two", "words")
    match.until(lambda: sum(match.left.multiplayer.counters().values()) > 0)
    assert match.left.ball.velocity == before
    assert match.left.ball.position.is_finite()
    assert 36 <= match.left.paddles[1].y <= 364


def test_one_leaves_and_another_comes(match: Match) -> None:
    match.until(lambda: match.left.playing and match.right.playing)
    match.right.leave("I left.")
    match.until(lambda: not match.left.playing)
    assert match.left.status == "The other player left."
    assert match.right.status == "I left."
    match.right.join("127.0.0.1", match.left.multiplayer.multiplayer_peer.host.get_local_port())
    match.until(lambda: match.left.playing and match.right.playing)
    match.left.leave("Enough.")
    match.until(lambda: match.right.mine is None)
    assert match.right.status == "The server closed the connection."


def test_two_programs_play_to_the_end() -> None:
    port = ("--port", str(free_port()))
    with Demo("pong", "--server", "--auto", "--points", "1", "--speed", "1800", *port) as server:
        server.wait_for("Waiting for a player")
        with Demo("pong", "--host", "127.0.0.1", "--auto", *port) as client:
            assert client.finish() == 0, client.output
            assert server.finish() == 0, server.output
    results = [[line for line in program.lines if "wins," in line] for program in (server, client)]
    assert results[0] == results[1]
    assert results[0] in (["Left wins, 1 : 0."], ["Right wins, 0 : 1."])
    assert "Traceback" not in server.output + client.output


def test_there_is_no_server(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    pong = keys.load("demos.pong")
    keys.patch(pong, "SILENCE", (2, 100, 200))
    assert pong.main(["--host", "127.0.0.1", "--port", str(free_port())]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "No server answered."


def test_the_server_vanishes(match: Match, keys: Keys) -> None:
    """Without a word: it is forgotten on its side, and silent from then on."""
    keys.patch(match.pong, "SILENCE", (2, 100, 200))
    match.until(lambda: match.left.playing and match.right.playing)
    [peer] = match.left.multiplayer.multiplayer_peer.host.get_peers()
    peer.reset()
    match.until(lambda: match.right.mine is None)
    assert match.right.status == "The server closed the connection."


def test_the_menu_hosts_joins_and_says_what_is_wrong(keys: Keys) -> None:
    check_menu(keys, keys.load("demos.pong"), lambda game: str(game.status))


def test_keys_move_the_own_paddle(keys: Keys) -> None:
    pong = keys.load("demos.pong")
    port = free_port()
    tree, server, other = SceneTree(), pong.Pong(), pong.Pong()
    keys.patch(pong, "Pong", lambda: server)
    tree.root.add_child(other)
    other.join("127.0.0.1", port)
    keys.patch(keys.pygame.key, "get_pressed", lambda: {keys.pygame.K_UP: 0, keys.pygame.K_w: 1, 115: 0, 1073741905: 0})
    draw = pong.draw

    def frame(*arguments: Any) -> None:
        tree.process(STEP)
        draw(*arguments)

    keys.patch(pong, "draw", frame)
    assert pong.main(["--server", "--frames", "60", "--port", str(port)]) == 0
    assert server.paddles[0].y < 120
    assert other.paddles[0].y == pytest.approx(server.paddles[0].y, abs=5)
    other.leave("")


@pytest.mark.parametrize("how", ["escape", "window closed", "ctrl-c"])
def test_it_quits_by_key_window_and_ctrl_c(keys: Keys, how: str) -> None:
    pong = keys.load("demos.pong")
    keys.press = {6: how, 20: "ctrl-c"}
    frames: list[int] = []
    draw = pong.draw

    def count(stage: Any, *rest: Any) -> None:
        frames.append(stage.frame)
        draw(stage, *rest)

    keys.patch(pong, "draw", count)
    assert pong.main(["--server", "--port", str(free_port())]) == 0
    assert max(frames) == (5 if how == "ctrl-c" else 6)
    assert not keys.pygame.display.get_init()


def test_the_port_is_in_use() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with Demo("pong", "--server", "--port", str(port)) as pong:
            assert pong.finish() == 1, pong.output
    assert f"Cannot listen on port {port}: is another program using it? Choose another with --port." in pong.lines
    assert "Traceback" not in pong.output


def test_it_stays_readable() -> None:
    for name in ("pong.py", "_pong_pieces.py"):
        assert len((ROOT / "demos" / name).read_text(encoding="utf-8").splitlines()) < 250, name
