"""Certificates from PEM and DER, and self-signed ones with Godot's contents."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.compat.crypto.certificates import certificate_to_pem, load_certificates, make_self_signed
from godot_enet.compat.crypto.keys import load_private_key
from godot_enet.compat.crypto.problem import Problem

if TYPE_CHECKING:
    from godot_enet.compat.crypto.keys import PrivateKey

TIMES = ("20140101000000", "20340101000000")


def subjects(content: bytes) -> list[str]:
    return [each.subject.rfc4514_string() for each in load_certificates(content).certificates]


def reason_of(content: bytes) -> str:
    with pytest.raises(Problem) as caught:
        load_certificates(content)
    return str(caught.value)


@pytest.fixture
def key(rsa_pem: str) -> PrivateKey:
    return load_private_key(rsa_pem.encode())


def test_a_self_signed_one_holds_what_godot_puts_in(key: PrivateKey) -> None:
    made = make_self_signed(key, "CN=myserver,O=myorganisation,C=IT", *TIMES)
    assert made.version is x509.Version.v3
    assert made.subject == made.issuer
    assert [part.value for part in made.subject] == ["myserver", "myorganisation", "IT"]
    assert made.signature_hash_algorithm is not None
    assert made.signature_hash_algorithm.name == "sha256"
    (extension,) = made.extensions
    assert extension.critical
    assert extension.value == x509.BasicConstraints(ca=True, path_length=0)
    assert made.not_valid_before_utc == datetime(2014, 1, 1, tzinfo=timezone.utc)
    assert made.not_valid_after_utc == datetime(2034, 1, 1, tzinfo=timezone.utc)
    assert 100 < made.serial_number.bit_length() < 160
    assert made.serial_number != make_self_signed(key, "CN=a", *TIMES).serial_number
    made.verify_directly_issued_by(made)


def test_an_ec_key_signs_too(ec_pem: str) -> None:
    made = make_self_signed(load_private_key(ec_pem.encode()), "CN=a", *TIMES)
    assert made.signature_algorithm_oid == x509.SignatureAlgorithmOID.ECDSA_WITH_SHA256
    made.verify_directly_issued_by(made)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        (("2014", TIMES[1]), "not_before must be a time in the form YYYYMMDDHHMMSS"),
        (("", ""), "not_before must be a time in the form YYYYMMDDHHMMSS"),
        ((TIMES[0], TIMES[1] + "Z"), "not_after must be a time in the form YYYYMMDDHHMMSS"),
        (("20141301000000", TIMES[1]), "not_before must be a time in the form YYYYMMDDHHMMSS"),
        (("2014010100000x", TIMES[1]), "not_before must be a time in the form YYYYMMDDHHMMSS"),
        (("\u0662\u0660140101000000", TIMES[1]), "not_before must be a time in the form YYYYMMDDHHMMSS"),
        (("19491231235959", TIMES[1]), "not_before must not be earlier than 1950"),
        ((TIMES[1], TIMES[0]), "not_after is earlier than not_before"),
    ],
)
def test_times_that_cannot_be_are_refused_with_the_reason(times: tuple[str, str], reason: str, key: PrivateKey) -> None:
    with pytest.raises(Problem) as caught:
        make_self_signed(key, "CN=a", *times)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("times", [("20491231235959", "20500101000000"), ("19500101000000", "99991231235959")])
def test_times_from_1950_to_9999_survive(times: tuple[str, str], key: PrivateKey) -> None:
    made = make_self_signed(key, "CN=a", *times)
    assert (made.not_valid_before_utc.strftime("%Y%m%d%H%M%S"), f"{made.not_valid_after_utc:%Y%m%d%H%M%S}") == times


def test_several_are_found_in_their_order(certificate_pem: str, other_certificate_pem: str) -> None:
    text = f"first\n{certificate_pem}\ufffd{other_certificate_pem}\0{certificate_pem}\ufffd".encode()
    assert subjects(text) == ["CN=first", "CN=second", "CN=first"]
    assert subjects(text.replace(b"\n", b"\r\n")) == ["CN=first", "CN=second", "CN=first"]
    assert "".join(map(certificate_to_pem, load_certificates(text).certificates)) == (
        certificate_pem + other_certificate_pem + certificate_pem
    )


def test_of_der_the_first_is_taken_and_a_damaged_one_refused(certificate_pem: str, other_certificate_pem: str) -> None:
    one, two = (x509.load_pem_x509_certificate(pem.encode()) for pem in (certificate_pem, other_certificate_pem))
    der = one.public_bytes(Encoding.DER)
    assert load_certificates(der).certificates == (one,)
    # Mbed TLS takes the first and ignores what follows.
    assert load_certificates(der + two.public_bytes(Encoding.DER)).certificates == (one,)
    for length in (1, 2, 3, 4, 100, len(der) - 1):
        assert reason_of(der[:length]) == "the certificate is damaged or truncated"


def test_keys_beside_certificates_are_passed_over(certificate_pem: str, rsa_pem: str) -> None:
    found = load_certificates((rsa_pem + certificate_pem + rsa_pem).encode())
    assert (len(found.certificates), found.skipped) == (1, ())
    assert reason_of(rsa_pem.encode()) == "it contains no certificate, only: RSA PRIVATE KEY"


def test_those_that_cannot_be_used_are_left_out(certificate_pem: str, other_certificate_pem: str) -> None:
    damaged = certificate_pem[:300] + "\n-----END CERTIFICATE-----\n"
    broken = [damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", certificate_pem[:300]]
    found = load_certificates((broken[0] + other_certificate_pem + broken[1] + broken[2]).encode())
    assert [each.subject.rfc4514_string() for each in found.certificates] == ["CN=second"]
    assert len(found.skipped) == 3
    for text in broken:
        assert reason_of(text.encode())
    assert reason_of(b"") == "it is empty"
    assert reason_of(certificate_pem[:300].encode()) == "it is truncated: CERTIFICATE has no END line"


def test_kinds_that_godot_does_not_know_are_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    made = builder.public_key(key.public_key()).sign(key, None)
    reason = "the key or signature of the certificate is neither RSA nor EC, the kinds that Godot supports"
    assert reason_of(made.public_bytes(Encoding.PEM)) == reason


def test_a_signature_that_godot_does_not_know_is_refused(rsa_pem: str) -> None:
    authority = ed25519.Ed25519PrivateKey.generate()
    key = load_pem_private_key(rsa_pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    made = builder.public_key(key.public_key()).sign(authority, None)
    assert "neither RSA nor EC" in reason_of(made.public_bytes(Encoding.PEM))
    assert load_certificates(builder.public_key(key.public_key()).sign(key, SHA256()).public_bytes(Encoding.PEM))


def test_a_serial_number_that_is_no_der_is_refused_with_advice(key: PrivateKey) -> None:
    """Its first byte is 0 and the next one below 128, which is one byte more than DER allows."""
    made = make_self_signed(key, "CN=a", *TIMES, serial=0x1122334455)
    der = made.public_bytes(Encoding.DER)
    at = der.index(b"\x02\x05\x11\x22\x33\x44\x55")
    longer = der[:at] + b"\x02\x06\x00" + der[at + 2 :]
    for length_at in (2, 6):  # of the certificate, and of what is signed
        length = int.from_bytes(longer[length_at : length_at + 2], "big") + 1
        longer = longer[:length_at] + length.to_bytes(2, "big") + longer[length_at + 2 :]
    assert reason_of(longer) == "the serial number of the certificate is not valid DER; make a new certificate"


@given(data=st.data())
def test_damage_gives_certificates_or_a_problem_and_nothing_else(data: st.DataObject, certificate_pem: str) -> None:
    der = x509.load_pem_x509_certificate(certificate_pem.encode()).public_bytes(Encoding.DER)
    for content in (der, certificate_pem.encode()):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 5))
        changed = content[:at] + data.draw(st.binary(max_size=5)) + content[at + length :]
        with contextlib.suppress(Problem):
            assert load_certificates(changed).certificates
