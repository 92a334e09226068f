"""RSA encryption with PKCS#1 v1.5: the library is the oracle for what is right, RFC 8017 for what is not."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.compat.crypto.keys import load_private_key
from godot_enet.compat.crypto.problem import Problem
from godot_enet.compat.crypto.rsa_encryption import decrypt, encrypt

WRONG_KEY = "the message was encrypted for another key, or is damaged"


@pytest.fixture
def key(rsa_pem: str) -> RSAPrivateKey:
    loaded = load_private_key(rsa_pem.encode())
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


def reason_of(key: RSAPrivateKey, ciphertext: bytes) -> str:
    with pytest.raises(Problem) as caught:
        decrypt(key, ciphertext)
    return str(caught.value)


def raw(key: RSAPrivateKey, padded: bytes) -> bytes:
    """What decrypts to exactly these bytes, padding included."""
    numbers = key.public_key().public_numbers()
    return pow(int.from_bytes(padded, "big"), numbers.e, numbers.n).to_bytes(256, "big")


@pytest.mark.parametrize("size", [0, 1, 100, 244, 245])
def test_messages_of_every_size_survive_and_look_different_each_time(size: int, key: RSAPrivateKey) -> None:
    message = os.urandom(size)
    for ciphertext in (encrypt(key.public_key(), message), key.public_key().encrypt(message, PKCS1v15())):
        assert len(ciphertext) == 256
        assert decrypt(key, ciphertext) == message
        assert key.decrypt(ciphertext, PKCS1v15()) == message
    assert encrypt(key.public_key(), message) != encrypt(key.public_key(), message)


def test_a_key_whose_size_is_no_multiple_of_8_encrypts() -> None:
    odd = generate_private_key(65537, 1026)
    assert len(encrypt(odd.public_key(), b"hello")) == 129
    assert decrypt(odd, encrypt(odd.public_key(), bytes(118))) == bytes(118)


def test_a_message_too_long_is_refused(key: RSAPrivateKey) -> None:
    with pytest.raises(Problem, match=r"^the message has 246 bytes; this key can encrypt at most 245$"):
        encrypt(key.public_key(), bytes(246))


def test_ec_keys_do_not_encrypt(ec_pem: str) -> None:
    ec_key = load_private_key(ec_pem.encode())
    with pytest.raises(Problem, match="only RSA keys can encrypt"):
        encrypt(ec_key.public_key(), b"x")
    with pytest.raises(Problem, match="only RSA keys can encrypt"):
        decrypt(ec_key, b"x")


@pytest.mark.parametrize(
    ("padded", "message"),
    [
        (b"\0\2" + b"\1" * 8 + b"\0" + b"m" * 245, b"m" * 245),
        (b"\0\2" + b"\1" * 253 + b"\0", b""),
        (b"\0\2" + b"\1" * 100 + b"\0" + bytes(153), bytes(153)),
        (b"\0\2" + b"\1" * 7 + b"\0" + b"m" * 246, None),
        (b"\0\2" + b"\0" + b"m" * 253, None),
        (b"\0\2" + b"\1" * 254, None),
        (b"\0\1" + b"\xff" * 8 + b"\0" + b"m" * 245, None),
        (b"\1\2" + b"\1" * 8 + b"\0" + b"m" * 245, None),
        (bytes(256), None),
        (bytes(255) + b"\1", None),
    ],
)
def test_padding(padded: bytes, message: bytes | None, key: RSAPrivateKey) -> None:
    """RFC 8017, 7.2.2: 0, 2, at least eight bytes that are not 0, 0, and the message."""
    if message is None:
        assert reason_of(key, raw(key, padded)) == WRONG_KEY
    else:
        assert decrypt(key, raw(key, padded)) == message


def test_what_is_no_ciphertext_of_this_key(key: RSAPrivateKey) -> None:
    numbers = key.public_key().public_numbers()
    good = encrypt(key.public_key(), b"x")
    for wrong in (b"", good[:-1], good + b"\0", b"\0" + good, numbers.n.to_bytes(256, "big"), b"\xff" * 256):
        assert reason_of(key, wrong) == "not a message for this key, which would have 256 bytes"


@given(plain=st.binary(max_size=117))
def test_arbitrary_messages(plain: bytes, small_rsa_pem: str) -> None:
    small = load_private_key(small_rsa_pem.encode())
    assert decrypt(small, encrypt(small.public_key(), plain)) == plain
