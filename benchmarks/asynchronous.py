"""What asyncio costs: the same messages through an ``AsyncHost`` and through a host that is serviced inline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from benchmarks.contenders import PYENET, RELIABLE, Contender
from benchmarks.size import Size
from godot_enet.core import Address, EventType, HostConfig
from godot_enet.core.drivers.aio import AsyncHost
from godot_enet.core.host import AnyHost, open_host
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["overhead"]

BURST = 64
MESSAGE = bytes(32)
SLICES = 10  # both ways take turns this often, so that a change of the machine's pace meets both


def overhead(contender: Contender, size: Size) -> float | None:
    """Processor time of a reliable message with asyncio, in multiples of the same without."""
    name, _, variant = contender.name.partition(", ")
    if variant or contender is PYENET:
        return None
    hosts = [open_host(HostConfig(peer_count=1), bind="127.0.0.1", threaded=False, engine=name) for _ in range(4)]
    try:
        return asyncio.run(compare(hosts, size.seconds / SLICES))
    finally:
        for host in hosts:
            host.close()


async def compare(hosts: list[AnyHost], length: float) -> float:
    server, client, watched_server, watched_client = hosts
    peer = join(client, server)
    watched_peer = join(watched_client, watched_server)
    spent = {"inline": 0.0, "asyncio": 0.0}
    async with AsyncHost(watched_server) as receiver, AsyncHost(watched_client) as sender:
        for _ in range(SLICES):
            bursts, before = 0, time.process_time()
            while (now := time.process_time()) - before < length:
                inline_burst(client, peer, server)
                bursts += 1
            spent["inline"] += (now - before) / bursts
            bursts, before = 0, time.process_time()
            while (now := time.process_time()) - before < length:
                await async_burst(sender, watched_peer, receiver)
                bursts += 1
            spent["asyncio"] += (now - before) / bursts
    return spent["asyncio"] / spent["inline"]


def join(client: AnyHost, server: AnyHost) -> PeerHandle:
    """A connection whose client knows of it."""
    address = server.local_address()
    assert address is not None
    peer = client.connect(Address("127.0.0.1", address.port), 1)
    ends = {client, server}
    while ends:
        for host in (client, server):
            event = host.service(1)
            if event is not None and event.type is EventType.CONNECT:
                ends.discard(host)
    return peer


def inline_burst(client: AnyHost, peer: PeerHandle, server: AnyHost) -> None:
    queue(client, peer)
    arrived = 0
    while arrived < BURST:
        client.service()
        arrived += drain(server.service)


def queue(client: AnyHost, peer: PeerHandle) -> None:
    for _ in range(BURST):
        client.send(peer, 0, MESSAGE, RELIABLE)


def drain(take: Callable[[], object]) -> int:
    count = 0
    while take() is not None:
        count += 1
    return count


async def async_burst(sender: AsyncHost[AnyHost], peer: PeerHandle, receiver: AsyncHost[AnyHost]) -> None:
    queue(sender.host, peer)
    sender.flush()
    for _ in range(BURST):
        await receiver.service()
