"""Crypto: random bytes, keys, certificates, signatures and short encrypted messages."""

from __future__ import annotations

import hmac
import os

from godot_enet.compat.crypto import rsa_encryption, signing
from godot_enet.compat.crypto.certificates import make_self_signed
from godot_enet.compat.crypto.crypto_key import CryptoKey
from godot_enet.compat.crypto.hashing_context import HashingContext
from godot_enet.compat.crypto.hmac_context import HMACContext
from godot_enet.compat.crypto.keys import generate_rsa
from godot_enet.compat.crypto.problem import Problem, refuse
from godot_enet.compat.crypto.x509_certificate import X509Certificate
from godot_enet.compat.errors import as_bytes, as_int, as_str, fail
from godot_enet.compat.globals import Error

__all__ = ["Crypto"]

_SIZES = {HashingContext.HASH_MD5: 16, HashingContext.HASH_SHA1: 20, HashingContext.HASH_SHA256: 32}
_NO_KEY = "Invalid key provided."


class Crypto:
    """Needs the package ``cryptography`` for all but random bytes, HMAC and comparison."""

    def __repr__(self) -> str:
        return "<Crypto>"

    def generate_random_bytes(self, size: int) -> bytes:
        """Return cryptographically secure random bytes; ``b""`` with an error for a negative size."""
        count = as_int(size, "size")
        if count < 0:
            return fail("The number of random bytes must not be negative.", b"")
        return os.urandom(count)

    def generate_rsa(self, size: int) -> CryptoKey | None:
        """Generate an RSA key of this size in bits, even and 1024 to 8192; None with an error for other sizes.

        4096 is a good size, and can take several seconds.
        """
        bits = as_int(size, "size")
        key = CryptoKey()
        try:
            key._hold(generate_rsa(bits))
        except Problem as problem:
            return refuse("Cannot generate an RSA key", problem, None)
        return key

    def generate_self_signed_certificate(
        self,
        key: CryptoKey | None,
        issuer_name: str = "CN=myserver,O=myorganisation,C=IT",
        not_before: str = "20140101000000",
        not_after: str = "20340101000000",
    ) -> X509Certificate | None:
        """Generate a self-signed certificate, for a server and as the ``trusted_chain`` of its clients.

        Args:
            key: a private key.
            issuer_name: its CN must be the name that clients use for the server, if they check it.
            not_before: start of its validity, YYYYMMDDHHMMSS in UTC.
            not_after: end of its validity.

        Returns:
            The certificate; None with an error for an invalid argument. (Godot returns an empty certificate for an
            invalid name or time.)
        """
        name = as_str(issuer_name, "issuer_name")
        begin = as_str(not_before, "not_before")
        end = as_str(not_after, "not_after")
        signer = _as_key(key)
        if signer is None:
            return fail("Invalid private key argument.", None)
        private = signer._private
        if private is None:
            return fail("Failed to generate certificate: the key is empty or public-only.", None)
        certificate = X509Certificate()
        try:
            certificate._chain = (make_self_signed(private, name, begin, end),)
        except Problem as problem:
            return refuse("Failed to generate certificate", problem, None)
        return certificate

    def sign(
        self, hash_type: HashingContext.HashType | int, hash: bytes | bytearray | memoryview, key: CryptoKey | None
    ) -> bytes:
        """Sign a digest: PKCS#1 v1.5 with an RSA key, ECDSA in DER with an EC key; ``b""`` with an error on failure.

        Args:
            hash_type: the hash type of the digest.
            hash: the digest, not the message.
            key: a private key.
        """
        number, digest = as_int(hash_type, "hash_type"), as_bytes(hash, "hash")
        signer = _as_key(key)
        if not _fits(number, digest):
            return b""
        if signer is None:
            return fail(_NO_KEY, b"")
        private = signer._private
        if private is None:
            return fail("Invalid key provided. Cannot sign with public_only keys.", b"")
        try:
            return signing.sign(private, number, digest)
        except Problem as problem:
            return refuse("Error while signing", problem, b"")

    def verify(
        self,
        hash_type: HashingContext.HashType | int,
        hash: bytes | bytearray | memoryview,
        signature: bytes | bytearray | memoryview,
        key: CryptoKey | None,
    ) -> bool:
        """Return whether the signature of this digest was made with this key, public or private."""
        number, digest = as_int(hash_type, "hash_type"), as_bytes(hash, "hash")
        signed = as_bytes(signature, "signature")
        signer = _as_key(key)
        if not _fits(number, digest):
            return False
        if signer is None:
            return fail(_NO_KEY, False)
        public = signer._public
        return public is not None and signing.verify(public, number, digest, signed)

    def encrypt(self, key: CryptoKey | None, plaintext: bytes | bytearray | memoryview) -> bytes:
        """Encrypt a short message for the owner of an RSA key; ``b""`` with an error on failure.

        The limit is the key size less 11 bytes: 245 bytes with 2048 bits. PKCS#1 v1.5; see :meth:`decrypt`.
        """
        message = as_bytes(plaintext, "plaintext")
        owner = _as_key(key)
        if owner is None:
            return fail(_NO_KEY, b"")
        public = owner._public
        try:
            if public is None:
                raise Problem("no key is loaded")
            return rsa_encryption.encrypt(public, message)
        except Problem as problem:
            return refuse("Error while encrypting", problem, b"")

    def decrypt(self, key: CryptoKey | None, ciphertext: bytes | bytearray | memoryview) -> bytes:
        """Decrypt a message of :meth:`encrypt` with the private RSA key; ``b""`` with an error on failure.

        As in Godot, failures are visible. An attacker that can send many messages and learns which of them fail can
        decrypt the messages of others (Bleichenbacher's attack), so do not reveal failures to remotes.
        """
        message = as_bytes(ciphertext, "ciphertext")
        owner = _as_key(key)
        if owner is None:
            return fail(_NO_KEY, b"")
        private = owner._private
        if private is None:
            return fail("Invalid key provided. Cannot decrypt using a public_only key.", b"")
        try:
            return rsa_encryption.decrypt(private, message)
        except Problem as problem:
            return refuse("Error while decrypting", problem, b"", remote=True)

    def hmac_digest(
        self,
        hash_type: HashingContext.HashType | int,
        key: bytes | bytearray | memoryview,
        msg: bytes | bytearray | memoryview,
    ) -> bytes:
        """HMAC with SHA-1 or SHA-256; ``b""`` with an error for other types, an empty key or an empty message."""
        message = as_bytes(msg, "msg")
        context = HMACContext()
        if context.start(hash_type, key) is not Error.OK or context.update(message) is not Error.OK:
            return b""
        return context.finish()

    def constant_time_compare(
        self, trusted: bytes | bytearray | memoryview, received: bytes | bytearray | memoryview
    ) -> bool:
        """Compare in constant time, so that the time does not reveal where they differ; lengths are not secret."""
        return hmac.compare_digest(as_bytes(trusted, "trusted"), as_bytes(received, "received"))


def _as_key(key: CryptoKey | None) -> CryptoKey | None:
    if key is not None and not isinstance(key, CryptoKey):
        raise TypeError(f"key must be a CryptoKey, not {type(key).__name__}")
    return key


def _fits(hash_type: int, digest: bytes) -> bool:
    """Return whether the digest has the size of this hash type; log an error if not."""
    if hash_type not in _SIZES:
        return fail("Invalid hash type.", False)
    size = _SIZES[HashingContext.HashType(hash_type)]
    if len(digest) != size:
        return fail(f"Invalid hash provided. Size must be {size}", False)
    return True
