"""Connecting to an address that does not answer itself, such as a broadcast's: whose answer is taken."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.core.compression import FastLz, RangeCoder, Zlib
from godot_enet.core.interface import Address, Compressor, Datagram
from godot_enet.core.protocol.constants import Command, DisconnectMode, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle
from tests.conftest import EngineFactory
from tests.equivalence.lockstep_net import compressed
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, RawPeer, Stage, ended, timed_out

EVERYBODY = Address("10.0.0.255", 6000)
OTHER = Address("10.0.0.3", 6001)


class Broadcast:
    """A host that has sent its CONNECT to everybody."""

    def __init__(self, factory: EngineFactory, *, any_source: bool = True, **config: Any) -> None:
        self.stage = Stage(factory, **config)
        self.peer: PeerHandle = self.stage.engine.connect(EVERYBODY, 2, 5, any_source=any_source)
        self._everybody = self.stage.raw(EVERYBODY)
        (asked,) = self._everybody.commands()
        assert asked.kind == Command.CONNECT
        self.connect_id = asked.raw[40:44]
        self.slot = asked.u16(4)

    def remote(self, address: Address) -> RawPeer:
        """Somebody who has read the CONNECT."""
        remote = self.stage.raw(address, connect_id=self.connect_id)
        remote.slot, remote.handle = self.slot, self.peer
        return remote

    def verify(self, **fields: Any) -> bytes:
        """What a server answers."""
        return raw.verify(**{"connect_id": self.connect_id, **fields})

    @property
    def state(self) -> PeerState:
        return self.stage.engine.peer_state(self.peer)

    @property
    def address(self) -> Address:
        return self.stage.engine.peer_info(self.peer).address


def test_the_first_that_answers_is_the_remote(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory)
    remote = broadcast.remote(RAW)
    assert broadcast.address == EVERYBODY
    assert len(remote.exchange(broadcast.verify())) == 1  # its acknowledgement goes to that address
    assert broadcast.address == RAW
    assert broadcast.stage.events() == [Event(EventType.CONNECT, broadcast.peer)]
    remote.post(raw.reliable(0, 1, b"hello"))
    assert broadcast.stage.packets() == [b"hello"]


def test_those_that_answer_later_are_strangers(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory)
    broadcast.remote(RAW).exchange(broadcast.verify())
    other = broadcast.remote(OTHER)
    assert other.exchange(broadcast.verify(peer=7)) == []
    assert other.exchange(raw.disconnect(1)) == []
    assert (broadcast.address, broadcast.state) == (RAW, PeerState.CONNECTED)
    assert broadcast.stage.engine.drops[Drop.WRONG_ADDRESS] == 2


@each_row(
    "commands",
    [
        [raw.verify(connect_id=b"nope")],
        [raw.disconnect(1)],
        [raw.disconnect(1, command=0x44)],
        [raw.ping(1)],
        [raw.acknowledge(raw.CONTROL, 1, 0)],
        [raw.reliable(0, 1, b"hello")],
        [raw.connect()],
        [raw.verify()[:-1]],
        [],
    ],
    ids=["another id", "disconnect", "disconnect now", "ping", "acknowledge", "data", "connect", "cut", "nothing"],
)
def test_whoever_has_not_read_the_connect_is_not_heard(engine_factory: EngineFactory, commands: list[bytes]) -> None:
    broadcast = Broadcast(engine_factory)
    assert broadcast.remote(OTHER).exchange(*commands) == []
    assert broadcast.stage.events() == []
    assert (broadcast.address, broadcast.state) == (EVERYBODY, PeerState.CONNECTING)
    assert broadcast.stage.engine.drops[Drop.WRONG_ADDRESS] == 1
    broadcast.remote(RAW).exchange(broadcast.verify())
    assert (broadcast.address, broadcast.state) == (RAW, PeerState.CONNECTED)


def test_the_proof_comes_first_in_the_datagram(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory)
    assert broadcast.remote(OTHER).exchange(raw.disconnect(1), broadcast.verify()) == []
    assert broadcast.state == PeerState.CONNECTING


def test_everywhere_else_only_the_address_asked_may_answer(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory, any_source=False)
    assert broadcast.remote(RAW).exchange(broadcast.verify()) == []
    assert broadcast.state == PeerState.CONNECTING
    assert broadcast.stage.engine.drops[Drop.WRONG_ADDRESS] == 1


def test_a_wrong_answer_to_the_right_request_ends_it(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory)
    assert broadcast.remote(RAW).exchange(broadcast.verify(channels=0)) == []
    assert broadcast.stage.events() == [ended(DisconnectReason.REFUSED, broadcast.peer)]


def test_it_is_given_up_like_any_other(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory)
    broadcast.stage.wait(120_000)
    assert broadcast.stage.events() == [timed_out(broadcast.peer, Command.CONNECT)]
    assert broadcast.stage.engine.peers() == []


def test_the_remote_counts_as_one_of_its_address(engine_factory: EngineFactory) -> None:
    broadcast = Broadcast(engine_factory, duplicate_peers=1)
    broadcast.remote(RAW).exchange(broadcast.verify())
    assert broadcast.stage.raw(Address(RAW.host, 9)).connect() is None
    assert broadcast.stage.raw(Address(EVERYBODY.host, 9)).connect() is not None
    broadcast.stage.engine.disconnect(broadcast.peer, 0, DisconnectMode.RESET, broadcast.stage.now)
    assert broadcast.stage.raw(Address(RAW.host, 10)).connect() is not None


@each_row("codec", [RangeCoder, FastLz, Zlib])
@each_row("checksum", [False, True])
def test_answers_may_be_compressed_and_checked(
    engine_factory: EngineFactory, codec: type[Compressor], checksum: bool
) -> None:
    broadcast = Broadcast(engine_factory, checksum=checksum)
    stage = broadcast.stage
    stage.engine.set_compressor(codec())
    key = broadcast.connect_id if checksum else None
    plain = raw.datagram(broadcast.verify(bandwidths=(0, 0)), peer=broadcast.slot, time=stage.now, key=key)
    data = compressed(plain, 4, codec(), checksum=checksum, key=key or b"")
    wrong = data[:4] + bytes([data[4] ^ 0xFF]) + data[5:] if checksum else data[:6]
    stage.engine.receive([Datagram(wrong, OTHER)], stage.now)
    assert broadcast.state == PeerState.CONNECTING
    stage.engine.receive([Datagram(data, RAW)], stage.now)
    assert (broadcast.state, broadcast.address) == (PeerState.CONNECTED, RAW)


@pytest.mark.parametrize("codec", [RangeCoder, Zlib])
def test_strangers_do_not_use_up_the_budget_of_the_remote(
    engine_factory: EngineFactory, codec: type[Compressor]
) -> None:
    broadcast = Broadcast(engine_factory, peer_command_budget=4, peer_byte_budget=2000)
    stage = broadcast.stage
    stage.engine.set_compressor(codec())
    junk = [Datagram(bytes((0x40, broadcast.slot)) + bytes(40), OTHER)] * 50
    answer = raw.datagram(broadcast.verify(), peer=broadcast.slot, time=stage.now)
    stage.engine.receive([*junk, Datagram(answer, RAW)], stage.now)
    assert broadcast.state == PeerState.CONNECTED
    assert stage.engine.drops[Drop.OVER_BUDGET] == 0


def test_the_host_itself_is_no_answer(engine_factory: EngineFactory) -> None:
    """A broadcast comes back to the host that sent it where it listens on that port."""
    broadcast = Broadcast(engine_factory)
    own = raw.datagram(raw.connect(connect_id=broadcast.connect_id), peer=raw.UNKNOWN_PEER, time=broadcast.stage.now)
    broadcast.stage.engine.receive([Datagram(own, HOST)], broadcast.stage.now)
    assert broadcast.state == PeerState.CONNECTING
