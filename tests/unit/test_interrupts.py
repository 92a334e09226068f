"""What a signal handler raises is told apart from what callbacks raise, and nobody but the program catches it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial, wraps
from types import FrameType

import pytest

from godot_enet import Node, SceneTree
from godot_enet.compat.signal import SignalProperty
from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.interrupts import expecting, raised_by_signal_handler

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no signals to send")

Handler = Callable[[int, "FrameType | None"], None]


def plain(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


def renamed(*arguments: object) -> None:
    raise TimeoutError


@wraps(plain)
def wrapped(*arguments: object, **keywords: object) -> None:
    deeper(*arguments)


def deeper(*arguments: object) -> None:
    raise TimeoutError


class Callable_:
    def __call__(self, number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    def method(self, number: int, frame: FrameType | None) -> None:
        raise TimeoutError


@pytest.fixture(
    params=[plain, renamed, wrapped, Callable_(), Callable_().method, partial(renamed, "more")],
    ids=["function", "*arguments", "wrapped", "object", "method", "partial"],
)
def interrupt(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Raises TimeoutError out of a handler of one of these kinds."""
    before = signal.signal(signal.SIGUSR1, request.param)
    try:
        yield lambda: os.kill(os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_it_is_known_by_its_frames(interrupt: Callable[[], None]) -> None:
    with pytest.raises(TimeoutError) as caught:
        interrupt()
    assert raised_by_signal_handler(caught.value)


def test_others_are_not_taken_for_it() -> None:
    for call in (plain, renamed):
        with pytest.raises(TimeoutError) as caught:
            call(14, None)
        assert not raised_by_signal_handler(caught.value)
    assert not raised_by_signal_handler(TimeoutError())


def test_what_is_expected_of_the_system_is_not_expected_of_a_handler(interrupt: Callable[[], None]) -> None:
    with expecting(OSError):
        raise TimeoutError
    with pytest.raises(TimeoutError), expecting(OSError):
        interrupt()


def test_a_wait_ends_with_it() -> None:
    waker = Waker()
    before = signal.signal(signal.SIGALRM, plain)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        with pytest.raises(TimeoutError):
            wait_readable([waker.fileno()], 20_000)
    finally:
        signal.signal(signal.SIGALRM, before)
        waker.close()


class Source:
    event = SignalProperty[[]]()


def test_it_comes_out_of_a_signal(interrupt: Callable[[], None]) -> None:
    source = Source()
    source.event.connect(interrupt)
    with pytest.raises(TimeoutError):
        source.event.emit()


def test_it_comes_out_of_a_node(interrupt: Callable[[], None]) -> None:
    class Interrupted(Node):
        def _process(self, delta: float) -> None:
            interrupt()

    tree = SceneTree()
    tree.root.add_child(Interrupted())
    with pytest.raises(TimeoutError):
        tree.process(0.1)
