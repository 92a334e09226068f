"""Clients of a host without a free slot: refused at once, after they have verified their address."""

from __future__ import annotations

import pytest

from godot_enet.core.interface import Address
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, EventType
from godot_enet.core.sim import LinkConfig, World
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.scenario.engine_stage import CLIENT, RAW, SERVER, RawPeer, Stage

OTHER = Address("10.0.0.3", 1)
CONNECT_ID = b"\x55\x66\x77\x88"
PEER = 7
TIME = 0x1234


class Client:
    """A hand-driven client that is connecting to a full host."""

    def __init__(self, stage: Stage, address: Address = OTHER) -> None:
        self.peer = RawPeer(stage, address, CONNECT_ID)
        self.peer.slot, self.peer.session = raw.UNKNOWN_PEER, 0

    def ask(self, connect_id: bytes = CONNECT_ID, time: int = TIME, number: int = 1) -> list[raw.Reading]:
        """Send a CONNECT; the datagrams that answer it."""
        command = raw.connect(connect_id=connect_id, peer=PEER, number=number)
        return [raw.read(data) for data in self.peer.exchange(command, time=time)]

    def prove(self, question: raw.Reading, off: int = 0) -> list[raw.Reading]:
        """Acknowledge what the host has asked; the datagrams that answer that."""
        assert question.time is not None
        proof = raw.acknowledge(raw.CONTROL, question.commands[0].number, question.time + off)
        return [raw.read(data) for data in self.peer.exchange(proof, time=None)]


@pytest.fixture
def stage(engine_factory: EngineFactory) -> Stage:
    """A host whose only slot is taken."""
    stage = Stage(engine_factory, half_open_limit=64, peer_count=1)
    first = Client(stage, RAW)
    (verify,) = first.ask()
    first.peer.slot, first.peer.session = verify.commands[0].u16(4), verify.commands[0].u8(7)
    assert verify.time is not None
    first.peer.exchange(raw.acknowledge(raw.CONTROL, verify.commands[0].number, verify.time))
    assert [event.type for event in stage.events()] == [EventType.CONNECT]
    return stage


def test_the_client_is_asked_for_an_acknowledgement_and_nothing_else(stage: Stage) -> None:
    (question,) = Client(stage).ask(number=3)
    (command,) = question.commands
    assert (question.peer, command.kind, command.channel) == (PEER, 1, raw.CONTROL)
    assert command.acknowledged
    # It acknowledges nothing that the client has sent, and a time that has not come: an ENet ignores that.
    assert (command.u16(4), command.u16(6)) == (3 ^ 0x8000, 0x7FFF)
    assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1
    assert len(stage.engine.peers()) == 1


def test_the_time_stays_in_the_future_of_the_client(stage: Stage) -> None:
    (question,) = Client(stage).ask(time=0x9234)
    assert question.commands[0].u16(6) == 0xFFFF


def test_a_verified_client_is_disconnected_at_once(stage: Stage) -> None:
    client = Client(stage)
    (question,) = client.ask()
    (answer,) = client.prove(question)
    (disconnect,) = answer.commands
    assert (answer.peer, disconnect.kind, disconnect.acknowledged) == (PEER, 4, False)
    assert stage.events() == []
    assert client.prove(question) == []  # nothing is left of it


def test_a_wrong_proof_changes_nothing(stage: Stage) -> None:
    client = Client(stage)
    (question,) = client.ask()
    assert client.prove(question, off=1) == []
    assert stage.engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 1
    assert len(client.prove(question)) == 1


def test_an_acknowledgement_without_a_question_is_dropped(stage: Stage) -> None:
    client = Client(stage)
    client.peer.exchange(raw.acknowledge(raw.CONTROL, 1, 1), time=None)
    assert stage.engine.drops[Drop.UNKNOWN_PEER] == 1


def test_another_address_cannot_prove_for_it(stage: Stage) -> None:
    (question,) = Client(stage).ask()
    assert Client(stage, Address("10.0.0.4", 1)).prove(question) == []


def test_each_copy_asks_again_with_the_same_numbers(stage: Stage) -> None:
    client = Client(stage)
    assert client.ask() == client.ask()
    (other,) = client.ask(connect_id=b"\x01\x02\x03\x04")  # it has started over
    assert len(client.prove(other)) == 1


def test_an_address_is_never_sent_more_than_it_has_sent(stage: Stage) -> None:
    client = Client(stage)
    answers = [data for _ in range(5) for data in client.peer.exchange(raw.connect(connect_id=CONNECT_ID), time=TIME)]
    assert [len(data) for data in answers] == [12] * 5  # for 52 each


def test_without_a_sent_time_there_is_no_question(stage: Stage) -> None:
    client = Client(stage)
    assert client.peer.exchange(raw.connect(connect_id=CONNECT_ID), time=None) == []


def test_a_slot_that_is_free_again_is_for_the_next_copy(stage: Stage) -> None:
    client = Client(stage)
    (question,) = client.ask()
    assert question.commands[0].kind == 1
    (peer,) = stage.engine.peers()
    stage.engine.disconnect(peer, 0, DisconnectMode.RESET, stage.now)
    (answer,) = client.ask()
    assert answer.commands[0].kind == 3
    assert client.prove(question) == []


@pytest.mark.parametrize("config", [{"refuse_when_full": False}, {"half_open_limit": 0}])
def test_silence_as_in_enet(engine_factory: EngineFactory, config: dict[str, int]) -> None:
    stage = Stage(engine_factory, **{"half_open_limit": 64, "duplicate_peers": 0, **config})
    assert Client(stage).ask() == []
    assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1


def test_peers_of_one_address_are_refused_as_well(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, half_open_limit=64, duplicate_peers=0)
    client = Client(stage)
    (question,) = client.ask()
    assert len(client.prove(question)) == 1


@pytest.mark.parametrize("checksum", [False, True])
def test_our_client_knows_after_two_round_trips(engine_pair: EnginePair, checksum: bool) -> None:
    world = World(start=10_000, link=LinkConfig(delay=20))
    config = HostConfig(peer_count=1, duplicate_peers=0, checksum=checksum)
    world.add_host(engine_pair.server(config), SERVER)
    client = world.add_host(engine_pair.client(HostConfig(checksum=checksum)), CLIENT)
    client.engine.connect(SERVER, 1, 0)
    world.run_for(1000)
    ((time, event),) = client.events
    assert (time, event.type, event.reason) == (10_080, EventType.DISCONNECT, DisconnectReason.REMOTE)


def test_a_lost_refusal_is_repeated_with_the_next_connect(engine_pair: EnginePair) -> None:
    world = World(start=10_000, link=LinkConfig(delay=20))
    server = world.add_host(engine_pair.server(HostConfig(peer_count=1, duplicate_peers=0)), SERVER)
    client = world.add_host(engine_pair.client(HostConfig()), CLIENT)
    client.engine.connect(SERVER, 1, 0)
    world.run_for(50)  # the question has arrived, and the DISCONNECT will leave in 10 ms
    world.set_link(SERVER, CLIENT, LinkConfig(loss=1.0))
    world.run_for(100)
    assert server.engine.drops[Drop.CONNECT_REFUSED] == 1
    world.set_link(SERVER, CLIENT, LinkConfig(delay=20))
    world.run_for(1000)
    ((time, event),) = client.events
    assert event.type == EventType.DISCONNECT
    assert 10_500 < time < 10_700


def test_a_host_that_refuses_answers_as_a_full_one_and_gives_its_reason(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, half_open_limit=64, peer_count=4)
    stage.engine.refuse_connects(True, 77)
    client = Client(stage)
    (question,) = client.ask()
    (answer,) = client.prove(question)
    (disconnect,) = answer.commands
    assert (disconnect.kind, disconnect.u32(4)) == (4, 77)
    assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1
    stage.engine.refuse_connects(False, 0)
    (verify,) = client.ask()
    assert verify.commands[0].kind == 3


def test_a_client_on_its_way_in_is_refused_too(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, half_open_limit=64, peer_count=4)
    client = Client(stage)
    (verify,) = client.ask()
    client.peer.slot, client.peer.session = verify.commands[0].u16(4), verify.commands[0].u8(7)
    stage.engine.refuse_connects(True, 5)
    (answer,) = client.prove(verify)
    assert (answer.commands[0].kind, answer.commands[0].u32(4)) == (4, 5)
    assert stage.events() == []
