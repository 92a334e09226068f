"""One peer that sends, or makes the host keep, more than its part: it is slowed down, and the others are not."""

from __future__ import annotations

import zlib
from zlib import crc32

import pytest

from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, EventType
from godot_enet.core.protocol.tuning import (
    BUFFER_OVERHEAD,
    CODEC_BYTES_PER_COMMAND,
    OVER_BUDGET_PAUSE,
    OVER_BUDGET_TIME,
    RANGE_CODER_BYTES_PER_COMMAND,
    RECEIVE_BATCH,
    UNDECODABLE_COST,
    UNVALIDATED_BODY_LIMIT,
)
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.scenario.engine_stage import RAW, Pair, RawPeer, Stage, ended

OTHER = Address("10.0.0.3", 6000)


def one_pass(peer: RawPeer, *datagrams: bytes, before: tuple[Datagram, ...] = ()) -> None:
    """Give the engine these of one peer, and perhaps others before, in one receive pass."""
    stage = peer.stage
    batch = [*before, *(Datagram(data, peer.mailbox.address) for data in datagrams)]
    stage.engine.receive(batch, stage.now)


def write(peer: RawPeer, *commands: bytes) -> bytes:
    """A datagram of this peer."""
    key = peer.connect_id if peer.stage.config.checksum else None
    return raw.datagram(*commands, peer=peer.slot, session=peer.session, time=peer.stage.now, key=key)


def numbered(begin: int, count: int) -> list[bytes]:
    """So many reliable packets in a row."""
    return [raw.reliable(0, begin + index, b"%d" % (begin + index)) for index in range(count)]


def taken(stage: Stage) -> list[bytes]:
    """The packets of what was read so far, without another pass."""
    packets = []
    while (event := stage.engine.poll_event()) is not None:
        packets.append(event.packet)
    return packets


def keep_exceeding(peer: RawPeer, duration: int, step: int = 100) -> None:
    """Send more than the budget of one command and what may wait in each pass, for so long; there is nothing to
    acknowledge in it."""
    false = raw.acknowledge(0, 999, 0)
    for _ in range(duration // step):
        one_pass(peer, *[write(peer, false)] * (1 + RECEIVE_BATCH + 1))
        peer.stage.wait(step)


def compressed(peer: RawPeer, *commands: bytes, valid: bool = True, padding: int = 0) -> bytes:
    """A datagram of the peer, compressed by zlib, in so many blocks of nothing more than it takes; one that is not
    valid says nothing."""
    plain = bytearray(write(peer, *commands))
    header = 8 if peer.stage.config.checksum else 4
    plain[0] |= 0x40
    if header == 8:
        body = bytes(plain[:4]) + peer.connect_id + bytes(plain[8:])
        plain[4:8] = crc32(body).to_bytes(4, "big")
    coded = zlib.compress(bytes(plain[header:]))
    coded = coded[:2] + b"\x00\x00\x00\xff\xff" * padding + coded[2:]
    return bytes(plain[:header]) + (coded if valid else b"nonsense")


class TestCommands:
    def test_what_comes_beyond_them_waits_for_a_later_pass(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=4)
        peer = stage.joined()
        batch = [write(peer, *numbered(begin, 2)) for begin in (1, 3, 5, 7)]
        one_pass(peer, *batch[:3])
        assert taken(stage) == [b"1", b"2", b"3", b"4"]
        assert stage.engine.poll_timeout() == 0
        one_pass(peer, batch[3])  # behind the one that waits
        assert taken(stage) == []
        stage.engine.handle_timeout(stage.now)  # that of the same round
        assert taken(stage) == []
        stage.engine.handle_timeout(stage.now)
        assert taken(stage) == [b"5", b"6", b"7", b"8"]
        assert stage.engine.drops[Drop.OVER_BUDGET] == 0
        assert peer.info.waiting_data == 0

    def test_a_datagram_that_began_within_is_taken_whole(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=4)
        peer = stage.joined()
        one_pass(peer, write(peer, *numbered(1, 3)), write(peer, *numbered(4, 5)))
        assert len(stage.packets()) == 8
        assert stage.engine.drops[Drop.OVER_BUDGET] == 0

    def test_false_acknowledgements_count(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=4096)
        peer = stage.joined()
        flood = write(peer, *[raw.acknowledge(0, number, stage.now) for number in range(500)])
        one_pass(peer, *[flood] * 300)
        assert stage.engine.drops[Drop.OVER_BUDGET] == 300 - 9 - RECEIVE_BATCH  # 4096 of 500 each

    @pytest.mark.parametrize("checksum", [False, True])
    def test_what_does_not_decode_is_counted_for_all_peers_together(
        self, engine_factory: EngineFactory, checksum: bool
    ) -> None:
        """Anybody may have sent it: peers that none was sent for go on, and so does this one in the next pass."""
        stage = Stage(engine_factory, peer_command_budget=4096, checksum=checksum)
        named, other = stage.joined(RAW), stage.joined(OTHER)
        stage.engine.set_compressor(make_compressor(Codec.ZLIB))
        forged = [Datagram(compressed(named, b"", valid=False), RAW) for _ in range(100)]
        one_pass(other, compressed(other, raw.reliable(0, 1, b"other")), before=tuple(forged))
        assert stage.engine.drops[Drop.UNDECODABLE] == 4096 // UNDECODABLE_COST == 16
        assert stage.engine.drops[Drop.OVER_BUDGET] == 84
        assert stage.packets() == [b"other"]
        one_pass(named, compressed(named, raw.reliable(0, 1, b"named")))
        assert stage.packets() == [b"named"]

    def test_forgeries_never_get_a_peer_disconnected(self, engine_factory: EngineFactory) -> None:
        """Nor do wrong checksums keep anything of it out: they cost next to nothing."""
        stage = Stage(engine_factory, peer_command_budget=256, checksum=True)
        peer = stage.joined()
        forged = [Datagram(write(peer, raw.ping(1))[:-1] + b"\1", RAW) for _ in range(250)]
        for number in range(1, 2 * OVER_BUDGET_TIME // 100):
            one_pass(peer, write(peer, raw.reliable(0, number, b"x")), before=tuple(forged))
            peer.take()
            stage.wait(100)
            peer.answer()
        assert stage.packets() == [b"x"] * (2 * OVER_BUDGET_TIME // 100 - 1)
        assert stage.engine.drops[Drop.OVER_BUDGET] == 0
        assert peer.state is PeerState.CONNECTED

    def test_each_peer_has_its_own(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=2)
        greedy, honest = stage.joined(RAW), stage.joined(OTHER)
        others = tuple(Datagram(write(greedy, *numbered(begin, 2)), RAW) for begin in (1, 3, 5))
        one_pass(honest, write(honest, *numbered(1, 2)), before=others)
        assert sorted(taken(stage)) == [b"1", b"1", b"2", b"2"]
        assert sorted(stage.packets()) == [b"3", b"4", b"5", b"6"]

    def test_0_is_unlimited(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=0, peer_byte_budget=0)
        peer = stage.joined()
        one_pass(peer, *[write(peer, *numbered(begin, 100)) for begin in range(1, 20_001, 100)])
        assert len(stage.packets()) == 20_000

    def test_strangers_and_other_addresses_use_nobodys(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=2)
        peer = stage.joined()
        forged = tuple(Datagram(write(peer, *numbered(9, 2)), OTHER) for _ in range(5))
        one_pass(peer, write(peer, *numbered(1, 2)), before=forged)
        assert stage.packets() == [b"1", b"2"]
        assert stage.engine.drops[Drop.WRONG_ADDRESS] == 5


class TestDecompressing:
    def test_it_counts_by_what_comes_out(self, engine_factory: EngineFactory) -> None:
        """A few bytes stand for thousands."""
        stage = Stage(engine_factory, peer_command_budget=10_000)
        peer = stage.joined()
        stage.engine.set_compressor(make_compressor(Codec.RANGE_CODER))
        tiny = []
        for number in range(20):
            plain = raw.unsequenced(0, number, bytes(3900))
            coded = make_compressor(Codec.RANGE_CODER).compress(plain, len(plain))
            assert coded is not None
            head = write(peer)
            tiny.append(bytes([head[0] | 0x40]) + head[1:] + coded)
        assert max(map(len, tiny)) < 200
        one_pass(peer, *tiny)
        assert len(taken(stage)) == -(-10_000 // (len(plain) // RANGE_CODER_BYTES_PER_COMMAND + 1)) == 6
        assert len(stage.packets()) == 14

    def test_it_counts_by_what_goes_in(self, engine_factory: EngineFactory) -> None:
        """Thousands of bytes may stand for a few, and each of them costs."""
        stage = Stage(engine_factory, peer_command_budget=1000)
        peer = stage.joined()
        stage.engine.set_compressor(make_compressor(Codec.ZLIB))
        coded = [compressed(peer, raw.unsequenced(0, number), padding=700) for number in range(50)]
        one_pass(peer, *coded)
        assert len(taken(stage)) == -(-1000 // ((len(coded[0]) - 4 + 8) // CODEC_BYTES_PER_COMMAND + 1)) == 10
        assert len(stage.packets()) == 40

    @pytest.mark.parametrize("padding", [0, 25])
    def test_a_stranger_is_not_read_at_such_length(self, engine_factory: EngineFactory, padding: int) -> None:
        stage = Stage(engine_factory)
        stage.engine.set_compressor(make_compressor(Codec.ZLIB))
        stranger = stage.raw()
        request = compressed(stranger, raw.connect(), padding=padding)
        assert (len(request) - 4 > UNVALIDATED_BODY_LIMIT) == bool(padding)
        one_pass(stranger, request)
        assert stage.engine.drops[Drop.UNDECODABLE] == bool(padding)
        assert bool(stage.engine.peers()) == (not padding)

    def test_an_honest_sender_loses_nothing_by_a_slow_codec(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=1000)
        peer = stage.joined()
        stage.engine.set_compressor(make_compressor(Codec.ZLIB))
        batch = [compressed(peer, raw.reliable(0, number, b"%04d" % number * 300)) for number in range(1, 201)]
        one_pass(peer, *batch)
        assert len(taken(stage)) == -(-1000 // ((len(batch[0]) - 4 + 1206) // CODEC_BYTES_PER_COMMAND + 1)) == 26
        assert len(stage.packets()) == 174
        assert stage.engine.drops[Drop.OVER_BUDGET] == 0

    def test_half_open_connections_have_one_budget_for_all(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=4096, half_open_limit=1000)
        stage.engine.set_compressor(make_compressor(Codec.ZLIB))
        callers = [stage.raw(Address("10.0.0.9", port)) for port in range(1, 101)]
        datagrams = []
        for caller in callers:
            caller.post(raw.connect(connect_id=caller.connect_id), time=stage.now)
            (answer,) = caller.take()
            word = int.from_bytes(answer[:2], "big")
            body = zlib.decompress(answer[4:]) if word & 0x4000 else answer[4:]
            caller.slot, caller.session = int.from_bytes(body[4:6], "big"), body[7]
            datagrams.append(Datagram(compressed(caller, bytes([0x05]) * 4000), caller.mailbox.address))
        stage.engine.receive(datagrams, stage.now)
        (cost,) = {(len(each.data) - 4 + 4000) // CODEC_BYTES_PER_COMMAND for each in datagrams}
        assert stage.engine.drops[Drop.OVER_BUDGET] == 100 - -(-4096 // cost)


class TestBytes:
    def test_what_comes_beyond_them_waits_for_a_later_pass(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_byte_budget=2000)
        peer = stage.joined()
        batch = [write(peer, raw.reliable(0, number, bytes(990))) for number in (1, 2, 3)]
        assert len(batch[0]) == 1000
        one_pass(peer, *batch)
        assert len(taken(stage)) == 2
        assert len(stage.packets()) == 1
        assert stage.engine.drops[Drop.OVER_BUDGET] == 0


class TestTooLong:
    def test_whoever_is_always_beyond_them_is_disconnected(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=1)
        peer = stage.joined()
        keep_exceeding(peer, OVER_BUDGET_TIME)
        assert peer.state is PeerState.CONNECTED
        peer.take()
        keep_exceeding(peer, 100)
        assert stage.events() == [ended(DisconnectReason.LIMIT, peer.handle)]
        *_, disconnect = peer.commands()
        assert (disconnect.kind, disconnect.acknowledged) == (4, False)

    def test_one_that_is_only_being_flushed_ends_too(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=1)
        peer = stage.joined()
        peer.send(0, b"not acknowledged")
        peer.disconnect(mode=DisconnectMode.LATER)
        keep_exceeding(peer, OVER_BUDGET_TIME)
        assert peer.state is PeerState.DISCONNECT_LATER
        peer.take()
        keep_exceeding(peer, 100)
        assert stage.events() == [ended(DisconnectReason.LIMIT, peer.handle)]
        assert [command.kind for command in peer.commands()] == [4]

    def test_a_second_without_begins_anew(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=1)
        peer = stage.joined()
        peer.hush()
        for _ in range(3):
            keep_exceeding(peer, OVER_BUDGET_TIME)
            stage.wait(OVER_BUDGET_PAUSE)
        assert stage.events() == []

    def test_its_end_leaves_nothing_to_time_out(self, engine_factory: EngineFactory) -> None:
        """A ping would be due with the disconnect, since it acknowledges nothing."""
        stage = Stage(engine_factory, peer_command_budget=1)
        peer = stage.joined()
        stage.wait(3000)
        stage.events()
        peer.take()
        stage.host.collecting = False
        keep_exceeding(peer, OVER_BUDGET_TIME + 100)
        stage.engine.handle_timeout(stage.now + 40_000)
        assert stage.host.collect() == [ended(DisconnectReason.LIMIT, peer.handle)]

    def test_what_it_sent_before_is_still_delivered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=1)
        peer = stage.joined()
        stage.host.collecting = False
        one_pass(peer, write(peer, *numbered(1, 1)))
        keep_exceeding(peer, OVER_BUDGET_TIME + 100)
        kinds = [event.type for event in stage.host.collect()]
        assert kinds == [EventType.RECEIVE, EventType.DISCONNECT]

    def test_the_others_stay(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_command_budget=1)
        greedy, honest = stage.joined(RAW), stage.joined(OTHER)
        honest.hush()
        keep_exceeding(greedy, OVER_BUDGET_TIME + 100)
        assert honest.exchange(raw.reliable(0, 1, b"still here")) != []
        assert [event.packet for event in stage.events()] == [b"", b"still here"]


PACKET = 1000 + BUFFER_OVERHEAD
FIT = 10_000 // PACKET + 1
"""Packets of 1000 bytes that fit 10,000 bytes, the last of which overshoots."""


class TestKeptData:
    """With room for 10,000 bytes in all."""

    def stage(self, factory: EngineFactory) -> Stage:
        return Stage(factory, maximum_buffered_data=10_000, peer_count=2)

    def test_beyond_the_limit_nothing_more_is_kept_for_whoever_has_most(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        greedy, honest = stage.joined(RAW), stage.joined(OTHER)
        for number in range(2, 20):
            greedy.post(raw.reliable(0, number, bytes(1000)))
        stage.settle()
        assert greedy.info.waiting_data == FIT * 1000
        assert stage.engine.drops[Drop.HOST_DATA_FULL] == 18 - FIT
        for number in (2, 3):
            honest.post(raw.reliable(0, number, bytes(1000)))
        honest.post(raw.reliable(0, 1, b"first"))
        assert len(stage.packets()) == 3
        for number in range(4, 20):
            honest.post(raw.reliable(0, number + 1, bytes(1000)))
        stage.settle()
        assert honest.info.waiting_data == (5_000 // PACKET + 1) * 1000  # its share

    def test_fragments_count_as_they_come(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        peer = stage.joined()
        total = 20_000
        for index in range(20):
            peer.post(raw.fragment(0, 2, index, 20, total, index * 1000, bytes(1000)))
        stage.settle()
        assert stage.engine.drops[Drop.HOST_DATA_FULL] == 20 - (10_000 - BUFFER_OVERHEAD) // PACKET
        assert stage.packets() == []

    def test_a_packet_with_gaps_counts_as_a_whole(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        peer = stage.joined()
        peer.post(*[raw.reliable(0, number, bytes(500)) for number in range(4, 12)])
        peer.post(raw.fragment(0, 2, 0, 2, 4000, 0, bytes(2000)), raw.fragment(0, 2, 1, 2, 4000, 3999, b"x"))
        assert stage.packets() == []
        assert stage.engine.drops[Drop.HOST_DATA_FULL] == 1

    def test_what_was_taken_before_is_acknowledged_again(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        peer = stage.joined()
        pieces = [raw.fragment(0, 2, index, 20, 20_000, index * 1000, bytes(1000)) for index in range(20)]
        peer.exchange(*pieces[:3])
        peer.exchange(*pieces[3:6])
        peer.exchange(*pieces[6:9])
        dropped = stage.engine.drops[Drop.HOST_DATA_FULL]
        assert dropped > 0
        assert [command.number for command in raw.read(peer.exchange(*pieces[:3])[0]).commands] == [2, 3, 4]
        assert stage.engine.drops[Drop.HOST_DATA_FULL] == dropped

    def test_several_in_the_middle_of_large_packets_all_get_them_done(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, maximum_buffered_data=30_000, peer_count=4)
        peers = [stage.joined(Address(RAW.host, 100 + port)) for port in range(4)]
        missing = [{index: bytes((port,)) * 1000 for index in range(20)} for port in range(4)]
        received: list[bytes] = []
        for _ in range(10):
            for index in range(20):
                for port, peer in enumerate(peers):
                    if index in missing[port]:
                        data = missing[port][index]
                        answers = peer.exchange(raw.fragment(0, 1, index, 20, 20_000, index * 1000, data))
                        if answers:
                            del missing[port][index]
                received += stage.packets()
        assert sorted(received) == [bytes((port,)) * 20_000 for port in range(4)]
        assert stage.engine.drops[Drop.HOST_DATA_FULL] > 0

    def test_those_who_left_something_behind_have_not_more_than_the_others(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        stage.host.collecting = False
        peers = [stage.joined(Address(RAW.host, 100 + port)) for port in range(2)]
        for peer in peers:
            for number in range(1, 20):
                peer.post(raw.reliable(0, number, bytes(900)))
            stage.settle()
            peer.post(raw.disconnect(99, command=0x44))
            stage.settle()
        kept = sum(len(event.packet) + BUFFER_OVERHEAD for event in stage.host.collect() if event.packet)
        assert kept <= 2 * 10_000

    def test_what_is_taken_makes_room(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        for number in range(1, 15):
            peer.post(raw.reliable(0, number, bytes(1000)))
        stage.settle()
        taken = len(stage.host.collect())
        assert taken == FIT
        for number in range(taken + 1, 15):
            peer.post(raw.reliable(0, number, bytes(1000)))
        stage.settle()
        assert len(stage.host.collect()) == 14 - FIT

    def test_nothing_is_left_of_those_who_go(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        for port in range(30):
            peer = stage.joined(Address(RAW.host, 100 + port))
            for number in range(2, 10):
                peer.post(raw.reliable(0, number, bytes(500)))
            peer.post(raw.fragment(1, 1, 0, 2, 1000, 0, bytes(500)), raw.unreliable(0, 5, 1, bytes(500)))
            stage.settle()
            assert peer.info.waiting_data == 8 * 500 + 1000 + 500
            peer.post(raw.disconnect(2, command=0x44))
            assert [event.type for event in stage.events()] == [EventType.DISCONNECT]
        assert stage.engine.drops[Drop.HOST_DATA_FULL] == 0

    def test_the_missing_packet_is_let_in_when_nothing_else_could_help(self, engine_factory: EngineFactory) -> None:
        stage = self.stage(engine_factory)
        peer = stage.joined()
        for number in range(2, 20):
            peer.post(raw.reliable(0, number, bytes(1000)))
        peer.post(raw.reliable(0, 1, b"missing"))
        assert len(stage.packets()) == FIT + 1


class TestDefaults:
    @pytest.mark.parametrize("size", [0, 119])
    def test_whatever_an_enet_gets_into_a_pass_fits_the_budget(self, engine_factory: EngineFactory, size: int) -> None:
        """256 datagrams of 32 commands, and of 4 KB."""
        config = HostConfig()
        budgets = {"peer_command_budget": config.peer_command_budget, "peer_byte_budget": config.peer_byte_budget}
        stage = Stage(engine_factory, mtu=4096, **budgets)
        peer = stage.joined(mtu=4096)
        everything = [raw.unsequenced(0, number, bytes(size)) for number in range(1, 256 * 32 + 1)]
        batch = [write(peer, *everything[begin : begin + 32]) for begin in range(0, len(everything), 32)]
        one_pass(peer, *batch)
        assert len(stage.packets()) == 256 * 32
        assert stage.engine.drops[Drop.OVER_BUDGET] == 0


def test_a_level_arrives_whole_however_slow_its_codec_is(engine_pair: EnginePair) -> None:
    """Nothing that an honest sender sends is dropped for its cost."""
    pair = Pair(engine_pair, LinkConfig(delay=10), exactly=False)
    pair.connect()
    for host in (pair.client, pair.server):
        host.engine.set_compressor(make_compressor(Codec.RANGE_CODER))
    level = b"".join(b"tile %d %d;" % (number % 97, number * number % 1009) for number in range(8000))
    pair.server.engine.send(pair.to_client, 0, level, 1)
    pair.world.run_until(lambda: bool(pair.packets(pair.client)), limit=60_000)
    assert pair.packets(pair.client) == [level]
    assert pair.client.engine.drops[Drop.OVER_BUDGET] == 0
