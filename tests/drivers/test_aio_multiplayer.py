"""SceneMultiplayer and ENetMultiplayerPeer on an asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

import godot_enet
from godot_enet import Error, MultiplayerPeer
from godot_enet.aio import ENetConnection, ENetMultiplayerPeer, SceneMultiplayer
from tests.drivers.loops import LOOPS, Run, run_on

pytestmark = pytest.mark.usefixtures("host_engine")
CONNECTED, DISCONNECTED = MultiplayerPeer.CONNECTION_CONNECTED, MultiplayerPeer.CONNECTION_DISCONNECTED
LONG = 3600.0
"""An interval that no test waits for: what happens has another reason."""


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a test on each loop."""
    return partial(run_on, LOOPS[request.param])


def serving(interval: float = LONG) -> tuple[SceneMultiplayer, int]:
    """A server and its port."""
    multiplayer = SceneMultiplayer(interval=interval)
    multiplayer.root_path = "/root"
    peer = ENetMultiplayerPeer()
    assert peer.create_server(0) is Error.OK
    multiplayer.multiplayer_peer = peer
    assert peer.host is not None
    return multiplayer, peer.host.get_local_port()


def calling(port: int, interval: float = LONG) -> SceneMultiplayer:
    """A client."""
    multiplayer = SceneMultiplayer(interval=interval)
    multiplayer.root_path = "/root"
    peer = ENetMultiplayerPeer()
    assert peer.create_client("127.0.0.1", port) is Error.OK
    multiplayer.multiplayer_peer = peer
    return multiplayer


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[SceneMultiplayer, SceneMultiplayer]]:
    """A server and a client that are connected."""
    server, port = serving()
    async with server, calling(port) as client:
        arriving = asyncio.ensure_future(wait(server.peer_connected))
        await asyncio.sleep(0)
        await client.connected()
        assert await arriving == client.get_unique_id()
        yield server, client


async def wait(signal: godot_enet.Signal[[int]]) -> object:
    return await signal


def test_connecting_and_bytes_both_ways(run: Run) -> None:
    async def test() -> None:
        async with linked() as (server, client):
            await server.connected()
            assert list(client.get_peers()) == [1]
            heard: asyncio.Queue[tuple[int, bytes, int]] = asyncio.Queue()

            async def answer(sender: int, data: bytes) -> None:
                server.send_bytes(data[::-1], sender, 2, server.get_packet_channel())

            server.peer_packet.connect(answer)
            client.peer_packet.connect(
                lambda sender, data: heard.put_nowait((sender, data, client.get_packet_channel()))
            )
            for number in range(20):
                client.send_bytes(bytes([number, 255]), 1, 2, number % 3)
                assert await heard.get() == (1, bytes([255, number]), number % 3)

    run(test())


def test_the_end_of_the_block_closes_the_transport_and_the_other_end_hears_of_it(run: Run) -> None:
    async def test() -> None:
        server, port = serving()
        async with server:
            leaving = asyncio.ensure_future(wait(server.peer_disconnected))
            await asyncio.sleep(0)
            async with calling(port) as client:
                await client.connected()
                peer = client.multiplayer_peer
            assert peer is not None
            assert peer.get_connection_status() is DISCONNECTED
            assert isinstance(await leaving, int)

    run(test())


def test_a_failed_attempt_is_an_error(run: Run) -> None:
    async def test() -> None:
        async with SceneMultiplayer() as client:
            peer = ENetMultiplayerPeer()
            assert peer.create_client("127.0.0.1", 9) is Error.OK
            client.multiplayer_peer = peer
            waiting = asyncio.ensure_future(client.connected())
            await asyncio.sleep(0.01)
            peer.close()
            with pytest.raises(ConnectionError):
                await waiting
            client.multiplayer_peer = None
            with pytest.raises(ConnectionError):
                await client.connected()

    run(test())


def test_authentication_is_part_of_connecting(run: Run) -> None:
    async def test() -> None:
        server, port = serving()
        client = calling(port)
        done: list[int] = []

        async def authenticate(peer: int, data: bytes) -> None:
            await asyncio.sleep(0.05)
            done.append(peer)
            server.complete_auth(peer)

        server.auth_callback = authenticate
        client.auth_callback = lambda peer, data: None
        client.peer_authenticating.connect(lambda peer: (client.send_auth(peer, b"x"), client.complete_auth(peer)))
        async with server, client:
            await client.connected()
            assert done == [client.get_unique_id()]

    run(test())


def test_it_polls_by_itself_for_what_no_datagram_brings(run: Run) -> None:
    async def test() -> None:
        server, port = serving(0.01)
        server.auth_callback = lambda peer, data: None
        server.auth_timeout = 0.1
        async with server, calling(port, 0.01) as client:
            client.auth_callback = lambda peer, data: None
            number = client.get_unique_id()
            assert await server.peer_authentication_failed == number

    run(test())


def test_other_transports_are_polled_every_interval(run: Run) -> None:
    async def test() -> None:
        async with SceneMultiplayer(interval=0.005) as server:
            peer = godot_enet.ENetMultiplayerPeer()
            assert peer.create_server(0) is Error.OK
            server.multiplayer_peer = peer
            assert peer.host is not None
            async with calling(peer.host.get_local_port()) as client:
                await client.connected()

    run(test())


def test_outside_the_block_nothing_polls(host_engine: str) -> None:
    async def test() -> None:
        server, port = serving()
        client = calling(port)
        with pytest.raises(RuntimeError, match="async with"):
            await client.connected()
        async with server:
            with pytest.raises(RuntimeError, match="already"):
                await server.__aenter__()
        for multiplayer in (server, client):
            assert multiplayer.multiplayer_peer is not None
            multiplayer.multiplayer_peer.close()

    run_on(LOOPS["asyncio"], test())


def test_a_peer_without_a_scene(run: Run) -> None:
    async def test() -> None:
        async with ENetMultiplayerPeer() as server, ENetMultiplayerPeer() as client:
            assert server.create_server(0) is Error.OK
            assert server.host is not None
            assert client.create_client("127.0.0.1", server.host.get_local_port()) is Error.OK

            async def serve() -> bytes:
                while True:
                    await server.wait()
                    server.poll()
                    if server.get_available_packet_count():
                        return server.get_packet()

            serving = asyncio.ensure_future(serve())
            while client.get_connection_status() is not CONNECTED:
                await client.wait()
                client.poll()
            client.put_packet(b"hello")
            assert await serving == b"hello"
            waiting = asyncio.ensure_future(client.wait())
            await asyncio.sleep(0)
            client.close()
            await waiting
            await client.wait()

    run(test())


def test_a_mesh(run: Run) -> None:
    async def test() -> None:
        async with ENetMultiplayerPeer() as one, ENetMultiplayerPeer() as two:
            listener, caller = ENetConnection(), ENetConnection()
            assert listener.create_host_bound("127.0.0.1", 0, 1) is Error.OK
            assert caller.create_host(1) is Error.OK
            caller.connect_to_host("127.0.0.1", listener.get_local_port())
            await asyncio.gather(listener.__anext__(), caller.__anext__())
            assert one.create_mesh(1) is two.create_mesh(2) is Error.OK
            assert one.add_mesh_peer(2, listener) is two.add_mesh_peer(1, caller) is Error.OK
            two.put_packet(b"hello")
            while not one.get_available_packet_count():
                await one.wait()
                one.poll()
            assert one.get_packet() == b"hello"

    run(test())
