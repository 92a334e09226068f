"""Whether a certificate matches the expected server, by the rules of Mbed TLS, which Godot uses.

OpenSSL checks chain, dates and strength; the name is checked here, since OpenSSL's own rules differ: it looks for IP
literals in one kind of entry only, never in the common name.
"""

from __future__ import annotations

import ipaddress

from cryptography import x509

__all__ = ["describe", "has_name", "problem_text"]


def has_name(certificate: x509.Certificate, wanted: str) -> bool:
    """Whether the certificate is for ``wanted``: by its alternative names if it has any, else by its common name.

    Names fit as they are, in any case of letters, or where ``*.`` stands for the first label. An IP literal fits an
    IP entry of the same address, or the same text. The empty name fits nothing.
    """
    if not wanted:
        return False
    alternatives = _alternatives(certificate)
    if alternatives is None:
        return any(_fits(name, wanted) for name in _common_names(certificate))
    address = _address(wanted)
    return any(
        (isinstance(name, x509.DNSName) and _fits(name.value, wanted))
        or (isinstance(name, x509.IPAddress) and address is not None and name.value == address)
        or (isinstance(name, x509.UniformResourceIdentifier) and name.value == wanted)
        for name in alternatives
    )


def describe(certificate: x509.Certificate) -> str:
    """The names in a certificate as readable text."""
    alternatives = _alternatives(certificate)
    if alternatives is None:
        names = _common_names(certificate)
    else:
        kinds = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
        names = [str(name.value) for name in alternatives if isinstance(name, kinds)]
    shown = [repr(name[:64]) for name in names[:3]]
    return ", ".join(shown) + (", ..." if len(names) > 3 else "") if shown else "no name"


def problem_text(number: int, certificate: x509.Certificate | None) -> str:
    """OpenSSL's verification error ``number`` as readable text."""
    if number == 10 and certificate is not None:
        return f"it expired on {_day(certificate.not_valid_after_utc)}"
    if number == 9 and certificate is not None:
        return f"it is not valid before {_day(certificate.not_valid_before_utc)}; is the clock right?"
    return _PROBLEMS.get(number, f"verification error {number} of OpenSSL")


_UNKNOWN = "it is not signed by an authority trusted here"
_PROBLEMS = {
    2: _UNKNOWN,
    18: "it is self-signed and not among the trusted certificates",
    19: "it is signed by an authority that is not trusted here",
    20: _UNKNOWN,
    21: _UNKNOWN,
    7: "its signature is wrong",
    22: "its chain is too long",
    23: "it was revoked",
    24: "it is signed by a certificate that is not an authority's",
    26: "it is not meant for servers",
    66: "its key is too weak",
    67: "an authority's key is too weak",
    68: "it is signed with a hash that is too weak",
    79: "it is signed by a certificate that is not an authority's",
}


def _day(moment: object) -> str:
    return str(moment)[:10]


def _alternatives(certificate: x509.Certificate) -> list[x509.GeneralName] | None:
    """None without that extension; empty if it cannot be read."""
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return []


def _common_names(certificate: x509.Certificate) -> list[str]:
    try:
        entries = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except ValueError:
        return []
    return [entry.value for entry in entries if isinstance(entry.value, str)]


def _fits(name: str, wanted: str) -> bool:
    name, wanted = name.lower(), wanted.lower()
    if name.startswith("*."):
        label, dot, rest = wanted.partition(".")
        return bool(label and dot) and name[2:] == rest
    return name == wanted


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
