"""Connections that nobody destroys, and nothing left behind by those that somebody does."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core.engine import PythonEngine
from tests.unit.compat.stage import DEADLINE, Stage

# ResourceWarnings are errors here, also those of finalizers.


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


def server(threaded: bool) -> tuple[ENetConnection, int]:
    """A connection that only the caller holds, and its port."""
    connection = ENetConnection(threaded=threaded)
    assert connection.create_host_bound("127.0.0.1", 0) is Error.OK
    return connection, connection.get_local_port()


def connect(port: int, threaded: bool) -> tuple[ENetConnection, ENetPacketPeer]:
    client = ENetConnection(threaded=threaded)
    client.create_host(1)
    peer = client.connect_to_host("127.0.0.1", port)
    assert peer is not None
    return client, peer


pytestmark = pytest.mark.usefixtures("host_engine")


@pytest.mark.parametrize("threaded", [True, False])
class TestForgotten:
    @pytest.mark.refcounts
    def test_dropping_the_last_reference_frees_port_and_thread(self, threaded: bool) -> None:
        threads = threading.active_count()
        connection, port = server(threaded)
        seen = weakref.ref(connection)
        assert not is_free(port)
        del connection
        assert seen() is None  # no cycle of our own holds it
        wait_for(lambda: is_free(port))
        wait_for(lambda: threading.active_count() <= threads)

    def test_within_a_cycle(self, threaded: bool) -> None:
        threads = threading.active_count()
        connection, port = server(threaded)
        vars(connection)["self"] = connection
        seen = weakref.ref(connection)
        del connection
        gc.collect()
        assert seen() is None
        wait_for(lambda: is_free(port))
        wait_for(lambda: threading.active_count() <= threads)

    @pytest.mark.refcounts
    def test_in_another_thread(self, threaded: bool) -> None:
        connection, port = server(threaded)
        box = [connection]
        del connection
        thread = threading.Thread(target=box.clear)
        thread.start()
        thread.join()
        wait_for(lambda: is_free(port))

    @pytest.mark.refcounts
    def test_with_peers_that_somebody_still_holds(self, threaded: bool) -> None:
        stage = Stage(threaded)
        there = stage.server()
        client, peer = connect(there.get_local_port(), threaded)
        while not there.get_peers() or peer.get_state() != ENetPacketPeer.STATE_CONNECTED:
            there.service(1)
            client.service(1)
        port = client.get_local_port()
        there.get_peers()[0].send(0, b"x", 1)
        there.flush()
        while client.service(1000).type != ENetConnection.EVENT_RECEIVE:
            pass
        del client
        assert not peer.is_active()
        assert peer.get_available_packet_count() == 1
        assert peer.get_state() == ENetPacketPeer.STATE_DISCONNECTED
        wait_for(lambda: is_free(port))
        stage.close()

    @pytest.mark.parametrize("call", ["send", "get_statistic", "ping"])
    def test_by_a_collection_that_begins_inside_a_call(
        self, threaded: bool, call: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The finalizer runs in a thread that holds the lock of the very host that is to be closed."""
        monkeypatch.setenv("GODOT_ENET_ENGINE", "python")
        there, there_port = server(threaded)
        client, peer = connect(there_port, threaded)
        while client.service(1).type != ENetConnection.EVENT_CONNECT:
            there.service(1)
        port = client.get_local_port()
        vars(client)["self"] = client
        seen = weakref.ref(client)
        method = {"get_statistic": "peer_statistic"}.get(call, call)
        original = getattr(PythonEngine, method)

        def collect_first(*arguments: Any, **options: Any) -> Any:
            gc.collect()
            return original(*arguments, **options)

        arguments: tuple[Any, ...] = {"send": (0, b"x", 1), "get_statistic": (3,), "ping": ()}[call]
        gc.collect()
        gc.disable()
        try:
            del client
            with monkeypatch.context() as patch:
                patch.setattr(PythonEngine, method, collect_first)
                getattr(peer, call)(*arguments)
        finally:
            gc.enable()
        assert seen() is None
        assert not peer.is_active()
        wait_for(lambda: is_free(port))
        there.destroy()

    @pytest.mark.refcounts
    def test_an_unused_one_leaves_nothing(self, threaded: bool) -> None:
        connection = ENetConnection(threaded=threaded)
        seen = weakref.ref(connection)
        del connection
        assert seen() is None

    @pytest.mark.refcounts
    def test_many_of_them(self, threaded: bool) -> None:
        threads, open_before = threading.active_count(), descriptors()
        for _ in range(200):
            connection, _ = server(threaded)
            connection.service()
        del connection
        wait_for(lambda: threading.active_count() <= threads)
        wait_for(lambda: descriptors() <= open_before)


@pytest.mark.parametrize("threaded", [True, False])
def test_two_hundred_rounds_leave_no_thread_and_no_descriptor(threaded: bool) -> None:
    threads, open_before = threading.active_count(), descriptors()
    there, port = server(threaded)
    client = ENetConnection(threaded=threaded)
    for number in range(200):
        client.create_host(1)
        client.connect_to_host("127.0.0.1", port)
        client.service(1 if number % 10 == 0 else 0)  # sometimes long enough to fall asleep
        client.destroy()
    there.destroy()
    assert threading.active_count() <= threads
    assert descriptors() <= open_before


def test_a_failed_creation_leaves_no_descriptor() -> None:
    there, port = server(threaded=False)
    open_before = descriptors()
    for _ in range(20):
        for threaded in (True, False):
            other = ENetConnection(threaded=threaded)
            assert other.create_host_bound("127.0.0.1", port) is Error.ERR_CANT_CREATE
    assert descriptors() <= open_before
    there.destroy()
