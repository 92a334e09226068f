"""What is sent to a remote that takes nothing: the program gets an error and a line, and the host keeps no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error, MultiplayerPeer, SceneMultiplayer
from godot_enet.compat.scene.scene_commands import RAW, RELAY, SYS, SYS_HEAD
from godot_enet.core import DisconnectReason, Drop, HostConfig
from godot_enet.core.any_host import AnyHost
from godot_enet.core.host import Host
from tests.tight import TightConfig
from tests.unit.compat.enet_party import ENetParty
from tests.unit.compat.stage import Stage

LIMIT = 40_000
RELIABLE = ENetPacketPeer.FLAG_RELIABLE
FULL = "Unable to send packet, the peer's send queue is full: it receives more slowly than you send."
pytestmark = pytest.mark.usefixtures("host_engine")


def narrow(config: HostConfig, **how: Any) -> AnyHost:
    """A host in which little may wait."""
    return Host.open(TightConfig(**{**asdict(config), "maximum_queued_data": LIMIT}), **how)


@pytest.fixture(params=[False, True], ids=["inline", "threaded"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    stage = Stage(request.param, narrow)
    yield stage
    stage.close()


@pytest.fixture(params=[False, True], ids=["inline", "threaded"])
def party(request: pytest.FixtureRequest) -> Iterator[ENetParty]:
    party = ENetParty(request.param, narrow)
    yield party
    party.close()


def go_silent(party: ENetParty, peer: ENetMultiplayerPeer) -> None:
    """Let it take nothing from now on, and tell nobody."""
    party.signals.pop(peer)
    assert peer.host is not None
    peer.host.destroy()


def test_send_says_that_too_much_waits(stage: Stage, logged: Callable[[], list[str]]) -> None:
    link = stage.link()
    link.client.destroy()
    outcomes = [link.at_server.send(0, bytes(1000), RELIABLE) for _ in range(100)]
    taken = outcomes.count(Error.OK)
    assert 20 < taken < 40
    assert outcomes[taken:] == [Error.ERR_BUSY] * (100 - taken)
    assert logged() == [FULL] * (100 - taken)
    assert link.server.counters()[Drop.QUEUED_DATA_FULL] == 100 - taken
    assert link.at_server.put_packet(b"x" * 2000) is Error.FAILED
    assert link.at_server.send(0, b"x" * 2000, ENetPacketPeer.FLAG_UNSEQUENCED) is Error.ERR_BUSY


def test_a_remote_that_takes_what_it_gets_is_sent_more(stage: Stage) -> None:
    link = stage.link()
    for number in range(200):
        stage.run(lambda: link.at_server.send(0, b"%d" % number + bytes(1000), RELIABLE) is Error.OK)  # noqa: B023
    stage.run(lambda: link.at_client.get_available_packet_count() == 200)
    assert [int(link.at_client.get_packet()[:-1000]) for _ in range(200)] == list(range(200))


def test_its_end_says_why(stage: Stage) -> None:
    link = stage.link()
    link.at_server.set_timeout(300, 300, 60_000)  # ENet's own timeout comes later
    link.client.destroy()
    stage.run(lambda: stage.peek(link.server), each=lambda: link.at_server.send(0, bytes(30_000), RELIABLE))
    (event,) = stage.events(link.server)
    assert event.type is ENetConnection.EVENT_DISCONNECT
    assert link.at_server.get_disconnect_reason() is DisconnectReason.LIMIT


def test_put_packet_tells_of_one_target(party: ENetParty) -> None:
    server = party.server()
    client = party.join(server)
    number = client.get_unique_id()
    go_silent(party, client)
    server.set_target_peer(number)
    outcomes = {server.put_packet(bytes(1000)) for _ in range(100)}
    assert outcomes == {Error.OK, Error.ERR_BUSY}
    server.set_target_peer(0)
    assert server.put_packet(bytes(2000)) is Error.OK  # whoever has no room is passed over
    assert server.host is not None
    assert server.host.counters()[Drop.QUEUED_DATA_FULL] > 60


def test_what_is_relayed_stays_within_it(party: ENetParty, logged: Callable[[], list[str]]) -> None:
    """A client sends to another one that takes nothing, and the server keeps what it would keep by itself."""
    server = party.server()
    games = SceneMultiplayer()
    games.multiplayer_peer = server
    sender, receiver = party.join(server), party.join(server)
    party.run(lambda: len(games.get_peers()) == 2, each=games.poll)
    number = receiver.get_unique_id()
    go_silent(party, receiver)
    target = server.get_peer(number)
    assert target is not None
    sender.set_transfer_mode(MultiplayerPeer.TRANSFER_MODE_RELIABLE)
    sender.set_target_peer(1)
    packet = SYS_HEAD.pack(SYS, RELAY, number) + bytes([RAW]) + bytes(1000)

    def flood() -> bool:
        sender.put_packet(packet)
        games.poll()
        assert server.host is not None
        return server.host.counters()[Drop.QUEUED_DATA_FULL] > 50

    party.run(flood)
    assert target._host is not None
    assert target._host.peer_info(target._handle).packets_queued <= LIMIT // 1000
    assert set(logged()) <= {FULL}
