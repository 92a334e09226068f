"""What waits to be sent: bounded for each peer and for all together, so that nobody holds it by taking nothing."""

from __future__ import annotations

import contextlib

import pytest

from godot_enet.core.errors import SendQueueFull
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import DEFAULT_TIMEOUT_MINIMUM, DisconnectMode, PeerOption, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD, OVER_BUDGET_PAUSE
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import RAW, RawPeer, Stage, ended

LIMIT = 10_000
OTHER = Address("10.0.0.3", 6000)
RELIABLE, UNSEQUENCED, UNRELIABLE_FRAGMENT = 1, 2, 8


def fill(peer: RawPeer, size: int = 1, flags: int = RELIABLE) -> int:
    """Send packets until one is refused; how many were not."""
    before = peer.info.packets_queued
    pieces = max(1, -(-size // 1364))
    with contextlib.suppress(SendQueueFull):
        for _ in range(10_000):
            peer.send(0, bytes(size), flags)
    return (peer.info.packets_queued - before) // pieces


def keep_trying(peer: RawPeer, duration: int, step: int = 100) -> None:
    """Send more than fits, in every pass, for so long."""
    for _ in range(duration // step):
        fill(peer)
        peer.stage.wait(step)


def patient(peer: RawPeer) -> None:
    """Let ENet's own time-outs never end the peer."""
    peer.stage.engine.configure(peer.handle, PeerOption.TIMEOUT, 2**31, DEFAULT_TIMEOUT_MINIMUM, 10**9)


class TestOnePeer:
    @pytest.fixture
    def peer(self, engine_factory: EngineFactory) -> RawPeer:
        stage = Stage(engine_factory, maximum_queued_data=LIMIT)
        peer = stage.joined()
        peer.hush()
        return peer

    @pytest.mark.parametrize("flags", [0, RELIABLE, UNSEQUENCED])
    @pytest.mark.parametrize("size", [0, 1, 1000])
    def test_what_keeping_a_packet_costs_counts(self, peer: RawPeer, size: int, flags: int) -> None:
        header = 6 if flags == RELIABLE else 8
        count = fill(peer, size, flags)
        assert (count - 1) * (size + BUFFER_OVERHEAD) < LIMIT < (count + 1) * (size + header + BUFFER_OVERHEAD)
        assert peer.stage.engine.drops[Drop.QUEUED_DATA_FULL] == 1
        assert peer.info.packets_queued == count

    @pytest.mark.parametrize("flags", [RELIABLE, UNRELIABLE_FRAGMENT])
    def test_fragments_count_as_packets_do(self, peer: RawPeer, flags: int) -> None:
        assert fill(peer, 3 * 1364, flags) == LIMIT // (3 * (1364 + BUFFER_OVERHEAD))
        assert peer.info.packets_queued % 3 == 0

    def test_one_packet_may_be_larger_where_none_waits(self, peer: RawPeer) -> None:
        peer.send(0, bytes(2 * LIMIT))
        with pytest.raises(SendQueueFull):
            peer.send(0, b"")

    def test_what_is_acknowledged_makes_room(self, peer: RawPeer) -> None:
        count = fill(peer)
        peer.stage.settle()
        assert fill(peer) == 0  # it is on its way, and not there
        while peer.answer():
            pass
        assert fill(peer) == count

    def test_what_is_acknowledged_when_it_waits_to_be_sent_again_makes_room(self, peer: RawPeer) -> None:
        count = fill(peer)
        first = peer.take()
        peer.stage.wait(2000)
        peer.take()
        sent = [(command, reading.time or 0) for reading in map(raw.read, first) for command in reading.commands]
        assert len(sent) == count
        for command, moment in sent:
            peer.post(raw.acknowledge(command.channel, command.number, moment))
        peer.stage.settle()
        assert fill(peer) == count

    @pytest.mark.parametrize("flags", [0, UNSEQUENCED, UNRELIABLE_FRAGMENT])
    def test_what_nobody_acknowledges_makes_room_when_it_leaves(self, peer: RawPeer, flags: int) -> None:
        for _ in range(5):
            fill(peer, 2000, flags)
            peer.stage.settle()
        assert peer.info.packets_queued == 0
        peer.answer()
        peer.answer()
        before = fill(peer, 1, 0)
        assert before == fill_of(0)

    def test_a_broadcast_passes_over_whoever_has_no_room(self, peer: RawPeer) -> None:
        other = peer.stage.joined(OTHER)
        other.hush()
        fill(peer)
        peer.stage.engine.broadcast(0, b"to all", RELIABLE)
        assert [command.data for command in other.commands()] == [b"to all"]
        assert peer.stage.engine.drops[Drop.QUEUED_DATA_FULL] == 2

    def test_0_is_unlimited(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        for _ in range(5000):
            peer.send(0, bytes(100))
        assert peer.info.packets_queued == 5000

    def test_a_new_connection_begins_with_nothing(self, peer: RawPeer) -> None:
        count = fill(peer)
        peer.disconnect(mode=DisconnectMode.NOW)
        again = peer.stage.joined(OTHER)
        assert again.slot == peer.slot
        again.hush()
        assert fill(again) == count


def fill_of(flags: int) -> int:
    """How many packets of one byte fit."""
    header = 6 if flags == RELIABLE else 8
    count = 0
    while count * (1 + header + BUFFER_OVERHEAD) + 1 + BUFFER_OVERHEAD <= LIMIT:
        count += 1
    return count


class TestTakingNothing:
    @pytest.fixture
    def peer(self, engine_factory: EngineFactory) -> RawPeer:
        stage = Stage(engine_factory, maximum_queued_data=LIMIT)
        peer = stage.joined()
        peer.hush()
        return peer

    def test_it_is_disconnected(self, peer: RawPeer) -> None:
        patient(peer)
        keep_trying(peer, DEFAULT_TIMEOUT_MINIMUM)
        assert peer.state is PeerState.CONNECTED
        peer.take()
        fill(peer)
        assert peer.stage.events() == [ended(DisconnectReason.LIMIT, peer.handle)]
        (disconnect,) = peer.commands()
        assert (disconnect.kind, disconnect.acknowledged) == (4, False)

    def test_so_is_one_that_enet_gives_up_first(self, peer: RawPeer) -> None:
        """What it was given up for is that too much waited, and not a line that broke."""
        peer.stage.engine.configure(peer.handle, PeerOption.TIMEOUT, 1, 1000, 1000)
        while peer.state is PeerState.CONNECTED:
            keep_trying(peer, 100)
        assert peer.stage.events() == [ended(DisconnectReason.LIMIT, peer.handle)]

    def test_whoever_acknowledges_anything_stays(self, peer: RawPeer) -> None:
        patient(peer)
        for _ in range(10):
            keep_trying(peer, DEFAULT_TIMEOUT_MINIMUM - 500)
            readings = [raw.read(data) for data in peer.take()]
            number, moment = [
                (command.number, reading.time or 0)
                for reading in readings
                for command in reading.commands
                if command.kind == 6
            ][-1]
            peer.post(raw.acknowledge(0, number, moment))
        assert peer.state is PeerState.CONNECTED

    def test_time_in_which_nothing_is_refused_does_not_count(self, peer: RawPeer) -> None:
        """The program may have stood still, and with it what would have received the acknowledgements."""
        patient(peer)
        for _ in range(10):
            fill(peer)
            peer.stage.wait(OVER_BUDGET_PAUSE + 100)
        assert peer.stage.events() == []

    def test_unreliable_packets_alone_end_nobody(self, peer: RawPeer) -> None:
        patient(peer)
        for _ in range(2 * DEFAULT_TIMEOUT_MINIMUM // 100):
            fill(peer, 1, UNSEQUENCED)
            peer.stage.wait(100)
        assert peer.stage.events() == []


class TestAllPeers:
    def test_beyond_the_limit_each_has_its_share(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, maximum_queued_total=LIMIT, peer_count=2)
        greedy, honest = stage.joined(RAW), stage.joined(OTHER)
        packet = 1000 + 6 + BUFFER_OVERHEAD
        assert fill(greedy, 1000) == LIMIT // packet
        assert fill(honest, 1000) == LIMIT // 2 // packet
        assert stage.engine.drops[Drop.HOST_QUEUED_FULL] == 2
        assert fill(greedy, 1000) == 0

    def test_one_packet_may_be_larger_where_none_waits(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, maximum_queued_total=LIMIT, peer_count=2)
        first, second = stage.joined(RAW), stage.joined(OTHER)
        first.send(0, bytes(2 * LIMIT))
        with pytest.raises(SendQueueFull):
            second.send(0, bytes(LIMIT))
        first.disconnect(mode=DisconnectMode.RESET)
        second.send(0, bytes(2 * LIMIT))

    def test_nothing_is_left_of_those_who_go(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, maximum_queued_total=LIMIT, peer_count=4)
        counts = []
        for port in range(20):
            peer = stage.joined(Address(RAW.host, 100 + port))
            counts.append(fill(peer, 1000))
            fill(peer, 1, UNSEQUENCED)
            if port % 2:
                peer.post(raw.disconnect(2, command=0x44))
                stage.events()
            else:
                peer.disconnect(mode=DisconnectMode.RESET)
        assert len(set(counts)) == 1
