"""Signatures in the forms of Mbed TLS."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from godot_enet.compat.crypto.hashing_context import ALGORITHMS, HashingContext
from godot_enet.compat.crypto.keys import load_private_key
from godot_enet.compat.crypto.signing import sign, verify
from tests.rows import each_row

SHA256 = HashingContext.HASH_SHA256


def digest(kind: int, message: bytes = b"message") -> bytes:
    return hashlib.new(ALGORITHMS[kind], message).digest()


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_rsa_signatures_verify_and_no_others(kind: int, rsa_pem: str) -> None:
    key = load_private_key(rsa_pem.encode())
    signature = sign(key, kind, digest(kind))
    assert len(signature) == 256
    assert signature == sign(key, kind, digest(kind))  # PKCS#1 v1.5 has nothing random, PSS has
    public = key.public_key()
    assert verify(public, kind, digest(kind), signature)
    assert not verify(public, kind, digest(kind, b"other"), signature)
    for wrong in (b"", signature[:-1], signature + b"\0", b"\0" + signature, bytes(256), b"\xff" * 256):
        assert not verify(public, kind, digest(kind), wrong)


@each_row("kind", ALGORITHMS)
@each_row("curve", [ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.BrainpoolP256R1])
def test_ec_signatures_verify_and_no_others(kind: int, curve: type[ec.EllipticCurve]) -> None:
    key = ec.generate_private_key(curve())
    signature = sign(key, kind, digest(kind))
    assert all(number > 0 for number in decode_dss_signature(signature))
    public = key.public_key()
    assert verify(public, kind, digest(kind), signature)
    assert not verify(public, kind, digest(kind, b"other"), signature)
    for wrong in (b"", signature[:-1], signature + b"\0", encode_dss_signature(1, 1), encode_dss_signature(0, 0)):
        assert not verify(public, kind, digest(kind), wrong)


def test_ec_signatures_are_deterministic() -> None:
    """RFC 6979, A.2.5: the key on P-256 and its signature of "sample" with SHA-256."""
    key = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())
    assert decode_dss_signature(sign(key, SHA256, digest(SHA256, b"sample"))) == (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    )


def test_ec_signatures_verify_where_the_library_cannot_be_deterministic(
    ec_pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ec.ECDSA.__init__

    def older(self: ec.ECDSA, algorithm: Any, deterministic_signing: bool = False) -> None:
        if deterministic_signing:
            raise UnsupportedAlgorithm("not in this OpenSSL")
        whole(self, algorithm)

    monkeypatch.setattr(ec.ECDSA, "__init__", older)
    key = load_private_key(ec_pem.encode())
    signature = sign(key, SHA256, digest(SHA256))
    assert verify(key.public_key(), SHA256, digest(SHA256), signature)


def test_the_kind_counts(rsa_pem: str, ec_pem: str) -> None:
    rsa_key, ec_key = (load_private_key(pem.encode()) for pem in (rsa_pem, ec_pem))
    assert not verify(rsa_key.public_key(), SHA256, digest(SHA256), sign(ec_key, SHA256, digest(SHA256)))
    assert not verify(ec_key.public_key(), SHA256, digest(SHA256), sign(rsa_key, SHA256, digest(SHA256)))
