"""HMACContext: a keyed digest, piece by piece."""

from __future__ import annotations

import hmac

from godot_enet.compat.crypto.hashing_context import ALGORITHMS, HashingContext
from godot_enet.compat.errors import as_bytes, as_int, fail
from godot_enet.compat.globals import Error

__all__ = ["HMACContext"]

_ALLOWED = (HashingContext.HASH_SHA1, HashingContext.HASH_SHA256)


class HMACContext:
    """Call :meth:`start`, :meth:`update` as often as needed, and :meth:`finish`; then it can start again."""

    def __init__(self) -> None:
        self._hmac: hmac.HMAC | None = None

    def __repr__(self) -> str:
        return f"<HMACContext {'not started' if self._hmac is None else self._hmac.name}>"

    def start(self, hash_type: HashingContext.HashType | int, key: bytes | bytearray | memoryview) -> Error:
        """Begin a digest.

        Args:
            hash_type: ``HASH_SHA1`` or ``HASH_SHA256``.
            key: a key of any length but 0.

        Returns:
            ``OK``; ``ERR_FILE_ALREADY_IN_USE`` when one is begun; ``ERR_INVALID_PARAMETER`` for other types or an
            empty key.
        """
        number = as_int(hash_type, "hash_type")
        secret = as_bytes(key, "key")
        if self._hmac is not None:
            return fail("HMACContext already started.", Error.ERR_FILE_ALREADY_IN_USE)
        if not secret:
            return fail("Key must not be empty.", Error.ERR_INVALID_PARAMETER)
        if number not in _ALLOWED:
            return fail("Unsupported hash type.", Error.ERR_INVALID_PARAMETER)
        self._hmac = hmac.new(secret, digestmod=ALGORITHMS[number])
        return Error.OK

    def update(self, data: bytes | bytearray | memoryview) -> Error:
        """Add bytes; ``ERR_INVALID_PARAMETER`` when there are none, ``ERR_INVALID_DATA`` before :meth:`start`."""
        more = as_bytes(data, "data")
        if self._hmac is None:
            return fail("Start must be called before update.", Error.ERR_INVALID_DATA)
        if not more:
            return fail("Src must not be empty.", Error.ERR_INVALID_PARAMETER)
        self._hmac.update(more)
        return Error.OK

    def finish(self) -> bytes:
        """The digest; ``b""`` before :meth:`start`."""
        begun, self._hmac = self._hmac, None
        if begun is None:
            return fail("Start must be called before finish.", b"")
        return begun.digest()
