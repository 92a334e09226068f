"""HashingContext: a digest, piece by piece."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from godot_enet.compat.errors import as_bytes, as_int, fail
from godot_enet.compat.globals import Error
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["ALGORITHMS", "HashingContext"]

ALGORITHMS = {0: "md5", 1: "sha1", 2: "sha256"}
"""The names of the hash types in ``hashlib``."""


class HashingContext:
    """Call :meth:`start`, :meth:`update` as often as needed, and :meth:`finish`; then it can start again."""

    class HashType(NamedIntEnum):
        """The available digests."""

        HASH_MD5 = 0
        HASH_SHA1 = 1
        HASH_SHA256 = 2

    HASH_MD5 = HashType.HASH_MD5
    HASH_SHA1 = HashType.HASH_SHA1
    HASH_SHA256 = HashType.HASH_SHA256

    def __init__(self) -> None:
        self._hash: _Hash | None = None

    def __repr__(self) -> str:
        return f"<HashingContext {'not started' if self._hash is None else self._hash.name}>"

    def start(self, type: HashType | int) -> Error:
        """Begin a digest; ``ERR_ALREADY_IN_USE`` when one is begun, ``ERR_UNAVAILABLE`` for an unknown type."""
        number = as_int(type, "type")
        if self._hash is not None:
            return fail("HashingContext already started.", Error.ERR_ALREADY_IN_USE)
        if number not in ALGORITHMS:
            return fail("Invalid hash type.", Error.ERR_UNAVAILABLE)
        self._hash = hashlib.new(ALGORITHMS[number], usedforsecurity=False)
        return Error.OK

    def update(self, chunk: bytes | bytearray | memoryview) -> Error:
        """Add bytes; ``FAILED`` when there are none, ``ERR_UNCONFIGURED`` before :meth:`start`."""
        data = as_bytes(chunk, "chunk")
        if self._hash is None:
            return fail("Start must be called before update.", Error.ERR_UNCONFIGURED)
        if not data:
            return fail("The chunk must not be empty.", Error.FAILED)
        self._hash.update(data)
        return Error.OK

    def finish(self) -> bytes:
        """The digest; ``b""`` before :meth:`start`."""
        begun, self._hash = self._hash, None
        if begun is None:
            return fail("Start must be called before finish.", b"")
        return begun.digest()
