"""A host that ends by itself, since what serves it has failed: nobody waits for it, and it is as after ``destroy``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core.drivers.aio import AsyncHost
from godot_enet.core.drivers.thread import ThreadDriver
from godot_enet.core.errors import HostClosed
from godot_enet.core.host import Host
from tests.drivers.test_blocking import in_thread
from tests.unit.compat.stage import DEADLINE, Stage

ERROR = (ENetConnection.EVENT_ERROR, None, 0, 0)
Logged = Callable[[], list[logging.LogRecord]]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Logged:
    """Warnings and errors so far."""
    return lambda: [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Has every network thread fail when it wakes up, from now on."""

    def fail_with(error: BaseException) -> None:
        def fail(_driver: ThreadDriver) -> None:
            raise error

        monkeypatch.setattr(ThreadDriver, "_yield_to_program", fail)

    return fail_with


def from_python(stage: Stage) -> ENetConnection:
    """A server with a network thread of the interpreter, whatever its engine."""
    server = stage.server()
    server.compress(ENetConnection.COMPRESS_ZLIB)
    return server


def driver_of(server: ENetConnection) -> ThreadDriver:
    """What serves it."""
    assert isinstance(server._host, Host)
    assert isinstance(server._host._driver, ThreadDriver)
    return server._host._driver


def until(condition: Callable[[], object], each: Callable[[], object] | None = None) -> None:
    """Wait for it, and do something meanwhile."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        if each is not None:
            each()
        time.sleep(0.001)


def poke(server: ENetConnection) -> None:
    """Wake its thread up, unless somebody else takes what comes."""
    server.socket_send("127.0.0.1", server.get_local_port() or 9, b"x")


class TestThread:
    @pytest.mark.parametrize("error", [OverflowError("too large"), MemoryError(), SystemExit(3), KeyboardInterrupt()])
    def test_its_end_ends_the_host_with_one_line(
        self, threaded: Stage, error: BaseException, failing: Callable[[BaseException], None], logged: Logged
    ) -> None:
        server = from_python(threaded)
        port, driver = server.get_local_port(), driver_of(server)
        until(lambda: driver._asleep)
        waiting = [in_thread(lambda: server.service(60_000)) for _ in range(2)]
        until(lambda: len(driver.blocked) == 2)
        failing(error)
        until(lambda: not server.engine_name, lambda: poke(server))
        for result in waiting:
            assert result.result(DEADLINE) == ERROR
        until(lambda: not driver._thread.is_alive())
        # The program's own call may have come too late, and what it sent is no ENet: those are other lines.
        lines = [record for record in logged() if record.name == "godot_enet.network"]
        (record,) = [record for record in lines if record.levelno == logging.ERROR]
        assert f"127.0.0.1:{port}" in record.getMessage()
        assert repr(error) in record.getMessage()
        assert record.exc_info is not None

    def test_then_all_is_as_after_destroy(
        self, threaded: Stage, failing: Callable[[BaseException], None], logged: Logged
    ) -> None:
        link = threaded.link()
        for connection in (link.server, link.client):
            connection.compress(ENetConnection.COMPRESS_ZLIB)
        server, peer, port = link.server, link.at_server, link.server.get_local_port()
        failing(ValueError())
        until(lambda: not peer.is_active(), lambda: poke(server))
        assert server.service(60_000) == ERROR
        assert peer.send(0, b"x", 1) is Error.ERR_UNCONFIGURED
        assert peer.get_state() == ENetPacketPeer.STATE_DISCONNECTED
        assert server.engine_name == ""
        assert (server.get_local_port(), server.get_peers()) == (0, [])
        server.flush()
        server.destroy()
        lines = [record.getMessage() for record in logged()]
        assert "Host already destroyed." in lines
        # Its socket is closed a moment later.
        until(lambda: server.create_host_bound("127.0.0.1", port) is Error.OK)

    def test_destroy_waits_for_nothing(self, threaded: Stage, failing: Callable[[BaseException], None]) -> None:
        server = from_python(threaded)
        failing(ValueError())
        began = time.monotonic()
        poke(server)
        server.destroy()
        assert time.monotonic() - began < 10

    def test_a_host_of_the_core_says_closed(self, host_engine: str, failing: Callable[[BaseException], None]) -> None:
        from godot_enet.core.compression import Codec, make_compressor
        from godot_enet.core.host import Host, with_compressor

        host = with_compressor(Host.open(bind="127.0.0.1"), make_compressor(Codec.ZLIB))
        assert isinstance(host, Host)
        failing(ValueError())
        address = host.local_address()
        assert address is not None
        with contextlib.suppress(HostClosed):
            until(lambda: host.closed, lambda: host.socket_send(b"x", address))
        with pytest.raises(HostClosed):
            host.service(60_000)
        assert host.closed
        host.close()

    def test_a_log_handler_that_fails_does_not_end_it(self, threaded: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        class Clumsy(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                told.append(record)
                raise ZeroDivisionError

        told: list[object] = []
        shown: list[Any] = []
        monkeypatch.setattr(threading, "excepthook", shown.append)
        link = threaded.link()
        for connection in (link.server, link.client):
            connection.compress(ENetConnection.COMPRESS_ZLIB)
        handler, logger = Clumsy(), logging.getLogger("godot_enet.network")
        logger.addHandler(handler)
        try:
            poke(link.server)  # one byte is no ENet, and there is a line about it
            until(lambda: told and shown)
        finally:
            logger.removeHandler(handler)
        assert shown[0].exc_type is ZeroDivisionError
        link.fence()


class TestLoop:
    """A host on an event loop."""

    def test_failing_for_good_ends_it(self, host_engine: str, monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
        async def test() -> None:
            host = AsyncHost(Host(bind="127.0.0.1", threaded=False))
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _loop, context: seen.append(context["exception"]))

            def fail(taken: object, timeout: int = 0, limit: int = 1) -> None:
                raise OverflowError("too large")

            monkeypatch.setattr(host.host, "service_into", fail)
            waiting = asyncio.ensure_future(host.service())
            loop.call_soon(host._drain)
            with pytest.raises(HostClosed):
                await asyncio.wait_for(waiting, DEADLINE)
            assert host.host.closed

        seen: list[BaseException] = []
        asyncio.run(test())
        assert [type(error) for error in seen] == [OverflowError] * 2
        (record,) = logged()
        assert "too large" in record.getMessage()

    def test_one_failure_does_not(self, host_engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
        async def test() -> None:
            server = AsyncHost(Host(bind="127.0.0.1", threaded=False))
            client = AsyncHost(Host(threaded=False))
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _loop, context: seen.append(context["exception"]))
            service_into = server.host.service_into

            def fail_once(taken: object, timeout: int = 0, limit: int = 1) -> Any:
                monkeypatch.setattr(server.host, "service_into", service_into)
                raise ZeroDivisionError

            monkeypatch.setattr(server.host, "service_into", fail_once)
            address = server.host.local_address()
            assert address is not None
            client.host.connect(address)
            await asyncio.wait_for(asyncio.gather(client.service(), server.service()), DEADLINE)
            server.close()
            client.close()

        seen: list[BaseException] = []
        asyncio.run(test())
        assert [type(error) for error in seen] == [ZeroDivisionError]
