"""Waiting for a descriptor, and being woken."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from godot_enet.core.drivers.waiting import Waker, wait_readable


@pytest.fixture
def waker() -> Iterator[Waker]:
    waker = Waker()
    yield waker
    waker.close()


def is_readable(waker: Waker) -> bool:
    return bool(select.select([waker.fileno()], [], [], 0)[0])


def seconds(descriptors: list[int], timeout: int | None) -> float:
    """How long a wait takes."""
    began = time.monotonic()
    wait_readable(descriptors, timeout)
    return time.monotonic() - began


@pytest.fixture(params=["poll", "select"])
def _each_call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "select":  # Windows has no other
        monkeypatch.delattr(select, "poll", raising=False)


class TestWaker:
    def test_it_is_readable_from_wake_to_reset(self, waker: Waker) -> None:
        assert not is_readable(waker)
        waker.wake()
        waker.wake()
        assert is_readable(waker)
        waker.reset()
        assert not is_readable(waker)
        waker.reset()
        waker.wake()
        assert is_readable(waker)

    def test_waking_never_blocks(self, waker: Waker) -> None:
        for _ in range(100_000):
            waker.wake()
        assert is_readable(waker)
        waker.reset()
        assert not is_readable(waker)

    def test_once_closed_it_does_nothing(self, waker: Waker) -> None:
        waker.close()
        waker.close()
        waker.wake()
        waker.reset()
        assert waker.fileno() == -1


@pytest.mark.usefixtures("_each_call")
class TestWaitReadable:
    def test_it_ends_with_the_time(self, waker: Waker) -> None:
        assert seconds([waker.fileno()], 0) < 5
        assert 0.09 < seconds([waker.fileno()], 100) < 5

    @pytest.mark.parametrize("timeout", [20_000, None])
    def test_it_ends_with_whatever_becomes_readable_first(self, waker: Waker, timeout: int | None) -> None:
        other = Waker()
        threading.Timer(0.05, other.wake).start()
        assert seconds([waker.fileno(), other.fileno()], timeout) < 10
        assert seconds([waker.fileno(), other.fileno()], timeout) < 10  # still is
        other.close()

    def test_a_descriptor_that_is_none_is_left_out(self, waker: Waker) -> None:
        waker.wake()
        assert seconds([-1, waker.fileno()], 20_000) < 10
        assert seconds([-1], 10) < 5

    def test_a_broken_descriptor_is_no_error(self) -> None:
        plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        number = plain.fileno()
        plain.close()
        assert seconds([number], 100) < 5
