"""RSA and EC keys: loading, saving and generating. These are all kinds of keys with which Mbed TLS can sign."""

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
_MIN_BITS = 1024
_MAX_BITS = 8192
_UNSUPPORTED = "it is neither an RSA nor an EC key, the kinds that Godot supports"
_DAMAGED = "the key is damaged, or of a kind that Godot does not support"


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
    """Return the key if Godot supports its kind.

    Raises:
        Problem: Godot does not support it.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not isinstance(key, (RSAPublicKey, EllipticCurvePublicKey)):
        raise Problem(_UNSUPPORTED)
    return key


def private_key_to_pem(key: PrivateKey) -> str:
    """Return ``RSA PRIVATE KEY`` or ``EC PRIVATE KEY``, the same bytes as Godot."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def public_key_to_pem(key: PublicKey) -> str:
    """Return ``PUBLIC KEY``, the same bytes as Godot."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_bytes(key: PublicKey) -> bytes:
    """Return the canonical encoding of a key, for comparison."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def generate_rsa(bits: int) -> PrivateKey:
    """Generate a key with the exponent 65537.

    Raises:
        Problem: Mbed TLS does not generate keys of this size.
    """
    if not _MIN_BITS <= bits <= _MAX_BITS or bits % 2:
        raise Problem(f"{bits} bits are not supported, only even numbers from {_MIN_BITS} to {_MAX_BITS}")
    need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(65537, bits)


def describe(key: PublicKey) -> str:
    """Return its kind and size, for messages."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    return f"EC {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else f"RSA {key.key_size} bits"
