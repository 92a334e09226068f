"""The lock of a host, entered twice by one thread, by two at once, and left by exceptions."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Callable

import pytest

from godot_enet.core import lock as module
from godot_enet.core.lock import HostLock, LockHeld


def in_thread(call: Callable[[], object]) -> object:
    """What a call gives in another thread: its result, or its exception."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:
            outcome.append(type(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return outcome[0]


def enter(lock: HostLock) -> str:
    with lock:
        return "inside"


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 0.002)


def test_a_thread_never_waits_for_itself() -> None:
    lock = HostLock()
    with lock:
        with pytest.raises(LockHeld):
            enter(lock)
        assert lock.is_mine()
    assert not lock.is_mine()
    assert in_thread(lambda: enter(lock)) == "inside"


def test_an_exception_leaves_it_free() -> None:
    lock = HostLock()
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    assert lock.is_free()
    assert in_thread(lambda: enter(lock)) == "inside"


def test_so_does_one_right_after_it_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a signal handler raises it."""
    lock = HostLock()

    class Rude(HostLock):
        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            super().acquire(blocking, timeout)
            raise KeyboardInterrupt

    rude = Rude()
    for call in (lambda: enter(rude), rude.is_free):
        with pytest.raises(KeyboardInterrupt):
            call()
        assert not rude.is_mine()
    assert lock.is_free()


@pytest.mark.usefixtures("_impatient")
def test_another_thread_waits_but_not_forever() -> None:
    lock = HostLock()
    with lock:
        assert in_thread(lambda: enter(lock)) is LockHeld
        assert in_thread(lock.is_free) is False
        assert in_thread(lock.is_mine) is False
    assert in_thread(lambda: enter(lock)) == "inside"


def test_it_waits_as_long_as_it_takes_a_call_to_end() -> None:
    lock = HostLock()
    with lock:
        waiting = threading.Thread(target=lambda: seen.append(enter(lock)))
        seen: list[str] = []
        waiting.start()
        waiting.join(0.05)
        assert seen == []
    waiting.join(30)
    assert seen == ["inside"]


def test_who_others_may_wait_for_is_less_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread inside another host, or in a log handler."""
    monkeypatch.setattr(module, "_PIECE", 0.001)
    monkeypatch.setattr(module, "_PIECES", 10**6)
    lock, other, handler = HostLock(), HostLock(), logging.Handler()
    assert handler.lock is not None

    def inside_another() -> str:
        with other:
            return enter(lock)

    def in_a_log_handler() -> str:
        assert handler.lock is not None
        with handler.lock:
            return enter(lock)

    with lock:
        assert in_thread(inside_another) is LockHeld
        assert in_thread(in_a_log_handler) is LockHeld
    assert in_thread(inside_another) == "inside"


if hasattr(os, "fork"):

    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # threads are what this is about
    def test_in_the_child_of_a_fork_only_what_is_ours_is_held() -> None:
        mine, theirs = HostLock(), HostLock()
        thread = threading.Thread(target=theirs.acquire)
        thread.start()
        thread.join(30)
        with mine:
            child = os.fork()
            if child == 0:
                right = False
                try:
                    right = mine.is_mine() and enter(theirs) == "inside"
                finally:
                    os._exit(0 if right else 1)
            assert os.waitpid(child, 0)[1] == 0
        assert mine.is_free()
        assert not theirs.is_free()


if hasattr(signal, "setitimer"):

    @pytest.mark.skipif(
        sys.implementation.name == "pypy", reason="PyPy may run handlers between taking a lock and entering its block"
    )
    def test_exceptions_of_signal_handlers_leave_it_free_wherever_they_come() -> None:
        class Interruption(Exception):
            pass

        interrupted = False

        def interrupt(*_: object) -> None:
            nonlocal interrupted
            interrupted = True
            raise Interruption

        lock, moments = HostLock(), random.Random(1)
        gc.disable()  # what is raised inside a callback of the collector ends there
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            for _ in range(500):
                interrupted = False
                with contextlib.suppress(Interruption):
                    while not interrupted:  # an interpreter may overlook a signal until the next one
                        signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.00001, 0.0002))
                        for _ in range(10_000):
                            enter(lock)
                            lock.is_free()
                assert not lock.is_mine()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            gc.enable()
