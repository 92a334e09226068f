"""Converts TLSOptions for the core, which does not know Godot's classes, and locks their keys and certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.core.dtls.settings import BadCredentials, ClientTrust, ServerCredentials
from godot_enet.core.dtls.stages import client_stage, server_stage
from godot_enet.core.interface import TransportStage

if TYPE_CHECKING:
    from godot_enet.compat.crypto import CryptoKey, TLSOptions, X509Certificate
    from godot_enet.core.dtls.server import ServerStage

__all__ = ["DtlsSetup", "as_options", "client_setup", "server_setup"]


class DtlsSetup:
    """The encryption of one connection. While it exists, its key and certificates cannot be loaded again."""

    def __init__(self, stage: TransportStage, held: list[CryptoKey | X509Certificate | None]) -> None:
        self.stage = stage
        self._held = [one for one in held if one is not None]
        for one in self._held:
            one._acquire()

    def refuse(self, refuse: bool) -> None:
        """Ignore new clients, or accept them again; a client has none."""

    def release(self) -> None:
        """Unlock the key and certificates. Idempotent."""
        held, self._held = self._held, []
        for one in held:
            one._release()


class _ServerSetup(DtlsSetup):
    def __init__(self, stage: ServerStage, held: list[CryptoKey | X509Certificate | None]) -> None:
        super().__init__(stage, held)
        self._gate = stage.gate

    def refuse(self, refuse: bool) -> None:
        self._gate.refusing = refuse


def as_options(value: TLSOptions | None, name: str) -> TLSOptions | None:
    """Check an argument for one of Godot's ``TLSOptions`` parameters.

    Raises:
        TypeError: it is neither TLSOptions nor None; the message names the argument.
    """
    if value is None:
        return None
    from godot_enet.compat.crypto import TLSOptions

    if not isinstance(value, TLSOptions):
        raise TypeError(f"{name} must be TLSOptions, not {type(value).__name__}")
    return value


def server_setup(options: TLSOptions, sessions: int) -> DtlsSetup:
    """Set up a server from ``TLSOptions.server``, with at most ``sessions`` sessions.

    Raises:
        BadCredentials, DtlsUnavailable: the options cannot be used; the message says why.
    """
    key, certificate = options.get_private_key(), options.get_own_certificate()
    if key is None or key.is_public_only():
        raise BadCredentials("the options have no private key")
    if certificate is None or not (chain := certificate.save_to_string()):
        raise BadCredentials("the options have no certificate")
    credentials = ServerCredentials(key.save_to_string().encode(), chain.encode())
    return _ServerSetup(server_stage(credentials, sessions), [key, certificate])


def client_setup(hostname: str, options: TLSOptions) -> DtlsSetup:
    """Set up a client from ``TLSOptions.client`` or ``client_unsafe``, for a server of this name.

    Raises:
        BadCredentials, DtlsUnavailable: the options cannot be used; the message says why.
    """
    chain = options.get_trusted_ca_chain()
    authorities = None if chain is None else chain.save_to_string().encode()
    if options.is_unsafe_client():
        trust = ClientTrust("", authorities, verify_chain=chain is not None, verify_name=False)
    else:
        trust = ClientTrust(options.get_common_name_override() or hostname, authorities)
    return DtlsSetup(client_stage(trust), [chain])
