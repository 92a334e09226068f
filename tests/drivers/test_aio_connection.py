"""ENetConnection on an asyncio loop, on both engines and on several loops."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import pytest

from godot_enet import ENetPacketPeer, Error, ErrorEvent, NoEvent, TLSOptions
from godot_enet import aio as package
from godot_enet.aio import ENetConnection, connection
from godot_enet.core.drivers import aio
from godot_enet.core.errors import HostClosed
from tests.drivers.loops import LOOPS, Run, bystander, run_on

pytestmark = pytest.mark.usefixtures("host_engine")

CONNECT: Final = ENetConnection.EVENT_CONNECT
RECEIVE: Final = ENetConnection.EVENT_RECEIVE


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a test on each loop."""
    return partial(run_on, LOOPS[request.param])


def run_plainly(test: object) -> None:
    """Run a test on the usual loop."""
    run_on(LOOPS["asyncio"], test)  # type: ignore[arg-type]


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[ENetConnection, ENetPacketPeer, ENetConnection, ENetPacketPeer]]:
    """A server and its peer, a client and its peer."""
    async with ENetConnection() as server, ENetConnection() as client:
        assert server.create_host_bound("127.0.0.1", 0) is Error.OK
        assert client.create_host() is Error.OK
        client.connect_to_host("127.0.0.1", server.get_local_port())
        at_client, at_server = await asyncio.gather(client.__anext__(), server.__anext__())
        assert at_client.type == CONNECT
        assert at_server.type == CONNECT
        yield server, at_server.peer, client, at_client.peer


async def until(happened: Callable[[], object]) -> None:
    while not happened():
        await asyncio.sleep(0.005)


def test_events_and_answers(run: Run) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):

            async def echo() -> None:
                async for event in server:
                    if event.type == RECEIVE:
                        event.peer.send(event.channel, event.peer.get_packet(), 1)

            echoing = asyncio.ensure_future(echo())
            packets = [number.to_bytes(2, "big") * 50 for number in range(300)]
            for packet in packets:
                to_server.send(1, packet, 1)
            received: list[bytes] = []
            async for event in client:
                assert event.type == RECEIVE
                received.append(event.peer.get_packet())
                if len(received) == len(packets):
                    break
            assert received == packets
            server.destroy()
            await echoing  # ends with its host

    run(test())


def test_the_network_lives_while_nobody_awaits_an_event(run: Run) -> None:
    async def test() -> None:
        async with linked() as (server, to_client, client, to_server):
            for peer in (to_client, to_server):
                peer.set_timeout(32, 200, 400)
                peer.ping_interval(20)
            to_server.send(0, b"waits for whoever takes it", 1)
            client.flush()
            await asyncio.sleep(1.2)  # three times as long as a silent peer is given
            assert to_client.is_active()
            assert to_server.is_active()
            assert server.service().type == RECEIVE

    run(test())


def test_an_event_that_nobody_takes_does_not_keep_the_loop_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):
            to_server.send(0, b"x", 1)
            client.flush()
            host = server._host
            assert host is not None
            await until(host.has_event)
            serve, calls = host.serve, 0

            def counted() -> bool:
                nonlocal calls
                calls += 1
                return serve()

            host.serve = counted  # type: ignore[method-assign]
            await asyncio.sleep(0.5)
            assert calls < 50

    run_plainly(test())


def test_destroy_ends_all_who_wait(run: Run) -> None:
    async def test() -> None:
        async with linked() as (server, _, _client, _to_server):
            waiting = [asyncio.ensure_future(server.__anext__()) for _ in range(2)]
            other = asyncio.ensure_future(server.wait())
            await asyncio.sleep(0.01)
            server.destroy()
            outcomes = await asyncio.gather(*waiting, other, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [StopAsyncIteration, StopAsyncIteration, type(None)]
            assert [event async for event in server] == []
            with pytest.raises(HostClosed):
                await server.wait()

    run(test())


def test_destroy_inside_the_loop_of_events_ends_it(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):
            for _number in range(3):
                to_server.send(0, b"x", 1)
            client.flush()
            seen = 0
            async for _event in server:
                seen += 1
                server.destroy()
            assert seen == 1

    run(test())
    assert caplog.records == []


def test_it_can_be_created_again_and_gets_the_same_descriptor(run: Run) -> None:
    async def test() -> None:
        for _ in range(3):
            async with linked() as (server, _, client, to_server):
                to_server.send(0, b"x", 1)
                client.flush()
                assert (await server.__anext__()).type == RECEIVE
        async with ENetConnection() as one:
            for _ in range(3):
                assert one.create_host_bound("127.0.0.1", 0) is Error.OK
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(one.__anext__(), 0.01)
                one.destroy()

    run(test())


def test_a_cancelled_wait_loses_no_event(run: Run) -> None:
    async def test() -> None:
        async with linked() as (server, to_client, client, _):
            for _number in range(3):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(client.__anext__(), 0.02)
            to_client.send(0, b"late", 1)
            server.flush()
            host = client._host
            assert host is not None
            await until(host.has_event)
            step = asyncio.ensure_future(client.__anext__())
            step.cancel()
            await asyncio.gather(step, return_exceptions=True)
            event = await client.__anext__()
            assert event.type == RECEIVE
            assert event.peer.get_packet() == b"late"

    run(test())


@pytest.mark.parametrize("mode", [ENetConnection.COMPRESS_RANGE_CODER, ENetConnection.COMPRESS_ZLIB])
def test_it_goes_on_when_its_host_is_replaced(run: Run, mode: int) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):
            waiting = asyncio.ensure_future(server.__anext__())
            await asyncio.sleep(0)
            for end in (server, client):
                end.compress(mode)
            to_server.send(0, bytes(500), 1)
            client.flush()
            event = await waiting
            assert event.type == RECEIVE
            assert event.peer.get_packet() == bytes(500)

    run(test())


def test_several_tasks_share_the_events(run: Run) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):
            taken: list[bytes] = []

            async def take() -> None:
                async for event in server:
                    if event.type == RECEIVE:
                        taken.append(event.peer.get_packet())
                        await asyncio.sleep(0)

            tasks = [asyncio.ensure_future(take()) for _ in range(3)]
            packets = [bytes([number]) for number in range(100)]
            for packet in packets:
                to_server.send(0, packet, 1)
            client.flush()
            await until(lambda: len(taken) == len(packets))
            assert sorted(taken) == packets
            server.destroy()
            await asyncio.gather(*tasks)

    run(test())


def test_other_tasks_have_their_turn_in_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):
            monkeypatch.setattr(connection, "_BATCH", 100)
            async with bystander() as turns:
                for number in range(3000):
                    to_server.send(0, number.to_bytes(2, "big"), 1)
                client.flush()
                taken = 0
                async for event in server:
                    assert event.type == RECEIVE
                    assert event.peer.get_packet() == taken.to_bytes(2, "big")
                    taken += 1
                    if taken == 3000:
                        break
                assert turns() >= 20

    run_plainly(test())


def test_without_methods_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with linked() as (server, _, client, to_server):
            to_server.send(0, b"x", 1)
            client.flush()
            async for event in server:
                assert event.type == RECEIVE
                break

    monkeypatch.setattr(connection._Stream, "__anext__", aio.PlainIteration.__anext__)
    run_plainly(test())


def test_a_connection_made_before_the_loop_and_used_in_two(host_engine: str) -> None:
    client = ENetConnection()
    server = ENetConnection()
    assert server.create_host_bound("127.0.0.1", 0) is Error.OK
    assert client.create_host() is Error.OK
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None

    async def connect() -> None:
        await asyncio.gather(client.__anext__(), server.__anext__())

    async def talk() -> None:
        peer.send(0, b"x", 1)
        receiving = asyncio.ensure_future(server.__anext__())
        client.flush()
        assert (await receiving).type == RECEIVE

    run_plainly(connect())
    run_plainly(talk())
    server.destroy()
    client.destroy()


@pytest.mark.refcounts
def test_dropping_it_ends_it_at_once() -> None:
    async def test() -> None:
        server = ENetConnection()
        assert server.create_host_bound("127.0.0.1", 0) is Error.OK
        port = server.get_local_port()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(server.__anext__(), 0.01)
        # Until the task waits again, asyncio holds the CancelledError that it threw, and that the cancelled frames.
        await asyncio.sleep(0)
        seen = weakref.ref(server)
        gc.disable()
        try:
            del server
            assert seen() is None
        finally:
            gc.enable()
        async with ENetConnection() as again:
            assert again.create_host_bound("127.0.0.1", port) is Error.OK

    run_plainly(test())


def test_no_thread_is_started() -> None:
    async def test() -> None:
        before = threading.active_count()
        async with linked():
            assert threading.active_count() == before

    run_plainly(test())


def test_the_helper_thread_of_a_loop_without_add_reader_ends() -> None:
    async def test() -> None:
        async with linked():
            assert any(thread.name == "godot_enet waiting" for thread in threading.enumerate())
        await until(lambda: all(thread.name != "godot_enet waiting" for thread in threading.enumerate()))

    run_on(LOOPS["no add_reader"], test())


def test_a_host_that_fails_ends_the_iteration(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with ENetConnection() as server:
            assert server.create_host_bound("127.0.0.1", 0) is Error.OK
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: seen.append(context["exception"]))
            host, service = server._host, server._loop_service
            assert host is not None
            assert service is not None

            def fail() -> bool:
                raise OverflowError("too large")

            host.serve = fail  # type: ignore[method-assign]
            loop.call_soon(service._serve)
            assert [event async for event in server] == []

    seen: list[BaseException] = []
    run_plainly(test())
    assert [type(error) for error in seen] == [OverflowError] * 2
    assert "too large" in caplog.text


def test_the_names() -> None:
    assert package.__all__ == ["ENetConnection", "ENetMultiplayerPeer", "SceneMultiplayer"]


def test_a_failure_is_reported_once_for_each_wait() -> None:
    pytest.importorskip("OpenSSL")

    async def test() -> None:
        async with ENetConnection() as connection:
            assert connection.create_host() is Error.OK
            # Until it connects there is no session to receive from, which is an error in Godot.
            assert connection.dtls_client_setup("localhost", TLSOptions.client()) is Error.OK
            events = []

            async def take() -> None:
                async for event in connection:
                    events.append(event.type)  # noqa: PERF401 - while it goes on

            task = asyncio.ensure_future(take())
            await until(lambda: events)
            for _ in range(10):
                await asyncio.sleep(0)
            assert events == [ENetConnection.EVENT_ERROR]
            connection.destroy()
            await task

    run_plainly(test())


def test_destroyed_inside_the_step_of_an_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with ENetConnection() as connection:
            assert connection.create_host() is Error.OK
            results: list[ErrorEvent | NoEvent] = [ErrorEvent(), NoEvent()]

            def service() -> ErrorEvent | NoEvent:
                if len(results) == 1:
                    connection.destroy()
                return results.pop(0)

            monkeypatch.setattr(connection, "service", service)
            assert [event async for event in connection] == [ErrorEvent()]
            gc.collect()  # what was freed twice shows here, if not before

    run_plainly(test())
