"""A process forks while another thread creates or destroys a connection: the child has no such thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import ENetConnection, Error
from tests.unit.compat.stage import DEADLINE, Stage

if hasattr(os, "fork"):

    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # threads are what this is about
    @pytest.mark.parametrize("interrupted", ["_join", "_forget_peers"], ids=["create", "destroy"])
    def test_the_child_can_create_a_host(stage: Stage, monkeypatch: pytest.MonkeyPatch, interrupted: str) -> None:
        server = stage.server()
        server.destroy()
        original: Callable[..., Any] = getattr(ENetConnection, interrupted)
        inside, forked = threading.Event(), threading.Event()
        parent = os.getpid()

        def pause(connection: ENetConnection, *arguments: Any) -> None:
            if os.getpid() == parent:  # the thread may have held the events' locks when the child was made
                inside.set()
                assert forked.wait(DEADLINE)
            original(connection, *arguments)

        def create_and_destroy() -> None:
            server.create_host_bound("127.0.0.1", 0)
            server.destroy()

        monkeypatch.setattr(ENetConnection, interrupted, pause)
        thread = threading.Thread(target=create_and_destroy)
        thread.start()
        try:
            assert inside.wait(DEADLINE)
            child = os.fork()
            if child == 0:
                created = None
                try:
                    server.destroy()
                    created = server.create_host_bound("127.0.0.1", 0)
                finally:
                    os._exit(0 if created is Error.OK else 1)
            assert os.waitpid(child, 0)[1] == 0
        finally:
            forked.set()
            thread.join(DEADLINE)
        assert not thread.is_alive()
        assert server.create_host_bound("127.0.0.1", 0) is Error.OK
