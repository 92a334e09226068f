"""OpenSSL set up for DTLS 1.2 as Godot speaks it."""

from __future__ import annotations

import ipaddress
import os
import ssl
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from OpenSSL import SSL, crypto

from godot_enet.core.dtls.settings import BadCredentials, ClientTrust, ServerCredentials
from godot_enet.core.dtls.verify import describe, has_name, problem_text
from godot_enet.core.interrupts import raised_by_signal_handler

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

__all__ = ["ClientContext", "server_context"]

_DTLS_1_2 = 0xFEFD
_SUITES = b"ECDHE+CHACHA20:ECDHE+AESGCM:@SECLEVEL=2"
"""Godot's cipher suites in its order, limited to authenticated encryption with forward secrecy."""
_OPTIONS = SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION


def server_context(credentials: ServerCredentials) -> SSL.Context:
    """Make the context of a server.

    Raises:
        BadCredentials: key or certificate cannot be used, or do not match.
    """
    key = _private_key(credentials.key_pem)
    leaf, *others = _certificates(credentials.certificate_chain_pem)
    if leaf.public_key() != key.public_key():
        raise BadCredentials("the private key does not match the certificate")
    context = _context(SSL.DTLS_SERVER_METHOD)
    assert SSL.OP_COOKIE_EXCHANGE is not None  # no OpenSSL is without
    context.set_options(SSL.OP_COOKIE_EXCHANGE | SSL.OP_CIPHER_SERVER_PREFERENCE)
    # The server has checked the cookie before it calls OpenSSL.
    context.set_cookie_generate_callback(lambda connection: b"")
    context.set_cookie_verify_callback(lambda connection, cookie: True)
    try:
        context.use_certificate(leaf)
        for certificate in others:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(key)  # type: ignore[arg-type]
    except (SSL.Error, TypeError) as error:
        # TypeError: a type of key that pyOpenSSL does not accept.
        raise BadCredentials(f"OpenSSL rejected the key or the certificate: {_first_reason(error)}") from None
    return context


class ClientContext:
    """The context of one client, which has one session at a time.

    Raises:
        BadCredentials: the certificates to trust cannot be read.
    """

    def __init__(self, trust: ClientTrust) -> None:
        self._settings = trust
        self.problem: str | None = None
        """Why the certificate of the latest session was rejected."""
        self._context = _context(SSL.DTLS_CLIENT_METHOD)
        if not trust.verify_chain:
            self._context.set_verify(SSL.VERIFY_NONE)
            return
        self._context.set_verify(SSL.VERIFY_PEER, self._look)
        if trust.authorities_pem is None:
            self._trust_the_system()
        else:
            self._trust(_certificates(trust.authorities_pem, needed=False))

    def connection(self) -> SSL.Connection:
        """A new connection."""
        self.problem = None
        connection = SSL.Connection(self._context, None)
        connection.set_connect_state()
        name = self._settings.server_name
        if self._settings.verify_name and name and name.isascii() and not _is_literal(name):
            connection.set_tlsext_host_name(name.encode())
        return connection

    def _trust_the_system(self) -> None:
        self._context.set_default_verify_paths()
        paths = ssl.get_default_verify_paths()
        if paths.cafile or paths.capath:
            self._context.load_verify_locations(paths.cafile, paths.capath)
        if os.name == "nt":
            system = ssl.create_default_context().get_ca_certs(binary_form=True)
            self._trust([x509.load_der_x509_certificate(der) for der in system])

    def _trust(self, certificates: list[x509.Certificate]) -> None:
        store = self._context.get_cert_store()
        assert store is not None  # every context has one
        # Any of them may end a chain, even if it is not an authority's.
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        for certificate in certificates:
            store.add_cert(crypto.X509.from_cryptography(certificate))

    def _look(self, connection: SSL.Connection, found: crypto.X509, error: int, depth: int, fine: int) -> bool:
        """Called by OpenSSL for each certificate, the server's own last. Returns whether to continue."""
        try:
            certificate = found.to_cryptography()
            if not fine:
                self.problem = problem_text(error, certificate)
            elif depth == 0 and self._settings.verify_name and not has_name(certificate, self._settings.server_name):
                self.problem = f"it is for {describe(certificate)}, not for {self._settings.server_name!r}"
        except Exception as unreadable:
            if raised_by_signal_handler(unreadable):
                raise
            # Parser errors of malformed certificates must not be raised from a network call.
            self.problem = "it cannot be read"
        return self.problem is None


def _context(method: int) -> SSL.Context:
    context = SSL.Context(method)
    context.set_min_proto_version(_DTLS_1_2)
    context.set_max_proto_version(_DTLS_1_2)
    context.set_options(_OPTIONS)
    context.set_cipher_list(_SUITES)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return context


def _private_key(pem: bytes) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise BadCredentials("the private key is encrypted with a password; store it without one") from None
    except Exception:
        # Many classes, whose messages may quote the key.
        raise BadCredentials("the private key cannot be read; it must be in PEM form, whole and private") from None


def _certificates(pem: bytes, *, needed: bool = True) -> list[x509.Certificate]:
    if not needed and not pem.strip():
        return []
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise BadCredentials("the certificate cannot be read; it must be in PEM form and whole") from None


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _first_reason(error: Exception) -> str:
    if isinstance(error, SSL.Error) and error.args and error.args[0]:
        return str(error.args[0][0][-1])
    return "this kind of key is not supported"
