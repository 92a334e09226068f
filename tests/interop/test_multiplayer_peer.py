"""ENetMultiplayerPeer with a real Godot's: as its server, as its client, beside it and in one mesh with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import CONTROL, EVERY_WAY, Programs
from .players import Game, Heard, LocalPlayer, Player, RemotePlayer

pytestmark = pytest.mark.interop

UNRELIABLE, ORDERED, RELIABLE = range(3)
DISCONNECTED, CONNECTING, CONNECTED = range(3)
QUIET = 0.2
"""Seconds in which something that must not happen would have happened."""


@pytest.fixture(params=EVERY_WAY)
def game(request: pytest.FixtureRequest, running: Programs) -> Iterator[Game]:
    """``"ours"``, run in one way, and ``"theirs"``; in a control run they are both Godot's."""
    godot = running("godot")

    def ours() -> Player:
        return RemotePlayer(godot) if CONTROL else LocalPlayer(*request.param.split("-"))

    game = Game(ours, lambda: RemotePlayer(godot))
    yield game
    game.close()


@pytest.fixture(params=["serving", "dialling"])
def roles(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Who is the server and who the client: we are each in turn."""
    return ("ours", "theirs") if request.param == "serving" else ("theirs", "ours")


@pytest.fixture
def pair(game: Game, roles: tuple[str, str]) -> tuple[Player, Player]:
    """A server and its client."""
    server = game.server(roles[0])
    return server, game.client(roles[1], server)


def test_ids_are_the_same_on_both_sides(game: Game, pair: tuple[Player, Player]) -> None:
    server, client = pair
    others = [game.client(side, server) for side in ("ours", "theirs")]
    assert server.id == 1
    assert server.signals() == [("connected", each.id) for each in (client, *others)]
    for each in (client, *others):
        assert 2 <= each.id < 2**31
        assert each.signals() == [("connected", 1)]
        assert (each.status(), server.status()) == (CONNECTED, CONNECTED)


@pytest.mark.parametrize("mode", [UNRELIABLE, ORDERED, RELIABLE])
def test_modes_channels_and_sizes(game: Game, pair: tuple[Player, Player], mode: int) -> None:
    for sender, receiver in (pair, pair[::-1]):
        for channel in (0, 1, 2, 253):
            for size in (1, 1364, 1365, 100_000):
                arrives = ORDERED if mode == UNRELIABLE and size > 1364 else mode
                data = bytes(range(256)) * (size // 256) + bytes(size % 256)
                heard = game.deliver(sender, receiver, data, receiver.id, mode, channel)
                assert heard == Heard("packet", sender.id, channel, arrives, data)


@pytest.mark.parametrize(
    ("mode", "channel", "arrives"),
    [(RELIABLE, -1, (0, RELIABLE)), (RELIABLE, 300, (44, RELIABLE)), (7, 0, (0, ORDERED)), (7, 3, (3, ORDERED))],
)
def test_other_modes_and_channels(
    game: Game, pair: tuple[Player, Player], mode: int, channel: int, arrives: tuple[int, int]
) -> None:
    for sender, receiver in (pair, pair[::-1]):
        heard = game.deliver(sender, receiver, b"x", 0, mode, channel)
        assert (heard.channel, heard.mode) == arrives


def test_a_servers_targets(game: Game, roles: tuple[str, str]) -> None:
    server = game.server(roles[0])
    clients = [game.client(side, server) for side in ("ours", "theirs", "ours")]
    ids = [client.id for client in clients]
    targets = {0: ids, ids[0]: ids[:1], ids[1]: [ids[1]], -ids[0]: ids[1:], -ids[1]: [ids[0], ids[2]]}
    for number, target in enumerate(targets):
        assert server.put(bytes([number]), target) == 0
    assert server.put(b"end") == 0
    for client in clients:
        game.until(lambda c=client: b"end" in [heard.data for heard in c.of("packet")], "the end")  # type: ignore[misc]
        expected = [bytes([number]) for number, receivers in enumerate(targets.values()) if client.id in receivers]
        assert [heard.data for heard in client.of("packet")] == [*expected, b"end"]
    for wrong in (1, -1, 2):
        assert server.put(b"x", wrong) == 31


def test_a_clients_targets(game: Game, pair: tuple[Player, Player]) -> None:
    server, client = pair
    other = game.client("ours", server)
    for target in (0, 1, -1):
        assert game.deliver(client, server, b"x", target, RELIABLE, 0).peer == client.id
    for wrong in (2, client.id, -client.id, other.id):
        assert client.put(b"x", wrong) == 31


def test_values(game: Game, pair: tuple[Player, Player]) -> None:
    from godot_enet.compat.variant import bytes_to_var, var_to_bytes

    values = [None, True, -7, 2**40, 0.1, "grün", [1, "two", {"three": 3.0}], b"bytes"]
    pair[0].echo()
    for value in values:
        assert pair[1].put(var_to_bytes(value)) == 0
    game.until(lambda: len(pair[1].of("packet")) == len(values), "all values to come back")
    assert [bytes_to_var(heard.data) for heard in pair[1].of("packet")] == values


@pytest.mark.parametrize("force", [False, True])
def test_a_server_disconnects_a_client(game: Game, pair: tuple[Player, Player], force: bool) -> None:
    server, client = pair
    other = game.client("ours", server)
    server.heard.clear()
    server.end(client.id, force)
    game.until(lambda: client.signals() == [("connected", 1), ("disconnected", 1)], "the client to be told")
    assert client.status() == DISCONNECTED
    if not force:
        game.until(lambda: bool(server.signals()), "the server to be told")
    game.spend(QUIET)
    assert server.signals() == ([] if force else [("disconnected", client.id)])
    assert server.put(b"x", client.id) == 31
    assert game.deliver(server, other, b"x", 0, RELIABLE, 0).peer == 1


@pytest.mark.parametrize("way", ["disconnect", "force", "close"])
def test_a_client_leaves(game: Game, pair: tuple[Player, Player], way: str) -> None:
    server, client = pair
    if way == "close":
        client.shut()
    else:
        client.end(1, way == "force")
    joined_and_left = [("connected", client.id), ("disconnected", client.id)]
    game.until(lambda: server.signals() == joined_and_left, "the server to be told")
    game.until(lambda: client.status() == DISCONNECTED, "the client to be disconnected")
    assert client.signals() == [("connected", 1)] + [("disconnected", 1)] * (way == "disconnect")


def test_a_server_closes(game: Game, pair: tuple[Player, Player]) -> None:
    server, client = pair
    server.shut()
    game.until(lambda: client.signals() == [("connected", 1), ("disconnected", 1)], "the client to be told")
    game.spend(QUIET)
    assert (server.status(), client.status()) == (DISCONNECTED, DISCONNECTED)
    assert server.signals() == [("connected", client.id)]


def test_who_is_refused_connects_and_hears_no_more(game: Game, roles: tuple[str, str]) -> None:
    server = game.server(roles[0])
    server.refuse(True)
    client = game.add(roles[1])
    client.dial(server.port)
    game.until(lambda: client.signals() == [("connected", 1)], "the client to connect")
    client.timeout(1, 2, 20, 50)
    game.until(lambda: client.signals() == [("connected", 1), ("disconnected", 1)], "the client to time out")
    assert server.signals() == []
    server.refuse(False)
    game.client(roles[1], server)


def test_a_full_server_of_godot_does_not_answer(game: Game) -> None:
    server = game.server("theirs", clients=1)
    game.client("ours", server)
    late = game.add("ours")
    late.dial(server.port)
    game.spend(QUIET)
    assert (late.status(), late.signals()) == (CONNECTING, [])
    late.timeout(1, 2, 20, 50)
    game.until(lambda: late.status() == DISCONNECTED, "the client to give up")
    assert late.signals() == []


@pytest.mark.skipif(CONTROL, reason="a full server of Godot is silent")
def test_a_full_server_of_ours_refuses_at_once(game: Game) -> None:
    server = game.server("ours", clients=1)
    game.client("theirs", server)
    late = game.add("theirs")
    late.dial(server.port)
    game.until(lambda: late.status() == DISCONNECTED, "the client to be refused")
    assert late.signals() == []


@pytest.mark.parametrize(("asked", "agreed"), [(0, 255), (1, 3), (10, 12), (1000, 255)])
def test_channels_are_agreed(game: Game, roles: tuple[str, str], asked: int, agreed: int) -> None:
    server = game.server(roles[0])
    client = game.client(roles[1], server, channels=asked)
    assert (server.channels(client.id), client.channels(1)) == (agreed, agreed)


@pytest.mark.parametrize("compression", [1, 2, 3, 4])
def test_compression_of_the_host(game: Game, roles: tuple[str, str], compression: int) -> None:
    server = game.server(roles[0], compression=compression)
    client = game.client(roles[1], server, compression=compression)
    for sender, receiver in ((server, client), (client, server)):
        assert game.deliver(sender, receiver, bytes(1000), 0, RELIABLE, 0).data == bytes(1000)


class TestMesh:
    def test_targets(self, game: Game) -> None:
        members = game.mesh(("ours", 1), ("theirs", 20), ("ours", 300), ("theirs", 4000))
        ids = {member.id for member in members}
        for sender in members:
            others = ids - {sender.id}
            one = min(others)
            targets = {0: others, one: {one}, -one: others - {one}}
            for number, target in enumerate(targets):
                assert sender.put(bytes([number]), target, RELIABLE, 2) == 0
            assert sender.put(b"end", 0, RELIABLE, 2) == 0
            assert sender.put(b"x", sender.id) == 31
            for receiver in members:
                if receiver is not sender:
                    wanted = [bytes([number]) for number, ids in enumerate(targets.values()) if receiver.id in ids]
                    game.until(lambda r=receiver: b"end" in [heard.data for heard in r.of("packet")], "the end")  # type: ignore[misc]
                    expected = [Heard("packet", sender.id, 2, RELIABLE, data) for data in [*wanted, b"end"]]
                    assert receiver.of("packet") == expected
            for receiver in members:
                receiver.heard.clear()

    @pytest.mark.parametrize("way", ["disconnect", "force", "close"])
    @pytest.mark.parametrize("first", ["ours", "theirs"])
    def test_one_leaves(self, game: Game, way: str, first: str) -> None:
        second = "theirs" if first == "ours" else "ours"
        leaving, left, third = game.mesh((first, 2), (second, 30), (first, 400))
        for member in (leaving, left, third):
            member.heard.clear()
        if way == "close":
            leaving.shut()
            game.until(lambda: third.signals() == [("disconnected", 2)], "the third to be told")
        else:
            leaving.end(30, way == "force")
        game.until(lambda: left.signals() == [("disconnected", 2)], "the other to be told")
        game.spend(QUIET)
        assert leaving.signals() == ([("disconnected", 30)] if way == "disconnect" else [])
        assert game.deliver(third, left, b"still here", 0, RELIABLE, 0).peer == 400
