"""Forks inside an event loop with live hosts on it. Ends with what went wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import warnings

from godot_enet.core.any_host import AnyHost
from godot_enet.core.drivers.aio import AsyncHost
from godot_enet.core.errors import HostClosed
from godot_enet.core.host import Host
from godot_enet.core.protocol.events import EventType


async def child(host: AsyncHost[AnyHost]) -> int:
    """What the child finds: 0 if that is as it should be."""
    signal.alarm(10)  # kills a child that hangs
    if not host.host.closed:
        return 10
    try:
        await host.service()
    except HostClosed:
        host.flush()
        host.close()
        return 0
    return 11


async def main() -> str | None:
    server, client = AsyncHost(Host.open(bind="127.0.0.1", threaded=False)), AsyncHost(Host.open(threaded=False))
    address = server.host.local_address()
    assert address is not None
    peer = client.host.connect(address)
    await asyncio.gather(server.service(), client.service())
    for host in (server, client):
        pid = os.fork()
        if pid == 0:
            os._exit(await child(host))
        _, status = os.waitpid(pid, 0)
        if status:
            return f"child ended with {os.waitstatus_to_exitcode(status)}"
    client.host.send(peer, 0, b"still there", 1)
    client.flush()
    event = await asyncio.wait_for(server.service(), 20)
    server.close()
    client.close()
    return None if (event.type, event.packet) == (EventType.RECEIVE, b"still there") else f"{event}"


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    sys.exit(asyncio.run(main()))
