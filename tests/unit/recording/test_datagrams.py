"""Which codec compressed a datagram: found out from the datagram alone."""

from __future__ import annotations

import random
import struct

import pytest

from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.interface import Compressor
from godot_enet.core.protocol.constants import HEADER_COMPRESSED, HEADER_SENT_TIME
from godot_enet.recording.datagrams import Unpacker, split_commands

ANSWERS = 1000


def answer(chance: random.Random) -> bytes:
    """A server's VERIFY_CONNECT, with the numbers that differ from one connection to the next."""
    peer, session, connect_id = chance.randrange(4096), chance.randrange(4), chance.randbytes(4)
    sizes = (1392, 32768, 255, 0, 0, 5000, 2, 2)
    return struct.pack(">BBHHBBIIIIIIII", 0x83, 255, 1, peer, session, session, *sizes) + connect_id


@pytest.mark.parametrize("checksum", [b"", b"\x12\x34\x56\x78"])
@pytest.mark.parametrize("codec", [Codec.RANGE_CODER, Codec.FASTLZ])  # the others begin with numbers of their own
def test_the_first_compressed_datagram_tells(codec: Codec, checksum: bytes) -> None:
    """The range coder makes commands of about one in 200 of FastLZ's answers, too."""
    compressor = make_compressor(codec)
    chance, codecs = random.Random(5), dict[Codec, Compressor]()
    tried = 0
    for _ in range(ANSWERS):
        body = answer(chance)
        packed = compressor.compress(body, len(body))
        if packed is None:
            continue  # sent as it is
        tried += 1
        header = struct.pack(">HH", HEADER_COMPRESSED | HEADER_SENT_TIME | 7, chance.randrange(65536))
        unpacker = Unpacker(codecs)
        plain = unpacker.unpack(header + checksum + packed)
        assert unpacker.codec is codec
        assert split_commands(plain[4 + len(checksum) :])[0][1] == body
    assert tried > ANSWERS / 2
