"""Seats and kicks with a real Godot: with the GDScript of docs/operations.md, and without any of it."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from godot_enet import ENetMultiplayerPeer, Error, SceneMultiplayer
from godot_enet.ops import ExitCode, Seat, Seats, Server
from tests.docs.snippets import FENCE, page

from .conftest import need_godot
from .page_programs import PageProgram

pytestmark = pytest.mark.interop
DEADLINE = 60.0
_PROJECT = """config_version=5
[application]
config/name="seats"
config/features=PackedStringArray("4.6")
[debug]
file_logging/enable_file_logging=false
"""
_CLIENT = """extends SceneTree

func _initialize() -> void:
	for name: String in OS.get_cmdline_user_args().slice(1):
		var node := Node.new()
		node.set_script(load("res://" + name + ".gd"))
		var label := Label.new()
		label.name = "Message"
		node.add_child(label)
		root.add_child(node)
	var api := get_multiplayer()
	api.connected_to_server.connect(func() -> void: print("connected"))
	api.server_disconnected.connect(func() -> void:
		for node: Node in root.get_children():
			print("disconnected: ", node.get_node("Message").text)
		if root.get_child_count() == 0:
			print("disconnected")
		_dial.call_deferred())
	_dial.call_deferred()

func _dial() -> void:
	var peer := ENetMultiplayerPeer.new()
	peer.create_client("127.0.0.1", int(OS.get_cmdline_user_args()[0]))
	get_multiplayer().multiplayer_peer = peer
"""


class Hall:
    """A server with seats, and one Godot that connects again whenever it is disconnected."""

    def __init__(self, folder: Path, *scripts: str) -> None:
        executable = need_godot()
        self.transport = ENetMultiplayerPeer()
        self.transport.set_bind_ip("127.0.0.1")
        assert self.transport.create_server(0) is Error.OK
        self.multiplayer = SceneMultiplayer()
        self.multiplayer.multiplayer_peer = self.transport
        self.seats = Seats(self.multiplayer)
        self.heard: list[tuple[str, int]] = []
        self.seats.taken.connect(lambda peer, seat: self.note("taken", seat))
        self.seats.resumed.connect(lambda peer, seat: self.note("resumed", seat))
        self.seats.left.connect(lambda seat: self.note("left", seat))
        self.seats.released.connect(lambda seat: self.note("released", seat))
        self.server = Server(self.multiplayer, seats=self.seats, signals=())

        kick, seat = (code for language, code in FENCE.findall(page("docs/operations.md")) if language == "gdscript")
        ready = "extends Node\n\nfunc _ready() -> void:\n" + textwrap.indent(kick, "\t")
        files = {
            "client.gd": _CLIENT,
            "project.godot": _PROJECT,
            "kick.gd": ready,
            "seat.gd": "extends Node\n\n" + seat,
        }
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        host = self.transport.get_host()
        assert host is not None
        command = [executable, "--headless", "--path", str(folder), "--script", "client.gd", "--"]
        self.godot = PageProgram([*command, str(host.get_local_port()), *scripts], folder, "output")

    def note(self, what: str, seat: Seat) -> None:
        self.heard.append((what, seat.number))

    def until(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not done():
            assert "SCRIPT ERROR" not in self.godot.output, self.godot.output
            assert time.monotonic() < deadline, f"{self.heard}\n{self.godot.output}"
            assert self.server.running or self.server.draining
            self.multiplayer.poll()
            time.sleep(0.005)

    def only_peer(self) -> int:
        (peer,) = self.multiplayer.get_peers()
        return peer

    def close(self) -> None:
        self.godot.end()
        self.server.close()
        self.transport.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Any]:
    made: list[Hall] = []

    def make(*scripts: str) -> Hall:
        made.append(Hall(tmp_path, *scripts))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_player_returns_with_the_token_and_is_kicked_with_a_text(hall: Callable[..., Hall]) -> None:
    made = hall("seat", "kick")
    made.until(lambda: made.heard == [("taken", 1)])
    first = made.only_peer()
    remote = made.transport.get_peer(first)
    assert remote is not None
    remote.peer_disconnect_later()
    made.until(lambda: len(made.heard) == 3)
    assert made.heard[1:] == [("left", 1), ("resumed", 1)]
    assert made.only_peer() != first
    made.server.kick(made.only_peer(), "Too many bots, ä.")
    made.until(lambda: len(made.heard) == 5)
    assert made.heard[3:] == [("released", 1), ("taken", 2)]
    made.until(lambda: "disconnected: Too many bots, ä." in made.godot.output)
    assert "ERROR" not in made.godot.output


def test_an_unmodified_client_plays_as_a_newcomer(hall: Callable[..., Hall]) -> None:
    made = hall()
    made.until(lambda: made.heard == [("taken", 1)])
    made.server.kick(made.only_peer(), "unheard")
    made.until(lambda: made.heard == [("taken", 1), ("released", 1), ("taken", 2)])
    assert made.godot.output.count("connected") >= 2
    assert "disconnected" in made.godot.output
    assert "ERROR" not in made.godot.output


def test_a_drain_refuses_it(hall: Callable[..., Hall]) -> None:
    made = hall("kick")
    made.until(lambda: made.heard)
    made.server.drain("Back in a minute.")
    made.until(lambda: not made.server.running)
    assert made.server.exit_code is ExitCode.DRAINED
    made.until(lambda: "disconnected: Back in a minute." in made.godot.output)
    assert made.heard == [("taken", 1), ("released", 1)]
