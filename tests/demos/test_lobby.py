"""demos/lobby.py: chat, ready states, removing players, reconnecting, discovery, encryption, and both its screens."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demos import _lobby_lan as lan
from demos._lobby_room import Room
from demos.lobby import choose, handle_command, make_secure, parse
from godot_enet import ENetMultiplayerPeer, SceneTree
from tests.demos.program import PATIENCE, ROOT, Demo, DemoWithoutPygame, free_port
from tests.demos.window import Keys

STEP = 1 / 60


class Party:
    """Rooms in one process; a step is a frame of all of them, as fast as it goes."""

    def __init__(self) -> None:
        self.port = free_port()
        self.rooms: list[Room] = []
        self._trees: list[SceneTree] = []

    def add(self, name: str, folder: Path | None = None) -> Room:
        tree, room = SceneTree(), Room(name, make_secure(folder))
        tree.root.add_child(room)
        self._trees.append(tree)
        self.rooms.append(room)
        return room

    def host(self, name: str, folder: Path | None = None) -> Room:
        room = self.add(name, folder)
        room.host(self.port)
        return room

    def join(self, name: str, folder: Path | None = None) -> Room:
        """Returns when it is inside."""
        room = self.add(name, folder)
        room.join("127.0.0.1", self.port)
        self.until(lambda: room.inside)
        return room

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, [(room.player, room.status, room.lines) for room in self.rooms]
            for tree in self._trees:
                tree.process(STEP)

    def close(self) -> None:
        for room in self.rooms:
            room.leave("")


@pytest.fixture
def party(host_engine: str) -> Iterator[Party]:
    party = Party()
    yield party
    party.close()


def names(room: Room) -> list[str]:
    return [name for name, _, _ in room.roster]


def cut_link(room: Room) -> None:
    """Without a word to the other end."""
    transport = room.multiplayer.multiplayer_peer
    assert isinstance(transport, ENetMultiplayerPeer)
    server = transport.get_peer(1)
    assert server
    server.reset()


def test_chat_arrives_once_and_in_order(party: Party) -> None:
    rooms = ann, bob, other = party.host("ann"), party.join("bob"), party.join("bob")
    assert [room.player for room in rooms] == ["ann", "bob", "bob 2"]
    for number in range(5):
        for room in rooms:
            room.say.rpc_id(1, f"line {number}\x1b[2J")
    party.until(lambda: all(len(room.lines) == 18 for room in rooms))
    assert ann.lines == bob.lines == other.lines
    assert sorted(ann.lines[3:]) == sorted(f"{room.player}: line {n}[2J" for room in rooms for n in range(5))
    assert [line for line in ann.lines if line.startswith("bob:")] == [f"bob: line {n}[2J" for n in range(5)]
    for _ in range(20):
        party.until(lambda: True)
    assert len(ann.lines) == 18


def test_everybody_sees_who_is_ready(party: Party) -> None:
    rooms = ann, bob = party.host("ann"), party.join("bob")
    handle_command(ann, "/ready")
    party.until(lambda: all(room.roster == [("ann", True, True), ("bob", False, True)] for room in rooms))
    handle_command(bob, "/ready")
    party.until(lambda: all(room.lines[-1] == "* everyone is ready" for room in rooms))
    handle_command(ann, "/ready")
    party.until(lambda: all(room.roster == [("ann", False, True), ("bob", True, True)] for room in rooms))


def test_who_is_thrown_out_stays_out(party: Party) -> None:
    ann, bob, eve = party.host("ann"), party.join("bob"), party.join("eve")
    handle_command(bob, "/kick eve")  # only who hosts may
    handle_command(ann, "/kick eve")
    party.until(lambda: eve.ended and bob.lines[-1] == "* eve was removed" and names(bob) == ["ann", "bob"])
    assert eve.status == "You were removed."
    eve.ended = False
    eve.join("127.0.0.1", party.port)
    party.until(lambda: eve.ended)
    assert eve.status == "You were removed from this lobby."
    assert names(ann) == ["ann", "bob"]


def test_who_loses_the_connection_comes_back(party: Party) -> None:
    """With the same name and ready state, and what was said meanwhile."""
    ann, bob = party.host("ann"), party.join("bob")
    handle_command(bob, "/ready")
    handle_command(bob, "hello")
    party.until(lambda: ("bob", True, True) in ann.roster and ann.lines[-1] == bob.lines[-1] == "bob: hello")
    cut_link(bob)
    party.until(lambda: not bob.inside)
    assert "reconnecting (attempt 1)" in bob.status
    handle_command(ann, "are you there?")
    party.until(lambda: bob.inside and bob.lines == ann.lines)
    assert bob.player == "bob"
    assert ann.roster == [("ann", False, True), ("bob", True, True)]
    assert ann.lines.count("ann: are you there?") == ann.lines.count("bob: hello") == 1


def test_a_new_host_takes_over_the_port(party: Party) -> None:
    ann, bob = party.host("ann"), party.join("bob")
    transport = ann.multiplayer.multiplayer_peer
    assert isinstance(transport, ENetMultiplayerPeer)
    transport.close()
    party.until(lambda: not bob.inside)
    carl = party.host("carl")
    party.until(lambda: bob.inside and bob.lines[-2:] == ["* carl joined", "* bob joined"])
    assert names(carl) == ["carl", "bob"]


def test_who_leaves_is_named_and_the_hosts_leaving_ends_it(party: Party) -> None:
    ann, bob, eve = party.host("ann"), party.join("bob"), party.join("eve")
    bob.say_goodbye()
    party.until(lambda: bob.ended and eve.lines[-1] == "* bob left" and names(eve) == ["ann", "eve"])
    assert ann.lines[-1] == "* bob left"
    ann.say_goodbye()
    party.until(lambda: eve.ended)
    assert eve.status == "The lobby was closed."


def test_what_a_server_says_cannot_command_a_terminal(party: Party) -> None:
    ann, bob = party.host("ann"), party.join("bob")
    ann.hear.rpc_id(bob.multiplayer.get_unique_id(), 99, "\x1b[2Jgone")
    ann.show.rpc([["\x1b[31mred", 1, 1]])
    party.until(lambda: bob.lines[-1] == "[2Jgone" and bob.roster == [("[31mred", True, True)])


def test_nobody_is_there(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demos._lobby_room.SILENCE", (2, 50, 100))
    bob = party.add("bob")
    bob.join("127.0.0.1", party.port)
    party.until(lambda: bob.ended)
    assert bob.status == f"No lobby answered at 127.0.0.1:{party.port}."


def test_nobody_acts_before_entering(party: Party) -> None:
    ann, stranger = party.host("ann"), party.add("stranger")
    stranger.multiplayer.connected_to_server.disconnect(stranger._request_entry)
    stranger.join("127.0.0.1", party.port)
    party.until(lambda: 1 in stranger.multiplayer.get_peers())
    stranger.say.rpc_id(1, "boo")
    stranger.set_ready.rpc_id(1, True)
    stranger.hear.rpc_id(1, 99, "ann: I said this")
    stranger.enter.rpc_id(1, "late", "token", "", 0)
    party.until(lambda: stranger.inside)
    assert ann.lines == ["* ann joined", "* late joined"]
    assert ann.roster == [("ann", False, True), ("late", False, True)]


def test_one_player_floods_nobody(party: Party) -> None:
    """What one says goes to all, so that nobody may say everything; and nothing that is kept is as long as it likes."""
    ann, bob = party.host("ann"), party.join("bob")
    for number in range(200):
        bob.say.rpc_id(1, f"{number}")
    bob.set_ready.rpc_id(1, True)
    party.until(lambda: "bob: 19" in ann.lines)
    party.until(lambda: "bob: 19" in bob.lines)
    assert len(ann.lines) < 60
    stranger = party.add("x" * 100_000)
    stranger._token = "t" * 100_000
    stranger.join("127.0.0.1", party.port)
    party.until(lambda: 1 in stranger.multiplayer.get_peers())
    bob.say.rpc_id(1, "last")
    party.until(lambda: len(ann.multiplayer.get_peers()) == 2)
    assert len(ann._seats) == 2
    for number in range(1500):
        ann.hear(1000 + number, "x")
    assert len(ann.lines) == 1000


def test_encrypted(tmp_path: Path) -> None:
    """With the host's certificate one gets in; with another one does not."""
    party = Party()
    try:
        ann = party.host("ann", tmp_path)
        party.join("bob", tmp_path)
        assert names(ann) == ["ann", "bob"]
        (tmp_path / "other").mkdir()
        other = Party()
        other.host("mallory", tmp_path / "other").leave("")  # makes another certificate
        eve = party.add("eve", tmp_path / "other")
        eve.join("127.0.0.1", party.port)
        party.until(lambda: eve.ended)
        assert eve.status == f"No lobby answered at 127.0.0.1:{party.port}."
        assert names(ann) == ["ann", "bob"]
    finally:
        party.close()


# The local network


@pytest.mark.parametrize("target", ["127.0.0.1", "127.255.255.255"])
def test_lobbies_are_found_once_each(target: str) -> None:
    if target.endswith("255") and not sys.platform.startswith("linux"):
        target = "127.0.0.1"  # elsewhere the loopback knows no broadcasts
    port = free_port()
    beacons = [lan.Beacon(id, "", port) for id in ("one", "two")]
    search = lan.Search([target, target], port)
    expected = 2 if target.endswith("255") else 1  # a question to one address reaches one program
    while search.running and len(search.found) < expected:
        search.update()
        for number, beacon in enumerate(beacons, 3):
            beacon.answer(9000 + number, number, number == 4, f"lobby {number}\x1b")
    assert len(search.found) == expected
    for id, number in (("one", 3), ("two", 4)):
        if id in search.found:
            assert search.found[id][1:] == (9000 + number, number, number == 4, f"lobby {number}")
    search.close()
    for beacon in beacons:
        beacon.close()


def test_answers_are_no_longer_than_questions_and_rubbish_is_dropped() -> None:
    port = free_port()
    beacon = lan.Beacon("x" * 16, "127.0.0.1", port)
    search = lan.Search(["127.0.0.1"], port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(PATIENCE)
        asker.bind(("127.0.0.1", 0))
        for question in (b"", b"hello", lan.MAGIC, lan.MAGIC + bytes(8), bytes(lan.SIZE), lan.MAGIC * 20):
            asker.sendto(question, ("127.0.0.1", port))
        asker.sendto((lan.MAGIC + b"12345678").ljust(lan.SIZE, b"\0"), ("127.0.0.1", port))
        for _ in range(4):
            beacon.answer(1, 2, False, "y" * 500)
        answer = asker.recv(2000)
        assert answer.startswith(lan.MAGIC + b"12345678")
        assert len(answer) == lan.SIZE
        asker.setblocking(False)
        with pytest.raises(BlockingIOError):
            asker.recv(2000)
    for rubbish in (b"", b"\xff", b"a\tb\tc\td\te", b"id\t99999\t1\t0\ttitle", b"id\t-1\t1\t0\ttitle", b"id\t1\t1\t0"):
        search._note(rubbish, "127.0.0.1")
    assert search.found == {}
    beacon.close()
    search.close()


def test_a_search_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "DURATION", 0.05)
    search = lan.Search(["127.0.0.1"], free_port())
    assert search.running
    deadline = time.monotonic() + PATIENCE
    while search.running and time.monotonic() < deadline:
        search.update()
    assert not search.running


def test_a_found_lobby_is_chosen_by_its_number(party: Party) -> None:
    room, options = party.add("ann"), parse(["--port", str(party.port)])
    lobbies = [lan.Found("127.0.0.1", party.port, 1, False, "open"), lan.Found("127.0.0.1", 1, 1, True, "secret")]
    choose(room, "2", lobbies, options)
    assert (room.begun, room.status) == (False, "That lobby is encrypted: see --dtls.")
    choose(room, "", lobbies, options)
    assert not room.begun
    choose(room, "h", lobbies, options)
    assert room.hosts
    other = party.add("bob")
    choose(other, "h", lobbies, options)
    assert other.status.startswith(f"Cannot listen on port {party.port}")
    choose(other, "1", lobbies, options)
    party.until(lambda: names(room) == ["ann", "bob"])


# Its screens


def test_in_a_terminal_it_needs_no_pygame() -> None:
    port = ("--port", str(free_port()))
    with DemoWithoutPygame("lobby", "--text", "--server", "--name", "ann", *port) as server:
        server.wait_for("(hosting on port")
        join = ("--text", "--host", "127.0.0.1", "--name", "bob", *port)
        with DemoWithoutPygame("lobby", *join, typed="hello\n/ready\n") as client:
            assert client.finish() == 0, client.output
        server.wait_for("* bob l")
        server.interrupt()
        assert server.finish() == 0, server.output
    assert server.lines.count("bob: hello") == 1
    assert "Traceback" not in server.output + client.output
    events = [line for line in server.lines if line.startswith("*")]
    assert events[:-1] == ["* ann joined", "* bob joined"]
    assert events[-1] in ("* bob left", "* bob lost the connection")  # a goodbye that comes too late is not waited for


def test_the_window_shows_what_is_typed_and_said(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    lobby = keys.load("demos.lobby")
    rooms: list[Room] = []

    def make(*arguments: Any) -> Room:
        rooms.append(Room(*arguments))
        return rooms[-1]

    keys.patch(lobby, "Room", make)
    keys.patch(lobby, "Beacon", lambda id: lan.Beacon(id, "127.0.0.1", free_port()))
    keys.press = dict(enumerate(["h", "i", "x", "backspace", "return", "tab"], 3))
    assert lobby.main(["--server", "--name", "ann", "--frames", "14", "--port", str(free_port())]) == 0
    assert rooms[0].lines == ["* ann joined", "ann: hi"]
    assert rooms[0].roster == [("ann", True, True)]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("how", ["escape", "window closed", "ctrl-c"])
def test_it_quits_by_key_window_and_ctrl_c(keys: Keys, how: str) -> None:
    lobby = keys.load("demos.lobby")
    keys.patch(lobby, "Search", lambda: lan.Search(["127.0.0.1"], free_port()))
    keys.press = {6: how, 20: "ctrl-c"}
    assert lobby.main([]) == 0
    assert not keys.pygame.display.get_init()


def test_the_port_is_in_use() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        with Demo("lobby", "--server", "--port", port) as server:
            assert server.finish() == 1, server.output
    assert f"Cannot listen on port {port}: is another program using it? Choose another with --port." in server.lines
    assert "Traceback" not in server.output


def test_it_stays_readable() -> None:
    for file in (ROOT / "demos").glob("*lobby*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) < 250, file
