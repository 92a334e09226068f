"""DTLS under the other drivers, and across ``fork()``."""

from __future__ import annotations

import asyncio
import os

import pytest

from godot_enet import ENetConnection
from godot_enet.core.any_host import AnyHost
from godot_enet.core.drivers.aio import AsyncHost
from godot_enet.core.dtls.settings import ClientTrust
from godot_enet.core.dtls.stages import client_stage, server_stage
from godot_enet.core.host import Host, with_stage
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.events import EventType
from tests.dtls.certificates import identity, localhost
from tests.dtls.conftest import secure_link
from tests.dtls.memory_net import TRUSTED
from tests.unit.compat.stage import Stage

PATIENCE = 30.0


def open_server() -> AnyHost:
    server = Host.open(HostConfig(), bind="127.0.0.1", threaded=False)
    return with_stage(server, server_stage(localhost().credentials, 32))


def open_client(trust: ClientTrust = TRUSTED) -> AnyHost:
    return with_stage(Host.open(HostConfig(), threaded=False), client_stage(trust))


@pytest.mark.usefixtures("host_engine")
class TestAsyncio:
    def test_talking(self) -> None:
        async def talk() -> None:
            async with AsyncHost(open_server()) as server, AsyncHost(open_client()) as client:
                address = server.host.local_address()
                assert address is not None
                peer = client.host.connect(address, 1)
                at_client, at_server = await asyncio.gather(client.service(), server.service())
                assert at_client.type == at_server.type == EventType.CONNECT
                client.host.send(peer, 0, b"hello", 1)
                client.flush()
                assert (await server.service()).packet == b"hello"
                server.close()
                assert (await client.service()).type == EventType.ERROR

        asyncio.run(asyncio.wait_for(talk(), PATIENCE))

    def test_a_failure_is_an_event(self) -> None:
        async def fail() -> None:
            trust = ClientTrust("localhost", identity().pem)
            async with AsyncHost(open_server()) as server, AsyncHost(open_client(trust)) as client:
                address = server.host.local_address()
                assert address is not None
                client.host.connect(address, 1)
                assert (await client.service()).type == EventType.ERROR

        asyncio.run(asyncio.wait_for(fail(), PATIENCE))


if hasattr(os, "fork"):

    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # threads are what this is about
    def test_a_child_does_not_say_goodbye_for_its_parent(stage: Stage) -> None:
        link = secure_link(stage)
        child = os.fork()
        if child == 0:
            try:
                for connection in (link.client, link.server):
                    connection.destroy()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        link.fence()
        assert [event.type for event in stage.events(link.client)] == [ENetConnection.EVENT_RECEIVE]
