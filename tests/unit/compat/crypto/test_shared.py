"""Users are counted, and who changes something does so alone."""

from __future__ import annotations

import threading

from godot_enet.compat.crypto.shared import Shared


def test_users_are_counted() -> None:
    shared = Shared()
    assert shared._users == 0
    shared._acquire()
    shared._acquire()
    shared._release()
    assert shared._users == 1
    shared._release()
    assert shared._users == 0


def test_a_new_user_waits_for_a_change() -> None:
    shared = Shared()
    thread = threading.Thread(target=shared._acquire)
    with shared._guard:
        thread.start()
        thread.join(0.05)
        assert shared._users == 0
    thread.join(10)
    assert shared._users == 1


def test_a_finalizer_may_release_during_a_change() -> None:
    shared = Shared()
    shared._acquire()
    with shared._guard:
        shared._release()
    assert shared._users == 0
