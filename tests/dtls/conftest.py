"""Stages for encrypted connections of all kinds: each engine, with network threads and without."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.compat.crypto import CryptoKey, TLSOptions, X509Certificate
from tests.dtls.certificates import Identity, localhost
from tests.unit.compat.stage import Link, Stage

Logged = Callable[[], list[str]]


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def stage(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Stage]:
    """Connections that are destroyed after the test."""
    stage = Stage(request.param)
    yield stage
    stage.close()


@pytest.fixture
def inline(host_engine: str) -> Iterator[Stage]:
    """The same without network threads, for what does not depend on them."""
    stage = Stage(False)
    yield stage
    stage.close()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """Takes the warnings and errors logged so far."""
    caplog.set_level(logging.INFO, "godot_enet")

    def take() -> list[str]:
        lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        caplog.clear()
        return lines

    return take


def key_of(who: Identity) -> CryptoKey:
    """A key as Godot's class."""
    key = CryptoKey()
    assert key.load_from_string(who.key_pem.decode()) is Error.OK
    return key


def certificate_of(who: Identity, *above: Identity) -> X509Certificate:
    """A certificate as Godot's class, with the certificates above it."""
    certificate = X509Certificate()
    assert certificate.load_from_string(b"".join(one.pem for one in (who, *above)).decode()) is Error.OK
    return certificate


def server_options(who: Identity, *above: Identity) -> TLSOptions:
    """For the server that ``who`` is."""
    return TLSOptions.server(key_of(who), certificate_of(who, *above))


def secure_server(
    stage: Stage, who: Identity | None = None, address: str = "127.0.0.1", max_peers: int = 32
) -> ENetConnection:
    """A server with DTLS."""
    server = stage.server(address, max_peers)
    assert server.dtls_server_setup(server_options(who or localhost())) is Error.OK
    return server


def secure_client(stage: Stage, options: TLSOptions | None = None, hostname: str = "localhost") -> ENetConnection:
    """A client with DTLS, which trusts ``localhost()`` unless told otherwise."""
    client = stage.client()
    options = options or TLSOptions.client(certificate_of(localhost()))
    assert client.dtls_client_setup(hostname, options) is Error.OK
    return client


def secure_link(stage: Stage, address: str = "127.0.0.1", max_peers: int = 32) -> Link:
    """Two encrypted ends that have connected."""
    server = secure_server(stage, address=address, max_peers=max_peers)
    return stage.join(server, secure_client(stage), address=address)
