"""The wire format, byte by byte: headers, checksums, and which malformed datagrams do what."""

from __future__ import annotations

import zlib

import pytest

from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import DisconnectMode, PacketFlag
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType
from godot_enet.core.rng import KeyedRandom, key_from
from tests.conftest import EngineFactory
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, START, Stage

# Captured from the reference library: client and server in slot 0, connect id 62b43444, the clock at 0x2340.
GOLDEN_CONNECT = bytes.fromhex(
    "8fff2340 82ff0001 0000ffff 00000570 00010000 00000002 00000000 00000000"
    "00001388 00000002 00000002 62b43444 00000007"
)
GOLDEN_VERIFY = bytes.fromhex(
    "80002341 83ff0001 00000000 00000570 00010000 00000002 00000000 00000000 00001388 00000002 00000002 62b43444"
)
GOLDEN_CHECKSUM_CONNECT = bytes.fromhex("8fff2340 2520e69a") + GOLDEN_CONNECT[4:]
GOLDEN_CHECKSUM_VERIFY = bytes.fromhex("80002340 ddf28b13") + GOLDEN_VERIFY[4:]


def with_id(golden: bytes, connect_id: bytes) -> bytes:
    """A captured datagram with another connect id: ours are drawn in another way."""
    return golden.replace(bytes.fromhex("62b43444"), connect_id)


def with_checksum(data: bytes, key: bytes) -> bytes:
    """A datagram with a sent time, and with the checksum that belongs to it."""
    return data[:4] + zlib.crc32(data[:4] + key + data[4:]).to_bytes(4, "big") + data[4:]


class TestGoldenVectors:
    def test_connect(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        stage.engine.connect(RAW, 2, 7)
        (data,) = peer.take()
        assert data == with_id(GOLDEN_CONNECT, data[44:48])

    def test_verify_connect(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=0x2341)
        peer = stage.raw()
        peer.mailbox.send(HOST, GOLDEN_CONNECT)
        assert peer.take() == [GOLDEN_VERIFY]

    def test_first_datagram_after_the_handshake(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        stage.engine.connect(RAW, 2, 7)
        (connect,) = peer.take()
        stage.wait(1)
        peer.mailbox.send(HOST, with_id(GOLDEN_VERIFY, connect[44:48]))
        peer.take()
        assert stage.world.captures[-1].data == bytes.fromhex("80002341 01ff0001 00012341 85ff0002")

    def test_acknowledgement_of_a_ping(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=0x2341)
        peer = stage.joined()
        answer = peer.exchange(raw.ping(2))
        assert answer == [bytes.fromhex("0000 01ff0002 00022341")]

    def test_three_packets_share_a_datagram(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=0x2341)
        peer = stage.joined()
        peer.send(1, b"hello", PacketFlag.RELIABLE)
        peer.send(0, b"world", 0)
        peer.send(0, b"unseq", PacketFlag.UNSEQUENCED)
        assert peer.take() == [
            bytes.fromhex(
                "80002341 86010001 0005 68656c6c6f 07000000 0001 0005 776f726c64 49000000 0001 0005 756e736571"
            )
        ]

    def test_acknowledgement_of_a_reliable_packet(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=0x2341)
        peer = stage.joined()
        assert peer.exchange(raw.reliable(1, 1, b"hello")) == [bytes.fromhex("0000 01010001 00012341")]

    def test_unreliable_fragments(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        packet = bytes(range(256)) * 6 + bytes(64)
        peer.send(0, packet, PacketFlag.UNRELIABLE_FRAGMENT)
        first = bytes.fromhex("0000 0c000000 0001 0554 00000002 00000000 00000640 00000000")
        second = bytes.fromhex("0000 0c000000 0001 00ec 00000002 00000001 00000640 00000554")
        assert peer.take() == [first + packet[:1364], second + packet[1364:]]

    def test_disconnect_and_its_acknowledgement(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=0x2341)
        peer = stage.joined()
        assert peer.exchange(raw.disconnect(3, 0x55)) == [bytes.fromhex("0000 01ff0003 00032341")]

    def test_disconnect_now(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(peer=7)
        peer.disconnect(5, DisconnectMode.NOW)
        assert peer.take() == [bytes.fromhex("0007 44ff0002 00000005")]

    def test_connect_with_checksum(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.raw()
        stage.engine.connect(RAW, 2, 7)
        (data,) = peer.take()
        assert data == with_checksum(with_id(GOLDEN_CONNECT, data[48:52]), bytes(4))
        assert with_checksum(GOLDEN_CONNECT, bytes(4)) == GOLDEN_CHECKSUM_CONNECT

    def test_verify_connect_with_checksum(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.raw()
        peer.mailbox.send(HOST, GOLDEN_CHECKSUM_CONNECT)
        assert peer.take() == [GOLDEN_CHECKSUM_VERIFY]

    def test_first_datagram_after_a_handshake_with_checksum(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.raw()
        stage.engine.connect(RAW, 2, 7)
        (connect,) = peer.take()
        connect_id = connect[48:52]
        verify = GOLDEN_CHECKSUM_VERIFY[:4] + GOLDEN_CHECKSUM_VERIFY[8:]
        peer.mailbox.send(HOST, with_checksum(with_id(verify, connect_id), connect_id))
        peer.take()
        plain = bytes.fromhex("80002340 01ff0001 00012340 85ff0002")
        assert with_checksum(plain, bytes.fromhex("62b43444"))[4:8] == bytes.fromhex("94198b53")
        assert stage.world.captures[-1].data == with_checksum(plain, connect_id)

    def test_acknowledgement_with_checksum(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.raw()
        peer.connect_id = bytes.fromhex("62b43444")
        peer.join()
        assert peer.exchange(raw.ping(2)) == [bytes.fromhex("0000 f74b0d49 01ff0002 00022340")]


class TestHeader:
    def test_connect_names_no_slot_and_no_session(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        stage.engine.connect(RAW, 3, 0xCAFEBABE)
        (data,) = peer.take()
        assert len(data) == 52
        assert data[:2] == bytes.fromhex("8fff")
        assert data[4:12] == bytes.fromhex("82ff0001 0000ffff")
        assert data[20:24] == bytes.fromhex("00000003")
        assert data[48:] == bytes.fromhex("cafebabe")

    @pytest.mark.parametrize("seed", [1, 0x12345678, 2**255 + 9])
    def test_connect_ids_are_drawn_in_turn_and_travel_as_they_are(
        self, engine_factory: EngineFactory, seed: int
    ) -> None:
        stage = Stage(engine_factory, seed=seed)
        peer = stage.raw()
        for _ in range(2):
            stage.engine.connect(RAW, 1, 0)
        random = KeyedRandom(key_from(seed))
        assert [int.from_bytes(data[44:48], "little") for data in peer.take()] == [random.next(), random.next()]

    @pytest.mark.parametrize("seed", [0, None])
    def test_without_a_seed_they_differ_from_host_to_host(
        self, engine_factory: EngineFactory, seed: int | None
    ) -> None:
        ids = set()
        for _ in range(4):
            stage = Stage(engine_factory, seed=seed)
            peer = stage.raw()
            stage.engine.connect(RAW, 1, 0)
            ids.add(peer.take()[0][44:48])
        assert len(ids) == 4

    def test_sent_time_is_the_low_half_of_the_clock(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=0x7123_4567)
        peer = stage.joined()
        peer.send(0, b"x")
        assert peer.take() == [bytes.fromhex("8000 4567 86000001 0001 78")]

    def test_sent_time_is_left_out_where_nothing_is_to_be_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"x", 0)
        peer.send(0, b"y", PacketFlag.UNSEQUENCED)
        answer = peer.exchange(raw.ping(2))
        assert answer == [
            raw.datagram(raw.unreliable(0, 0, 1, b"x"), raw.unsequenced(0, 1, b"y")),
            raw.datagram(raw.acknowledge(raw.CONTROL, 2, START)),
        ]

    def test_second_connection_on_a_slot_has_session_one(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.joined().disconnect(mode=DisconnectMode.NOW)
        peer = stage.joined(Address("10.0.0.3", 1))
        assert peer.session == 1
        assert peer.exchange(raw.ping(2)) == [raw.datagram(raw.acknowledge(raw.CONTROL, 2, START), session=1)]

    @pytest.mark.parametrize("session", [1, 2, 3])
    def test_wrong_session_is_dropped(self, engine_factory: EngineFactory, session: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.reliable(0, 1, b"x"), session=session) == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.WRONG_SESSION] == 1

    def test_wrong_port_is_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.joined()
        stranger = stage.raw(Address(RAW.host, RAW.port + 1))
        stranger.slot = 0
        assert stranger.exchange(raw.reliable(0, 1, b"x")) == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.WRONG_ADDRESS] == 1

    def test_wrong_address_is_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.joined()
        stranger = stage.raw(Address("10.0.0.3", RAW.port))
        stranger.slot = 0
        assert stranger.exchange(raw.reliable(0, 1, b"x")) == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.WRONG_ADDRESS] == 1

    @pytest.mark.parametrize("slot", [1, 31, 32, 0xFFE])
    def test_slot_that_is_free_or_does_not_exist_is_dropped(self, engine_factory: EngineFactory, slot: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.slot = slot
        assert peer.exchange(raw.reliable(0, 1, b"x")) == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.UNKNOWN_PEER] == 1

    def test_without_a_slot_only_connect_is_heard(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        assert peer.exchange(raw.ping(1)) == []
        assert sum(stage.engine.drops.values()) == 1
        assert peer.connect() is not None

    @each_row("word", [0x0000, 0x4000, 0x8000, 0xC000, 0x0FFF, 0x4FFF, 0x8FFF, 0xCFFF, 0xFFFF])
    @each_row("checksum", [False, True])
    def test_short_datagrams_do_nothing(self, engine_factory: EngineFactory, word: int, checksum: bool) -> None:
        stage = Stage(engine_factory, checksum=checksum)
        peer = stage.joined()
        for length in range(1, 8):
            peer.mailbox.send(HOST, word.to_bytes(2, "big").ljust(length, b"\0")[:length])
        assert peer.take() == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.SHORT] >= 1
        assert peer.exchange(raw.reliable(0, 1, b"x")) != []
        assert stage.packets() == [b"x"]

    def test_empty_datagram_is_skipped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.mailbox.send(HOST, b"")
        peer.post(raw.reliable(0, 1, b"x"))
        assert stage.packets() == [b"x"]

    def test_compressed_datagram_without_compressor_is_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        data = bytearray(raw.datagram(raw.reliable(0, 1, b"x"), time=START))
        data[0] |= 0x40
        peer.mailbox.send(HOST, bytes(data))
        assert peer.take() == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.NO_COMPRESSOR] == 1


class TestCommands:
    def test_reserved_bits_of_a_command_are_ignored(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.reliable(0, 1, b"x", command=0xB6)) == [
            raw.datagram(raw.acknowledge(0, 1, START)),
        ]
        assert stage.packets() == [b"x"]

    @pytest.mark.parametrize("number", [0, 13, 14, 15])
    def test_unknown_command_ends_the_datagram(self, engine_factory: EngineFactory, number: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        junk = bytes([0x80 | number, 0, 0, 9])
        answer = peer.exchange(raw.reliable(0, 1, b"a"), junk, raw.reliable(0, 2, b"b"))
        assert answer == [raw.datagram(raw.acknowledge(0, 1, START))]
        assert stage.packets() == [b"a"]
        assert stage.engine.drops[Drop.MALFORMED] == 1

    @each_row(
        "command",
        [
            raw.acknowledge(0xFF, 1, 0),
            raw.verify(),
            raw.disconnect(2),
            raw.ping(2),
            raw.reliable(0, 2),
            raw.unreliable(0, 1, 1),
            raw.unsequenced(0, 1),
            raw.fragment(0, 2, 0, 2, 2, 0, b""),
            raw.unreliable_fragment(0, 1, 1, 0, 2, 2, 0, b""),
            raw.bandwidth_limit(2, 0, 0),
            raw.throttle_configure(2, 1, 1, 1),
        ],
        ids=lambda command: f"command {command[0] & 15}",
    )
    def test_truncated_command_is_not_executed_but_those_before_are(
        self, engine_factory: EngineFactory, command: bytes
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        answer = peer.exchange(raw.reliable(0, 1, b"a"), command[:-1])
        assert answer == [raw.datagram(raw.acknowledge(0, 1, START))]
        assert stage.packets() == [b"a"]

    @each_row(
        "command",
        [
            raw.reliable(0, 1, b"xy"),
            raw.unreliable(0, 0, 1, b"xy", command=0x87),
            raw.unsequenced(0, 1, b"xy"),
            raw.fragment(0, 1, 0, 2, 4, 0, b"xy"),
            raw.unreliable_fragment(0, 0, 1, 0, 2, 4, 0, b"xy"),
        ],
        ids=lambda command: f"command {command[0] & 15}",
    )
    def test_data_beyond_the_end_ends_the_datagram_unacknowledged(
        self, engine_factory: EngineFactory, command: bytes
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(command[:-1]) == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.MALFORMED] == 1

    def test_reliable_without_sent_time_is_delivered_and_ends_the_datagram(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.reliable(0, 1, b"a"), raw.unreliable(0, 1, 1, b"b"), time=None) == []
        assert stage.packets() == [b"a"]

    def test_acknowledgements_follow_the_flag_not_the_kind(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.unreliable(0, 0, 1, b"a", command=0x87)) == [
            raw.datagram(raw.acknowledge(0, 0, START)),
        ]
        assert peer.exchange(raw.reliable(0, 1, b"b", command=0x06)) == []
        assert stage.packets() == [b"a", b"b"]

    def test_connect_addressed_to_a_peer_ends_the_datagram(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.connect(), raw.reliable(0, 1, b"a")) == []
        assert stage.events() == []

    def test_second_connect_of_a_datagram_ends_it(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.post(raw.connect(), raw.connect(connect_id=b"\5\6\7\x08"))
        assert [command.kind for command in peer.commands()] == [3]
        assert len(stage.engine.peers()) == 1


class TestChecksum:
    def test_covers_the_datagram_with_the_connect_id_in_its_place(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.joined()
        peer.send(0, b"timed")
        (data,) = peer.take()
        assert data[4:8] == zlib.crc32(data[:4] + peer.connect_id + data[8:]).to_bytes(4, "big")
        peer.send(0, b"untimed", 0)
        (data,) = peer.take()
        assert data[2:6] == zlib.crc32(data[:2] + peer.connect_id + data[6:]).to_bytes(4, "big")

    def test_connect_has_a_zero_key(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.raw()
        stage.engine.connect(RAW, 1, 0)
        (data,) = peer.take()
        assert data[4:8] == zlib.crc32(data[:4] + bytes(4) + data[8:]).to_bytes(4, "big")

    def test_any_flipped_bit_loses_the_datagram(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.joined()
        good = raw.datagram(raw.reliable(0, 1, b"fragile"), time=START, key=peer.connect_id)
        for bit in range(len(good) * 8):
            flipped = bytearray(good)
            flipped[bit // 8] ^= 1 << bit % 8
            peer.mailbox.send(HOST, bytes(flipped))
        assert peer.take() == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.CHECKSUM] >= len(good) * 8 - 16
        peer.mailbox.send(HOST, good)
        assert stage.packets() == [b"fragile"]

    def test_wrong_key_loses_the_datagram(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.joined()
        peer.mailbox.send(HOST, raw.datagram(raw.reliable(0, 1, b"x"), time=START, key=bytes(4)))
        assert peer.take() == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.CHECKSUM] == 1

    def test_host_without_checksum_takes_it_for_a_command(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.mailbox.send(HOST, GOLDEN_CHECKSUM_CONNECT)
        assert peer.take() == []
        assert stage.events() == []

    def test_host_with_checksum_refuses_those_without(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, checksum=True)
        peer = stage.raw()
        peer.mailbox.send(HOST, GOLDEN_CONNECT)
        assert peer.take() == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.CHECKSUM] == 1


def test_events_of_the_first_connection(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.raw()
    handle = peer.join(data=7)
    assert stage.events() == [Event(EventType.CONNECT, handle, 0, 7)]
