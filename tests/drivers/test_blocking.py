"""service(timeout) with both drivers: it sleeps, wakes at once, and can be ended and interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import pytest

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.compat import ServiceResult
from tests.unit.compat.stage import DEADLINE, Link, Stage

LONG = 60_000
"""Milliseconds that no wait here may really take."""
T = TypeVar("T")


def in_thread(call: Callable[[], T]) -> Future[T]:
    """Run something in a thread of its own."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def test_it_sleeps_the_whole_time_and_costs_next_to_nothing(stage: Stage) -> None:
    link = stage.link()
    link.fence()
    cpu, wall = time.process_time(), time.monotonic()
    deadline = wall + 2
    while (left := deadline - time.monotonic()) > 0:
        assert link.server.service(int(left * 1000) + 1).type == ENetConnection.EVENT_NONE
        assert time.monotonic() > deadline - 0.01  # no call returned early
    assert time.process_time() - cpu < 0.5


@pytest.mark.parametrize("timeout", [0, -1, -(2**31)])
def test_no_time_is_no_wait(stage: Stage, timeout: int) -> None:
    began = time.monotonic()
    for _ in range(10):
        assert stage.server().service(timeout).type == ENetConnection.EVENT_NONE
    assert time.monotonic() - began < 5


def test_it_ends_with_the_first_event(stage: Stage) -> None:
    link = stage.link()
    delays = []
    for number in range(9):
        waiting = in_thread(lambda: link.server.service(LONG))
        time.sleep(0.05)  # let it fall asleep; if it has not, the test is merely easier
        sent = time.monotonic()
        link.at_client.send(0, bytes([number]), 1)
        link.client.flush()
        event = waiting.result(DEADLINE)
        delays.append(time.monotonic() - sent)
        assert event.type == ENetConnection.EVENT_RECEIVE
        assert link.at_server.get_packet() == bytes([number])
    assert min(delays) < 0.05  # the others may have waited for a processor


def test_what_another_thread_sends_meanwhile_leaves_at_once(stage: Stage) -> None:
    link = stage.link()
    waiting = in_thread(lambda: [link.server.service(LONG) for _ in range(9)])
    delays = []
    for number in range(9):
        time.sleep(0.05)
        sent = time.monotonic()
        link.at_server.send(0, bytes([number]), 1)
        while (event := link.client.service(100)).type == ENetConnection.EVENT_NONE:
            assert time.monotonic() - sent < DEADLINE
        delays.append(time.monotonic() - sent)
        assert event.type == ENetConnection.EVENT_RECEIVE
        assert link.at_client.get_packet() == bytes([number])
        link.at_client.send(0, b"answer", 1)
        link.client.flush()
    assert [event.type for event in waiting.result(DEADLINE)] == [ENetConnection.EVENT_RECEIVE] * 9
    assert min(delays) < 0.05  # the others may have waited for a processor


def test_whatever_else_another_thread_asks_for_is_done_at_once(stage: Stage) -> None:
    fresh = stage.server()  # one with a peer does not connect to another
    actions: dict[str, Callable[[Link], object]] = {
        "broadcast": lambda link: link.server.broadcast(0, b"x", 1),
        "disconnect": lambda link: link.at_server.peer_disconnect(),
        "ping": lambda link: link.at_server.ping_interval(10),
        "connect": lambda link: fresh.connect_to_host("127.0.0.1", link.client.get_local_port()),
    }
    links = {name: stage.link() for name in actions}
    for link in links.values():
        for peer in (link.at_client, link.at_server):
            peer.ping_interval(1_000_000)
    quiet = time.monotonic() + 2  # the bandwidth is told after a second; then nothing is sent by itself any more
    stage.run(lambda: time.monotonic() > quiet)
    for name, link in links.items():
        host = fresh if name == "connect" else link.server
        waiting = in_thread(lambda host=host: host.service(LONG))  # type: ignore[misc]
        time.sleep(0.05)  # let it fall asleep; if it has not, the test is merely easier
        received = ENetConnection.HOST_TOTAL_RECEIVED_PACKETS
        link.client.pop_statistic(received)
        deadline = time.monotonic() + DEADLINE
        actions[name](link)
        while not link.client.pop_statistic(received):
            assert time.monotonic() < deadline, name
            link.client.service(10)
        host.destroy()
        assert waiting.result(DEADLINE).type in (ENetConnection.EVENT_ERROR, ENetConnection.EVENT_DISCONNECT)


@pytest.mark.parametrize("waiters", [1, 4])
def test_destroy_ends_every_wait(stage: Stage, waiters: int) -> None:
    for _ in range(5):
        connection = stage.server()
        waiting = [in_thread(lambda c=connection: c.service(LONG)) for _ in range(waiters)]  # type: ignore[misc]
        time.sleep(0.02)
        began = time.monotonic()
        connection.destroy()
        assert time.monotonic() - began < 5
        for result in waiting:
            assert result.result(DEADLINE) == (ENetConnection.EVENT_ERROR, None, 0, 0)
        assert time.monotonic() - began < 10


def test_two_who_wait_get_an_event_each(stage: Stage) -> None:
    link = stage.link()
    for _ in range(20):
        waiting: list[Future[ServiceResult]] = [in_thread(lambda: link.server.service(LONG)) for _ in range(2)]
        time.sleep(0.01)
        began = time.monotonic()
        for packet in (b"one", b"two"):
            link.at_client.send(0, packet, 1)
        link.client.flush()
        assert {result.result(DEADLINE).type for result in waiting} == {ENetConnection.EVENT_RECEIVE}
        assert time.monotonic() - began < 10
        # Who of the two comes first to put his packet into the queue is open.
        assert sorted(link.at_server.get_packet() for _ in range(2)) == [b"one", b"two"]


class Interrupts:
    """Presses Ctrl-C until that has ended a call. However late it comes, it does nothing outside of :meth:`end`."""

    def __init__(self) -> None:
        self._expected = False

    def handle(self, *_: object) -> None:
        if self._expected:
            self._expected = False
            raise KeyboardInterrupt

    def end(self, call: Callable[[], object]) -> None:
        ended = threading.Event()

        def press() -> None:
            while not ended.wait(0.05):
                os.kill(os.getpid(), signal.SIGINT)

        def interrupted() -> None:
            self._expected = True
            call()

        presser = threading.Thread(target=press)
        presser.start()
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        ended.set()
        presser.join()


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    interrupts = Interrupts()
    before = signal.signal(signal.SIGINT, interrupts.handle)
    yield interrupts
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_leaves_the_connection_usable(stage: Stage, interrupts: Interrupts) -> None:
    link = stage.link()
    for _ in range(5):
        began = time.monotonic()
        interrupts.end(lambda: link.server.service(LONG))
        assert time.monotonic() - began < DEADLINE
        link.fence()
        assert link.at_server.get_state() == ENetPacketPeer.STATE_CONNECTED
        while link.server.service().type:
            pass
    began = time.monotonic()
    link.server.destroy()
    assert time.monotonic() - began < 5
