"""demos/hockey.py: both ends play the same match, however bad the link is, and notice if they do not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from demos._buttons import BUTTONS, RIGHT, Buttons
from demos._disc import Disc
from demos._hockey_table import HEIGHT, MALLET, POINTS, PUCK, SERVE, WIDTH, Table, advance, autoplay
from demos._link import FULL
from demos._options import SILENCE
from demos.hockey import PEERS, End
from godot_enet import ENetConnection
from godot_enet.netcode import InputSender, check_determinism
from godot_enet.testing import LinkConfig, Network
from tests.demos.program import ROOT, Demo, free_port
from tests.demos.window import Keys

PORT = 7777
FRAMES = (17, 17, 16)  # milliseconds
WINDOW, CHECK_EVERY = 16, 30  # ticks: the defaults of Rollback


class Pair:
    """Both ends on the virtual network. ``histories`` has the agreed table of each after each tick."""

    def __init__(self, engine: str, link: LinkConfig, *, threaded: bool = True, seed: int = 1) -> None:
        self.network = Network(seed=seed, link=link, engine=engine)
        here, there = self.network.machine(), self.network.machine()
        self.addresses = here.ip, there.ip
        connections = here.connection(threaded=threaded), there.connection(threaded=threaded)
        connections[0].create_host_bound("*", PORT, PEERS, 1)
        connections[1].create_host(1)
        assert connections[1].connect_to_host(here.ip, PORT, 1, BUTTONS.schema_hash)
        self.ends = End(0, connections[0]), End(1, connections[1])
        self.histories: tuple[dict[int, str], dict[int, str]] = ({}, {})
        self.held: tuple[list[int], list[int]] = ([], [])
        """The buttons of each tick."""
        self.frames = 0

    def play(self, frames: int, hold: Callable[[End], int] | None = None) -> None:
        """Autopilots play, or ``hold`` says what is held."""
        for _ in range(frames):
            self.network.run(FRAMES[self.frames % 3])
            self.frames += 1
            for end, history, held in zip(self.ends, self.histories, self.held, strict=True):
                buttons = hold(end) if hold else autoplay(end.match.state, end.side)
                before = end.match.tick
                end.play(buttons)
                held += [buttons] * (end.match.tick - before)
                history[end.match.agreed_tick] = repr(end.match.agreed)

    def until(self, done: Callable[[], bool], frames: int = 3000) -> None:
        for _ in range(frames):
            if done():
                return
            self.play(1)
        raise AssertionError(f"{[vars(end) for end in self.ends]}")


def truth(held: tuple[list[int], list[int]]) -> list[str]:
    """The table after each tick, from the buttons of both."""
    table = Table()
    tables = [repr(table)]
    for pair in zip(*held, strict=False):
        advance(table, pair)
        tables.append(repr(table))
    return tables


LINKS = {
    "good": LinkConfig(delay=5),
    "bad": LinkConfig(delay=60, jitter=20, loss=0.05, reorder=0.5, duplicate=0.1),
    "awful": LinkConfig(delay=110, jitter=40, loss=0.15),
    "half is lost": LinkConfig(delay=20, loss=0.5),
    "beyond the window": LinkConfig(delay=400, jitter=100, loss=0.1),
}


@pytest.mark.parametrize("threaded", [True, False], ids=["thread", "inline"])
@pytest.mark.parametrize("link", LINKS)
def test_both_ends_agree_on_every_tick(host_engine: str, link: str, threaded: bool) -> None:
    """And on what the buttons of both lead to, if there were no network."""
    pair = Pair(host_engine, LINKS[link], threaded=threaded)
    pair.until(lambda: min(end.match.agreed_tick for end in pair.ends) >= 200)
    expected = truth(pair.held)
    for end, history in zip(pair.ends, pair.histories, strict=True):
        assert len(history) > 20
        assert all(expected[tick] == table for tick, table in history.items())
        assert end.match.tick - end.match.agreed_tick <= WINDOW
        assert end.match.checked >= CHECK_EVERY
        assert end.match.desync is None
    common = pair.ends[0].match.checksums.keys() & pair.ends[1].match.checksums.keys()
    assert common
    assert all(pair.ends[0].match.checksums[tick] == pair.ends[1].match.checksums[tick] for tick in common)


def test_the_own_player_moves_at_once(host_engine: str) -> None:
    """By rollback; what is agreed shows it a trip later."""
    pair = Pair(host_engine, LinkConfig(delay=100))
    pair.until(lambda: min(end.match.agreed_tick for end in pair.ends) >= 60)
    pair.play(60, lambda _: 0)
    left = pair.ends[0]
    rest = left.match.state.mallets[0].x
    pair.play(4, lambda end: 0 if end.side else RIGHT)
    assert left.match.state.mallets[0].x > rest + 3
    assert left.match.agreed.mallets[0].x == pytest.approx(rest, abs=0.1)
    assert pair.ends[1].match.state.mallets[0].x == pytest.approx(rest, abs=0.1)
    pair.play(20, lambda end: 0 if end.side else RIGHT)
    assert left.match.agreed.mallets[0].x > rest + 20
    assert pair.ends[1].match.state.mallets[0].x > rest + 20


def test_a_right_guess_corrects_nothing(host_engine: str) -> None:
    pair = Pair(host_engine, LINKS["bad"])
    pair.until(lambda: min(end.match.agreed_tick for end in pair.ends) >= 60)
    pair.play(200, lambda _: RIGHT)
    assert max(end.jumps[-1] for end in pair.ends) == 0
    pair.play(150)
    assert max(max(end.jumps) for end in pair.ends) > 0


def test_neither_runs_ahead_for_long(host_engine: str) -> None:
    """The one that began earlier waits a little, so both guess as much."""
    pair = Pair(host_engine, LinkConfig(delay=50))
    pair.until(lambda: all(end.peer for end in pair.ends))
    for _ in range(10):  # frames of one end only
        pair.network.run(17)
        pair.ends[1].play(0)
    assert pair.ends[1].match.tick - pair.ends[0].match.tick >= 10
    pair.play(400)
    assert abs(pair.ends[1].match.tick - pair.ends[0].match.tick) <= 3


def test_a_link_that_was_cut_leaves_no_gap(host_engine: str) -> None:
    pair = Pair(host_engine, LINKS["good"])
    pair.until(lambda: min(end.match.agreed_tick for end in pair.ends) >= 60)
    pair.network.partition([pair.addresses[0]], [pair.addresses[1]])
    pair.play(60)
    stopped = [end.match.tick for end in pair.ends]
    assert all(end.match.tick - end.match.agreed_tick == WINDOW for end in pair.ends)
    pair.play(10)
    assert [end.match.tick for end in pair.ends] == stopped
    pair.network.heal()
    pair.until(lambda: min(end.match.agreed_tick for end in pair.ends) >= 200)
    expected = truth(pair.held)
    assert all(table == expected[tick] for history in pair.histories for tick, table in history.items())


@pytest.mark.parametrize("side", [0, 1])
def test_a_desync_is_noticed_at_both_ends(host_engine: str, side: int) -> None:
    pair = Pair(host_engine, LINKS["bad"])
    pair.until(lambda: min(end.match.checked for end in pair.ends) >= CHECK_EVERY)
    cheat = pair.ends[side].match
    cheat.agreed.puck.y += 1e-12
    after = cheat.agreed_tick
    pair.until(lambda: all(end.match.desync for end in pair.ends), 300)
    for end in pair.ends:
        assert end.status.startswith("Desync: the ends differ at tick ")
        assert int(end.status.rstrip(".").rsplit(" ", 1)[1]) > after
        assert end.match.checked <= after
    ticks = [end.match.tick for end in pair.ends]
    pair.play(20)
    assert [end.match.tick for end in pair.ends] == ticks


def test_rubbish_changes_nothing(host_engine: str) -> None:
    pair = Pair(host_engine, LINKS["good"])
    pair.until(lambda: min(end.match.agreed_tick for end in pair.ends) >= 60)
    ahead = InputSender(BUTTONS)
    for _ in range(3 * WINDOW + pair.ends[0].match.tick):
        ahead.add(Buttons(5))
    sending = pair.ends[1].peer
    assert sending
    for rubbish in (b"", b"abc", bytes(99), b"\xff" * 40):
        sending.send(0, rubbish, 0)
    pair.play(60)
    assert not any(end.match.desync or end.ended for end in pair.ends)
    assert min(end.match.agreed_tick for end in pair.ends) >= 100
    sending.send(0, bytes(9) + ahead.packet(), 0)  # inputs from the future: nothing is kept of them
    pair.play(5)
    assert len(pair.ends[0].match._other) <= 2 * WINDOW


def test_who_falls_silent_has_timed_out(host_engine: str) -> None:
    pair = Pair(host_engine, LINKS["good"])
    pair.play(10)
    pair.network.partition([pair.addresses[0]], [pair.addresses[1]])
    pair.until(lambda: all(end.ended for end in pair.ends))
    assert {end.status for end in pair.ends} == {"The other player timed out."}


def test_who_leaves_and_who_is_not_there(host_engine: str) -> None:
    pair = Pair(host_engine, LINKS["good"])
    pair.play(10)
    pair.ends[1].close()
    pair.until(lambda: pair.ends[0].ended)
    assert pair.ends[0].status == "The other player left."
    machine = pair.network.machine()
    alone = machine.connection()
    alone.create_host(1)
    peer = alone.connect_to_host("10.0.0.99", PORT, 1)
    assert peer
    peer.set_timeout(*SILENCE)
    end = End(1, alone)
    while not end.ended:
        pair.network.run(17)
        end.play(0)
    assert end.status == "Nobody answered."


def test_who_says_nothing_keeps_nobody_out(host_engine: str) -> None:
    """Others connect before, and stay silent: they neither play nor are in the way. Later ones are refused."""
    pair = Pair(host_engine, LINKS["good"])
    strangers: list[ENetConnection] = []
    refused: list[int] = []

    def join() -> None:
        strangers.append(pair.network.machine().connection(threaded=False))
        strangers[-1].create_host(1)
        assert strangers[-1].connect_to_host(pair.addresses[0], PORT, 1, BUTTONS.schema_hash)

    def frames(count: int, *ends: End) -> None:
        for _ in range(count):
            pair.network.run(17)
            for event in (event for stranger in strangers for event in stranger.events()):
                refused.extend([event.data] if event.type == ENetConnection.EVENT_DISCONNECT else [])
            for end in ends:
                end.play(0)

    for _ in range(3):
        join()
    frames(20, pair.ends[0])
    assert pair.ends[0].peer is None
    frames(60, *pair.ends)
    assert refused == [FULL] * 3
    join()
    frames(30, *pair.ends)
    assert refused == [FULL] * 4
    assert min(end.match.agreed_tick for end in pair.ends) >= 60


def test_another_version_is_refused(host_engine: str) -> None:
    network = Network(seed=1, engine=host_engine)
    machine, other = network.machine(), network.machine()
    server, client = machine.connection(), other.connection()
    server.create_host_bound("*", PORT, PEERS, 1)
    client.create_host(1)
    client.connect_to_host(machine.ip, PORT, 1, BUTTONS.schema_hash ^ 1)
    ends = End(0, server), End(1, client)
    while not ends[1].ended:
        network.run(17)
        for end in ends:
            end.play(0)
    assert ends[0].peer is None
    assert not ends[0].ended  # it waits for another
    assert [end.status for end in ends] == [
        "Refused a player with another version of the game; waiting for the next ...",
        "The other player has another version of the game.",
    ]


# The rules


def test_the_rules_are_deterministic() -> None:
    random = Random(2)
    assert (
        check_determinism(Table, advance, [(random.randrange(16), random.randrange(16)) for _ in range(1000)]) is None
    )


def test_everything_stays_on_the_table_and_somebody_wins() -> None:
    table, best = Table(), 0
    for _ in range(60 * 240):
        advance(table, (autoplay(table, 0), autoplay(table, 1)))
        best = max(best, *table.score)
        assert PUCK <= table.puck.y <= HEIGHT - PUCK
        assert -3 * PUCK <= table.puck.x <= WIDTH + 3 * PUCK
        for side, mallet in enumerate(table.mallets):
            assert MALLET <= mallet.x - side * WIDTH / 2 <= WIDTH / 2 - MALLET
            assert MALLET <= mallet.y <= HEIGHT - MALLET
        if best == POINTS:
            break
    assert best == POINTS
    for _ in range(4 * SERVE):
        advance(table, (0, 0))
    assert table.score == [0, 0]


@pytest.mark.parametrize("side", [0, 1])
def test_a_goal(side: int) -> None:
    table = Table(pause=0, puck=Disc(WIDTH - 30, HEIGHT / 2, 400) if side == 0 else Disc(30, HEIGHT / 2, -400))
    for mallet in table.mallets:
        mallet.y = HEIGHT - MALLET
    while not table.pause:
        advance(table, (0, 0))
    assert table.score == [1 - side, side]


# The program


def test_it_plays_by_itself_and_both_ends_are_the_same(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    main = keys.load("demos.hockey").main
    assert main(["--link", "bad", "--frames", "160", "--port", str(free_port())]) == 0
    lines = capsys.readouterr().out.splitlines()
    for side in ("left", "right"):
        assert f"{side}: Playing." in lines
        [last] = [line for line in lines if line.startswith(f"{side}: ") and "the same at tick" in line]
        assert int(last.rsplit(" ", 1)[1]) >= CHECK_EVERY


def test_the_keys(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    """L changes the link, R what the right end shows; C ends in a desync, which both ends show."""
    demo = keys.load("demos.hockey")
    seen: dict[int, tuple[int, bool]] = {}
    ends: set[Any] = set()
    draw = demo.draw

    def watch(stage: Any, end: Any, left: int, rollback: bool) -> None:
        draw(stage, end, left, rollback)
        ends.add(end)
        if end.side:
            seen[stage.frame] = end.link.latency, rollback

    keys.patch(demo, "draw", watch)
    keys.press = {20: "r", 30: "l", 40: "r", 60: "c"}
    assert demo.main(["--frames", "220", "--port", str(free_port())]) == 0
    assert [seen[frame] for frame in (19, 20, 30, 40)] == [(5, True), (5, False), (60, False), (60, True)]
    assert all(end.match.desync for end in ends)
    assert capsys.readouterr().out.count("Desync: the ends differ at tick ") == 2


def test_a_key_takes_the_player_over(keys: Keys) -> None:
    demo = keys.load("demos.hockey")
    held = {code: code == keys.pygame.K_d for half in demo.KEYS for code in half}
    keys.patch(keys.pygame.key, "get_pressed", lambda: held)
    assert [demo.held_buttons(half) for half in demo.KEYS] == [RIGHT, 0]
    steered: set[int] = set()

    def watch(_table: Table, side: int) -> int:
        steered.add(side)
        return 0

    keys.patch(demo, "autoplay", watch)
    assert demo.main(["--frames", "5", "--port", str(free_port())]) == 0
    assert steered == {1}


def test_two_programs_play() -> None:
    """On a port of the system's choice, which the first one tells."""
    with Demo("hockey", "--server", "--auto", "--port", "0") as server:
        server.wait_for("left: Waiting on port")
        [port] = [line.split()[4] for line in server.lines if line.startswith("left: Waiting on port")]
        with Demo("hockey", "--host", "127.0.0.1", "--auto", "--frames", "150", "--port", port) as client:
            assert client.finish() == 0, client.output
        assert server.finish() == 0, server.output
    assert "left: The other player left." in server.lines
    for program in (server, client):
        assert "Traceback" not in program.output
        [last] = [line for line in program.lines if "the same at tick" in line]
        assert int(last.rsplit(" ", 1)[1]) >= CHECK_EVERY


def test_rules_that_are_not_deterministic_are_refused(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    demo = keys.load("demos.hockey")
    random = Random(3)

    def shaken(table: Table, buttons: tuple[int, int]) -> None:
        advance(table, buttons)
        table.puck.x += random.random()

    keys.patch(demo, "advance", shaken)
    assert demo.main(["--port", str(free_port())]) == 1
    assert capsys.readouterr().err.startswith("The rules are not deterministic: tick 1: puck.x is ")


def test_a_port_in_use_and_a_wrong_address(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    main = keys.load("demos.hockey").main
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"Cannot listen on port {port}: is another program using it?" in capsys.readouterr().err
    assert main(["--host", "127.0.0.1", "--port", "0"]) == 1
    assert capsys.readouterr().err.endswith("Cannot connect to 127.0.0.1:0: invalid host or port.\n")


def test_it_stays_readable() -> None:
    files = (ROOT / "demos").glob("*hockey*.py")
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) < 250
