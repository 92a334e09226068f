"""ENetMultiplayerPeer by itself: creating, what is refused, and everything it does while it is not connected."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.signal import Signal
from tests.rows import each_row
from tests.unit.compat.enet_party import ENetParty

Logged = Callable[[], list[str]]

ACTIVE = "The multiplayer instance is already active."
INACTIVE = "The multiplayer instance isn't currently active."
NOT_CONNECTED = "The multiplayer instance isn't currently connected to any server or client."
NO_HOST = 'Condition "!_is_active()" is true. Returning: nullptr'
BANDWIDTH = "bandwidth limit must be greater than or equal to 0 (0 disables the limit)."
CLIENTS = "The number of clients must be set between 1 and 4095 (inclusive)."
LOCAL_PORT = "The local port number must be between 0 and 65535 (inclusive)."
REMOTE_PORT = "The remote port number must be between 1 and 65535 (inclusive)."
UNRESOLVED = "Couldn't resolve the server IP address or domain name."
NO_SERVER = "Couldn't connect to the ENet multiplayer server."
NO_ZONE = 'this machine has no network interface "nowhere".'
NO_PEER = 'Condition "!peers.has(p_id)" is true. Returning: nullptr'
NULL_HOST = 'Condition "p_host.is_null()" is true. Returning: ERR_INVALID_PARAMETER'
NO_SUCH = 'Condition "!_is_active() || !peers.has(p_peer)" is true.'
CONNECTED = ENetMultiplayerPeer.CONNECTION_CONNECTED
CONNECTING = ENetMultiplayerPeer.CONNECTION_CONNECTING
DISCONNECTED = ENetMultiplayerPeer.CONNECTION_DISCONNECTED
RELIABLE = ENetMultiplayerPeer.TRANSFER_MODE_RELIABLE


@pytest.fixture
def party(host_engine: str) -> Iterator[ENetParty]:
    """Peers that are closed after the test."""
    party = ENetParty(threaded=False)
    yield party
    party.close()


class TestInactive:
    @each_row(
        ("method", "arguments", "result", "text"),
        [
            ("get_unique_id", (), 0, INACTIVE),
            ("get_packet_peer", (), 1, INACTIVE),
            ("get_packet_channel", (), 1, INACTIVE),
            ("get_packet_mode", (), RELIABLE, INACTIVE),
            ("get_packet", (), b"", "No incoming packets available."),
            ("put_packet", (b"x",), Error.ERR_UNCONFIGURED, INACTIVE),
            ("put_var", (5,), Error.ERR_UNCONFIGURED, INACTIVE),
            ("put_packet", (b"",), Error.OK, None),
            ("poll", (), None, INACTIVE),
            ("close", (), None, None),
            ("disconnect_peer", (1,), None, f"{NO_SUCH} Got 1."),
            ("disconnect_peer", (1, True), None, f"{NO_SUCH} Got 1."),
            ("get_host", (), None, NO_HOST),
            ("get_peer", (1,), None, NO_HOST),
            ("add_mesh_peer", (2, None), Error.ERR_INVALID_PARAMETER, NULL_HOST),
            (
                "add_mesh_peer",
                (2, ENetConnection(threaded=False)),
                Error.ERR_UNCONFIGURED,
                "The multiplayer instance is not configured as a mesh. Call 'create_mesh' first.",
            ),
            ("is_server_relay_supported", (), False, None),
            ("get_connection_status", (), DISCONNECTED, None),
            ("get_available_packet_count", (), 0, None),
            ("set_target_peer", (5,), None, None),
        ],
    )
    def test_every_method_logs_and_returns_what_godot_does(
        self,
        party: ENetParty,
        logged: Logged,
        method: str,
        arguments: tuple[Any, ...],
        result: object,
        text: str | None,
    ) -> None:
        never, closed = party.peer(), party.server()
        closed.close()
        for peer in (never, closed):
            returned = getattr(peer, method)(*arguments)
            assert returned == result
            assert type(returned) is type(result)
            assert logged() == ([] if text is None else [text])
            assert party.signals[peer] == []

    def test_the_packet_error_is_unavailable(self) -> None:
        peer = ENetMultiplayerPeer()
        peer.get_packet()
        assert peer.get_packet_error() is Error.ERR_UNAVAILABLE


class TestCreating:
    @each_row(
        ("method", "arguments", "error", "texts"),
        [
            ("create_server", (70000,), 31, [f"{LOCAL_PORT} Got 70000."]),
            ("create_server", (-1,), 31, [f"{LOCAL_PORT} Got -1."]),
            ("create_server", (0, 0), 31, [f"{CLIENTS} Got 0."]),
            ("create_server", (0, 4096), 31, [f"{CLIENTS} Got 4096."]),
            ("create_server", (0, 4, 0, -5), 31, [f"The incoming {BANDWIDTH} Got -5."]),
            ("create_server", (0, 4, -5, 5, -5), 31, [f"The outgoing {BANDWIDTH} Got -5."]),
            ("create_client", ("127.0.0.1", 0), 20, [f"{REMOTE_PORT} Got 0.", NO_SERVER]),
            ("create_client", ("", 5), 20, [f'{UNRESOLVED} Got "".', NO_SERVER]),
            ("create_client", ("::1%nowhere", 5), 20, [f'{UNRESOLVED} Got "::1%nowhere", and {NO_ZONE}', NO_SERVER]),
            ("create_client", ("127.0.0.1", 5, 0, -1), 31, [f"The incoming {BANDWIDTH} Got -1."]),
            ("create_client", ("127.0.0.1", 5, 0, 0, 0, 70000), 31, [f"{LOCAL_PORT} Got 70000."]),
            ("create_client", ("127.0.0.1", 5, 0, 0, 0, -3), 31, [f"{LOCAL_PORT} Got -3."]),
            ("create_mesh", (0,), 31, ["The unique ID must be greater then 0. Got 0."]),
            ("create_mesh", (-1,), 31, ["The unique ID must be greater then 0. Got -1."]),
        ],
    )
    def test_what_is_refused(
        self,
        party: ENetParty,
        logged: Logged,
        no_names: None,
        method: str,
        arguments: tuple[Any, ...],
        error: int,
        texts: list[str],
    ) -> None:
        peer = party.peer()
        peer.refuse_new_connections = True
        assert getattr(peer, method)(*arguments) is Error(error)
        assert logged() == texts
        assert peer.get_connection_status() is DISCONNECTED
        assert peer.refuse_new_connections is (method == "create_mesh")
        assert peer.create_mesh(3) is Error.OK  # nothing is left of the attempt
        assert peer.get_unique_id() == 3

    def test_an_active_one_is_refused(self, party: ENetParty, logged: Logged) -> None:
        server, mesh = party.server(), party.peer()
        mesh.create_mesh(5)
        for peer in (server, mesh, party.dial(server)):
            peer.refuse_new_connections = True
            status, unique_id = peer.get_connection_status(), peer.get_unique_id()
            assert peer.create_server(70000) is Error.ERR_ALREADY_IN_USE
            assert peer.create_client("", 0) is Error.ERR_ALREADY_IN_USE
            assert peer.create_mesh(6) is Error.ERR_ALREADY_IN_USE
            assert logged() == [ACTIVE] * 3
            assert (peer.get_connection_status(), peer.get_unique_id()) == (status, unique_id)
            assert peer.refuse_new_connections is True

    def test_a_server(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        assert server.get_unique_id() == 1
        assert server.get_connection_status() is CONNECTED
        assert server.is_server_relay_supported() is True
        assert isinstance(server.host, ENetConnection)
        assert server.host is server.get_host()
        assert server.host.get_local_port() != 0
        assert server.host.get_max_channels() == 255
        assert logged() == []
        assert server.get_peer(1) is None
        assert logged() == [f"{NO_PEER}. Got 1."]
        assert repr(server) == "<ENetMultiplayerPeer server 1 connected, 0 peers>"

    @each_row(("asked", "granted"), [(0, 255), (-4, 255), (1, 3), (10, 12), (253, 255), (1000, 255)])
    def test_max_channels_are_beside_the_reserved_ones(self, party: ENetParty, asked: int, granted: int) -> None:
        server = party.server(4, asked)
        assert server.host is not None
        assert server.host.get_max_channels() == granted

    @each_row(("asked", "granted"), [(0, 255), (-4, 255), (1, 3), (10, 12), (253, 255), (1000, 255)])
    def test_so_are_a_clients(self, party: ENetParty, asked: int, granted: int) -> None:
        server = party.server()
        client = party.join(server, asked)
        at_client, at_server = client.get_peer(1), server.get_peer(client.get_unique_id())
        assert at_client is not None
        assert at_server is not None
        assert at_client.get_channels() == at_server.get_channels() == granted

    def test_a_connecting_client(self, party: ENetParty, logged: Logged) -> None:
        client = party.dial(party.server())
        assert client.get_connection_status() is CONNECTING
        assert 2 <= client.get_unique_id() < 2**31
        assert client.is_server_relay_supported() is True
        remote = client.get_peer(1)
        assert isinstance(remote, ENetPacketPeer)
        assert remote.get_state() == ENetPacketPeer.STATE_CONNECTING
        assert logged() == []
        assert client.get_peer(2) is None
        assert logged() == [f"{NO_PEER}. Got 2."]
        assert client.put_packet(b"x") is Error.ERR_UNCONFIGURED
        assert logged() == [NOT_CONNECTED]

    def test_a_client_that_gave_up_connecting_stays_so(self, party: ENetParty, logged: Logged) -> None:
        client = party.dial(party.server())
        client.disconnect_peer(1)
        party.spend(0.05)
        assert client.get_connection_status() is CONNECTING
        client.disconnect_peer(1, True)
        assert client.get_connection_status() is DISCONNECTED
        assert logged() == []
        assert party.signals[client] == []

    def test_a_local_port(self, party: ENetParty) -> None:
        server, client, other = party.server(), party.peer(), party.server()
        assert server.host is not None
        assert other.host is not None
        port = other.host.get_local_port()
        client.set_bind_ip("127.0.0.1")
        arguments = ("127.0.0.1", server.host.get_local_port(), 0, 0, 0, port)
        assert client.create_client(*arguments) is Error.ERR_CANT_CREATE
        other.close()
        assert client.create_client(*arguments) is Error.OK
        assert client.host is not None
        assert client.host.get_local_port() == port
        party.run(lambda: client.get_connection_status() is CONNECTED)

    def test_a_port_in_use(self, party: ENetParty) -> None:
        server, other = party.server(), party.peer()
        assert server.host is not None
        other.set_bind_ip("127.0.0.1")
        assert other.create_server(server.host.get_local_port()) is Error.ERR_CANT_CREATE
        assert other.get_connection_status() is DISCONNECTED
        server.close()
        assert other.create_server(0) is Error.OK

    def test_only_addresses_are_bound(self, party: ENetParty, logged: Logged) -> None:
        peer = party.peer()
        peer.set_bind_ip("192.0.2.7")  # of nobody
        for wrong in ("", "localhost", "1.2.3", "foo"):
            peer.set_bind_ip(wrong)
            assert logged() == [f"Invalid bind IP address: {wrong}"]
        assert peer.create_server(0) is Error.ERR_CANT_CREATE
        logged()
        for right in ("::1", "127.0.0.1", "*"):
            peer.set_bind_ip(right)
            assert logged() == []
            assert peer.create_server(0) is Error.OK
            peer.close()

    def test_a_mesh(self, party: ENetParty, logged: Logged) -> None:
        mesh = party.peer()
        mesh.refuse_new_connections = True
        assert mesh.create_mesh(5) is Error.OK
        assert mesh.refuse_new_connections is True
        assert mesh.get_unique_id() == 5
        assert mesh.get_connection_status() is CONNECTED
        assert mesh.is_server_relay_supported() is False
        mesh.poll()
        assert mesh.put_packet(b"nobody hears it") is Error.OK
        assert logged() == []
        assert mesh.host is None
        assert mesh.get_peer(5) is None
        mesh.disconnect_peer(4)
        no_host = 'Condition "active_mode == MODE_MESH" is true. Returning: nullptr'
        assert logged() == [no_host, f"{NO_PEER}. Got 5.", f"{NO_SUCH} Got 4."]

    def test_a_mesh_takes_connected_hosts_only(self, party: ENetParty, logged: Logged) -> None:
        mesh, idle = party.peer(), ENetConnection(threaded=False)
        mesh.create_mesh(5)
        text = "The provided host must have exactly one peer in the connected state."
        idle.create_host(1)
        assert mesh.add_mesh_peer(2, idle) is Error.ERR_INVALID_PARAMETER
        idle.connect_to_host("127.0.0.1", 9)
        assert mesh.add_mesh_peer(2, idle) is Error.ERR_INVALID_PARAMETER
        assert logged() == [f"{text} Got [].", f"{text} Got [STATE_CONNECTING]."]
        assert mesh.add_mesh_peer(2, None) is Error.ERR_INVALID_PARAMETER
        idle.destroy()
        assert party.signals[mesh] == []


class TestClosing:
    def test_everything_but_the_target_is_forgotten(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        client = party.join(server)
        client.put_packet(b"unread")
        party.run(server.get_available_packet_count)
        server.set_target_peer(client.get_unique_id())
        server.refuse_new_connections = True
        assert server.host is not None
        port = server.host.get_local_port()
        server.close()
        assert server.get_available_packet_count() == 0
        assert server.refuse_new_connections is False
        assert server.get_connection_status() is DISCONNECTED
        assert server.create_server(port) is Error.OK
        assert server.put_packet(b"x") is Error.ERR_INVALID_PARAMETER
        assert logged() == [f"Invalid target peer: {client.get_unique_id()}"]
        assert party.signals[server] == [("connected", client.get_unique_id())]

    def test_one_can_be_used_again_in_every_way(self, party: ENetParty) -> None:
        server, peer = party.server(), party.peer()
        peer.create_mesh(7)
        for _ in range(2):
            peer.close()
            assert server.host is not None
            assert peer.create_client("127.0.0.1", server.host.get_local_port()) is Error.OK
            party.run(lambda: peer.get_connection_status() is CONNECTED)
        peer.close()
        assert peer.create_server(0) is Error.OK
        assert peer.get_unique_id() == 1

    @pytest.mark.parametrize("threaded", [True, False])
    @pytest.mark.refcounts
    def test_dropped_without_closing_the_port_is_free(self, host_engine: str, threaded: bool) -> None:
        gc.disable()
        try:
            peer = ENetMultiplayerPeer(threaded=threaded)
            peer.set_bind_ip("127.0.0.1")
            peer.peer_connected.connect(print, Signal.CONNECT_DEFERRED)
            assert peer.create_server(0) is Error.OK
            assert peer.host is not None
            port = peer.host.get_local_port()
            peer.poll()
            del peer
            after = ENetMultiplayerPeer(threaded=False)
            after.set_bind_ip("127.0.0.1")
            ENetParty(threaded=False).run(lambda: after.create_server(port) is Error.OK)
            after.close()
        finally:
            gc.enable()

    def test_wrong_types_are_refused(self, party: ENetParty) -> None:
        server = party.server()
        for call in (
            lambda: server.disconnect_peer("1"),  # type: ignore[arg-type]
            lambda: server.disconnect_peer(1, "now"),  # type: ignore[arg-type]
            lambda: server.set_target_peer(None),  # type: ignore[arg-type]
            lambda: server.put_packet("text"),  # type: ignore[arg-type]
            lambda: server.get_peer(1.0),  # type: ignore[arg-type]
            lambda: server.set_bind_ip(b"127.0.0.1"),  # type: ignore[arg-type]
            lambda: server.add_mesh_peer(1, server),  # type: ignore[arg-type]
            lambda: server.create_server("4000"),  # type: ignore[arg-type]
            lambda: server.create_client(b"", 4000),  # type: ignore[arg-type]
            lambda: server.create_mesh("5"),  # type: ignore[arg-type]
        ):
            with pytest.raises(TypeError, match="must be"):
                call()
