"""Each codec, in Python, in C or beside C: the same bytes out of the same bytes, and the same refusals."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.compression import Codec, FastLz, RangeCoder, Zlib, make_compressor
from godot_enet.core.interface import Address, Compressor
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import MAXIMUM_DATAGRAM, PeerState
from godot_enet.core.protocol.events import EventType
from godot_enet.core.protocol.tuning import UNVALIDATED_BODY_LIMIT
from tests.equivalence.lockstep import Lockstep
from tests.rows import each_row
from tests.scenario import raw

THERE = Address("10.0.0.2", 2)
CODECS: list[Callable[[], Compressor]] = [RangeCoder, FastLz, Zlib, lambda: make_compressor(Codec.ZSTD)]
HEADER = 4
START = 0x2340


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest) -> Compressor:
    made: Compressor = request.param()
    return made


class Receiver:
    """Both engines, connected to a remote by hand: what they take out of a compressed datagram can be seen."""

    def __init__(self, codec: Compressor) -> None:
        self.both = Lockstep(HostConfig(mtu=4096, half_open_limit=0))
        self.codec = codec
        self.both.set_compressor(codec)
        self.deliver(raw.datagram(raw.connect(mtu=4096), peer=raw.UNKNOWN_PEER, time=START))
        (answer,) = self.both.call("poll_transmit", START)
        body = codec.decompress(answer.data[HEADER:], 100) if answer.data[0] & 0x40 else answer.data[HEADER:]
        assert body is not None
        self.session = body[6] & 3
        self.deliver(raw.datagram(raw.acknowledge(255, 1, START), session=self.session, time=START))
        assert self.both.call("poll_event").type is EventType.CONNECT
        self.number = 0

    def deliver(self, data: bytes) -> None:
        self.both.call("receive", [(data, THERE)], START)
        self.both.compare()

    def packed(self, body: bytes, *, stranger: bool = False) -> None:
        """Give them these bytes as the compressed part of a datagram."""
        word = (0x0FFF if stranger else self.session << 12) | 0xC000
        self.deliver(word.to_bytes(2, "big") + START.to_bytes(2, "big") + body)
        while self.both.call("poll_event") is not None:
            pass
        self.both.call("poll_transmit", START)
        self.both.compare()

    def unsequenced(self, content: bytes) -> bytes:
        """A command with these bytes that is always news."""
        self.number += 1
        return raw.unsequenced(0, self.number & 0xFFFF, content)


def contents(random: Random) -> bytes:
    """Something that compresses well, badly or not at all."""
    size = random.choice((0, 1, 2, 5, 16, 17, 100, 1300, 4000))
    kind = random.randrange(4)
    if kind == 0:
        return random.randbytes(size)
    if kind == 1:
        return bytes((random.getrandbits(8),)) * size
    alphabet = random.randbytes(random.choice((2, 5, 20)))
    made = bytearray(random.choices(alphabet, k=size))
    while kind == 3 and 8 < len(made) < 3000:
        place = random.randrange(len(made) - 4)
        made += made[place : place + random.randrange(4, 300)]
    return bytes(made[:4000])


class Sender:
    """Both engines with a connection over which they send: what they make of a packet can be seen."""

    def __init__(self, codec: Compressor) -> None:
        self.both = Lockstep(HostConfig(mtu=4096, half_open_limit=0))
        self.peer = self.both.call("connect", THERE, 2, 0)
        (sent,) = self.both.call("poll_transmit", START)
        connect_id = sent.data[HEADER + 40 : HEADER + 44]
        answer = raw.verify(mtu=4096, channels=2, connect_id=connect_id)
        self.both.call("receive", [(raw.datagram(answer, time=START), THERE)], START)
        self.both.call("poll_transmit", START)
        assert self.both.call("poll_event").type is EventType.CONNECT
        self.both.set_compressor(codec)
        self.codec = codec

    def check(self, content: bytes) -> None:
        """Send it; both must have compressed it alike, and so that it decodes."""
        self.both.call("send", self.peer, 0, content, 2)
        sent = self.both.call("poll_transmit", START)
        assert sent
        for datagram in sent:
            if datagram.data[0] & 0x40:
                body = self.codec.decompress(datagram.data[2 if not datagram.data[0] & 0x80 else 4 :], MAXIMUM_DATAGRAM)
                assert body is not None
                if len(sent) == 1:
                    assert content in body


def test_what_is_sent(codec: Compressor) -> None:
    random = Random(1)
    sender = Sender(codec)
    for _ in range(120):
        sender.check(contents(random))


def test_what_is_received(codec: Compressor) -> None:
    """Valid ones, valid ones with damage, and noise."""
    random = Random(2)
    receiver = Receiver(codec)
    for _ in range(120):
        body = receiver.unsequenced(contents(random))
        packed = codec.compress(body, 2 * len(body) + 64)
        assert packed is not None
        receiver.packed(packed)
        receiver.packed(packed, stranger=True)
        mutated = bytearray(packed)
        for _ in range(random.randrange(1, 5)):
            mutated[random.randrange(len(mutated))] = random.getrandbits(8)
        receiver.packed(bytes(mutated[: random.choice((1, 5, len(mutated) // 2 + 1, len(mutated)))]))
        receiver.packed(random.randbytes(random.choice((0, 1, 2, 3, 10, 100, 1000, 4092))))


@each_row(
    "size", [0, 1, 2, UNVALIDATED_BODY_LIMIT - 1, UNVALIDATED_BODY_LIMIT, UNVALIDATED_BODY_LIMIT + 1, 4091, 4092, 4093]
)
@each_row("fill", [0, 1])
def test_at_the_limits(codec: Compressor, size: int, fill: int) -> None:
    """A plain form that just fits, and one that just does not, from a peer and from a stranger."""
    plain = bytes((fill,)) * size
    packed = codec.compress(plain, 2 * size + 64) or b""
    receiver = Receiver(codec)
    receiver.packed(packed)
    receiver.packed(packed, stranger=True)
    receiver.packed(packed + b"\0")
    receiver.packed(packed[:-1])


@pytest.mark.parametrize("kind", CODECS)
@given(data=st.binary(max_size=300))
def test_any_bytes(kind: Callable[[], Compressor], data: bytes) -> None:
    receiver = Receiver(kind())
    receiver.packed(data)
    receiver.packed(data, stranger=True)
    Sender(kind()).check(data)


@pytest.mark.parametrize("checksum", [False, pytest.param(True, marks=pytest.mark.long)])
def test_what_is_dropped_is_dropped_for_the_same_reason(codec: Compressor, checksum: bool) -> None:
    """Whoever sent it, whatever it names, and wherever it is damaged; a whole pass at a time."""
    random = Random(3)
    both = Lockstep(HostConfig(mtu=4096, checksum=checksum, peer_command_budget=512, half_open_limit=0))
    both.set_compressor(codec)
    peer = both.call("connect", THERE, 2, 0)
    both.call("poll_transmit", START)
    for step in range(60):
        now, batch = START + step, []
        for _ in range(20):
            sender = random.choice((THERE, THERE, Address("10.0.0.3", 3)))
            body = raw.unsequenced(0, random.randrange(9), contents(random)) + raw.ping(1)
            packed = codec.compress(body, 2 * len(body) + 64) or b""
            word = random.choice((0x8000, 0)) | 0x4000 | random.choice((0, 0, 0, 1, 0x1000, 0x0FFF))
            header = word.to_bytes(2, "big") + (START.to_bytes(2, "big") if word & 0x8000 else b"")
            data = bytearray(header + bytes(4 if checksum else 0) + packed)
            if random.random() < 0.5:
                data[random.randrange(len(data))] ^= 1 << random.randrange(8)
            size = random.choice((len(data), len(data), random.randrange(len(data) + 1), 5000))
            batch.append((bytes(data[:size]).ljust(size if size == 5000 else 0, b"\1"), sender))
        both.call("receive", batch, now)
        both.call("handle_timeout", now)
        both.compare()
        both.call("handle_timeout", now)
        both.compare()
    causes = {cause.name for cause, times in both.python.drops.items() if times}
    expected = {"SHORT", "OVERSIZED", "UNKNOWN_PEER", "WRONG_ADDRESS", "UNDECODABLE", "OVER_BUDGET"}
    assert expected | ({"CHECKSUM"} if checksum else set()) <= causes
    assert both.call("peer_state", peer) is PeerState.CONNECTING
