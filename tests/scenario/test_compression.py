"""Compression of whole datagrams: when it is used, what it looks like on the wire, and what the two ends must share."""

from __future__ import annotations

from random import Random
from typing import Any
from zlib import crc32

import pytest

from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.interface import Address, Compressor, Engine
from godot_enet.core.protocol.constants import PacketFlag, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, SERVER, START, Pair, RawPeer, Stage

CODECS = pytest.mark.parametrize("codec", list(Codec), ids=lambda codec: codec.value)

# Captured from the reference library: client and server in slot 0, connect id 62b43444, the clock at 0x2340.
CONNECT = "837b88b1fdf1df576b939eeefcbc0a3e8a642656d33ab92f2a6531a1aa3670"
VERIFY = "847a89b0fdf41c0b3e1a08d9e7eabb69b4240ea82696ab0ece"
THREE_PACKETS = "867b7d9ca4e459ee38aa46e93affb5b82a78093ab4ccec79e1465ed7fc2c"
GOLDEN = {
    False: [bytes.fromhex(text) for text in ("cfff2340", "c0002340", "c0002340")],
    True: [bytes.fromhex(text) for text in ("cfff23402da00a5e", "c00023407419f547", "c0002340dc70d951")],
}
"""Without and with checksum: the headers of those three."""
CHECKSUM = pytest.mark.parametrize("checksum", [False, True], ids=["plain", "checksum"])

CONNECT_ID = bytes.fromhex("62b43444")
COMPRESSED = 0x40
"""The flag, in the first byte of a datagram."""
TEXT = b"the quick brown fox jumps over the lazy dog, " * 6


def use(codec: Codec | None, *engines: Engine) -> None:
    for engine in engines:
        engine.set_compressor(make_compressor(codec) if codec else None)


def joined(factory: EngineFactory, codec: Codec, **config: Any) -> tuple[Stage, RawPeer]:
    """An engine that uses the codec, and a peer of it; they connected before it did."""
    stage = Stage(factory, **config)
    peer = stage.joined()
    use(codec, stage.engine)
    return stage, peer


def compressed(data: bytes, codec: Codec, header: int = 4) -> bytes:
    """The same datagram with its commands coded, however long that makes it."""
    body = make_compressor(codec).compress(data[header:], 1 << 20)
    assert body is not None
    return bytes([data[0] | COMPRESSED]) + data[1:header] + body


def plain(data: bytes, codec: Codec) -> bytes:
    """The same datagram as it was before it was coded."""
    if not data[0] & COMPRESSED:
        return data
    header = 4 if data[0] & 0x80 else 2
    body = make_compressor(codec).decompress(data[header:], 4096 - header)
    assert body is not None
    return bytes([data[0] ^ COMPRESSED]) + data[1:header] + body


def golden(which: int, coded: str, *, checksum: bool, connect_id: bytes = CONNECT_ID) -> bytes:
    """One of the captured datagrams with another connect id: ours are drawn in another way."""
    codec = make_compressor(Codec.RANGE_CODER)
    body = codec.decompress(bytes.fromhex(coded), 4096)
    assert body is not None
    body = body.replace(CONNECT_ID, connect_id)
    packed = codec.compress(body, 4096)
    assert packed is not None
    header = GOLDEN[False][which]
    key = connect_id if which else bytes(4)
    return header + (crc32(header + key + body).to_bytes(4, "big") if checksum else b"") + packed


class TestGoldenVectors:
    @CHECKSUM
    @pytest.mark.parametrize(("which", "coded"), list(enumerate((CONNECT, VERIFY, THREE_PACKETS))))
    def test_the_same_connect_id_gives_what_was_captured(self, which: int, coded: str, checksum: bool) -> None:
        assert golden(which, coded, checksum=checksum) == GOLDEN[checksum][which] + bytes.fromhex(coded)

    @CHECKSUM
    def test_connect(self, engine_factory: EngineFactory, checksum: bool) -> None:
        stage = Stage(engine_factory, checksum=checksum)
        use(Codec.RANGE_CODER, stage.engine)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 2, 7)
        connect_id = stage.engine.peer_info(handle).connect_id.to_bytes(4, "little")
        assert peer.take() == [golden(0, CONNECT, checksum=checksum, connect_id=connect_id)]

    @CHECKSUM
    def test_verify_connect(self, engine_factory: EngineFactory, checksum: bool) -> None:
        stage = Stage(engine_factory, checksum=checksum)
        use(Codec.RANGE_CODER, stage.engine)
        peer = stage.raw()
        peer.mailbox.send(HOST, GOLDEN[checksum][0] + bytes.fromhex(CONNECT))
        assert peer.take() == [GOLDEN[checksum][1] + bytes.fromhex(VERIFY)]

    @CHECKSUM
    def test_three_packets_share_a_datagram(self, engine_factory: EngineFactory, checksum: bool) -> None:
        stage = Stage(engine_factory, checksum=checksum)
        use(Codec.RANGE_CODER, stage.engine)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 2, 7)
        connect_id = stage.engine.peer_info(handle).connect_id.to_bytes(4, "little")
        peer.mailbox.send(HOST, golden(1, VERIFY, checksum=checksum, connect_id=connect_id))
        peer.take()
        assert stage.engine.peer_state(handle) == PeerState.CONNECTED
        stage.engine.send(handle, 1, b"hello", PacketFlag.RELIABLE)
        stage.engine.send(handle, 0, b"world", 0)
        stage.engine.send(handle, 0, b"unseq", PacketFlag.UNSEQUENCED)
        assert peer.take() == [golden(2, THREE_PACKETS, checksum=checksum, connect_id=connect_id)]

    @each_row(
        ("codec", "body"),
        [
            (Codec.RANGE_CODER, "867a829669d8fa73c4608f4dbc8f0fee5a18baa9"),
            (Codec.ZLIB, "789c6b6360606450ce48cdc9c957c04b020005f20dc3"),
            (Codec.ZSTD, "28b52ffd20299500006086000001002368656c6c6f200100b94b12"),
            (Codec.FASTLZ, "0b86000001002368656c6c6f20e01105026c6c6f"),
        ],
        ids=lambda value: value.value if isinstance(value, Codec) else "",
    )
    def test_what_godot_sent_is_received(self, engine_factory: EngineFactory, codec: Codec, body: str) -> None:
        stage, peer = joined(engine_factory, codec)
        peer.mailbox.send(HOST, bytes.fromhex("c0002340" + body))
        assert stage.packets() == [b"hello hello hello hello hello hello"]


class TestSending:
    @CODECS
    def test_what_gets_shorter_is_sent_so(self, engine_factory: EngineFactory, codec: Codec) -> None:
        _, peer = joined(engine_factory, codec)
        peer.send(0, TEXT)
        (data,) = peer.take()
        assert data[:4] == bytes.fromhex("c0002340")
        assert len(data) < len(TEXT)
        assert plain(data, codec) == raw.datagram(raw.reliable(0, 1, TEXT), time=START)

    @CODECS
    def test_what_does_not_is_sent_as_it_is(self, engine_factory: EngineFactory, codec: Codec) -> None:
        _, peer = joined(engine_factory, codec)
        noise = Random(1).randbytes(1000)
        peer.send(0, noise)
        assert peer.take() == [raw.datagram(raw.reliable(0, 1, noise), time=START)]

    @CODECS
    def test_all_packets_of_a_datagram_are_coded_together(self, engine_factory: EngineFactory, codec: Codec) -> None:
        _, peer = joined(engine_factory, codec)
        for _ in range(3):
            peer.send(0, TEXT, PacketFlag.UNSEQUENCED)
        (data,) = peer.take()
        assert data[:2] == bytes.fromhex("4000")
        assert len(data) < len(TEXT)
        commands = [raw.unsequenced(0, number, TEXT) for number in (1, 2, 3)]
        assert plain(data, codec) == raw.datagram(*commands)

    def test_a_compressor_never_sees_an_empty_buffer(self, engine_factory: EngineFactory) -> None:
        seen: list[bytes] = []
        stage = Stage(engine_factory)
        stage.engine.set_compressor(Spy(seen))
        peer = stage.joined()
        for flags in (PacketFlag.RELIABLE, PacketFlag.UNSEQUENCED, PacketFlag(0)):
            peer.send(0, b"", flags)
            peer.take()
        peer.disconnect()
        peer.take()
        assert len(seen) >= 4
        assert min(map(len, seen)) >= 4


class Spy:
    """Codes nothing, and remembers what it was asked to code."""

    def __init__(self, seen: list[bytes]) -> None:
        self._seen = seen

    def compress(self, data: bytes, limit: int) -> bytes | None:
        assert limit == len(data)
        self._seen.append(data)
        return None

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        return None


_check: type[Compressor] = Spy


class TestReceiving:
    @CODECS
    def test_coded_datagrams_are_received(self, engine_factory: EngineFactory, codec: Codec) -> None:
        stage, peer = joined(engine_factory, codec)
        commands = (raw.reliable(0, 1, TEXT), raw.unreliable(0, 1, 1, TEXT))
        peer.mailbox.send(HOST, compressed(raw.datagram(*commands, time=stage.now), codec))
        assert stage.packets() == [TEXT, TEXT]
        assert peer.commands()[0].kind == 1

    @CODECS
    def test_plain_datagrams_are_received_as_well(self, engine_factory: EngineFactory, codec: Codec) -> None:
        stage, peer = joined(engine_factory, codec)
        assert peer.exchange(raw.reliable(0, 1, TEXT)) == [raw.datagram(raw.acknowledge(0, 1, START))]
        assert stage.packets() == [TEXT]

    @CODECS
    def test_empty_packets_are_received(self, engine_factory: EngineFactory, codec: Codec) -> None:
        stage, peer = joined(engine_factory, codec)
        commands = (raw.reliable(0, 1), raw.unreliable(0, 1, 1), raw.unsequenced(0, 1))
        peer.mailbox.send(HOST, compressed(raw.datagram(*commands, time=stage.now), codec))
        assert stage.packets() == [b"", b"", b""]

    def test_padding_of_a_short_body_is_no_error(self, engine_factory: EngineFactory) -> None:
        stage, peer = joined(engine_factory, Codec.FASTLZ)
        # FastLZ of these 15 bytes decodes to 16.
        peer.mailbox.send(HOST, compressed(raw.datagram(raw.unsequenced(0, 1, b"\x07" * 7)), Codec.FASTLZ, header=2))
        assert stage.packets() == [b"\x07" * 7]
        assert sum(stage.engine.drops.values()) == 0

    @CODECS
    @pytest.mark.parametrize("timed", [False, True])
    def test_the_largest_datagram_is_4096_bytes_when_plain(
        self, engine_factory: EngineFactory, codec: Codec, timed: bool
    ) -> None:
        stage, peer = joined(engine_factory, codec)
        header = 4 if timed else 2
        for size in (4096, 4097):
            command = raw.unsequenced(0, size, bytes(size - header - 8))
            data = raw.datagram(command, time=stage.now if timed else None)
            assert len(data) == size
            peer.mailbox.send(HOST, compressed(data, codec, header))
        assert stage.packets() == [bytes(4096 - header - 8)]
        assert stage.engine.drops[Drop.UNDECODABLE] == 1

    @CODECS
    def test_damaged_datagrams_are_dropped_and_counted(self, engine_factory: EngineFactory, codec: Codec) -> None:
        stage, peer = joined(engine_factory, codec)
        data = compressed(raw.datagram(raw.reliable(0, 1, TEXT), time=stage.now), codec)
        random = Random(codec.value)
        undecodable = 0
        for _ in range(200):
            damaged = bytearray(data)
            damaged[random.randrange(20, len(data))] ^= random.randrange(1, 256)  # the first command stays what it is
            del damaged[random.randrange(4, len(data) + 1) :]
            peer.mailbox.send(HOST, bytes(damaged))
            undecodable += make_compressor(codec).decompress(bytes(damaged[4:]), 4092) is None
        stage.settle()
        assert stage.engine.drops[Drop.UNDECODABLE] >= undecodable > 10
        assert peer.state == PeerState.CONNECTED

    def test_without_a_compressor_they_are_dropped_and_counted(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        data = compressed(raw.datagram(raw.reliable(0, 1, TEXT), time=stage.now), Codec.ZLIB)
        peer.mailbox.send(HOST, data)
        assert peer.take() == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.NO_COMPRESSOR] == 1

    def test_the_checksum_covers_the_plain_commands(self, engine_factory: EngineFactory) -> None:
        stage, peer = joined(engine_factory, Codec.ZLIB, checksum=True)
        body = raw.unsequenced(0, 1, TEXT)
        # The header that is covered has the flag already.
        right = raw.datagram(body, peer=0x4000, key=peer.connect_id)
        wrong = raw.datagram(body, key=peer.connect_id)
        for data in (right, wrong):
            peer.mailbox.send(HOST, compressed(data, Codec.ZLIB, header=6))
        assert stage.packets() == [TEXT]
        assert stage.engine.drops[Drop.CHECKSUM] == 1


class TestPairs:
    @CODECS
    def test_the_same_codec_at_both_ends(self, engine_pair: EnginePair, codec: Codec) -> None:
        pair = Pair(engine_pair)
        use(codec, pair.client.engine, pair.server.engine)
        pair.connect()
        sent = [TEXT, b"", b"x", bytes(300), Random(1).randbytes(5000), TEXT * 40]
        for packet in sent:
            pair.client.engine.send(pair.to_server, 0, packet, PacketFlag.RELIABLE)
            pair.server.engine.send(pair.to_client, 1, packet, PacketFlag.RELIABLE)
        pair.world.run_for(5000)
        assert pair.packets(pair.server) == pair.packets(pair.client) == sent
        assert sum(capture.data[0] & COMPRESSED > 0 for capture in pair.world.captures) >= 4
        assert sum(pair.client.engine.drops.values()) == sum(pair.server.engine.drops.values()) == 0

    @each_row(
        ("client", "server"),
        [(one, other) for one in [*Codec, None] for other in [*Codec, None] if one and one != other],
        ids=lambda codec: codec.value if codec else "none",
    )
    def test_different_codecs_do_not_connect_and_say_why(
        self, engine_pair: EnginePair, client: Codec, server: Codec | None
    ) -> None:
        pair = Pair(engine_pair)
        use(client, pair.client.engine)
        use(server, pair.server.engine)
        address: Address = pair.client.address
        pair.client.engine.connect(SERVER, 2, 0)
        pair.world.run_for(2000)
        assert pair.server.events == []
        reports = pair.server.engine.poll_drops()
        assert {(report.cause, report.address) for report in reports} == {
            (Drop.UNDECODABLE if server else Drop.NO_COMPRESSOR, address)
        }
        assert sum(report.times for report in reports) >= 2

    @CODECS
    def test_the_codec_may_change_while_connected(self, engine_pair: EnginePair, codec: Codec) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=20))
        pair.connect()
        use(codec, pair.client.engine)
        pair.client.engine.send(pair.to_server, 0, TEXT, PacketFlag.RELIABLE)
        pair.world.run_for(200)
        assert pair.packets(pair.server) == []
        assert pair.server.engine.drops[Drop.NO_COMPRESSOR] > 0
        use(codec, pair.server.engine)
        pair.world.run_until(lambda: pair.packets(pair.server) == [TEXT])

        use(None, pair.client.engine)
        pair.client.engine.send(pair.to_server, 0, b"plain again", PacketFlag.RELIABLE)
        pair.world.run_until(lambda: pair.packets(pair.server) == [TEXT, b"plain again"])

    @CODECS
    def test_a_host_without_codec_is_understood_by_one_with(self, engine_pair: EnginePair, codec: Codec) -> None:
        """The CONNECT arrives; its coded answer does not, until the other end uses the codec as well."""
        pair = Pair(engine_pair)
        use(codec, pair.server.engine)
        pair.to_server = pair.client.engine.connect(SERVER, 2, 0)
        pair.world.run_for(400)
        assert pair.client.engine.drops[Drop.NO_COMPRESSOR] > 0
        use(codec, pair.client.engine)
        pair.world.run_until(lambda: bool(pair.client.events and pair.server.events))
        assert pair.client.engine.peer_state(pair.to_server) == PeerState.CONNECTED

    @CODECS
    @pytest.mark.parametrize(
        "count", [4, pytest.param(160, marks=[pytest.mark.long, pytest.mark.timeout(600)])], ids=["256 KiB", "10 MiB"]
    )
    def test_large_packets_over_a_lossy_link(self, engine_pair: EnginePair, codec: Codec, count: int) -> None:
        link = LinkConfig(loss=0.03, burst=0.002, burst_length=4, delay=10, jitter=10, reorder=0.1, duplicate=0.02)
        pair = Pair(engine_pair, link, capture=False)
        use(codec, pair.client.engine, pair.server.engine)
        pair.connect()
        random = Random(codec.value)
        # Python's range coder would take minutes for ten megabytes.
        slow = codec is Codec.RANGE_CODER and "python" in (pair.client.engine.name, pair.server.engine.name)
        packets = [snapshot(random) for _ in range(min(count, 32) if slow else count)]
        for packet in packets:
            pair.client.engine.send(pair.to_server, 0, packet, PacketFlag.RELIABLE)
        pair.world.run_until(lambda: len(pair.server.events) >= len(packets), 10_000_000)
        assert pair.server.events_of(EventType.DISCONNECT) == []
        assert pair.packets(pair.server) == packets
        for host in (pair.client, pair.server):
            assert host.engine.drops[Drop.UNDECODABLE] == host.engine.drops[Drop.MALFORMED] == 0


def snapshot(random: Random) -> bytes:
    """64 KiB of differences between two states of a world: mostly none."""
    packet = bytearray(65536)
    for _ in range(300):
        packet[random.randrange(65536)] = random.randrange(256)
    return bytes(packet)
