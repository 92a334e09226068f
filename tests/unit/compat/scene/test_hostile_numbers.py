"""Numbers that a remote chooses: ids of peers, numbers of nodes and of arguments, and how much it sends."""

from __future__ import annotations

from struct import pack

import pytest

from godot_enet.compat.scene import path_cache, remote_calls, rpc_packet, system_commands
from godot_enet.compat.scene.authentication import MAX_BYTES, MAX_PACKETS
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from tests.unit.compat.scene.party import Party

C, D = 7, 8
ADD, DEL, RELAY = 1, 2, 3
RAW = b"\x03x"


class Main(Node):
    def __init__(self) -> None:
        super().__init__("Main")
        self.calls: list[tuple[object, ...]] = []

    @rpc("any_peer")
    def one(self, first: object) -> None:
        self.calls.append((first,))

    @rpc("authority")
    def ruled(self) -> None:
        self.calls.append(("ruled", self.multiplayer.get_remote_sender_id()))


@pytest.fixture
def party() -> Party:
    return Party(C, D, make_node=Main)


@pytest.mark.parametrize("command", [ADD, DEL, RELAY])
@pytest.mark.parametrize("peer", [1, 0, -1, -C, -(2**31), C])
def test_no_server_makes_a_peer_of_a_number_that_is_none(party: Party, command: int, peer: int) -> None:
    """1 is the server, C this client; as targets the others mean all, or all but one."""
    client = party[C]
    client.take()
    before = list(client.api.get_peers())
    call = bytes([0x80, 1, 0])
    client.transport.inject(pack("<BBi", 7, command, peer) + (call if command == RELAY else b""), 1)
    client.api.poll()
    assert client.take() == []
    assert list(client.api.get_peers()) == before
    assert client.api.counters() == {SceneDrop.FORGED_PEER: 1}


def test_a_client_hears_what_it_has_sent_to_itself(party: Party) -> None:
    """As in Godot; but nobody calls a method in its own name that way."""
    client = party[C]
    client.node.set_multiplayer_authority(C)
    client.take()
    client.api.send_bytes(b"x", C)
    party.settle()
    assert client.take() == [("peer_packet", C, b"x")]
    number = client.node._table().ids["ruled"]
    path = pack("<BIB", 0xA0, 0x80000000 | 6, number) + b"Main\0"
    client.transport.inject(pack("<BBi", 7, RELAY, C) + path, 1)
    client.api.poll()
    assert client.node.calls == []  # type: ignore[attr-defined]
    assert client.api.counters() == {SceneDrop.FORGED_PEER: 1}


def test_a_server_announces_only_so_many(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_commands, "MAX_PEERS", 10)
    client = party[C]
    for peer in range(100, 200):
        client.transport.inject(pack("<BBi", 7, ADD, peer), 1)
    client.api.poll()
    assert len(client.api.get_peers()) == 10
    assert client.api.counters() == {SceneDrop.FORBIDDEN_COMMAND: 92}


@pytest.mark.parametrize("count", [0, 2, 255])
def test_arguments_are_counted_before_they_are_decoded(
    party: Party, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    decoded = []
    parse = rpc_packet.parse_arguments

    def counting(*arguments: object, **options: object) -> object:
        decoded.append(arguments)
        return parse(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(remote_calls, "parse_arguments", counting)
    server = party[1]
    number = server.node._table().ids["one"]
    arguments = bytes([count]) + count * b"\x02\x05"
    path_at = 6 + len(arguments)
    head = pack("<BIB", 0x20, 0x80000000 | path_at, number)
    server.transport.inject(head + arguments + b"Main\0", C)
    server.api.poll()
    assert server.api.counters() == {SceneDrop.WRONG_ARGUMENTS: 1}
    assert decoded == []
    server.transport.inject(pack("<BIB", 0x20, 0x80000000 | 9, number) + b"\1\x02\x05" + b"Main\0", C)
    server.api.poll()
    assert server.node.calls == [(5,)]  # type: ignore[attr-defined]
    assert len(decoded) == 1


def simplify(number: int, path: bytes = b"Main") -> bytes:
    return b"\1" + b"0" * 32 + b"\0" + pack("<I", number) + path + b"\0"


def test_numbers_of_nodes_are_no_keys_that_a_peer_can_choose(party: Party) -> None:
    """As ints they would be their own hashes, so that a look could take as long as there are numbers."""
    server = party[1]
    for number in (5, 0, 2**32 - 1):
        server.transport.inject(simplify(number), C)
    server.api.poll()
    known = server.api._cache._known[C].entries
    assert list(known) == [pack("<I", number) for number in (5, 0, 2**32 - 1)]
    assert server.api._cache.look_up(C, 2**32 - 1) is server.node
    assert server.api._cache.look_up(C, 6) is None


def test_paths_of_one_peer_take_only_so_many_bytes(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_cache, "_MAX_BYTES", 40)
    server = party[1]
    for number in range(12):
        server.transport.inject(simplify(number), C)
    server.api.poll()
    assert len(server.api._cache._known[C].entries) == 10
    cache = server.api._cache
    assert cache.look_up(C, 0) is cache.look_up(C, 1) is None, "those of longest ago are forgotten"
    assert cache.look_up(C, 2) is server.node
    server.transport.inject(simplify(100), C)
    server.api.poll()
    assert cache.look_up(C, 2) is server.node, "it was used since"
    assert cache.look_up(C, 3) is None


@pytest.mark.parametrize(("size", "accepted"), [(1, MAX_PACKETS), (64 * 1024, MAX_BYTES // (64 * 1024 + 2))])
def test_a_peer_that_is_not_let_in_sends_only_so_much(size: int, accepted: int) -> None:
    party = Party(C, join=False)
    server, heard = party[1], []
    server.api.auth_callback = lambda peer, data: heard.append(len(data))
    party[C].api.auth_callback = lambda peer, data: None
    for member in (server, party[C]):
        member.join()
    party.settle()
    for _ in range(MAX_PACKETS + 100):
        server.transport.inject(b"\7\0" + bytes(size), C)
    server.api.poll()
    assert heard == [size] * accepted
    assert server.api.counters() == {SceneDrop.AUTHENTICATION_LIMIT: MAX_PACKETS + 100 - accepted}
