"""X509Certificate as Godot has it: it appends, keeps its order, and fails with a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from godot_enet.compat.crypto import Crypto, CryptoKey, X509Certificate, key_matches
from godot_enet.compat.globals import Error
from tests.unit.compat.crypto.conftest import loaded

Lines = Callable[[], list[str]]


def certificate(*pems: str) -> X509Certificate:
    made = X509Certificate()
    for pem in pems:
        assert made.load_from_string(pem) is Error.OK
    return made


def test_an_empty_certificate_saves_nothing(lines: Lines, tmp_path: Path) -> None:
    empty = X509Certificate()
    assert empty.save_to_string() == ""
    assert empty.save(tmp_path / "certificate") is Error.FAILED
    assert lines() == ["Error writing certificate: none is loaded."]
    assert os.listdir(tmp_path) == []
    assert repr(empty) == "<X509Certificate: empty>"


def test_loading_appends(certificate_pem: str, other_certificate_pem: str, tmp_path: Path) -> None:
    made = certificate(certificate_pem, other_certificate_pem)
    path = tmp_path / "chain.crt"
    assert made.save(path) is Error.OK
    assert path.read_bytes() == (certificate_pem + other_certificate_pem).encode()
    assert made.load(str(path)) is Error.OK
    assert made.save_to_string() == (certificate_pem + other_certificate_pem) * 2
    assert repr(made) == "<X509Certificate: CN=first and 3 more>"
    assert repr(certificate(certificate_pem)) == "<X509Certificate: CN=first>"


def test_what_godot_writes_loads(certificate_pem: str) -> None:
    """The first certificate as often as there are any, each with a U+FFFD behind it."""
    assert certificate((certificate_pem + "\ufffd") * 2).save_to_string() == certificate_pem * 2


def test_a_failure_keeps_what_was_loaded(certificate_pem: str, lines: Lines, tmp_path: Path) -> None:
    made = certificate(certificate_pem)
    for text in ("", "garbage", certificate_pem[:300], "\ud800"):
        assert made.load_from_string(text) is Error.FAILED
        assert lines()[0].startswith("Error parsing X509 certificates: ")
    path = tmp_path / "empty"
    path.touch()
    assert made.load(path) is Error.FAILED
    assert lines() == [f"Error parsing X509 certificates from file '{path}': it is empty."]
    assert made.save_to_string() == certificate_pem


def test_some_are_left_out_with_a_warning(certificate_pem: str, lines: Lines) -> None:
    made = certificate(certificate_pem + certificate_pem[:300])
    assert made.save_to_string() == certificate_pem
    reason = "it is truncated: CERTIFICATE has no END line"
    assert lines() == [f"X509 certificates: skipped 1, for example: {reason}."]


def test_files_that_are_not_there_are_errors(certificate_pem: str, lines: Lines, tmp_path: Path) -> None:
    missing, nowhere = str(tmp_path / "missing"), str(tmp_path / "nowhere" / "certificate")
    assert X509Certificate().load(missing) is Error.ERR_INVALID_PARAMETER
    assert certificate(certificate_pem).save(nowhere) is Error.ERR_INVALID_PARAMETER
    assert lines() == [
        f"Cannot open X509CertificateMbedTLS file '{missing}': No such file or directory.",
        f"Cannot save X509CertificateMbedTLS file '{nowhere}': No such file or directory.",
    ]


def test_a_certificate_in_use_cannot_be_changed(
    certificate_pem: str, other_certificate_pem: str, lines: Lines, tmp_path: Path
) -> None:
    made = certificate(certificate_pem)
    assert made.save(tmp_path / "certificate") is Error.OK
    made._acquire()
    assert made.load(tmp_path / "certificate") is Error.ERR_ALREADY_IN_USE
    assert made.load_from_string(other_certificate_pem) is Error.ERR_ALREADY_IN_USE
    assert lines() == ["Certificate is already in use."] * 2
    assert made.save_to_string() == certificate_pem
    made._release()
    assert made.load_from_string(other_certificate_pem) is Error.OK


def test_it_matches_its_own_key_only(
    certificate_pem: str, other_certificate_pem: str, rsa_pem: str, ec_pem: str
) -> None:
    for pem, own, other in (
        (rsa_pem, certificate_pem, other_certificate_pem),
        (ec_pem, other_certificate_pem, certificate_pem),
    ):
        key = loaded(pem)
        assert key_matches(key, certificate(own))
        assert key_matches(loaded(key.save_to_string(True)), certificate(own, other))
        assert not key_matches(key, certificate(other))
        assert not key_matches(key, certificate(other, own))  # the first one counts
        assert not key_matches(key, X509Certificate())
        assert not key_matches(CryptoKey(), certificate(own))


def test_another_key_of_the_same_kind_does_not_match(small_rsa_pem: str, certificate_pem: str) -> None:
    assert not key_matches(loaded(small_rsa_pem), certificate(certificate_pem))
    made = Crypto().generate_self_signed_certificate(loaded(small_rsa_pem))
    assert made is not None
    assert key_matches(loaded(small_rsa_pem), made)


@pytest.mark.parametrize("method", ["load", "save", "load_from_string"])
def test_wrong_arguments_raise_and_are_named(method: str) -> None:
    with pytest.raises(TypeError, match=r"must be a str"):
        getattr(X509Certificate(), method)(3)
