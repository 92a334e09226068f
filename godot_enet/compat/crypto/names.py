"""Distinguished names in Mbed TLS's format: ``CN=myserver,O=myorganisation,C=IT``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from godot_enet.compat.crypto.problem import Problem

if TYPE_CHECKING:
    from cryptography.x509 import Name

__all__ = ["parse_name"]

# Object identifiers by the names that Mbed TLS has for them (library/x509_create.c), upper and lower case as there.
_COMMON_NAME = "2.5.4.3"
_SURNAME = "2.5.4.4"
_COUNTRY = "2.5.4.6"
_LOCALITY = "2.5.4.7"
_STATE = "2.5.4.8"
_ORGANIZATION = "2.5.4.10"
_UNIT = "2.5.4.11"
_GIVEN_NAME = "2.5.4.42"
_EMAIL = "1.2.840.113549.1.9.1"
_DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25"
_KINDS = {
    "CN": _COMMON_NAME,
    "commonName": _COMMON_NAME,
    "C": _COUNTRY,
    "countryName": _COUNTRY,
    "O": _ORGANIZATION,
    "organizationName": _ORGANIZATION,
    "L": _LOCALITY,
    "locality": _LOCALITY,
    "R": _EMAIL,
    "OU": _UNIT,
    "organizationalUnitName": _UNIT,
    "ST": _STATE,
    "stateOrProvinceName": _STATE,
    "emailAddress": _EMAIL,
    "serialNumber": "2.5.4.5",
    "postalAddress": "2.5.4.16",
    "postalCode": "2.5.4.17",
    "dnQualifier": "2.5.4.46",
    "title": "2.5.4.12",
    "surName": _SURNAME,
    "SN": _SURNAME,
    "givenName": _GIVEN_NAME,
    "GN": _GIVEN_NAME,
    "initials": "2.5.4.43",
    "pseudonym": "2.5.4.65",
    "generationQualifier": "2.5.4.44",
    "domainComponent": _DOMAIN_COMPONENT,
    "DC": _DOMAIN_COMPONENT,
}
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")
_PRINTABLE_KINDS = {_COUNTRY, "2.5.4.5", "2.5.4.46"}
_ASCII_KINDS = {_EMAIL, _DOMAIN_COMPONENT}
_MAX_BYTES = 255
"""Bytes of a value."""
_PART = re.compile(r"([^=,]*)=((?:\\.|[^\\,])*)(?:, *|$)", re.DOTALL)
"""One attribute, with the comma and the spaces after it."""
_ESCAPE = re.compile(rb"\\(?:([0-9A-Fa-f]{2})|([ ,=+<>#;\"\\])|)")


def parse_name(text: str) -> Name:
    """Parse a name. A repeated attribute keeps its first position and its last value, as in Mbed TLS.

    A backslash escapes the special character after it, or a byte given by two hexadecimal digits. Spaces around values
    are kept. Unlike Mbed TLS, a country must have two letters, and other values the lengths of X.520, such as 64
    characters for a CN.

    Raises:
        Problem: the name is invalid; the text says which part.
    """
    from cryptography.x509 import Name, NameAttribute, ObjectIdentifier

    values: dict[str, str] = {}
    at = 0
    while at < len(text) or not values:
        part = _PART.match(text, at)
        if part is None:
            raise Problem("the name must look like CN=myserver,O=myorganisation,C=IT")
        at = part.end()
        kind = _KINDS.get(part[1])
        if kind is None:
            raise Problem(
                f"the name has an unknown attribute {part[1][:40]!r}; the usual ones are CN, O, OU, C, ST and L"
            )
        values[kind] = _parse_value(kind, part[1], part[2])
    try:
        return Name([NameAttribute(ObjectIdentifier(kind), value) for kind, value in values.items()])
    except ValueError as error:
        raise Problem(f"the name cannot be used: {str(error).rstrip('.')}") from None


def _parse_value(kind: str, name: str, text: str) -> str:
    if text.startswith("#"):
        raise Problem(f"the {name} of the name begins with #, which must be escaped as \\#")
    try:
        value = _ESCAPE.sub(_unescape, text.encode()).decode()
    except ValueError:
        raise Problem(f"the {name} of the name has an invalid escape sequence, or is not UTF-8") from None
    if not value or "\0" in value or len(value.encode()) > _MAX_BYTES:
        raise Problem(f"the {name} of the name must have 1 to {_MAX_BYTES} bytes and no NUL byte")
    if (kind in _PRINTABLE_KINDS and not _PRINTABLE.fullmatch(value)) or (kind in _ASCII_KINDS and not value.isascii()):
        raise Problem(f"the {name} of the name contains a character that is not allowed there")
    return value


def _unescape(escape: re.Match[bytes]) -> bytes:
    if escape[1] is not None:
        return bytes.fromhex(escape[1].decode())
    if escape[2] is None:
        raise ValueError
    return escape[2]
