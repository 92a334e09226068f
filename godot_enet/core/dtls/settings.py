"""Settings of both sides of a DTLS stage. Nothing here needs OpenSSL."""

from __future__ import annotations

from dataclasses import dataclass, field

from godot_enet.core.errors import EnetError

__all__ = ["BadCredentials", "ClientTrust", "DtlsUnavailable", "ServerCredentials"]


class DtlsUnavailable(EnetError):
    """The package with OpenSSL is not installed or cannot be loaded; the message names it."""


class BadCredentials(EnetError):
    """A key or certificate cannot be used; the message says why, without quoting the key."""


@dataclass(frozen=True, slots=True)
class ServerCredentials:
    """The identity of a server."""

    key_pem: bytes = field(repr=False)
    """The unencrypted private key."""
    certificate_chain_pem: bytes
    """Its certificate, followed by the intermediate ones."""


@dataclass(frozen=True, slots=True)
class ClientTrust:
    """How a client verifies the server."""

    server_name: str
    """The name or IP literal that the certificate must have."""
    authorities_pem: bytes | None = None
    """The trusted certificates; None means those of the operating system."""
    verify_chain: bool = True
    """Whether the certificate must be signed by a trusted authority, or be one of those given."""
    verify_name: bool = True
    """Whether the name must match; it is also sent to the server."""
