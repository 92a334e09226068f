"""HMACContext: results and errors as a real Godot gave them."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import pytest

from godot_enet.compat.crypto import HashingContext, HMACContext
from godot_enet.compat.globals import Error

Lines = Callable[[], list[str]]
PIECES: list[list[bytes | bytearray | memoryview]] = [
    [b"one", bytearray(b"two"), memoryview(b"three")],
    [],
    [b"again"],
]


@pytest.mark.parametrize("kind", [HashingContext.HASH_SHA1, HashingContext.HASH_SHA256])
@pytest.mark.parametrize("key", [b"k", b"k" * 64, b"k" * 200])
def test_digests_are_those_of_all_pieces_together(kind: HashingContext.HashType, key: bytes) -> None:
    context = HMACContext()
    for pieces in PIECES:
        assert context.start(kind, key) is Error.OK
        assert [context.update(piece) for piece in pieces] == [Error.OK] * len(pieces)
        name = "sha1" if kind == HashingContext.HASH_SHA1 else "sha256"
        assert context.finish() == hmac.digest(key, b"".join(map(bytes, pieces)), name)


def test_calls_out_of_order_are_refused_in_godots_words(lines: Lines) -> None:
    context = HMACContext()
    assert context.update(b"x") is Error.ERR_INVALID_DATA
    assert context.finish() == b""
    assert context.start(HashingContext.HASH_SHA1, b"") is Error.ERR_INVALID_PARAMETER
    assert context.start(HashingContext.HASH_MD5, b"key") is Error.ERR_INVALID_PARAMETER
    assert context.start(7, b"key") is Error.ERR_INVALID_PARAMETER
    assert context.start(HashingContext.HASH_SHA1, b"key") is Error.OK
    assert context.start(HashingContext.HASH_SHA1, b"key") is Error.ERR_FILE_ALREADY_IN_USE
    assert context.update(b"") is Error.ERR_INVALID_PARAMETER
    assert context.finish() == hmac.digest(b"key", b"", "sha1")
    assert context.finish() == b""
    assert lines() == [
        "Start must be called before update.",
        "Start must be called before finish.",
        "Key must not be empty.",
        "Unsupported hash type.",
        "Unsupported hash type.",
        "HMACContext already started.",
        "Src must not be empty.",
        "Start must be called before finish.",
    ]


def test_wrong_arguments_raise_and_are_named() -> None:
    with pytest.raises(TypeError, match=r"^hash_type must be an int, not str$"):
        HMACContext().start("md5", b"key")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^key must be bytes, not str"):
        HMACContext().start(1, "key")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^data must be bytes, not str"):
        HMACContext().update("x")  # type: ignore[arg-type]
