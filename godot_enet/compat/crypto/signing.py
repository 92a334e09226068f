"""Signatures of digests, in the forms of Mbed TLS: PKCS#1 v1.5 with RSA, deterministic ECDSA in DER with EC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.crypto.hashing_context import HashingContext
from godot_enet.compat.crypto.problem import Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    from godot_enet.compat.crypto.keys import PrivateKey, PublicKey

__all__ = ["sign", "verify"]


def sign(key: PrivateKey, hash_type: int, digest: bytes) -> bytes:
    """The signature.

    Args:
        key: the key that signs.
        hash_type: a ``HashingContext.HashType``.
        digest: of that type's size.

    Raises:
        Problem: the key is too small.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    algorithm = _prehashed(hash_type)
    try:
        if not isinstance(key, EllipticCurvePrivateKey):
            return key.sign(digest, PKCS1v15(), algorithm)
        try:
            return key.sign(digest, ECDSA(algorithm, deterministic_signing=True))
        except UnsupportedAlgorithm:  # OpenSSL before 3.2; the signature differs, and is just as good
            return key.sign(digest, ECDSA(algorithm))
    except (ValueError, UnsupportedAlgorithm):
        raise Problem("this key does not support this hash type") from None


def verify(key: PublicKey, hash_type: int, digest: bytes, signature: bytes) -> bool:
    """Return whether the signature of this digest was made with this key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    algorithm = _prehashed(hash_type)
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, digest, ECDSA(algorithm))
        else:
            key.verify(signature, digest, PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _prehashed(hash_type: int) -> Prehashed:
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, HashAlgorithm

    kinds: dict[int, type[HashAlgorithm]] = {
        HashingContext.HASH_MD5: MD5,
        HashingContext.HASH_SHA1: SHA1,
        HashingContext.HASH_SHA256: SHA256,
    }
    return Prehashed(kinds[hash_type]())
