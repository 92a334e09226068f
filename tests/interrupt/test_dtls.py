"""Sessions of a DTLS server are in one of its tables, wherever a signal handler raises."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

pytest.importorskip("OpenSSL")

from godot_enet.core.dtls.server import SWEEP, DtlsServerTransport
from tests.dtls.memory_net import CLIENT, SERVER, End, Net, meet
from tests.interrupt.interruption import Interrupted, Interruption

TRIES = 500


def sweep(net: Net, server: End[DtlsServerTransport]) -> None:
    """The session has an ENet peer since ``meet``, and now the server notices."""
    net.now += SWEEP


def restart(net: Net, server: End[DtlsServerTransport]) -> None:
    """The client restarts; the last flight of its handshake waits to be received."""
    net.now += SWEEP
    server.take()
    del net.ports[CLIENT]
    client = net.client()
    client.send(SERVER, b"again")
    for _ in range(2):
        server.take()
        client.take()


@pytest.mark.parametrize("prepare", [sweep, restart])
def test_a_session_that_moves_is_never_in_no_table(prepare: Callable[[Net, End[DtlsServerTransport]], None]) -> None:
    for after in range(1, TRIES):
        net = Net()
        server = net.server()
        meet(net, server, net.client())
        prepare(net, server)
        (session,) = server.transport._pending.values()
        part = ("core/dtls/server.py",)
        with Interruption(after, part, anywhere=False) as interruption, contextlib.suppress(Interrupted):
            server.take()
        tables = server.transport._pending, server.transport._bound
        assert any(session in table.values() for table in tables), interruption.place
        if interruption.place is None:
            assert after > 5
            return
    raise AssertionError("it does not end")
