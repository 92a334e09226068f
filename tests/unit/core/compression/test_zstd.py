"""Zstandard frames as Godot makes and takes them, with either of the libraries."""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import pytest

from godot_enet.core.compression import CodecUnavailable, Zstd, zstd
from tests.rows import each_row
from tests.unit.core.compression.codec_vectors import CASES, Case, lcg

LIMIT = 4092
UNLIMITED = 1 << 30
PLAIN = b"snapshot " * 40
STANDARD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
"""The standard library's module, or the same for earlier Pythons."""

MAGIC = bytes.fromhex("28b52ffd")
HUGE_WINDOW = bytes([21 << 3])
"""2 GiB."""


def version(name: str) -> tuple[int, ...]:
    module = importlib.import_module(name)
    found: tuple[int, ...] = module.ZSTD_VERSION if name == "zstandard" else module.zstd_version_info
    return found


@pytest.fixture(params=["zstandard", STANDARD])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the library that ``Zstd`` uses in this test."""
    name: str = request.param
    pytest.importorskip(name)
    load = zstd._from_package if name == "zstandard" else zstd._from_standard_library
    monkeypatch.setattr(zstd, "_load", lambda: load(name))
    return name


@pytest.fixture
def codec(library: str) -> Zstd:
    return Zstd()


@pytest.fixture
def coded(codec: Zstd) -> bytes:
    """``PLAIN`` as one frame."""
    frame = codec.compress(PLAIN, UNLIMITED)
    assert frame is not None
    return frame


def raw_block(data: bytes, last: bool = True) -> bytes:
    return (len(data) << 3 | last).to_bytes(3, "little") + data


def repeated_block(byte: bytes, size: int, last: bool = True) -> bytes:
    return (size << 3 | 2 | last).to_bytes(3, "little") + byte


class TestVectors:
    @each_row("case", CASES, ids=lambda case: case.name)
    def test_both_directions(self, codec: Zstd, library: str, case: Case) -> None:
        expected = case.coded["ZSTD"]
        coded = codec.compress(case.payload, UNLIMITED)
        assert coded == expected or version(library) != (1, 5, 7)  # other versions may find shorter codes
        assert coded is not None
        assert codec.decompress(coded, len(case.payload)) == case.payload
        assert codec.decompress(expected, len(case.payload)) == case.payload


class TestLimits:
    def test_the_coded_form_must_be_shorter_than_the_limit(self, codec: Zstd, coded: bytes) -> None:
        assert codec.compress(PLAIN, len(coded)) is None
        assert codec.compress(PLAIN, len(coded) + 1) == coded

    def test_the_plain_form_may_be_as_long_as_the_limit(self, codec: Zstd, coded: bytes) -> None:
        assert codec.decompress(coded, len(PLAIN)) == PLAIN
        assert codec.decompress(coded, len(PLAIN) - 1) is None

    def test_incompressible_data_is_given_up(self, codec: Zstd) -> None:
        assert codec.compress(lcg(1392, 1), 1392) is None

    def test_a_bomb_that_says_its_size_is_given_up(self, codec: Zstd) -> None:
        bomb = codec.compress(bytes(1 << 24), UNLIMITED)
        assert bomb is not None
        assert len(bomb) < 4096
        assert codec.decompress(bomb, LIMIT) is None

    def test_a_bomb_that_says_no_size_is_given_up(self, codec: Zstd) -> None:
        blocks = repeated_block(b"x", 1 << 17, last=False) * 1000 + repeated_block(b"x", 1 << 17)
        assert codec.decompress(MAGIC + b"\0" + HUGE_WINDOW + blocks, LIMIT) is None

    def test_a_size_that_is_too_small_is_refused(self, codec: Zstd) -> None:
        assert codec.decompress(MAGIC + b"\x20\x05" + raw_block(b"hello"), LIMIT) == b"hello"
        assert codec.decompress(MAGIC + b"\x20\x04" + raw_block(b"hello"), LIMIT) is None

    def test_frames_share_the_limit(self, codec: Zstd, coded: bytes) -> None:
        assert codec.decompress(coded * 3, 3 * len(PLAIN)) == PLAIN * 3
        assert codec.decompress(coded * 3, 3 * len(PLAIN) - 1) is None

    def test_each_frame_costs_time_so_there_are_few(self, codec: Zstd, coded: bytes) -> None:
        empty = MAGIC + bytes.fromhex("2000010000")
        skipped = bytes.fromhex("502a4d1800000000")
        for frame in (empty, skipped):
            assert codec.decompress(frame * 7 + coded, LIMIT) == PLAIN
            assert codec.decompress(frame * 8 + coded, LIMIT) is None

    def test_nothing_has_no_coded_form(self, codec: Zstd) -> None:
        assert codec.compress(b"", 100) is None
        assert codec.decompress(b"", LIMIT) is None
        assert codec.decompress(MAGIC + b"\x20\0" + raw_block(b""), LIMIT) is None


class TestFrames:
    @pytest.mark.parametrize("window", [0, 4, 2 << 3, 17 << 3, 21 << 3, 21 << 3 | 7])
    def test_the_window_is_no_larger_than_the_output_may_be(
        self, library: str, monkeypatch: pytest.MonkeyPatch, window: int
    ) -> None:
        frame = MAGIC + b"\0" + bytes([window]) + raw_block(b"a" * 2000)
        real = zstd._load()
        seen: list[bytes] = []

        def spy(data: bytes, limit: int) -> bytes:
            seen.append(data)
            return real.decompress(data, limit)

        monkeypatch.setattr(zstd, "_load", lambda: real._replace(decompress=spy))
        assert Zstd().decompress(frame, LIMIT) == b"a" * 2000
        assert [data[5] >> 3 for data in seen] == [2]  # 4 KiB

    def test_a_window_libzstd_refuses_is_refused(self, codec: Zstd) -> None:
        assert codec.decompress(MAGIC + b"\0" + bytes([22 << 3]) + raw_block(b"hello"), LIMIT) is None

    def test_frames_to_skip_are_skipped(self, codec: Zstd, coded: bytes) -> None:
        skippable = bytes.fromhex("5f2a4d18 03000000 616263")
        assert codec.decompress(skippable + coded + skippable, LIMIT) == PLAIN
        assert codec.decompress(skippable, LIMIT) is None
        assert codec.decompress(coded + skippable[:-1], LIMIT) is None
        assert codec.decompress(coded + skippable[:6], LIMIT) is None

    @pytest.mark.parametrize("size", [0, 1, 2, 3, 9])
    def test_bytes_behind_the_last_frame_are_refused(self, codec: Zstd, coded: bytes, size: int) -> None:
        assert (codec.decompress(coded + b"more more"[:size], LIMIT) is None) == (size > 0)

    def test_every_cut_is_refused(self, codec: Zstd, coded: bytes) -> None:
        assert [size for size in range(len(coded)) if codec.decompress(coded[:size], LIMIT) is not None] == []

    def test_a_checksum_is_checked(self, codec: Zstd) -> None:
        frame = pytest.importorskip("zstandard").ZstdCompressor(write_checksum=True).compress(PLAIN)
        assert codec.decompress(frame, LIMIT) == PLAIN
        assert codec.decompress(frame[:-1] + bytes([frame[-1] ^ 1]), LIMIT) is None
        assert codec.decompress(frame[:-1], LIMIT) is None

    @each_row(
        "frame",
        [
            pytest.param(MAGIC, id="magic number only"),
            pytest.param(MAGIC + b"\x23\x05\x01\0\0\0" + raw_block(b"hello"), id="a dictionary"),
            pytest.param(MAGIC + b"\x28\x05" + raw_block(b"hello"), id="the reserved bit"),
            pytest.param(MAGIC + b"\x20\x05" + b"\x2f\0\0hello", id="the reserved kind of block"),
            pytest.param(MAGIC + b"\x20\x05" + raw_block(b"hello", last=False), id="no last block"),
            pytest.param(b"\x27" + MAGIC[1:] + b"\x20\x05" + raw_block(b"hello"), id="an older format"),
        ],
    )
    def test_invalid(self, codec: Zstd, frame: bytes) -> None:
        assert codec.decompress(frame, LIMIT) is None

    def test_nothing_stays_from_one_datagram_to_the_next(self, codec: Zstd) -> None:
        for case in CASES[:60]:
            coded = case.coded["ZSTD"]
            codec.compress(case.payload, 20)
            codec.decompress(coded[:-1], LIMIT)
            codec.decompress(coded[:-1] + bytes([coded[-1] ^ 0xFF]), LIMIT)
            assert codec.decompress(coded, LIMIT + 4) == case.payload


class TestLibraries:
    def test_the_one_that_is_there_is_found(self) -> None:
        assert Zstd().decompress(MAGIC + b"\x20\x05" + raw_block(b"hello"), LIMIT) == b"hello"

    @pytest.mark.parametrize("absent", [("compression.zstd", "zstandard"), ("compression.zstd", "backports.zstd")])
    def test_either_package_will_do(self, absent: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip(({"zstandard", "backports.zstd"} - {*absent}).pop())
        for name in absent:
            monkeypatch.setitem(sys.modules, name, None)
        assert Zstd().decompress(MAGIC + b"\x20\x05" + raw_block(b"hello"), LIMIT) == b"hello"

    def test_without_any_the_error_names_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("zstandard", "compression.zstd", "backports.zstd"):
            monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(CodecUnavailable, match=r"pip install zstandard$"):
            Zstd()

    def test_one_that_cannot_be_loaded_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def load(name: str) -> NoReturn:
            if name == "zstandard":
                raise ImportError("undefined symbol: PyMem_Free")
            raise ModuleNotFoundError(name)

        monkeypatch.setattr(importlib, "import_module", load)
        with pytest.raises(CodecUnavailable, match=r"pip install zstandard \(undefined symbol: PyMem_Free\)$"):
            Zstd()
