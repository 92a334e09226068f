"""The range coder gives what libenet gives, for any input."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import pytest

from godot_enet.core.compression import RangeCoder
from tests.rows import each_row
from tests.unit.core.compression.codec_vectors import CASES, Case, lcg

LIMIT = 4092
UNLIMITED = 1 << 30
CODED = [case for case in CASES if "RANGE_CODER" in case.coded]


def digest(results: Iterable[bytes | None]) -> str:
    """One number for many results, failures included."""
    total = hashlib.sha256()
    for result in results:
        total.update(len(result or b"").to_bytes(4, "big") + (result or b""))
    return total.hexdigest()[:16]


def payloads(kind: str) -> Iterator[bytes]:
    """Valid inputs to the coder."""
    match kind:
        case "few values":
            for i in range(150):
                yield bytes(b"\0\0\0\1\2\xff"[byte % 6] for byte in lcg(1 + i * 2, i))
        case "mixed":
            for i in range(100):
                base = lcg(1 + i % 17, i)
                yield b"".join(lcg(3, i + k) if byte < 60 else base for k, byte in enumerate(lcg(1 + i % 23, i)))
        case "pool runs full":
            yield lcg(4096, 1)
            yield lcg(1946, 2) + bytes(300)
            yield lcg(300, 3) * 8
        case "counts are halved":
            yield bytes(4096)
            yield b"ab" * 2000
            yield b"".join(bytes([0, i & 0xFF]) for i in range(2000))
            yield bytes(byte & 1 for byte in lcg(4096, 4))
        case "totals are halved":
            yield b"".join(b"ab" + bytes([i & 0xFF]) for i in range(40000))
        case "deep trees":
            yield bytes(range(256)) * 4
            yield bytes(range(256)) + b"".join(bytes([128 + i % 128, 255 - i % 127]) for i in range(900))


def streams(kind: str) -> Iterator[bytes]:
    """Inputs to the decoder that no coder made."""
    coder = RangeCoder()
    match kind:
        case "random":
            for i in range(400):
                yield lcg(1 + i % 60, i)
        case "few values":
            for i in range(400):
                yield bytes(b"\0\0\1\xff\xfe"[byte % 5] for byte in lcg(1 + i % 60, i))
        case "flipped":
            for i, payload in enumerate([*payloads("few values"), *payloads("mixed")]):
                coded = bytearray(coder.compress(payload, UNLIMITED) or b"")
                for place in lcg(1 + i % 3, i):
                    coded[place % len(coded)] ^= 1 << place % 8
                yield bytes(coded)
        case "cut":
            for i, payload in enumerate(payloads("mixed")):
                whole = coder.compress(payload, UNLIMITED) or b""
                yield whole[: lcg(1, i)[0] % len(whole)]


class TestVectors:
    @each_row("case", CODED, ids=lambda case: case.name)
    def test_both_directions(self, case: Case) -> None:
        coder = RangeCoder()
        coded = case.coded["RANGE_CODER"]
        assert coder.compress(case.payload, UNLIMITED) == coded
        assert coder.decompress(coded, len(case.payload)) == case.payload

    @pytest.mark.parametrize(
        ("plain", "coded"),
        [
            (b"a", "619e619e"),
            (b"abc", "6202d0c7d2"),
            (b"\0", "00ff00ff"),
            (b"\0\0\0\0", "01039666"),
            (b"hello world", "68fbe0c33d70a617f8bc911698"),
            (bytes(range(16)), "0103f1068d929142466659664b8723d963ef"),
            (b"ENet" * 16, "460b19b0a04bdbfafa60b26d64"),
        ],
    )
    def test_small_ones(self, plain: bytes, coded: str) -> None:
        assert RangeCoder().compress(plain, UNLIMITED) == bytes.fromhex(coded)
        assert RangeCoder().decompress(bytes.fromhex(coded), len(plain)) == plain


class TestAgainstTheReference:
    """The digests are of libenet's own results for the same inputs: enet_range_coder_compress and _decompress."""

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("few values", "149e932834396719"),
            ("mixed", "dd3f9ee74303c7d1"),
            ("pool runs full", "f0dc8822e7ad34ff"),
            ("counts are halved", "7f7553e93aa300f8"),
            ("totals are halved", "4df7f9fae811e2ad"),
            ("deep trees", "035fe72c1da0bf89"),
        ],
    )
    def test_coded_forms(self, kind: str, expected: str) -> None:
        coder = RangeCoder()
        coded = [coder.compress(payload, UNLIMITED) for payload in payloads(kind)]
        assert digest(coded) == expected
        for payload, stream in zip(payloads(kind), coded, strict=True):
            assert coder.decompress(stream or b"", len(payload)) == payload

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("random", "de9a3f4b9e62cf34"),
            ("few values", "04037a25d430b0b6"),
            ("flipped", "ffa8fcada480f6f7"),
            ("cut", "b3ccaefe89d739a2"),
        ],
    )
    def test_plain_forms_of_what_nobody_coded(self, kind: str, expected: str) -> None:
        coder = RangeCoder()
        assert digest(coder.decompress(stream, LIMIT) for stream in streams(kind)) == expected


class TestLimits:
    @each_row("case", CODED[::7], ids=lambda case: case.name)
    def test_the_coded_form_must_be_shorter_than_the_limit(self, case: Case) -> None:
        coder = RangeCoder()
        size = len(case.coded["RANGE_CODER"])
        assert coder.compress(case.payload, size) is None
        assert coder.compress(case.payload, size + 1) == case.coded["RANGE_CODER"]

    @each_row("case", CODED[::7], ids=lambda case: case.name)
    def test_the_plain_form_may_be_as_long_as_the_limit(self, case: Case) -> None:
        coder = RangeCoder()
        assert coder.decompress(case.coded["RANGE_CODER"], len(case.payload) - 1) is None
        assert coder.decompress(case.coded["RANGE_CODER"], len(case.payload)) == case.payload

    def test_incompressible_data_is_given_up(self) -> None:
        assert RangeCoder().compress(lcg(1392, 1), 1392) is None

    def test_a_few_bytes_that_hold_a_megabyte_are_given_up(self) -> None:
        coder = RangeCoder()
        bomb = coder.compress(bytes(1 << 20), UNLIMITED)
        assert bomb is not None
        assert len(bomb) < 1500
        assert coder.decompress(bomb, LIMIT) is None

    def test_nothing_has_no_coded_form(self) -> None:
        assert RangeCoder().compress(b"", 0) is None
        assert RangeCoder().compress(b"", 10) is None
        assert RangeCoder().decompress(b"", LIMIT) is None


class TestStreams:
    def test_zeros_left_away_at_the_end_are_read_all_the_same(self) -> None:
        coder = RangeCoder()
        for payload in payloads("mixed"):
            coded = coder.compress(payload, UNLIMITED)
            assert coded is not None
            assert coded[-1] != 0
            assert coder.decompress(coded + bytes(9), len(payload)) == payload

    def test_an_end_at_once_is_no_data(self) -> None:
        assert RangeCoder().decompress(bytes(8), LIMIT) is None

    def test_nothing_stays_from_one_datagram_to_the_next(self) -> None:
        used = RangeCoder()
        for case in CODED[:60]:
            used.compress(case.payload, 20)
            used.decompress(lcg(40, len(case.payload)), 100)
            assert used.compress(case.payload, UNLIMITED) == case.coded["RANGE_CODER"]
            assert used.decompress(case.coded["RANGE_CODER"], LIMIT + 4) == case.payload
