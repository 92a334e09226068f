"""HashingContext: results and errors as a real Godot gave them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from godot_enet.compat.crypto import HashingContext
from godot_enet.compat.globals import Error

Lines = Callable[[], list[str]]
PIECES: list[list[bytes | bytearray | memoryview]] = [
    [b"one", bytearray(b"two"), memoryview(b"three")],
    [],
    [b"again"],
]


@pytest.mark.parametrize(
    ("kind", "name"),
    [(HashingContext.HASH_MD5, "md5"), (HashingContext.HASH_SHA1, "sha1"), (HashingContext.HASH_SHA256, "sha256")],
)
def test_digests_are_those_of_all_pieces_together(kind: HashingContext.HashType, name: str) -> None:
    context = HashingContext()
    for pieces in PIECES:
        assert context.start(kind) is Error.OK
        assert [context.update(piece) for piece in pieces] == [Error.OK] * len(pieces)
        assert context.finish() == hashlib.new(name, b"".join(map(bytes, pieces))).digest()


def test_a_number_does_too() -> None:
    context = HashingContext()
    assert context.start(2) is Error.OK
    assert context.finish().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_calls_out_of_order_are_refused_in_godots_words(lines: Lines) -> None:
    context = HashingContext()
    assert context.update(b"x") is Error.ERR_UNCONFIGURED
    assert context.finish() == b""
    assert context.start(HashingContext.HASH_SHA1) is Error.OK
    assert context.start(HashingContext.HASH_MD5) is Error.ERR_ALREADY_IN_USE
    assert context.update(b"") is Error.FAILED
    assert context.update(b"x") is Error.OK
    assert context.finish() == hashlib.sha1(b"x").digest()
    assert context.finish() == b""
    assert lines() == [
        "Start must be called before update.",
        "Start must be called before finish.",
        "HashingContext already started.",
        "The chunk must not be empty.",
        "Start must be called before finish.",
    ]


@pytest.mark.parametrize("kind", [3, -1])
def test_unknown_types_are_refused(kind: int, lines: Lines) -> None:
    context = HashingContext()
    assert context.start(kind) is Error.ERR_UNAVAILABLE
    assert lines() == ["Invalid hash type."]
    assert context.start(HashingContext.HASH_MD5) is Error.OK


def test_wrong_arguments_raise_and_are_named() -> None:
    with pytest.raises(TypeError, match=r"^type must be an int, not str$"):
        HashingContext().start("md5")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^chunk must be bytes, not str"):
        HashingContext().update("x")  # type: ignore[arg-type]
