"""X.509 certificates: loaded from PEM or DER, and self-signed ones."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from godot_enet.compat.crypto.keys import supported_public_key
from godot_enet.compat.crypto.names import parse_name
from godot_enet.compat.crypto.pem import choose, find_blocks, parse_body
from godot_enet.compat.crypto.problem import Problem, need_cryptography

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from godot_enet.compat.crypto.keys import PrivateKey

__all__ = ["Found", "certificate_to_pem", "load_certificates", "make_self_signed"]

_LABEL = "CERTIFICATE"
_SEQUENCE = 0x30
_EARLIEST = 1950
"""The earliest year that can be encoded."""


class Found(NamedTuple):
    """The certificates of a file."""

    certificates: tuple[Certificate, ...]
    """At least one, in their order."""
    skipped: tuple[str, ...]
    """The reasons why others were skipped."""


def load_certificates(content: bytes) -> Found:
    """Load all certificates of a PEM text, or the one of a DER file.

    Like Mbed TLS, it skips invalid certificates if at least one is valid.

    Raises:
        Problem: none is valid.
    """
    need_cryptography()
    if content[:1] == bytes([_SEQUENCE]):
        return Found((_parse(_first_element(content)),), ())
    choose(content, [_LABEL], "certificate")
    certificates = []
    skipped = []
    for block in find_blocks(content):
        if block.label == _LABEL:
            try:
                certificates.append(_parse(parse_body(block)))
            except Problem as problem:
                skipped.append(str(problem))
    if not certificates:
        raise Problem(skipped[0])
    return Found(tuple(certificates), tuple(skipped))


def _parse(der: bytes) -> Certificate:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import load_der_x509_certificate

    try:
        certificate = load_der_x509_certificate(der)
    except ValueError as error:
        if "InvalidValue" in str(error) and "serial" in str(error):
            # Mbed TLS writes Godot's 20 random bytes unchanged: one in 512 starts with a zero that DER forbids, and
            # OpenSSL rejects such a certificate.
            raise Problem("the serial number of the certificate is not valid DER; make a new certificate") from None
        raise Problem("the certificate is damaged or truncated") from None
    try:
        supported_public_key(certificate.public_key())
        known = certificate.signature_hash_algorithm is not None
    except (Problem, ValueError, UnsupportedAlgorithm):
        known = False
    if not known:
        raise Problem("the key or signature of the certificate is neither RSA nor EC, the kinds that Godot supports")
    return certificate


def _first_element(content: bytes) -> bytes:
    """The first DER element, without what follows it, which Mbed TLS ignores."""
    length = content[1] if len(content) > 1 else 0
    header = 2
    if length > 0x7F:
        header += length & 0x7F
        length = int.from_bytes(content[2:header], "big")
    return content[: header + length]


def certificate_to_pem(certificate: Certificate) -> str:
    """One block, which ends with a line end."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def make_self_signed(
    key: PrivateKey, name: str, not_before: str, not_after: str, serial: int | None = None
) -> Certificate:
    """Make a certificate with the same fields as Godot's: SHA-256, version 3, a CA with path length 0.

    Args:
        key: the key of the certificate, which also signs it.
        name: subject and issuer; see :mod:`godot_enet.compat.crypto.names`.
        not_before: start of its validity, YYYYMMDDHHMMSS in UTC.
        not_after: end of its validity.
        serial: at most 159 bits; random if None.

    Raises:
        Problem: the name or a time is invalid.
    """
    need_cryptography()
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import BasicConstraints, CertificateBuilder, random_serial_number

    begin = _parse_time(not_before, "not_before")
    end = _parse_time(not_after, "not_after")
    if end < begin:
        raise Problem("not_after is earlier than not_before")
    subject = parse_name(name)
    builder = (
        CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(random_serial_number() if serial is None else serial)
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(BasicConstraints(ca=True, path_length=0), critical=True)
    )
    try:
        return builder.sign(key, SHA256())
    except ValueError:
        raise Problem("the key is too small for a signature") from None


def _parse_time(text: str, name: str) -> datetime:
    try:
        if len(text) != 14 or not text.isascii() or not text.isdigit():
            raise ValueError
        time = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Problem(f"{name} must be a time in the form YYYYMMDDHHMMSS, such as 20340101000000") from None
    if time.year < _EARLIEST:
        raise Problem(f"{name} must not be earlier than {_EARLIEST}")
    return time
