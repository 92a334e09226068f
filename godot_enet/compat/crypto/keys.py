"""RSA and EC keys: from PEM, to PEM, and new ones. All of Mbed TLS's kinds that can sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from godot_enet.compat.crypto.pem import choose, parse_body
from godot_enet.compat.crypto.problem import Problem, need_cryptography

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    PrivateKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey
    PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey

__all__ = [
    "describe",
    "generate_rsa",
    "load_private_key",
    "load_public_key",
    "private_key_to_pem",
    "public_bytes",
    "public_key_to_pem",
    "supported_public_key",
]

_PRIVATE = ("RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
_PUBLIC = ("PUBLIC KEY", "RSA PUBLIC KEY")
_LEAST_BITS = 1024
_MOST_BITS = 8192
_UNSUPPORTED = "it is neither an RSA nor an EC key, and Godot knows no others"
_DAMAGED = "the key in it is damaged, or of a kind that Godot does not know"


def load_private_key(text: bytes) -> PrivateKey:
    """The first private key of a PEM text: PKCS#1, SEC 1 or PKCS#8.

    Raises:
        Problem: there is none, or it is no use.
    """
    need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    content = parse_body(choose(text, _PRIVATE, "private key"))
    try:
        key = load_der_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Problem(_DAMAGED) from None
    if not isinstance(key, (RSAPrivateKey, EllipticCurvePrivateKey)):
        raise Problem(_UNSUPPORTED)
    return key


def load_public_key(text: bytes) -> PublicKey:
    """The first public key of a PEM text: X.509 or PKCS#1.

    Raises:
        Problem: there is none, or it is no use.
    """
    need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    content = parse_body(choose(text, _PUBLIC, "public key"))
    try:
        key = load_der_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise Problem(_DAMAGED) from None
    return supported_public_key(key)


def supported_public_key(key: object) -> PublicKey:
    """The same, when it is of a kind that Godot knows.

    Raises:
        Problem: it is not.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not isinstance(key, (RSAPublicKey, EllipticCurvePublicKey)):
        raise Problem(_UNSUPPORTED)
    return key


def private_key_to_pem(key: PrivateKey) -> str:
    """``RSA PRIVATE KEY`` or ``EC PRIVATE KEY``: what Godot writes, byte for byte."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def public_key_to_pem(key: PublicKey) -> str:
    """``PUBLIC KEY``: what Godot writes, byte for byte."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_bytes(key: PublicKey) -> bytes:
    """The same bytes for the same key, wherever it came from."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def generate_rsa(bits: int) -> PrivateKey:
    """A new key with the exponent 65537.

    Raises:
        Problem: Mbed TLS makes no keys of this size.
    """
    if not _LEAST_BITS <= bits <= _MOST_BITS or bits % 2:
        raise Problem(f"{bits} bits are not possible, only even numbers from {_LEAST_BITS} to {_MOST_BITS}")
    need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(65537, bits)


def describe(key: PublicKey) -> str:
    """Its kind and size, for people."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    return f"EC {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else f"RSA {key.key_size} bits"
