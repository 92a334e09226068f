"""Crypto: results and errors as a real Godot gave them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet.compat.crypto import Crypto, CryptoKey, HashingContext, key_matches
from tests.rows import each_row
from tests.unit.compat.crypto.conftest import loaded

Lines = Callable[[], list[str]]
MD5, SHA1, SHA256 = HashingContext.HASH_MD5, HashingContext.HASH_SHA1, HashingContext.HASH_SHA256
DIGEST = hashlib.sha256(b"hello").digest()


@pytest.fixture
def crypto() -> Crypto:
    return Crypto()


def test_random_bytes_are_as_many_as_asked_and_differ(crypto: Crypto, lines: Lines) -> None:
    assert crypto.generate_random_bytes(0) == b""
    assert [len(crypto.generate_random_bytes(size)) for size in (1, 5, 100_000)] == [1, 5, 100_000]
    assert crypto.generate_random_bytes(16) != crypto.generate_random_bytes(16)
    assert crypto.generate_random_bytes(-1) == b""
    assert lines() == ["The number of random bytes must not be negative."]


def test_new_keys_load_again_and_have_1024_to_8192_bits(crypto: Crypto, lines: Lines) -> None:
    key = crypto.generate_rsa(1024)
    assert key is not None
    assert not key.is_public_only()
    assert loaded(key.save_to_string()).save_to_string() == key.save_to_string()
    for size in (0, 1023, 1025, 8194, -1):
        assert crypto.generate_rsa(size) is None
        reason = f"{size} bits are not supported, only even numbers from 1024 to 8192."
        assert lines() == [f"Cannot generate an RSA key: {reason}"]


@pytest.mark.parametrize("kind", ["rsa_key", "ec_key"])
def test_self_signed_certificates_name_their_owner_and_match_their_key(
    kind: str, crypto: Crypto, request: pytest.FixtureRequest
) -> None:
    key = request.getfixturevalue(kind)
    made = crypto.generate_self_signed_certificate(key)
    assert made is not None
    assert repr(made) == "<X509Certificate: CN=myserver,O=myorganisation,C=IT>"
    assert key_matches(key, made)
    assert made.save_to_string().count("BEGIN CERTIFICATE") == 1
    named = crypto.generate_self_signed_certificate(key, "CN=localhost", "20240101000000", "20990101000000")
    assert repr(named) == "<X509Certificate: CN=localhost>"


def test_no_certificate_is_made_of_bad_arguments(crypto: Crypto, lines: Lines, rsa_key: CryptoKey) -> None:
    public = loaded(rsa_key.save_to_string(True))
    assert crypto.generate_self_signed_certificate(None) is None
    assert crypto.generate_self_signed_certificate(CryptoKey()) is None
    assert crypto.generate_self_signed_certificate(public) is None
    assert crypto.generate_self_signed_certificate(rsa_key, "myserver") is None
    assert crypto.generate_self_signed_certificate(rsa_key, "CN=a", "2014") is None
    assert lines() == [
        "Invalid private key argument.",
        "Failed to generate certificate: the key is empty or public-only.",
        "Failed to generate certificate: the key is empty or public-only.",
        "Failed to generate certificate: the name must look like CN=myserver,O=myorganisation,C=IT.",
        "Failed to generate certificate: not_before must be a time in the form YYYYMMDDHHMMSS, such as 20340101000000.",
    ]


@pytest.mark.parametrize("kind", ["rsa_key", "ec_key"])
@pytest.mark.parametrize(("hash_type", "size"), [(MD5, 16), (SHA1, 20), (SHA256, 32), (2, 32)])
def test_signatures_verify_with_their_key_and_hash_only(
    kind: str, hash_type: int, size: int, crypto: Crypto, request: pytest.FixtureRequest
) -> None:
    key = request.getfixturevalue(kind)
    signature = crypto.sign(hash_type, DIGEST[:size], key)
    assert signature
    public = loaded(key.save_to_string(True))
    for verifier in (key, public):
        assert crypto.verify(hash_type, bytearray(DIGEST[:size]), memoryview(signature), verifier) is True
        assert crypto.verify(hash_type, DIGEST[1 : size + 1].ljust(size, b"x"), signature, verifier) is False
        assert crypto.verify(hash_type, DIGEST[:size], b"", verifier) is False


def test_what_cannot_be_signed_is_refused_in_godots_words(crypto: Crypto, lines: Lines, rsa_key: CryptoKey) -> None:
    public = loaded(rsa_key.save_to_string(True))
    assert crypto.sign(SHA1, DIGEST, rsa_key) == b""
    assert crypto.sign(MD5, DIGEST, rsa_key) == b""
    assert crypto.sign(3, DIGEST, rsa_key) == b""
    assert crypto.sign(-1, DIGEST, None) == b""
    assert crypto.sign(SHA256, DIGEST, None) == b""
    assert crypto.sign(SHA256, DIGEST, CryptoKey()) == b""
    assert crypto.sign(SHA256, DIGEST, public) == b""
    assert lines() == [
        "Invalid hash provided. Size must be 20",
        "Invalid hash provided. Size must be 16",
        "Invalid hash type.",
        "Invalid hash type.",
        "Invalid key provided.",
        "Invalid key provided. Cannot sign with public_only keys.",
        "Invalid key provided. Cannot sign with public_only keys.",
    ]


def test_what_cannot_be_verified_is_refused_in_godots_words(crypto: Crypto, lines: Lines, rsa_key: CryptoKey) -> None:
    assert crypto.verify(SHA1, DIGEST, b"x", rsa_key) is False
    assert crypto.verify(3, DIGEST, b"x", rsa_key) is False
    assert crypto.verify(SHA256, DIGEST, b"x", None) is False
    assert crypto.verify(SHA256, DIGEST, b"x", CryptoKey()) is False  # without a line, as in Godot
    assert lines() == ["Invalid hash provided. Size must be 20", "Invalid hash type.", "Invalid key provided."]


def test_encrypting_and_decrypting_gives_the_message(crypto: Crypto, rsa_key: CryptoKey) -> None:
    public = loaded(rsa_key.save_to_string(True))
    for message in (b"", b"hello", bytearray(245)):
        for key in (rsa_key, public):
            ciphertext = crypto.encrypt(key, message)
            assert len(ciphertext) == 256
            assert crypto.decrypt(rsa_key, ciphertext) == message


def test_what_cannot_be_encrypted_is_refused_with_the_reason(
    crypto: Crypto, lines: Lines, rsa_key: CryptoKey, ec_key: CryptoKey
) -> None:
    assert crypto.encrypt(None, b"x") == b""
    assert crypto.encrypt(CryptoKey(), b"x") == b""
    assert crypto.encrypt(ec_key, b"x") == b""
    assert crypto.encrypt(rsa_key, bytes(246)) == b""
    assert lines() == [
        "Invalid key provided.",
        "Error while encrypting: no key is loaded.",
        "Error while encrypting: only RSA keys can encrypt; this is an EC key.",
        "Error while encrypting: the message has 246 bytes; this key can encrypt at most 245.",
    ]


def test_what_cannot_be_decrypted_is_refused_with_the_reason(
    crypto: Crypto, lines: Lines, rsa_key: CryptoKey, ec_key: CryptoKey, small_rsa_pem: str
) -> None:
    public = loaded(rsa_key.save_to_string(True))
    assert crypto.decrypt(None, b"x") == b""
    assert crypto.decrypt(CryptoKey(), b"x") == b""
    assert crypto.decrypt(public, crypto.encrypt(public, b"x")) == b""
    assert lines() == [
        "Invalid key provided.",
        "Invalid key provided. Cannot decrypt using a public_only key.",
        "Invalid key provided. Cannot decrypt using a public_only key.",
    ]
    other = crypto.encrypt(loaded(small_rsa_pem), b"x")
    for key, message, reason in (
        (ec_key, b"x", "only RSA keys can encrypt; this is an EC key"),
        (rsa_key, other, "not a message for this key, which would have 256 bytes"),
        (rsa_key, bytes(256), "the message was encrypted for another key, or is damaged"),
    ):
        assert crypto.decrypt(key, message) == b""
        assert lines() == [f"Error while decrypting: {reason}."]


def test_hmac_is_that_of_the_standard(crypto: Crypto, lines: Lines) -> None:
    assert crypto.hmac_digest(SHA1, b"key", b"msg").hex() == "102900b72b7bf1031eec76b4804b66052376896b"
    assert crypto.hmac_digest(SHA256, b"key", b"msg") == hmac.digest(b"key", b"msg", "sha256")
    assert lines() == []
    for wrong in ((MD5, b"key", b"msg"), (3, b"key", b"msg"), (SHA256, b"", b"msg"), (SHA256, b"key", b"")):
        assert crypto.hmac_digest(*wrong) == b""
    assert lines() == [
        "Unsupported hash type.",
        "Unsupported hash type.",
        "Key must not be empty.",
        "Src must not be empty.",
    ]


def test_comparison_tells_equal_bytes_from_others(crypto: Crypto) -> None:
    assert crypto.constant_time_compare(DIGEST, bytearray(DIGEST)) is True
    assert crypto.constant_time_compare(DIGEST, DIGEST[1:]) is False
    assert crypto.constant_time_compare(DIGEST, DIGEST[:-1] + b"\0") is False
    assert crypto.constant_time_compare(b"", b"") is True


@each_row(
    ("method", "arguments", "text"),
    [
        ("generate_random_bytes", ("3",), "size must be an int, not str"),
        ("generate_rsa", (2048.0,), "size must be an int, not float"),
        ("generate_self_signed_certificate", ("key",), "key must be a CryptoKey, not str"),
        ("generate_self_signed_certificate", (None, b"CN=a"), "issuer_name must be a str, not bytes"),
        ("sign", ("sha256", DIGEST, None), "hash_type must be an int, not str"),
        ("sign", (SHA256, "digest", None), "hash must be bytes, not str"),
        ("sign", (SHA256, DIGEST, "key"), "key must be a CryptoKey, not str"),
        ("verify", (SHA256, DIGEST, "signature", None), "signature must be bytes, not str"),
        ("verify", (SHA256, DIGEST, b"", b"key"), "key must be a CryptoKey, not bytes"),
        ("encrypt", ("key", b""), "key must be a CryptoKey, not str"),
        ("encrypt", (None, "text"), "plaintext must be bytes, not str"),
        ("decrypt", (b"key", b""), "key must be a CryptoKey, not bytes"),
        ("decrypt", (None, "text"), "ciphertext must be bytes, not str"),
        ("hmac_digest", (SHA256, "key", b"m"), "key must be bytes, not str"),
        ("hmac_digest", (SHA256, b"key", "m"), "msg must be bytes, not str"),
        ("constant_time_compare", ("a", b"a"), "trusted must be bytes, not str"),
        ("constant_time_compare", (b"a", "a"), "received must be bytes, not str"),
    ],
)
def test_wrong_arguments_raise_and_are_named(
    method: str, arguments: tuple[Any, ...], text: str, crypto: Crypto
) -> None:
    with pytest.raises(TypeError) as caught:
        getattr(crypto, method)(*arguments)
    assert str(caught.value).startswith(text)
