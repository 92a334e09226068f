"""TLSOptions: the encryption of a connection, and the authorities that it trusts."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn

from godot_enet.compat.crypto.crypto_key import CryptoKey
from godot_enet.compat.crypto.x509_certificate import X509Certificate
from godot_enet.compat.errors import as_str

__all__ = ["TLSOptions"]


class _Mode(Enum):
    CLIENT = 0
    CLIENT_UNSAFE = 1
    SERVER = 2


class TLSOptions:
    """Immutable; created by :meth:`client`, :meth:`client_unsafe` or :meth:`server`."""

    __slots__ = ("__weakref__", "_certificate", "_chain", "_common_name", "_key", "_mode")

    _mode: _Mode
    _chain: X509Certificate | None
    _common_name: str
    _key: CryptoKey | None
    _certificate: X509Certificate | None

    def __init__(self) -> None:
        raise TypeError("TLSOptions cannot be constructed; use TLSOptions.client, client_unsafe or server")

    @staticmethod
    def client(trusted_chain: X509Certificate | None = None, common_name_override: str = "") -> TLSOptions:
        """Options for a client that verifies the server.

        Args:
            trusted_chain: the authorities to trust, or the server's self-signed certificate; None for the
                authorities that the system trusts.
            common_name_override: the name that the server's certificate must have; ``""`` for the host name.
        """
        name = as_str(common_name_override, "common_name_override")
        return _make(_Mode.CLIENT, chain=_certificate(trusted_chain, "trusted_chain"), common_name=name)

    @staticmethod
    def client_unsafe(trusted_chain: X509Certificate | None = None) -> TLSOptions:
        """Options for a client that accepts any name, and without ``trusted_chain`` any server: for tests only."""
        return _make(_Mode.CLIENT_UNSAFE, chain=_certificate(trusted_chain, "trusted_chain"))

    @staticmethod
    def server(key: CryptoKey | None, certificate: X509Certificate | None) -> TLSOptions:
        """Options for a server.

        Args:
            key: its private key.
            certificate: its certificate, followed by the intermediate ones.
        """
        if key is not None and not isinstance(key, CryptoKey):
            raise TypeError(f"key must be a CryptoKey, not {type(key).__name__}")
        return _make(_Mode.SERVER, key=key, certificate=_certificate(certificate, "certificate"))

    def is_server(self) -> bool:
        """Return whether :meth:`server` created this."""
        return self._mode is _Mode.SERVER

    def is_unsafe_client(self) -> bool:
        """Return whether :meth:`client_unsafe` created this."""
        return self._mode is _Mode.CLIENT_UNSAFE

    def get_common_name_override(self) -> str:
        """Return the argument of :meth:`client`, or ``""``."""
        return self._common_name

    def get_trusted_ca_chain(self) -> X509Certificate | None:
        """Return the authorities that a client trusts, if given."""
        return self._chain

    def get_private_key(self) -> CryptoKey | None:
        """A server's key."""
        return self._key

    def get_own_certificate(self) -> X509Certificate | None:
        """Return the certificate of a server."""
        return self._certificate

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("TLSOptions are immutable; create new ones")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("TLSOptions are immutable; create new ones")

    def __reduce__(self) -> NoReturn:
        raise TypeError("TLSOptions cannot be pickled or copied")

    def __repr__(self) -> str:
        return f"<TLSOptions: {self._mode.name.lower()}>"


def _make(
    mode: _Mode,
    *,
    chain: X509Certificate | None = None,
    common_name: str = "",
    key: CryptoKey | None = None,
    certificate: X509Certificate | None = None,
) -> TLSOptions:
    options = object.__new__(TLSOptions)
    fields = {"_mode": mode, "_chain": chain, "_common_name": common_name, "_key": key, "_certificate": certificate}
    for name, value in fields.items():
        object.__setattr__(options, name, value)
    return options


def _certificate(value: X509Certificate | None, name: str) -> X509Certificate | None:
    if value is not None and not isinstance(value, X509Certificate):
        raise TypeError(f"{name} must be an X509Certificate, not {type(value).__name__}")
    return value
