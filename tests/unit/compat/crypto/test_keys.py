"""Keys of every kind Godot takes, in every form, and no others."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from godot_enet.compat.crypto import keys
from godot_enet.compat.crypto.problem import Problem
from tests.rows import each_row

CURVES: list[type[ec.EllipticCurve]] = [
    ec.SECP192R1,
    ec.SECP224R1,
    ec.SECP256R1,
    ec.SECP384R1,
    ec.SECP521R1,
    ec.SECP256K1,
    ec.BrainpoolP256R1,
    ec.BrainpoolP384R1,
    ec.BrainpoolP512R1,
]
UNSUPPORTED = "it is neither an RSA nor an EC key, the kinds that Godot supports"
DAMAGED = "the key is damaged, or of a kind that Godot does not support"


def reason_of(text: bytes, public: bool = False) -> str:
    with pytest.raises(Problem) as caught:
        (keys.load_public_key if public else keys.load_private_key)(text)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # no traceback shows what it was about
    return str(caught.value)


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_private_rsa_keys(form: PrivateFormat, rsa_pem: str) -> None:
    key = keys.load_private_key(rsa_pem.encode())
    text = key.private_bytes(Encoding.PEM, form, NoEncryption())
    assert keys.private_key_to_pem(keys.load_private_key(text)) == rsa_pem
    assert rsa_pem.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert keys.describe(key.public_key()) == "RSA 2048 bits"


@each_row("curve", CURVES)
def test_ec_keys(curve: type[ec.EllipticCurve]) -> None:
    key = ec.generate_private_key(curve())
    pem = keys.private_key_to_pem(key)
    assert pem.startswith("-----BEGIN EC PRIVATE KEY-----\n")
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert keys.private_key_to_pem(keys.load_private_key(text)) == pem
    assert keys.private_key_to_pem(keys.load_private_key(pem.encode())) == pem
    public = keys.load_public_key(keys.public_key_to_pem(key.public_key()).encode())
    assert keys.public_bytes(public) == keys.public_bytes(key.public_key())
    assert keys.describe(public) == f"EC {curve.name}"


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_public_keys(form: PublicFormat, rsa_pem: str) -> None:
    public = keys.load_private_key(rsa_pem.encode()).public_key()
    pem = keys.public_key_to_pem(public)
    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert keys.public_key_to_pem(keys.load_public_key(public.public_bytes(Encoding.PEM, form))) == pem


def test_the_parameters_of_a_curve_may_come_first(ec_pem: str) -> None:
    text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ec_pem
    assert keys.private_key_to_pem(keys.load_private_key(text.encode())) == ec_pem


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()], ids=["Ed25519", "X25519"]
)
def test_other_kinds(key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey) -> None:
    assert reason_of(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())) == UNSUPPORTED
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert reason_of(public, public=True) == UNSUPPORTED


def test_dsa() -> None:
    # A public key with the smallest numbers that are of the right length: nobody waits for real ones.
    numbers = dsa.DSAPublicNumbers(4, dsa.DSAParameterNumbers((1 << 1023) + 1155, (1 << 159) + 7, 4))
    public = numbers.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert reason_of(public, public=True) == UNSUPPORTED
    assert reason_of(public.replace(b"PUBLIC", b"DSA PRIVATE")) == "it contains no private key, only: DSA PRIVATE KEY"


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_encrypted_keys(form: PrivateFormat, ec_pem: str) -> None:
    key = keys.load_private_key(ec_pem.encode())
    text = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"passphrase"))
    assert reason_of(text).startswith("it is encrypted, which is not supported")


def test_the_wrong_half(rsa_pem: str) -> None:
    public = keys.public_key_to_pem(keys.load_private_key(rsa_pem.encode()).public_key())
    assert reason_of(public.encode()) == "it contains no private key, only: PUBLIC KEY"
    assert reason_of(rsa_pem.encode(), public=True) == "it contains no public key, only: RSA PRIVATE KEY"


def test_damaged_keys(rsa_pem: str, ec_pem: str) -> None:
    for pem in (rsa_pem, ec_pem):
        begin, body = pem.index("\n") + 1, pem.index("\n-----END")
        middle = (begin + body) // 2
        other = "A" if pem[middle] != "A" else "B"
        assert reason_of((pem[:middle] + other + pem[middle + 1 :]).encode()) == DAMAGED
        quarter = begin + (middle - begin) // 4 * 4
        shortened = "".join(pem[begin:quarter].split())
        shortened = shortened[: len(shortened) // 4 * 4]
        assert reason_of((pem[:begin] + shortened + pem[body:]).encode()) == DAMAGED
        assert reason_of(pem[:middle].encode()).startswith("it is truncated")
    assert reason_of(ec_pem.replace("EC PRIVATE", "PUBLIC").encode(), public=True) == DAMAGED


@pytest.mark.parametrize("bits", [1024, 1026])
def test_new_keys(bits: int) -> None:
    key = keys.generate_rsa(bits)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert (key.key_size, key.public_key().public_numbers().e) == (bits, 65537)


@each_row("bits", [-1, 0, 512, 1022, 1023, 1025, 8193, 8194])
def test_sizes_that_mbed_tls_refuses(bits: int) -> None:
    with pytest.raises(Problem, match=rf"^{bits} bits are not supported, only even numbers from 1024 to 8192$"):
        keys.generate_rsa(bits)
