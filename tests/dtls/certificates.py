"""Keys and certificates made on the spot; the slow ones only once."""

from __future__ import annotations

import datetime
import functools
import ipaddress
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from godot_enet.core.dtls.settings import ServerCredentials

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
YEAR = datetime.timedelta(days=365)


class Identity(NamedTuple):
    """A key, its certificate, and the certificates above it."""

    key: Key
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def key_pem(self) -> bytes:
        return pem_of(self.key)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def credentials(self) -> ServerCredentials:
        chain = (self.certificate, *self.above)
        return ServerCredentials(self.key_pem, b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))


def pem_of(key: Key, password: bytes | None = None) -> bytes:
    """A private key as text."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, encryption)


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Always the same one."""
    return rsa.generate_private_key(65537, bits)


def certificate(
    key: Key,
    name: str = "localhost",
    *,
    signer: Identity | None = None,
    authority: bool = False,
    alternatives: list[x509.GeneralName] | None = None,
    begin: datetime.timedelta = -YEAR,
    end: datetime.timedelta = YEAR,
    digest: hashes.HashAlgorithm | None = None,
) -> x509.Certificate:
    """A certificate for the common name ``name``, signed by ``signer`` or by itself."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begin)
        .not_valid_after(now + end)
        .add_extension(x509.BasicConstraints(ca=authority or signer is None, path_length=None), critical=True)
    )
    if alternatives is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key if signer is None else signer.key, digest or hashes.SHA256())  # type: ignore[arg-type]


def identity(
    name: str = "localhost", key: Key | None = None, signer: Identity | None = None, **more: object
) -> Identity:
    """A key with its certificate; the key is on P-256, the fastest, unless another is given."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    above = () if signer is None else (signer.certificate, *signer.above)
    return Identity(key, certificate(key, name, signer=signer, **more), above)  # type: ignore[arg-type]


@functools.cache
def localhost() -> Identity:
    """Self-signed, common name ``localhost``, no alternative names: as Godot makes them."""
    return identity()


@functools.cache
def localhost_rsa() -> Identity:
    """The same with RSA-2048."""
    return identity(key=rsa_key())


def dns(name: str) -> x509.DNSName:
    return x509.DNSName(name)


def ip(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(text))
