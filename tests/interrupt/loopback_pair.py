"""Two connections on loopback, in this thread alone, and what they need to be connected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.compat.crypto import TLSOptions

__all__ = ["Pair", "open_client", "open_pair", "open_server", "until"]

_DEADLINE = 30.0
"""Seconds after which something that should happen at once is taken never to happen."""


def until(condition: Callable[[], object], each: Callable[[], object], what: str) -> None:
    """Do something again and again until a condition holds."""
    end = time.monotonic() + _DEADLINE
    while not condition():
        assert time.monotonic() < end, what
        each()


class Pair:
    """A server and a client that are connected, with their objects for each other."""

    def __init__(self, server: ENetConnection, client: ENetConnection) -> None:
        self.server, self.client = server, client
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        self.at_client = peer
        self._found: ENetPacketPeer | None = None
        until(lambda: self._found is not None and peer.get_state() == peer.STATE_CONNECTED, self.run, "a connection")
        assert self._found is not None
        self.at_server: ENetPacketPeer = self._found

    def run(self) -> None:
        """Let both ends work."""
        self.client.service(0)
        event = self.server.service(0)
        if event.type is ENetConnection.EVENT_CONNECT:
            self._found = event.peer

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Let both ends work until a condition holds."""
        until(condition, self.run, what)


def open_server(kind: str, *, threaded: bool = False) -> ENetConnection:
    """A server on a free port: ``plain``, with ``zlib``, or with ``dtls``; skips without OpenSSL."""
    if kind == "dtls":
        pytest.importorskip("OpenSSL")
    server = ENetConnection(threaded=threaded)
    assert server.create_host_bound("127.0.0.1", 0) is Error.OK
    if kind == "zlib":
        server.compress(ENetConnection.COMPRESS_ZLIB)
    elif kind == "dtls":
        from tests.dtls.certificates import localhost
        from tests.dtls.conftest import server_options

        assert server.dtls_server_setup(server_options(localhost())) is Error.OK
    return server


def open_client(kind: str, *, threaded: bool = False) -> ENetConnection:
    """Its counterpart."""
    client = ENetConnection(threaded=threaded)
    assert client.create_host(1) is Error.OK
    if kind == "zlib":
        client.compress(ENetConnection.COMPRESS_ZLIB)
    elif kind == "dtls":
        assert client.dtls_client_setup("localhost", TLSOptions.client_unsafe()) is Error.OK
    return client


@contextmanager
def open_pair(kind: str, *, threaded: bool = False) -> Iterator[Pair]:
    """Such a server and a client, connected, until the end of the block."""
    server, client = open_server(kind, threaded=threaded), open_client(kind, threaded=threaded)
    try:
        yield Pair(server, client)
    finally:
        client.destroy()
        server.destroy()
