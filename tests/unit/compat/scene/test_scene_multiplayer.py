"""Packets: who may say what, and what is passed on."""

from __future__ import annotations

from struct import pack

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.signal import Signal
from godot_enet.compat.variant import NodePath
from tests.unit.compat.scene.memory import MemoryNetwork
from tests.unit.compat.scene.party import Party

C, D = 7, 8


def system(command: int, peer: int, payload: bytes = b"") -> bytes:
    return pack("<BBi", 7, command, peer) + payload


@pytest.fixture
def party() -> Party:
    party = Party(C, D)
    party.packets()
    for member in party.members.values():
        member.take()
    return party


@pytest.mark.parametrize(
    ("packet", "cause"),
    [
        (b"", SceneDrop.MALFORMED),
        (b"\x03", SceneDrop.MALFORMED),
        (b"\x07", SceneDrop.MALFORMED),
        (b"\x07\x01\0\0\0", SceneDrop.MALFORMED),
        (system(3, D), SceneDrop.MALFORMED),
        (system(4, D), SceneDrop.UNKNOWN_COMMAND),
        (system(255, D, b"x"), SceneDrop.UNKNOWN_COMMAND),
        (system(1, 99), SceneDrop.FORBIDDEN_COMMAND),
        (system(2, D), SceneDrop.FORBIDDEN_COMMAND),
        (b"\x04" + bytes(10), SceneDrop.MALFORMED),
        (b"\x04" + bytes(20), SceneDrop.SPAWN),
        (b"\x05" + bytes(3), SceneDrop.MALFORMED),
        (b"\x05" + bytes(4), SceneDrop.DESPAWN),
        (b"\x06" + bytes(8), SceneDrop.MALFORMED),
        (b"\x06" + bytes(12), SceneDrop.SYNC),
        (b"\x16" + bytes(8), SceneDrop.MALFORMED),
        (b"\x16" + bytes(20), SceneDrop.SYNC),
        (b"\x07\x00data", SceneDrop.LATE_AUTHENTICATION),
        (b"\x01short", SceneDrop.MALFORMED),
        (b"\x02x", SceneDrop.MALFORMED),
    ],
)
def test_a_client_says_what_it_may_not(party: Party, packet: bytes, cause: SceneDrop) -> None:
    party[1].transport.inject(packet, C)
    party.settle()
    assert party[1].api.counters() == {cause: 1}
    assert party.packets() == []
    assert list(party[1].api.get_peers()) == [C, D]
    assert [member.take() for member in party.members.values()] == [[], [], []]


def test_the_unused_bit_is_ignored(party: Party) -> None:
    party[1].transport.inject(b"\xfbx", C)
    party.settle()
    assert party[1].take() == [("peer_packet", C, b"x")]


def test_from_somebody_who_is_not_there(party: Party) -> None:
    party[1].transport.inject(b"\x03x", 99)
    party.settle()
    assert party[1].api.counters() == {SceneDrop.UNKNOWN_SENDER: 1}


def test_nobody_speaks_for_another(party: Party) -> None:
    party[1].transport.inject(system(3, D, system(3, 1, b"\x03forged")), C)
    party[1].transport.inject(system(3, 0, b"\x07\x02" + pack("<i", D)), C)
    party.settle()
    assert party[1].api.counters() == {SceneDrop.UNKNOWN_COMMAND: 2}
    assert party.packets() == []
    party[D].transport.inject(system(3, C, system(2, C)), 1)  # from a server that passes it on, as Godot does
    party.settle()
    assert party[D].api.counters() == {SceneDrop.UNKNOWN_COMMAND: 1}
    assert list(party[D].api.get_peers()) == [1, C]


def test_a_client_takes_orders_from_the_server_alone(party: Party) -> None:
    for packet in (system(1, 99), system(2, D), system(3, D, b"\x03x")):
        party[C].transport.inject(packet, D)
    party.settle()
    assert party[C].api.counters() == {SceneDrop.FORBIDDEN_COMMAND: 3}
    assert list(party[C].api.get_peers()) == [1, D]
    for packet in (system(1, D), system(1, 99), system(2, D), system(2, D)):
        party[C].transport.inject(packet, 1)
    party.settle()
    assert party[C].take() == [("peer_connected", 99), ("peer_disconnected", D)]
    assert list(party[C].api.get_peers()) == [1, 99]


@pytest.mark.parametrize(
    ("to", "heard"),
    [(0, [1, D]), (-1, [D]), (-D, [1]), (-C, [1, D]), (-99, [1, D]), (D, [D]), (1, []), (99, []), (C, [C])],
)
def test_what_is_passed_on_and_to_whom(party: Party, to: int, heard: list[int]) -> None:
    party[1].transport.inject(system(3, to, b"\x03x"), C, channel=4, mode=1)
    party.settle()
    got = {number: member.take() for number, member in party.members.items()}
    assert {number: events for number, events in got.items() if events} == {
        number: [("peer_packet", C, b"x")] for number in heard
    }
    assert {(packet.mode, packet.channel) for packet in party.network.log} <= {(1, 4)}
    assert party[1].api.counters() == {}


def test_without_a_root_path_nothing_arrives_but_system_commands(party: Party) -> None:
    api = party[1].api
    api.root_path = NodePath()
    for packet in (b"\x03x", b"\0\1\0", b"\x01" + bytes(40)):
        party[1].transport.inject(packet, C)
    party[1].transport.inject(system(3, D, b"\x03x"), C)
    party.settle()
    assert api.counters() == {SceneDrop.NO_ROOT_PATH: 3}
    assert party[D].take() == [("peer_packet", C, b"x")]


def test_the_sender_of_bytes(party: Party) -> None:
    senders: list[int] = []
    api = party[1].api
    api.peer_packet.connect(lambda peer, data: senders.append(api.get_remote_sender_id()))
    party[C].api.send_bytes(b"x", 1)
    party.settle()
    assert senders == [C]
    assert api.get_remote_sender_id() == 0


def test_a_handler_that_raises_harms_nobody(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    def handler(peer: int, data: bytes) -> None:
        raise ValueError(data)

    party[1].api.peer_packet.connect(handler)
    party[C].api.send_bytes(b"x", 1)
    party[C].api.send_bytes(b"y", 1)
    party.settle()
    assert [heard[2] for heard in party[1].take()] == [b"x", b"y"]
    assert "ValueError: b'x'" in caplog.text


@pytest.mark.parametrize("how", ["close", "none", "another"])
def test_a_handler_that_ends_everything(party: Party, how: str) -> None:
    api = party[1].api

    def handler(peer: int, data: bytes) -> None:
        if how == "close":
            party[1].transport.close()
        else:
            api.multiplayer_peer = None if how == "none" else MemoryNetwork().add(1)

    api.peer_packet.connect(handler)
    party[C].api.send_bytes(b"x", 1)
    party[C].api.send_bytes(b"y", 1)
    party.settle()
    kinds = [heard[0] for heard in party[1].take()]
    assert kinds == ["peer_packet", "server_disconnected"][: 2 if how == "close" else 1]
    assert list(api._transport.connected_peers) == []


def test_deferred_handlers_run_when_the_poll_ends(party: Party) -> None:
    order: list[str] = []
    api = party[1].api
    api.peer_packet.connect(lambda peer, data: order.append("deferred"), Signal.CONNECT_DEFERRED)
    api.peer_packet.connect(lambda peer, data: order.append("now"))
    party[C].api.send_bytes(b"x", 1)
    party[C].api.send_bytes(b"x", 1)
    party.settle()
    assert order == ["now", "now", "deferred", "deferred"]


def test_a_poll_that_finds_nothing() -> None:
    api = SceneMultiplayer()
    assert api.poll() is Error.OK
    peer = MemoryNetwork().add(C)
    peer.status = MultiplayerPeer.CONNECTION_CONNECTING
    api.multiplayer_peer = peer
    peer.inject(b"\x03x", 1)
    api.poll()
    assert peer.get_available_packet_count() == 1  # not before it is connected
    assert api.counters() == {}
