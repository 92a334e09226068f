"""The numbers of a whole ENetConnection: sums, totals, idle time; and refusing new peers."""

from __future__ import annotations

import threading
import time

import pytest

from godot_enet import ENetConnection, Error
from tests.unit.compat.stage import DEADLINE, Stage

SENT = ENetConnection.HOST_TOTAL_SENT_DATA


def test_inactive() -> None:
    connection = ENetConnection()
    assert connection.summary() is None
    assert connection.get_total(SENT) == 0
    assert connection.get_idle_time() == -1


def test_totals_are_not_popped(stage: Stage) -> None:
    link = stage.link()
    link.fence()
    first = link.server.get_total(SENT)
    assert link.server.pop_statistic(SENT) == first > 0
    link.fence()
    assert link.server.get_total(SENT) - first == link.server.pop_statistic(SENT) > 0
    with pytest.raises(ValueError, match="9"):
        link.server.get_total(9)


def test_the_sums_of_both_ends(stage: Stage) -> None:
    link = stage.link()
    ours, theirs = link.client.summary(), link.server.summary()
    assert ours is not None
    assert theirs is not None
    assert ours.connected == theirs.connected == sum(ours.round_trip_times) == 1


def test_the_idle_time_begins_anew_with_each_service(stage: Stage) -> None:
    server = stage.server()
    start = time.monotonic()
    while server.get_idle_time() < 40:
        assert time.monotonic() - start < DEADLINE
        time.sleep(0.005)
    server.service()
    served = time.monotonic()
    assert server.get_idle_time() <= 1000 * (time.monotonic() - served) + 2


def test_a_service_that_waits_is_not_idle(stage: Stage) -> None:
    server = stage.server()
    time.sleep(0.15)
    waiting = threading.Thread(target=server.service, args=(60_000,))
    waiting.start()
    start = time.monotonic()
    while server.get_idle_time() > 100:
        assert time.monotonic() - start < DEADLINE
        time.sleep(0.005)
    server.destroy()
    waiting.join(DEADLINE)
    assert not waiting.is_alive()


def test_a_refused_client_learns_why(stage: Stage) -> None:
    link = stage.link()
    link.server.refuse_connects(True, 42)
    client = stage.client()
    assert client.connect_to_host("127.0.0.1", link.server.get_local_port()) is not None
    stage.run(lambda: stage.peek(client))
    (event,) = stage.events(client)
    assert (event.type, event.data) == (ENetConnection.EVENT_DISCONNECT, 42)
    link.server.refuse_connects(False)
    assert link.at_server.send(0, b"x", 1) is Error.OK  # the others stay
    other = stage.client()
    other.connect_to_host("127.0.0.1", link.server.get_local_port())
    stage.run(lambda: stage.peek(other))
    assert stage.events(other)[0].type == ENetConnection.EVENT_CONNECT
    with pytest.raises(TypeError, match="refuse must be a bool"):
        link.server.refuse_connects("yes")  # type: ignore[arg-type]
