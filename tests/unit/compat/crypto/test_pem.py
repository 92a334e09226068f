"""PEM blocks are found among other text, and what is wrong with one is said."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.compat.crypto.pem import Block, choose, find_blocks, parse_body
from godot_enet.compat.crypto.problem import Problem
from tests.rows import each_row


def block(content: bytes, label: str = "THING") -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n".encode()


def test_blocks_are_found_in_their_order() -> None:
    found = find_blocks(block(b"one", "A") + block(b"two", "B C") + block(b"three", "A"))
    assert [each.label for each in found] == ["A", "B C", "A"]
    assert [parse_body(each) for each in found] == [b"one", b"two", b"three"]


@pytest.mark.parametrize("between", ["\ufffd", "\x00", "some text\n", "\r\n\r\n", "-----\n", "\ufeff"])
def test_any_text_may_lie_around_them(between: str) -> None:
    stray = between.encode()
    found = find_blocks(stray + block(b"one") + stray + block(b"two") + stray)
    assert [parse_body(each) for each in found] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("old", "new"), [(b"\n", b"\r\n"), (b"\n", b"  \n"), (b"\n", b"\n\n"), (b"\n", b"\n\t"), (b"\n", b"")]
)
def test_lines_may_end_and_break_in_any_way(old: bytes, new: bytes) -> None:
    (found,) = find_blocks(block(bytes(range(200))).replace(old, new))
    assert parse_body(found) == bytes(range(200))


def test_the_first_with_a_wanted_label_is_chosen() -> None:
    text = block(b"1", "A") + block(b"2", "B") + block(b"3", "C") + block(b"4", "B")
    assert parse_body(choose(text, ["C", "B"], "letter")) == b"2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"hello", 'it contains no PEM block, which begins with "-----BEGIN X-----"'),
        (b"-----BEGIN lower-----", 'it contains no PEM block, which begins with "-----BEGIN X-----"'),
        (block(b"1", "A") + block(b"1", "B") + block(b"1", "A"), "it contains no letter, only: A, B"),
    ],
)
def test_where_none_has_the_label_it_says_what_is_there(text: bytes, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        choose(text, ["X", "Y"], "letter")
    assert str(caught.value) == reason


@each_row(
    ("text", "reason"),
    [
        (block(b"secret")[:-25], "it is truncated: THING has no END line"),
        (block(b"secret").replace(b"END THING", b"END OTHER"), "it is truncated: THING has no END line"),
        (block(b"secret").replace(b"=", b""), None),
        (block(b"secre").replace(b"=", b""), "the Base64 text of its THING is damaged or truncated"),
        (block(b"secret").replace(b"c", b"*"), "the Base64 text of its THING is damaged or truncated"),
        (block(b"secret").replace(b"\n-----END", b"\xef\xbf\xbd\n-----END"), "the Base64 text of its THING is damaged"),
        (block(b"one")[:-20] + block(b"two"), "the Base64 text of its THING is damaged or truncated"),
        (block(b""), "its THING is empty"),
        (block(b"secret", "ENCRYPTED PRIVATE KEY"), "it is encrypted, which is not supported"),
        (
            block(b"secret").replace(b"THING-----\n", b"THING-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n", 1),
            "it is encrypted, which is not supported",
        ),
    ],
)
def test_what_is_wrong_with_one(text: bytes, reason: str | None) -> None:
    found = find_blocks(text)[0]
    if reason is None:
        assert parse_body(found) == b"secret"
        return
    with pytest.raises(Problem) as caught:
        parse_body(found)
    assert str(caught.value).startswith(reason)


@given(st.binary(max_size=300))
def test_arbitrary_bytes(text: bytes) -> None:
    dashes = text.replace(b"\x00", b"-----BEGIN A-----\n").replace(b"\x01", b"-----END A-----\n")
    for each in [*find_blocks(dashes), Block("A", text)]:
        with contextlib.suppress(Problem):
            assert isinstance(parse_body(each), bytes)
