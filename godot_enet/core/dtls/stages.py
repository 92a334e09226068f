"""Makes the stages; the one place that finds out whether OpenSSL is there, and only when it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.core.dtls.settings import ClientTrust, DtlsUnavailable, ServerCredentials

if TYPE_CHECKING:
    from godot_enet.core.dtls.client import ClientStage
    from godot_enet.core.dtls.server import ServerStage

__all__ = ["client_stage", "server_stage"]

_MISSING = "DTLS needs the package pyOpenSSL: pip install pyOpenSSL"
_LOADING = (ImportError, AttributeError)
"""What importing raises; the second of a pyOpenSSL that does not fit its cryptography."""


def server_stage(credentials: ServerCredentials, sessions: int) -> ServerStage:
    """What turns a transport into one for a DTLS server of up to so many sessions.

    Raises:
        BadCredentials: key or certificate cannot be used.
        DtlsUnavailable: pyOpenSSL is not installed, or cannot be loaded.
    """
    try:
        from godot_enet.core.dtls.server import ServerStage
    except _LOADING as error:
        raise _unavailable(error) from error
    return ServerStage(credentials, sessions)


def client_stage(trust: ClientTrust) -> ClientStage:
    """What turns a transport into one for a DTLS client.

    Raises:
        BadCredentials: the certificates to trust cannot be read.
        DtlsUnavailable: pyOpenSSL is not installed, or cannot be loaded.
    """
    try:
        from godot_enet.core.dtls.client import ClientStage
    except _LOADING as error:
        raise _unavailable(error) from error
    return ClientStage(trust)


def _unavailable(error: Exception) -> DtlsUnavailable:
    if isinstance(error, ModuleNotFoundError) and error.name in ("OpenSSL", "cryptography"):
        return DtlsUnavailable(_MISSING)
    return DtlsUnavailable(f"{_MISSING} ({error})")
