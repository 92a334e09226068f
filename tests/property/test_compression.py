"""Laws that hold for every codec and any bytes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from godot_enet.core.compression import Codec, make_compressor
from tests.fuzz.fuzz_compression import check

LIMIT = 4092
CODECS = pytest.mark.parametrize("codec", list(Codec), ids=lambda codec: codec.value)

repetitive = st.lists(st.sampled_from([b"\0", b"\0\0\0\1", b"pos", b"snapshot ", b"\xff"]) | st.binary(max_size=9)).map(
    b"".join
)
bodies = st.binary(min_size=1, max_size=4092) | repetitive.filter(bool)
"""What a datagram may carry: noise, and what repeats itself."""


@given(st.binary(max_size=600))
@example(b"\0")
@example(bytes([1]) + bytes.fromhex("20612001"))
@example(bytes([3]) + bytes.fromhex("28b52ffd00a8") + b"\x02\0\x10x" * 40)
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    check(data)


@CODECS
@given(body=bodies)
def test_what_is_coded_comes_back(codec: Codec, body: bytes) -> None:
    compressor = make_compressor(codec)
    coded = compressor.compress(body, 2 * len(body) + 64)
    assert coded is not None
    plain = compressor.decompress(coded, LIMIT)
    assert plain is not None
    assert plain[: len(body)] == body
    assert plain[len(body) :] == (bytes(max(0, 16 - len(body))) if codec is Codec.FASTLZ else b"")


@CODECS
@given(body=bodies)
def test_it_is_coded_where_that_is_shorter_than_the_limit(codec: Codec, body: bytes) -> None:
    compressor = make_compressor(codec)
    coded = compressor.compress(body, 1 << 20)
    assert coded is not None
    assert compressor.compress(body, len(body)) == (coded if len(coded) < len(body) else None)


@CODECS
@given(
    body=bodies,
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), max_size=4),
    cut=st.integers(0, 40),
)
def test_damaged_streams_stay_within_the_limit(
    codec: Codec, body: bytes, flips: list[tuple[int, int]], cut: int
) -> None:
    compressor = make_compressor(codec)
    damaged = bytearray(compressor.compress(body, 1 << 20) or b"")
    for place, mask in flips:
        damaged[place % len(damaged)] ^= mask
    stream = bytes(damaged[: len(damaged) - cut])
    for limit in (len(body), LIMIT):
        plain = compressor.decompress(stream, limit)
        assert plain is None or 0 < len(plain) <= limit
