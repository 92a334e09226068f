"""An exception at each place where a signal handler can run, in a wake-up of a host on an event loop."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from godot_enet.core import EventType, Host
from godot_enet.core.drivers import loop_watch
from godot_enet.core.drivers.aio import AsyncHost
from tests.interrupt.interruption import Interrupted, Interruption

DEADLINE = 60.0
PLACES = 500  # more than there are
PARTS = ("core/drivers/aio.py", "core/drivers/loop_watch.py")


@pytest.mark.usefixtures("host_engine")
@pytest.mark.parametrize("way", ["service", "service_all", "__anext__"])
def test_packets_come_once_and_in_order(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_watch, "raised_by_signal_handler", lambda error: isinstance(error, Interrupted))

    async def test() -> int:
        async with (
            AsyncHost(Host.open(bind="127.0.0.1", threaded=False)) as server,
            AsyncHost(Host.open(threaded=False)) as client,
        ):
            address = server.host.local_address()
            assert address is not None
            peer = client.host.connect(address)
            client.flush()
            for host in (client, server):
                assert (await asyncio.wait_for(host.service(), DEADLINE)).type is EventType.CONNECT
            sent: list[bytes] = []
            got: list[bytes] = []
            for after in range(1, PLACES):
                for _ in range(3):
                    sent.append(b"%d" % len(sent))
                    client.host.send(peer, 0, sent[-1], 1)
                client.host.flush()
                with Interruption(after, PARTS, anywhere=False) as interruption, contextlib.suppress(Interrupted):
                    server._drain()
                while len(got) < len(sent):
                    taken = await asyncio.wait_for(getattr(server, way)(), DEADLINE)
                    got += [event.packet for event in (taken if way == "service_all" else [taken])]
                assert got == sent, interruption.place
                if interruption.place is None:
                    return after
            raise AssertionError("it does not end")

    assert asyncio.run(test()) > 5
