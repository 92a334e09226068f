"""Connections that are created and destroyed inside each other's calls, at each place where a handler can run.

A signal handler, or the finalizer of whatever a connection lets go, may call the same connection. What the outer call
still does must then leave the host alone that the nested call has created.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.compat.enet_connection import _open_hosts
from tests.interrupt.interruption import Interruption
from tests.interrupt.loopback_pair import Pair, open_client, open_server, until
from tests.interrupt.test_connection import TRIES

pytestmark = pytest.mark.usefixtures("host_engine")


class Aside(Interruption):
    """Around code in the middle of which something else is called, after this many places."""

    def __init__(self, after: int, call: Callable[[], object]) -> None:
        super().__init__(after, ("compat/",), anywhere=False)
        self._call = call

    def _look(self, frame: FrameType) -> None:
        if self.place is None and self._may_come(frame):
            self._left -= 1
            if self._left <= 0:
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                self._stop()
                self._call()


def create(server: ENetConnection) -> Error:
    return server.create_host_bound("127.0.0.1", 0)


def destroy(server: ENetConnection) -> None:
    if server.engine_name:
        server.destroy()


def check(server: ENetConnection, place: str | None) -> None:
    """It is inactive, and can be active again; or it is active, and works."""
    host = server._host
    assert _open_hosts.get(id(server)) is host, place
    if host is None:
        assert create(server) is Error.OK, place
    assert server.get_peers() == [], place
    server.compress(ENetConnection.COMPRESS_NONE)  # of the old host or of the new one, where that is what is changed
    client = open_client("plain")
    pair = Pair(server, client)
    pair.at_client.peer_disconnect_now(0)
    until(lambda: not pair.at_server.is_active(), lambda: server.service(0), f"its end, {place}")
    client.destroy()
    server.destroy()
    assert id(server) not in _open_hosts, place


def each_place(
    outer: Callable[[ENetConnection], object], nested: Callable[[ENetConnection], object], *, active: bool
) -> None:
    for after in range(1, TRIES):
        server = open_server("plain") if active else ENetConnection(threaded=False)
        client = open_client("plain")
        if active:
            Pair(server, client)
        with Aside(after, lambda: nested(server)) as aside:  # noqa: B023
            outer(server)
        client.destroy()
        if aside.place is None and server.engine_name:  # nothing was called
            server.destroy()
        check(server, aside.place)
        if aside.place is None:
            assert after > 5
            return
    raise AssertionError("it does not end")


def test_created_inside_destroy() -> None:
    each_place(ENetConnection.destroy, create, active=True)


def test_destroyed_inside_destroy() -> None:
    each_place(ENetConnection.destroy, destroy, active=True)


def test_destroyed_and_created_inside_destroy() -> None:
    each_place(ENetConnection.destroy, _again, active=True)


def test_destroyed_inside_create() -> None:
    each_place(create, destroy, active=False)


def test_destroyed_and_created_inside_a_change_of_host() -> None:
    each_place(lambda server: server.compress(ENetConnection.COMPRESS_ZLIB), _again, active=True)


def _again(server: ENetConnection) -> None:
    destroy(server)
    create(server)


@pytest.mark.refcounts
def test_created_by_the_finalizer_of_what_it_lets_go() -> None:
    class Last:
        def __init__(self, server: ENetConnection) -> None:
            self.server = server

        def __del__(self) -> None:
            outcomes.append(create(self.server))

    outcomes: list[Error] = []
    server = open_server("plain")
    last = [Last(server)]
    server.on_connect_request(lambda ip, port, data, last=last: 0)  # type: ignore[misc]
    last = []
    server.destroy()
    assert outcomes == [Error.OK]
    assert server.engine_name
    check(server, "a finalizer")
