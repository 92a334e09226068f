"""FastLZ: both levels are read, level 1 is written, and short inputs are padded as Godot does."""

from __future__ import annotations

import pytest

from godot_enet.core.compression import FastLz
from tests.rows import each_row
from tests.unit.core.compression.codec_vectors import CASES, Case, lcg

LIMIT = 4092
UNLIMITED = 1 << 30
LONGER = b"snapshot " * 40


def padded(payload: bytes) -> bytes:
    return payload.ljust(16, b"\0")


class TestVectors:
    @each_row("case", CASES, ids=lambda case: case.name)
    def test_what_godot_coded_is_read(self, case: Case) -> None:
        plain = padded(case.payload)
        assert FastLz().decompress(case.coded["FASTLZ"], len(plain)) == plain

    @each_row("case", CASES, ids=lambda case: case.name)
    def test_what_we_code_is_read(self, case: Case) -> None:
        coded = FastLz().compress(case.payload, UNLIMITED)
        assert coded is not None
        assert coded[0] < 32  # level 1, which begins with literals
        assert FastLz().decompress(coded, UNLIMITED) == padded(case.payload)

    def test_both_levels_are_among_them(self) -> None:
        assert {case.coded["FASTLZ"][0] >> 5 for case in CASES} == {0, 1}

    def test_it_is_about_as_short_as_the_original(self) -> None:
        datagrams = [case for case in CASES if len(case.payload) <= 4096]
        ours = sum(len(FastLz().compress(case.payload, UNLIMITED) or b"") for case in datagrams)
        assert ours <= 1.01 * sum(len(case.coded["FASTLZ"]) for case in datagrams)


class TestPadding:
    @each_row("size", range(1, 16))
    def test_short_payloads_grow_to_16_bytes(self, size: int) -> None:
        payload = lcg(size, size)
        coded = FastLz().compress(payload, UNLIMITED)
        assert coded is not None
        assert FastLz().decompress(coded, LIMIT) == padded(payload)

    @each_row("limit", range(1, 16))
    def test_a_limit_under_16_bytes_cuts_the_padding(self, limit: int) -> None:
        coded = FastLz().compress(bytes(range(1, limit + 1)), UNLIMITED)
        assert coded is not None
        assert FastLz().decompress(coded, limit) == bytes(range(1, limit + 1))

    def test_a_short_payload_can_become_shorter_still(self) -> None:
        assert FastLz().compress(bytes(15), 15) is not None

    def test_nothing_has_no_coded_form(self) -> None:
        assert FastLz().compress(b"", 100) is None


class TestLimits:
    def test_the_coded_form_must_be_shorter_than_the_limit(self) -> None:
        coded = FastLz().compress(LONGER, len(LONGER))
        assert coded is not None
        assert FastLz().compress(LONGER, len(coded)) is None
        assert FastLz().compress(LONGER, len(coded) + 1) == coded

    def test_the_plain_form_may_be_as_long_as_the_limit(self) -> None:
        coded = FastLz().compress(LONGER, UNLIMITED)
        assert coded is not None
        assert FastLz().decompress(coded, len(LONGER)) == LONGER
        assert FastLz().decompress(coded, len(LONGER) - 1) is None

    def test_incompressible_data_is_given_up(self) -> None:
        assert FastLz().compress(lcg(1392, 1), 1392) is None

    @pytest.mark.parametrize(
        "bomb",
        [
            pytest.param(b"\0x" + b"\xe0\xff\0" * 1300, id="level 1"),
            pytest.param(b"\x20x\xe0" + b"\xff" * 4000 + b"\0\0\0", id="level 2"),
        ],
    )
    def test_a_bomb_is_given_up(self, bomb: bytes) -> None:
        assert FastLz().decompress(bomb, LIMIT) is None


class TestStreams:
    """By hand, instruction by instruction."""

    @each_row(
        ("stream", "plain"),
        [
            pytest.param("03 61626364", b"abcd", id="literals only"),
            pytest.param("00 61 20 00", b"aaaa", id="shortest match, over itself"),
            pytest.param("01 6162 c0 01", b"ababababab", id="longest short match"),
            pytest.param("00 61 e0 ff 00", b"a" * 265, id="longest match"),
            pytest.param("02 616263 20 02 00 64", b"abcabcd", id="match, then a literal"),
            pytest.param("02 616263 20 02 ff", b"abcabc", id="a last byte alone is ignored"),
            pytest.param("20 61 20 00", b"aaaa", id="level 2"),
            pytest.param("20 61 e0 ff ff 01 00", b"a" * (1 + 9 + 511), id="level 2, two length bytes more"),
            pytest.param("1f" + "61" * 32 + "00 62", b"a" * 32 + b"b", id="longest run of literals"),
        ],
    )
    def test_valid(self, stream: str, plain: bytes) -> None:
        assert FastLz().decompress(bytes.fromhex(stream), LIMIT) == plain

    def test_far_match_of_level_2(self) -> None:
        start = lcg(8195, 9)
        runs = [start[at : at + 32] for at in range(0, len(start), 32)]
        literals = b"".join(bytes([len(run) - 1]) + run for run in runs)
        stream = bytes([literals[0] | 0x20]) + literals[1:] + bytes.fromhex("3f ff 0003 00 7a")
        assert FastLz().decompress(stream, 10_000) == start + start[:3] + b"z"

    @each_row(
        "stream",
        [
            pytest.param("", id="nothing"),
            pytest.param("00", id="a run without its byte"),
            pytest.param("03 616263", id="a run that is cut short"),
            pytest.param("00 61 20 01", id="a match from before the start"),
            pytest.param("20 61 20 01", id="the same in level 2"),
            pytest.param("20 61 3f ff 0000 00", id="a far match from before the start"),
            pytest.param("20 61 3f ff 00", id="a far match that is cut short"),
            pytest.param("00 61 e0 ff", id="a long match that is cut short"),
            pytest.param("20 61 e0 ff ff", id="a longer one, in level 2"),
            pytest.param("20 61 20", id="a match without distance, in level 2"),
            pytest.param("40 61", id="level 3"),
            pytest.param("ff 61", id="level 8"),
        ],
    )
    def test_invalid(self, stream: str) -> None:
        assert FastLz().decompress(bytes.fromhex(stream), LIMIT) is None

    def test_every_cut_of_a_stream_is_refused_or_gives_the_start(self) -> None:
        for case in CASES[:80]:
            coded, plain = case.coded["FASTLZ"], padded(case.payload)
            for size in range(0, len(coded), max(1, len(coded) // 40)):
                result = FastLz().decompress(coded[:size], len(plain))
                assert result is None or plain.startswith(result)
