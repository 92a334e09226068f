"""Costs of a host of the core compared with an ``ENetConnection``, of asyncio, and of a wake-up.

All are ratios of CPU times within one process; the compared variants take turns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any, Final

from benchmarks.contenders import PYENET, RELIABLE, UNSEQUENCED, Contender
from benchmarks.size import TIMEOUT, Size
from godot_enet import ENetConnection, ENetPacketPeer, aio
from godot_enet.core import Address, AnyHost, EventType, Host, HostConfig, PeerHandle
from godot_enet.core.drivers.aio import AsyncHost

__all__ = ["core_overhead", "godot_overhead", "loop_overhead", "wake_overhead"]

BURST = 64
MESSAGE = bytes(32)
SLICES = 10  # number of turns, so that changes of the machine's speed affect all variants

Burst = Callable[[], None]
AsyncBurst = Callable[[], Awaitable[object]]
AsyncPair = tuple[AsyncHost[AnyHost], PeerHandle, AsyncHost[AnyHost]]


def takes_part(contender: Contender) -> bool:
    """Whether this is one of the two engines, without a thread."""
    return contender is not PYENET and "," not in contender.name


def open_pair(engine: str) -> tuple[AnyHost, PeerHandle, AnyHost]:
    """A client, its peer and a server that are connected."""
    server, client = (
        Host.open(HostConfig(peer_count=1), bind="127.0.0.1", threaded=False, engine=engine) for _ in range(2)
    )
    address = server.local_address()
    assert address is not None
    peer = client.connect(Address("127.0.0.1", address.port), 1)
    deadline = time.monotonic() + TIMEOUT
    ends = {client, server}
    while ends:
        for host in (client, server):
            event = host.service(1)
            if event is not None and event.type is EventType.CONNECT:
                ends.discard(host)
        if time.monotonic() > deadline:
            raise RuntimeError(f"{engine}: no connection")
    return client, peer, server


def core_overhead(contender: Contender, size: Size) -> float | None:
    """CPU time of a reliable message between hosts of the core, as a multiple of that of ENetConnections."""
    if not takes_part(contender):
        return None
    client, peer, server = open_pair(contender.name)
    listener, caller = contender.listen(1), contender.client()
    caller.connect(listener.port(), 1)
    while not (listener.connected and caller.connected):
        caller.drain()
        listener.drain()

    def with_connections() -> None:
        caller.send(MESSAGE, BURST, RELIABLE)
        arrived = 0
        while arrived < BURST:
            caller.drain()
            arrived += listener.drain()

    try:
        spent = [0.0, 0.0]
        for _ in range(SLICES):
            spent[0] += each(with_connections, size.seconds / SLICES)
            spent[1] += each(partial(inline_burst, client, peer, server, BURST), size.seconds / SLICES)
        return spent[1] / spent[0]
    finally:
        for end in (client, server, listener, caller):
            end.close()


def each(burst: Burst, length: float) -> float:
    """CPU seconds of a call."""
    before = time.process_time()
    for calls in count(1):
        burst()
        if (passed := time.process_time() - before) >= length:
            return passed / calls
    raise AssertionError


async def each_awaited(burst: AsyncBurst, length: float) -> float:
    """The same for an awaitable."""
    before = time.process_time()
    for calls in count(1):
        await burst()
        if (passed := time.process_time() - before) >= length:
            return passed / calls
    raise AssertionError


def queue(client: AnyHost, peer: PeerHandle, messages: int) -> None:
    send = client.send
    for _ in range(messages):
        send(peer, 0, MESSAGE, RELIABLE)


def inline_burst(client: AnyHost, peer: PeerHandle, server: AnyHost, messages: int) -> None:
    queue(client, peer, messages)
    service, receive = server.service, EventType.RECEIVE
    arrived = size = 0
    while arrived < messages:
        while client.service() is not None:
            pass
        while (event := service()) is not None:
            if event.type is receive:
                size += len(event.packet)
                arrived += 1


@asynccontextmanager
async def async_pair(engine: str) -> AsyncIterator[AsyncPair]:
    client, peer, server = open_pair(engine)
    async with AsyncHost(server) as receiver, AsyncHost(client) as sender:
        yield sender, peer, receiver


async def iterate(pair: AsyncPair, messages: int) -> None:
    """A burst through ``async for``."""
    sender, peer, receiver = pair
    queue(sender.host, peer, messages)
    sender.flush()
    receive = EventType.RECEIVE
    arrived = size = 0
    async for event in receiver:
        if event.type is receive:
            size += len(event.packet)
            arrived += 1
            if arrived == messages:
                return


async def take_all(pair: AsyncPair, messages: int) -> None:
    """A burst through ``service_all``."""
    sender, peer, receiver = pair
    queue(sender.host, peer, messages)
    sender.flush()
    receive = EventType.RECEIVE
    arrived = size = 0
    while arrived < messages:
        for event in await receiver.service_all():
            if event.type is receive:
                size += len(event.packet)
                arrived += 1


def loop_overhead(way: str, messages: int, contender: Contender, size: Size) -> float | None:
    """CPU time of a reliable message with asyncio, as a multiple of that without."""
    if not takes_part(contender):
        return None
    burst = {"for": iterate, "all": take_all}[way]

    async def compare() -> float:
        client, peer, server = open_pair(contender.name)
        spent = [0.0, 0.0]
        try:
            async with async_pair(contender.name) as pair:
                for _ in range(SLICES):
                    spent[0] += each(partial(inline_burst, client, peer, server, messages), size.seconds / SLICES)
                    spent[1] += await each_awaited(partial(burst, pair, messages), size.seconds / SLICES)
        finally:
            client.close()
            server.close()
        return spent[1] / spent[0]

    return asyncio.run(compare())


def godot_overhead(messages: int, contender: Contender, size: Size) -> float | None:
    """The same for ENetConnections of ``godot_enet.aio``, as a multiple of those without a loop."""
    if not takes_part(contender):
        return None
    opener = partial(Host.open, engine=contender.name)
    receive: Final = ENetConnection.EVENT_RECEIVE
    nothing: Final = ENetConnection.EVENT_NONE

    def start(server: ENetConnection, client: ENetConnection) -> ENetPacketPeer:
        server.create_host_bound("127.0.0.1", 0, 1)
        client.create_host(1)
        peer = client.connect_to_host("127.0.0.1", server.get_local_port(), 1)
        assert peer is not None
        return peer

    def burst(server: ENetConnection, client: ENetConnection, peer: ENetPacketPeer) -> None:
        for _ in range(messages):
            peer.send(0, MESSAGE, RELIABLE)
        arrived = 0
        while arrived < messages:
            while client.service().type != nothing:
                pass
            while (event := server.service()).type != nothing:
                if event.type == receive:
                    event.peer.get_packet()
                    arrived += 1

    async def awaited(server: aio.ENetConnection, client: ENetConnection, peer: ENetPacketPeer) -> None:
        for _ in range(messages):
            peer.send(0, MESSAGE, RELIABLE)
        client.flush()
        arrived = 0
        async for event in server:
            if event.type == receive:
                event.peer.get_packet()
                arrived += 1
                if arrived == messages:
                    return

    async def compare() -> float:
        spent = [0.0, 0.0]
        with (
            ENetConnection(threaded=False, opener=opener) as server,
            ENetConnection(threaded=False, opener=opener) as client,
        ):
            peer = start(server, client)
            ends = {server, client}
            while ends:
                for connection in (server, client):
                    if connection.service(1).type == ENetConnection.EVENT_CONNECT:
                        ends.discard(connection)
            async with aio.ENetConnection(opener=opener) as receiver, aio.ENetConnection(opener=opener) as sender:
                other = start(receiver, sender)
                await asyncio.gather(receiver.__anext__(), sender.__anext__())
                for _ in range(SLICES):
                    spent[0] += each(partial(burst, server, client, peer), size.seconds / SLICES)
                    spent[1] += await each_awaited(partial(awaited, receiver, sender, other), size.seconds / SLICES)
        return spent[1] / spent[0]

    return asyncio.run(compare())


class Receiver(asyncio.DatagramProtocol):
    """Signals each received datagram."""

    def __init__(self) -> None:
        self.arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.arrived.set_result(None)


def wake_overhead(contender: Contender, size: Size) -> float | None:
    """CPU time of one unsequenced message per wake-up, as a multiple of that of a bare datagram through asyncio."""
    if not takes_part(contender):
        return None

    async def compare() -> float:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(Receiver, local_addr=("127.0.0.1", 0))
        outgoing, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=transport.get_extra_info("sockname")
        )

        async def bare() -> None:
            protocol.arrived = loop.create_future()
            outgoing.sendto(MESSAGE)
            await protocol.arrived

        spent = [0.0, 0.0]
        try:
            async with async_pair(contender.name) as (sender, peer, receiver):

                async def message() -> None:
                    sender.host.send(peer, 0, MESSAGE, UNSEQUENCED)
                    sender.host.flush()
                    await receiver.service()

                for _ in range(SLICES):
                    spent[0] += await each_awaited(bare, size.seconds / SLICES)
                    spent[1] += await each_awaited(message, size.seconds / SLICES)
        finally:
            transport.close()
            outgoing.close()
        return spent[1] / spent[0]

    return asyncio.run(compare())
