"""Threads in and around a native host, and processes that end or fork while it lives."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from tests.native.interpreter import run
from tests.unit.compat.stage import DEADLINE, Stage

ROUNDS = 60


@pytest.fixture(autouse=True)
def _eager() -> Iterator[None]:
    """Threads take turns a hundred times as often as usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    yield
    sys.setswitchinterval(interval)


class Threads:
    """Threads that repeat something until they are told to stop; what they raise fails the test."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self._going = threading.Barrier(1)

    def start(self, calls: list[Callable[[], object]]) -> None:
        """Begin, and return when each has made its first call."""
        self._going = threading.Barrier(len(calls) + 1)
        self._threads = [threading.Thread(target=self._run, args=(call,)) for call in calls]
        for thread in self._threads:
            thread.start()
        self._going.wait(DEADLINE)

    def _run(self, call: Callable[[], object]) -> None:
        try:
            call()
            self._going.wait(DEADLINE)
            while not self._stopped.is_set():
                call()
        except BaseException as error:
            self._errors.append(error)

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        assert self._errors == []


@pytest.mark.parametrize("timeout", [0, 2])
def test_eight_send_one_services_and_another_destroys(stage: Stage, timeout: int) -> None:
    server, client = stage.server(), stage.connection()
    for _ in range(ROUNDS // 4):
        assert client.create_host(1) is Error.OK
        assert client.engine_name == "native"
        link = stage.join(server, client)
        peer = link.at_client
        threads = Threads()
        threads.start([*[lambda p=peer: p.send(0, b"x" * 50, 1)] * 8, lambda: client.service(timeout)])
        client.destroy()
        assert not peer.is_active()
        assert peer.send(0, b"x", 1) is Error.ERR_UNCONFIGURED
        threads.stop()
        link.at_server.reset()
        server.service()
        stage.events(server)


def test_two_destroy_at_once(stage: Stage) -> None:
    for _ in range(ROUNDS):
        connection = stage.server()
        threads = Threads()
        threads.start([lambda c=connection: c.service(1)] * 2)  # type: ignore[misc]
        destroyers = [threading.Thread(target=connection.destroy) for _ in range(2)]
        for thread in destroyers:
            thread.start()
        for thread in destroyers:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        threads.stop()


def test_compression_changes_under_senders(stage: Stage) -> None:
    """To zlib the host in C is replaced while others are inside it."""
    for _ in range(ROUNDS // 20):
        link = stage.link()
        for end in (link.at_client, link.at_server):
            end.set_timeout(32, 60_000, 120_000)  # the server may hear nothing for seconds on a busy machine
        tickets = iter(range(2000))  # what is sent must arrive in the end

        def send(peer: ENetPacketPeer = link.at_client, tickets: Iterator[int] = tickets) -> None:
            if next(tickets, None) is not None:
                peer.send(0, b"x", 1)

        threads = Threads()
        threads.start([*[send] * 4, lambda c=link.client: c.service(1), link.client.flush])  # type: ignore[misc]
        link.client.compress(ENetConnection.COMPRESS_ZLIB)
        threads.stop()
        assert link.at_client.is_active()
        link.server.compress(ENetConnection.COMPRESS_ZLIB)
        link.fence()
        link.client.destroy()
        link.server.destroy()


def test_peers_are_taken_from_under_those_who_use_them(stage: Stage) -> None:
    server, client = stage.server(), stage.client()
    for _ in range(ROUNDS // 4):
        link = stage.join(server, client)
        peer = link.at_client
        threads = Threads()
        threads.start(
            [
                lambda p=peer: p.send(0, b"x", 1),  # type: ignore[misc]
                peer.get_packet,
                peer.get_packet_flags,
                peer.get_state,
                lambda p=peer: p.get_statistic(3),  # type: ignore[misc]
                peer.get_available_packet_count,
            ]
        )
        peer.reset()
        threads.stop()
        link.at_server.reset()
        for connection in (server, client):
            connection.service()
            stage.events(connection)


HOSTS = """
import sys, threading
from godot_enet import ENetConnection
hosts = []
for threaded in (True, False, True):
    host = ENetConnection(threaded=threaded)
    host.create_host_bound("127.0.0.1", 0)
    client = ENetConnection(threaded=threaded)
    client.create_host(1)
    peer = client.connect_to_host("127.0.0.1", host.get_local_port())
    done = 0
    while done < 2:
        done += host.service(1).type == 1
        done += client.service(1).type == 1
    hosts += [host, client, peer]
assert host.engine_name == "native"
"""

ENDINGS = {
    "at the end": "",
    "by sys.exit": "sys.exit()",
    "in a cycle": "hosts.append(hosts); del hosts, host, client, peer",
    "with a blocked service": "threading.Thread(target=host.service, args=(60000,), daemon=True).start()",
    "with a sender": """
def work():
    while True:
        peer.send(0, b"x", 1)
        client.service(1)
threading.Thread(target=work, daemon=True).start()
""",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_program_ends_while_hosts_live(ending: str) -> None:
    result = run(HOSTS + ENDINGS[ending])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


FORK = """
import os, gc
child = os.fork()
if not child:
    try:
        for thing in hosts:
            if isinstance(thing, ENetConnection):
                thing.service()
                thing.get_local_port()
                thing.flush()
                thing.destroy()
            else:
                thing.send(0, b"from the child", 1)
                thing.get_packet()
        del hosts, host, client, peer
        gc.collect()
        fresh = ENetConnection()
        fresh.create_host(1)
        fresh.service()
        fresh.destroy()
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert peer.send(0, b"hello", 1) == 0
client.flush()
while host.service(1000).type != 3:
    client.service()
(server_peer,) = host.get_peers()
assert server_peer.get_packet() == b"hello"
print("alive")
"""

BUSY_FORK = """
import os
stopped = threading.Event()
def work(client, peer):
    while not stopped.is_set():
        peer.send(0, b"x", 1)
        client.service(1)
workers = [threading.Thread(target=work, args=(hosts[i + 1], hosts[i + 2])) for i in (0, 3, 6)]
for worker in workers:
    worker.start()
for _ in range(30):
    child = os.fork()
    if not child:
        for thing in hosts:
            if isinstance(thing, ENetConnection):
                thing.destroy()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stopped.set()
for worker in workers:
    worker.join()
print("alive")
"""


@pytest.mark.parametrize("program", [FORK, BUSY_FORK], ids=["idle", "busy"])
def test_fork(program: str) -> None:
    """The child's copies are dead and harmless; the parent does not notice."""
    quiet = "import logging; logging.getLogger('godot_enet').setLevel(logging.CRITICAL)\n"
    # Python warns of a fork while there are threads, which is what this is about; from 3.15 on that can be an error.
    quiet += "import warnings; warnings.filterwarnings('ignore', '.*fork', DeprecationWarning)\n"
    result = run(quiet + HOSTS + program)
    assert (result.returncode, result.stdout, result.stderr) == (0, "alive\n", "")
