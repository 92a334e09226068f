"""zlib streams as Godot makes and takes them."""

from __future__ import annotations

import zlib

import pytest

from godot_enet.core.compression import Zlib
from tests.rows import each_row
from tests.unit.core.compression.codec_vectors import CASES, Case, lcg

LIMIT = 4092
UNLIMITED = 1 << 30
PLAIN = b"snapshot " * 40
CODED = zlib.compress(PLAIN)


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


def gzip(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=31)
    return coder.compress(data) + coder.flush()


def with_dictionary(data: bytes) -> bytes:
    coder = zlib.compressobj(zdict=data)
    return coder.compress(data) + coder.flush()


class TestVectors:
    @each_row("case", CASES, ids=lambda case: case.name)
    def test_both_directions(self, case: Case) -> None:
        expected = case.coded["DEFLATE"]
        coded = Zlib().compress(case.payload, UNLIMITED)
        assert coded == expected or "ng" in zlib.ZLIB_RUNTIME_VERSION  # zlib-ng codes in its own way
        assert coded is not None
        assert Zlib().decompress(coded, len(case.payload)) == case.payload
        assert Zlib().decompress(expected, len(case.payload)) == case.payload


class TestLimits:
    def test_the_coded_form_must_be_shorter_than_the_limit(self) -> None:
        assert Zlib().compress(PLAIN, len(CODED)) is None
        assert Zlib().compress(PLAIN, len(CODED) + 1) == CODED

    @pytest.mark.parametrize("size", [1, 2, 15, 16, 300, 4092])
    def test_the_plain_form_may_be_as_long_as_the_limit(self, size: int) -> None:
        for plain in (bytes(size), lcg(size, size)):
            assert Zlib().decompress(zlib.compress(plain), size) == plain
            assert Zlib().decompress(zlib.compress(plain), size - 1) is None

    def test_incompressible_data_is_given_up(self) -> None:
        assert Zlib().compress(lcg(1392, 1), 1392) is None

    def test_a_bomb_is_given_up(self) -> None:
        bomb = zlib.compress(bytes(1 << 22), 9)
        assert len(bomb) < 4096
        assert Zlib().decompress(bomb, LIMIT) is None

    def test_nothing_has_no_coded_form(self) -> None:
        assert Zlib().compress(b"", 100) is None
        assert Zlib().decompress(zlib.compress(b""), LIMIT) is None
        assert Zlib().decompress(b"", LIMIT) is None


class TestStreams:
    def test_bytes_behind_the_end_are_ignored(self) -> None:
        assert Zlib().decompress(CODED + b"more", LIMIT) == PLAIN
        assert Zlib().decompress(CODED + b"more", len(PLAIN)) == PLAIN

    @pytest.mark.parametrize("level", [0, 1, 9])
    def test_any_level_is_read(self, level: int) -> None:
        assert Zlib().decompress(zlib.compress(PLAIN, level), LIMIT) == PLAIN

    def test_every_cut_is_refused(self) -> None:
        assert [size for size in range(len(CODED)) if Zlib().decompress(CODED[:size], LIMIT) is not None] == []
        assert [size for size in range(len(CODED)) if Zlib().decompress(CODED[:size], len(PLAIN)) is not None] == []

    @pytest.mark.parametrize(
        "stream",
        [
            pytest.param(CODED[:-1] + bytes([CODED[-1] ^ 1]), id="a wrong checksum"),
            pytest.param(raw_deflate(PLAIN), id="no header"),
            pytest.param(gzip(PLAIN), id="gzip"),
            pytest.param(with_dictionary(PLAIN), id="a dictionary"),
            pytest.param(b"\x78\x9c\xff\xff\xff", id="no deflate data"),
        ],
    )
    def test_invalid(self, stream: bytes) -> None:
        assert Zlib().decompress(stream, LIMIT) is None

    def test_nothing_stays_from_one_datagram_to_the_next(self) -> None:
        used = Zlib()
        for case in CASES[:60]:
            used.compress(case.payload, 20)
            used.decompress(case.coded["DEFLATE"][:-1], LIMIT)
            assert used.decompress(case.coded["DEFLATE"], LIMIT + 4) == case.payload
