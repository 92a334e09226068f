"""RSA encryption of short messages: PKCS#1 v1.5 (RFC 8017, section 7.2), like Mbed TLS.

Decryption does not use the library's. Since version 3.2, OpenSSL returns random bytes and no error for an invalid
message, and Godot's callers check the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.crypto.problem import Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from godot_enet.compat.crypto.keys import PrivateKey, PublicKey

__all__ = ["decrypt", "encrypt"]

_OVERHEAD = 11
"""Bytes: 0, 2, at least eight that are random and not 0, and 0."""
_RSA_ONLY = "only RSA keys can encrypt; this is an EC key"


def encrypt(key: PublicKey, plaintext: bytes) -> bytes:
    """Encrypt a message; the result is as long as the key.

    Raises:
        Problem: the key is an EC key, or the message is too long for it.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not isinstance(key, RSAPublicKey):
        raise Problem(_RSA_ONLY)
    most = (key.key_size + 7) // 8 - _OVERHEAD
    if len(plaintext) > most:
        raise Problem(f"the message has {len(plaintext)} bytes; this key can encrypt at most {max(most, 0)}")
    return key.encrypt(plaintext, PKCS1v15())


def decrypt(key: PrivateKey, ciphertext: bytes) -> bytes:
    """Decrypt a message, which may be empty.

    Raises:
        Problem: the key is an EC key, or the message is not for this key.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise Problem(_RSA_ONLY)
    size = (key.key_size + 7) // 8
    number = int.from_bytes(ciphertext, "big")
    if len(ciphertext) != size or number >= key.public_key().public_numbers().n:
        raise Problem(f"not a message for this key, which would have {size} bytes")
    padded = _private_operation(key, number).to_bytes(size, "big")
    end = padded.find(0, 2)
    if padded[:2] != b"\x00\x02" or end < _OVERHEAD - 1:
        raise Problem("the message was encrypted for another key, or is damaged")
    return padded[end + 1 :]


def _private_operation(key: RSAPrivateKey, number: int) -> int:
    """``number`` to the power of the private exponent.

    The time of Python's ``pow`` depends on its arguments. The number is therefore blinded: multiplied by a random
    factor before, which is removed from the result.
    """
    import secrets  # imported here so that the package starts faster

    secret = key.private_numbers()
    n, e = secret.public_numbers.n, secret.public_numbers.e
    while True:
        factor = secrets.randbelow(n - 2) + 2
        try:
            inverse = pow(factor, -1, n)
        except ValueError:  # a multiple of a prime of the key: about as likely as guessing the key
            continue
        break
    blinded = number * pow(factor, e, n) % n
    p, q = secret.p, secret.q
    result_q = pow(blinded, secret.dmq1, q)
    result = result_q + (pow(blinded, secret.dmp1, p) - result_q) * secret.iqmp % p * q
    return result * inverse % n
