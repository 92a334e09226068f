"""Names in certificates, by the rules of Mbed TLS."""

from __future__ import annotations

import pytest
from cryptography import x509

from godot_enet.core.dtls.verify import describe, has_name, problem_text
from tests.dtls.certificates import YEAR, certificate, dns, identity, ip
from tests.rows import each_row

KEY = identity().key


def made(name: str, *alternatives: x509.GeneralName) -> x509.Certificate:
    return certificate(KEY, name, alternatives=list(alternatives) or None)


@each_row(
    ("entry", "wanted", "fits"),
    [
        ("example.org", "example.org", True),
        ("Example.ORG", "eXample.org", True),
        ("example.org", "www.example.org", False),
        ("example.org", "example.or", False),
        ("*.example.org", "www.example.org", True),
        ("*.Example.org", "WWW.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", ".example.org", False),
        ("w*.example.org", "www.example.org", False),
        ("*", "localhost", False),
        ("example.org", "", False),
    ],
)
def test_names_and_wildcards(entry: str, wanted: str, fits: bool) -> None:
    assert has_name(made(entry), wanted) is fits
    assert has_name(made("other", dns("first.net"), dns(entry)), wanted) is fits


def test_the_common_name_counts_only_without_alternatives() -> None:
    assert not has_name(made("example.org", dns("example.net")), "example.org")
    assert not has_name(made("example.org", ip("10.0.0.1")), "example.org")


@pytest.mark.parametrize(
    ("entry", "wanted", "fits"),
    [
        (ip("10.0.0.1"), "10.0.0.1", True),
        (ip("10.0.0.1"), "10.0.0.2", False),
        (ip("::1"), "::1", True),
        (ip("::1"), "0:0::1", True),
        (ip("::1"), "::2", False),
        (ip("10.0.0.1"), "example.org", False),
        (dns("10.0.0.1"), "10.0.0.1", True),
        (x509.UniformResourceIdentifier("enet://host"), "enet://host", True),
        (x509.UniformResourceIdentifier("enet://host"), "host", False),
        (x509.RFC822Name("me@example.org"), "me@example.org", False),
    ],
)
def test_addresses_and_other_entries(entry: x509.GeneralName, wanted: str, fits: bool) -> None:
    assert has_name(made("other", entry), wanted) is fits


def test_an_address_as_common_name() -> None:
    assert has_name(made("127.0.0.1"), "127.0.0.1")
    assert not has_name(made("127.0.0.1"), "127.0.0.2")


def test_what_people_read() -> None:
    assert describe(made("example.org")) == "'example.org'"
    assert describe(made("x", dns("a.org"), ip("::1"), dns("c"), dns("d"))) == "'a.org', '::1', 'c', ..."
    assert describe(made("x", x509.RFC822Name("a@b"))) == "no name"
    old = certificate(KEY, begin=-2 * YEAR, end=-YEAR)
    assert problem_text(10, old) == f"it expired on {old.not_valid_after_utc:%Y-%m-%d}"
    new = certificate(KEY, begin=YEAR, end=2 * YEAR)
    assert problem_text(9, new) == f"it is not valid before {new.not_valid_before_utc:%Y-%m-%d}; is the clock right?"
    assert "authority" in problem_text(20, None)
    assert "12345" in problem_text(12345, None)
