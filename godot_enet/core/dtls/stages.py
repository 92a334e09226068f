"""Makes the stages; the only place that imports OpenSSL, and only on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.core.dtls.settings import ClientTrust, DtlsUnavailable, ServerCredentials

if TYPE_CHECKING:
    from godot_enet.core.dtls.client import ClientStage
    from godot_enet.core.dtls.server import ServerStage

__all__ = ["client_stage", "server_stage"]

_MISSING = "DTLS needs the package pyOpenSSL: pip install pyOpenSSL"
_LOADING = (ImportError, AttributeError)
"""Import errors; AttributeError means a pyOpenSSL that is incompatible with its cryptography."""


def server_stage(credentials: ServerCredentials, sessions: int) -> ServerStage:
    """A stage for a DTLS server with up to ``sessions`` sessions.

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
    """A stage for a DTLS client.

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
