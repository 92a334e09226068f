"""A host on an event loop, on both engines."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableSequence
from contextlib import asynccontextmanager
from operator import length_hint
from typing import Any

import pytest

from godot_enet.core.any_host import AnyHost
from godot_enet.core.drivers import aio
from godot_enet.core.drivers.aio import AsyncHost
from godot_enet.core.errors import HostClosed
from godot_enet.core.host import Host
from godot_enet.core.protocol.constants import Command, DisconnectMode, PacketFlag, PeerOption, PeerState
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle
from tests.drivers.loops import bystander
from tests.scenario.engine_stage import ended, timed_out

PATIENCE = 30.0  # seconds; only a broken driver makes a test wait that long

pytestmark = pytest.mark.usefixtures("host_engine")


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test, PATIENCE)

    asyncio.run(bounded())


def opened(bind: str | None = None) -> AsyncHost[AnyHost]:
    return AsyncHost(Host.open(bind=bind, threaded=False))


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[AsyncHost[AnyHost], PeerHandle, AsyncHost[AnyHost], PeerHandle]]:
    """A server and its peer, a client and its peer."""
    async with opened("127.0.0.1") as server, opened() as client:
        address = server.host.local_address()
        assert address is not None
        to_server = client.host.connect(address, 2, 7)
        at_client, at_server = await asyncio.gather(client.service(), server.service())
        assert at_client == Event(EventType.CONNECT, to_server)
        assert (at_server.type, at_server.data) == (EventType.CONNECT, 7)
        yield server, at_server.peer, client, to_server


async def until(happened: Callable[[], bool]) -> None:
    while not happened():
        await asyncio.sleep(0.005)


def test_events_come_one_at_a_time_and_answers_leave_by_themselves(host_engine: str) -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            assert server.host.engine_name == host_engine

            async def echo() -> None:
                async for event in server:
                    if event.type == EventType.RECEIVE:
                        server.host.send(event.peer, event.channel, event.packet, event.flags)

            echoing = asyncio.create_task(echo())
            packets = [bytes([number]) * 100 for number in range(200)]
            for packet in packets:
                client.host.send(to_server, 1, packet, PacketFlag.RELIABLE)
            assert [(await client.service()).packet for _ in packets] == packets
            server.close()
            await echoing  # ends with its host

    run(test())


def test_the_network_lives_while_nobody_awaits_an_event() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, to_server):
            for host, peer in ((server, to_client), (client, to_server)):
                host.host.configure(peer, PeerOption.TIMEOUT, 32, 200, 400)
                host.host.configure(peer, PeerOption.PING_INTERVAL, 20)
            await asyncio.sleep(1.2)  # three times as long as a silent peer is given
            assert server.host.peer_state(to_client) is client.host.peer_state(to_server) is PeerState.CONNECTED

    run(test())


def test_a_deadline_wakes_the_host_without_a_datagram() -> None:
    async def test() -> None:
        async with opened("127.0.0.1") as mute, opened() as client:
            address = mute.host.local_address()
            assert address is not None
            mute.close()
            peer = client.host.connect(address, 1)
            client.host.configure(peer, PeerOption.TIMEOUT, 1, 100, 200)
            assert await client.service() == timed_out(peer, Command.CONNECT)

    run(test())


def test_flush_sends_once_a_pass_for_all_that_was_queued() -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            await asyncio.sleep(0.05)
            flushes = 0
            flush = client.host.flush

            def counted() -> None:
                nonlocal flushes
                flushes += 1
                flush()

            client.host.flush = counted  # type: ignore[method-assign]
            for number in range(10):
                client.host.send(to_server, 0, bytes([number]), PacketFlag.RELIABLE)
                client.flush()
            assert flushes == 0
            assert [(await server.service()).packet for _ in range(10)] == [bytes([number]) for number in range(10)]
            assert flushes == 1

    run(test())


def test_several_tasks_share_the_events() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, _):
            tasks = [asyncio.create_task(client.service()) for _ in range(3)]
            await asyncio.sleep(0)
            for number in range(3):
                server.host.send(to_client, 0, bytes([number]), PacketFlag.RELIABLE)
            server.flush()
            assert sorted([(await task).packet for task in tasks]) == [b"\0", b"\1", b"\2"]

    run(test())


def test_a_cancelled_wait_loses_no_event() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, _):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.service(), 0.05)
            server.host.send(to_client, 0, b"late", PacketFlag.RELIABLE)
            server.flush()
            assert (await client.service()).packet == b"late"

    run(test())


@pytest.mark.parametrize("closes_both", [True, False])
def test_a_host_that_was_closed_elsewhere_leaves_its_descriptor_to_the_next(closes_both: bool) -> None:
    """The loop knows descriptors by their numbers, and would take the next socket for one that it watches already."""

    async def test() -> None:
        first = opened("127.0.0.1")
        descriptor = first.host.fileno()
        first.host.close()
        if closes_both:
            first.close()
        else:
            with pytest.raises(HostClosed):
                await first.service()
        async with connected() as (server, _, client, to_server):
            assert descriptor in (server.host.fileno(), client.host.fileno())
            client.host.send(to_server, 0, b"x", PacketFlag.RELIABLE)
            client.flush()
            assert (await server.service()).packet == b"x"

    run(test())


def test_close_ends_who_waits_and_frees_the_port() -> None:
    async def test() -> None:
        host = opened("127.0.0.1")
        address = host.host.local_address()
        assert address is not None
        waiting = asyncio.create_task(host.service())
        await asyncio.sleep(0)
        host.close()
        host.close()
        with pytest.raises(HostClosed):
            await waiting
        with pytest.raises(HostClosed):
            await host.service()
        assert [event async for event in host] == []
        Host.open(bind="127.0.0.1", port=address.port, threaded=False).close()

    run(test())


def test_events_that_came_before_the_end_are_still_given() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, to_server):
            client.host.send(to_server, 0, b"last words", PacketFlag.RELIABLE)
            client.host.disconnect(to_server, 9, DisconnectMode.LATER)
            assert await client.service() == ended(DisconnectReason.LOCAL, to_server)
            server.close()
            left = [event async for event in server]
            assert [(event.type, event.packet, event.data) for event in left] == [
                (EventType.RECEIVE, b"last words", 0),
                (EventType.DISCONNECT, b"", 9),
            ]
            assert left[0].peer == to_client

    run(test())


def test_a_program_that_takes_nothing_is_not_buried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a limit the host rests, without spinning; what came meanwhile is still delivered, in order."""

    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            monkeypatch.setattr(aio, "_MAX_BUFFERED", 20_000)
            packets = [number.to_bytes(2, "big") * 500 for number in range(300)]
            for packet in packets:
                client.host.send(to_server, 0, packet, PacketFlag.RELIABLE)
            client.flush()
            service_into, calls = server.host.service_into, 0

            def counted(taken: MutableSequence[Event], timeout: int = 0, limit: int = 1) -> None:
                nonlocal calls
                calls += 1
                service_into(taken, timeout, limit)

            server.host.service_into = counted  # type: ignore[method-assign]
            await until(lambda: server._resting)
            await asyncio.sleep(0.3)
            assert calls < 200  # hundreds of thousands, were it still watching the socket
            assert [(await server.service()).packet for _ in packets] == packets

    run(test())


def test_a_loop_that_cannot_watch_a_descriptor_looks_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        def refuse(*_: object) -> None:
            raise NotImplementedError

        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
        async with connected() as (server, to_client, client, to_server):
            client.host.send(to_server, 0, b"there", PacketFlag.RELIABLE)
            client.flush()
            assert (await server.service()).packet == b"there"
            server.host.send(to_client, 0, b"and back", PacketFlag.RELIABLE)
            server.flush()
            assert (await client.service()).packet == b"and back"

    run(test())


@pytest.mark.parametrize("take", [AsyncHost.service, AsyncHost.__anext__], ids=["service", "async for"])
def test_other_tasks_have_their_turn_in_a_flood(
    take: Callable[[AsyncHost[AnyHost]], Awaitable[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            monkeypatch.setattr(aio, "_BATCH", 100)
            async with bystander() as turns:
                for number in range(5000):
                    client.host.send(to_server, 0, number.to_bytes(2, "big"), PacketFlag.RELIABLE)
                client.flush()
                for number in range(5000):
                    assert (await take(server)).packet == number.to_bytes(2, "big")
                assert turns() >= 20  # two batches a turn at most: what the socket had and what was left over

    run(test())


def test_all_events_of_a_wake_up_come_at_once_and_in_order_with_single_ones() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, to_server):
            packets = [number.to_bytes(2, "big") for number in range(500)]
            for packet in packets:
                client.host.send(to_server, 0, packet, PacketFlag.RELIABLE)
            client.flush()
            taken = [await server.service()]
            batches = 0
            while len(taken) < len(packets):
                batch = await server.service_all()
                assert batch
                taken += batch
                batches += 1
                if len(taken) < len(packets):
                    taken.append(await server.__anext__())
            assert taken == [Event(EventType.RECEIVE, to_client, 0, 0, packet, 1) for packet in packets]
            assert batches < len(packets) // 10

    run(test())


def test_two_tasks_share_the_events() -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            taken: list[bytes] = []

            async def take() -> None:
                async for event in server:
                    taken[len(taken) :] = [event.packet]

            async def take_all() -> None:
                while True:
                    taken.extend(event.packet for event in await server.service_all())

            tasks = [asyncio.ensure_future(each()) for each in (take, take_all, take)]
            packets = [number.to_bytes(2, "big") for number in range(300)]
            for packet in packets:
                client.host.send(to_server, 0, packet, PacketFlag.RELIABLE)
                client.flush()
                await asyncio.sleep(0)
            await until(lambda: len(taken) >= len(packets))
            assert taken == packets
            server.close()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [type(None), HostClosed, type(None)]

    run(test())


def test_a_flush_outside_any_task_leaves_too() -> None:
    """As from a signal handler, which may run while the loop sleeps."""

    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            client.host.send(to_server, 0, b"x", PacketFlag.RELIABLE)
            asyncio.get_running_loop().call_soon(client.flush)
            assert (await server.service()).packet == b"x"

    run(test())


class PlainAsyncHost(AsyncHost[AnyHost]):
    """As where there are no C methods."""

    __anext__ = aio.PlainIteration.__anext__


@pytest.fixture(params=[AsyncHost, PlainAsyncHost], ids=["", "without C"])
def iterated(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to iterate, for what opens its hosts here."""
    monkeypatch.setitem(globals(), "AsyncHost", request.param)


async def arrived(host: AsyncHost[AnyHost]) -> None:
    """Until the host has taken something that waits for the program."""
    await until(lambda: length_hint(host._events) > 0)


@pytest.mark.usefixtures("iterated")
def test_iteration_gives_what_service_gives() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, to_server):
            packets = [number.to_bytes(2, "big") for number in range(300)]
            for packet in packets:
                client.host.send(to_server, 0, packet, PacketFlag.RELIABLE)
            client.flush()
            taken = []
            async for event in server:
                taken.append(event)
                if len(taken) == len(packets):
                    break
            assert taken == [Event(EventType.RECEIVE, to_client, 0, 0, packet, 1) for packet in packets]

    run(test())


@pytest.mark.usefixtures("iterated")
def test_a_step_of_an_iteration_that_is_cancelled_before_it_begins_takes_nothing() -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            client.host.send(to_server, 0, b"kept", PacketFlag.RELIABLE)
            client.flush()
            await arrived(server)
            step = asyncio.ensure_future(server.__anext__())
            step.cancel()
            with pytest.raises(asyncio.CancelledError):
                await step
            assert (await server.service()).packet == b"kept"

    run(test())


@pytest.mark.usefixtures("iterated")
def test_a_step_of_an_iteration_that_is_cancelled_while_it_waits_takes_nothing() -> None:
    async def test() -> None:
        async with connected() as (server, to_client, client, _):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.__anext__(), 0.05)
            server.host.send(to_client, 0, b"late", PacketFlag.RELIABLE)
            server.flush()
            assert (await client.__anext__()).packet == b"late"

    run(test())


@pytest.mark.usefixtures("iterated")
def test_a_step_of_an_iteration_takes_its_event_when_it_is_awaited() -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            for packet in (b"1", b"2"):
                client.host.send(to_server, 0, packet, PacketFlag.RELIABLE)
            client.host.flush()
            await arrived(server)
            first, second, third = (server.__anext__() for _ in range(3))
            assert (await second).packet == b"1"
            assert (await first).packet == b"2"
            client.host.send(to_server, 0, b"3", PacketFlag.RELIABLE)
            client.flush()
            assert (await third).packet == b"3"

    run(test())


@pytest.mark.usefixtures("iterated")
def test_who_drives_a_step_by_hand_gets_the_event_from_stop_iteration_once() -> None:
    async def test() -> None:
        async with connected() as (server, _, client, to_server):
            client.host.send(to_server, 0, b"x", PacketFlag.RELIABLE)
            client.flush()
            await arrived(server)
            steps = server.__anext__().__await__()
            with pytest.raises(StopIteration) as stop:
                next(steps)
            assert isinstance(stop.value.value, Event)
            assert stop.value.value.packet == b"x"
            with pytest.raises((StopIteration, RuntimeError)):
                next(steps)

    run(test())


@pytest.mark.usefixtures("iterated")
@pytest.mark.skipif(sys.implementation.name != "cpython", reason="needs references that are counted")
def test_a_closed_host_that_was_iterated_is_freed_without_a_collection() -> None:
    async def test() -> list[weakref.ref[object]]:
        async with connected() as (server, _, client, to_server):
            client.host.send(to_server, 0, b"x", PacketFlag.RELIABLE)
            client.flush()
            async for event in server:
                assert event.packet == b"x"
                break
            return [weakref.ref(host) for host in (server, server.host)]

    gc.disable()
    try:
        assert [host() for host in asyncio.run(test())] == [None, None]
    finally:
        gc.enable()
