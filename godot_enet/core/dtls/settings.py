"""What the two sides of a DTLS stage need to know. Nothing here needs OpenSSL."""

from __future__ import annotations

from dataclasses import dataclass, field

from godot_enet.core.errors import EnetError

__all__ = ["BadCredentials", "ClientTrust", "DtlsUnavailable", "ServerCredentials"]


class DtlsUnavailable(EnetError):
    """The package that brings OpenSSL is not installed or cannot be loaded; the message names it."""


class BadCredentials(EnetError):
    """A key or certificate that cannot be used; the message says why, without a byte of the key."""


@dataclass(frozen=True, slots=True)
class ServerCredentials:
    """Who a server is."""

    key_pem: bytes = field(repr=False)
    """The private key, not encrypted."""
    certificate_chain_pem: bytes
    """Its certificate, then those of the authorities between it and a root."""


@dataclass(frozen=True, slots=True)
class ClientTrust:
    """Whom a client believes to be the server."""

    server_name: str
    """The name or IP literal that the certificate must have."""
    authorities_pem: bytes | None = None
    """The certificates trusted; None means those of the operating system."""
    verify_chain: bool = True
    """Whether the certificate must be signed by an authority trusted, or be one of those given."""
    verify_name: bool = True
    """Whether the name must fit, and is told to the server."""
