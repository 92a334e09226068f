"""ENetMultiplayerPeer among others: ids, signals, targets, modes, channels, and the ways connections end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from godot_enet.compat.connection_events import ErrorEvent
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.signal import Signal
from godot_enet.compat.variant import PackedByteArray
from tests.rows import each_row
from tests.unit.compat.enet_party import DEADLINE, ENetParty, Packet

Logged = Callable[[], list[str]]

UNRELIABLE = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
ORDERED = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED
RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE
CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED
DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED
QUIET = 0.05
"""Seconds in which something that must not happen would have happened."""


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def party(request: pytest.FixtureRequest, host_engine: str) -> Iterator[ENetParty]:
    """Peers that are closed after the test."""
    party = ENetParty(request.param)
    yield party
    party.close()


def enet_peer(peer: ENetMultiplayerPeer, id: int) -> ENetPacketPeer:
    found = peer.get_peer(id)
    assert found is not None
    return found


def raw_client(party: ENetParty, server: ENetMultiplayerPeer, data: int) -> ENetConnection:
    """A plain connection that begins to connect with any id; its CONNECT event waits in it."""
    raw = ENetConnection(threaded=True)
    party._connections.append(raw)
    assert raw.create_host(1) is Error.OK
    assert server.host is not None
    assert raw.connect_to_host("127.0.0.1", server.host.get_local_port(), 0, data) is not None
    raw.flush()
    return raw


def is_in(raw: ENetConnection) -> bool:
    """Whether it has just been let in."""
    return raw.service().type == ENetConnection.EVENT_CONNECT


class TestConnecting:
    def test_both_ends_know_the_same_id(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        clients = [party.join(server) for _ in range(3)]
        assert party.signals[server] == [("connected", client.get_unique_id()) for client in clients]
        for client in clients:
            assert party.signals[client] == [("connected", 1)]
            at_server = enet_peer(server, client.get_unique_id())
            assert client.host is not None
            assert at_server.get_remote_port() == client.host.get_local_port()
        assert logged() == []

    def test_signals_come_from_poll_and_deferred_ones_at_its_end(self, party: ENetParty) -> None:
        server = party.server()
        heard: list[str] = []
        server.peer_connected.connect(lambda _: heard.append("deferred"), Signal.CONNECT_DEFERRED)
        server.peer_connected.connect(lambda _: heard.append("at once"))
        polled = server.poll

        def poll() -> None:
            polled()
            heard.append("polled")

        server.poll = poll  # type: ignore[method-assign]
        party.join(server)
        first = heard.index("at once")
        assert heard[first : first + 3] == ["at once", "deferred", "polled"]

    def test_who_is_refused_connects_and_hears_no_more(self, party: ENetParty) -> None:
        server = party.server()
        first = party.join(server)
        server.refuse_new_connections = True
        refused = party.dial(server)
        party.run(lambda: party.signals[refused])
        party.spend(QUIET)
        assert party.signals[refused] == [("connected", 1)]
        assert party.signals[server] == [("connected", first.get_unique_id())]
        server.refuse_new_connections = False
        enet_peer(refused, 1).set_timeout(2, 20, 50)
        party.run(lambda: party.signals[refused] == [("connected", 1), ("disconnected", 1)])
        assert refused.get_connection_status() is DISCONNECTED
        party.join(server)

    @pytest.mark.parametrize("id", [2, 2**31 - 1])
    def test_a_client_chooses_its_id(self, party: ENetParty, id: int) -> None:
        server = party.server()
        raw_client(party, server, id)
        party.run(lambda: party.signals[server] == [("connected", id)])
        server.disconnect_peer(id, True)
        assert server.get_peer(id) is None

    # Godot 4.6 takes those from 2**31 on for negative ids: as targets, all but one.
    @each_row("data", [0, 1, 2**31, 2**31 + 1, 2**32 - 2, 2**32 - 1])
    def test_ids_that_are_not_a_clients_are_refused(self, party: ENetParty, data: int) -> None:
        server = party.server()
        raw = raw_client(party, server, data)
        party.run(lambda: raw.service().type == ENetConnection.EVENT_CONNECT)
        party.join(server)
        assert len(party.signals[server]) == 1
        assert len(server.host.get_peers() if server.host else []) == 1

    def test_an_id_that_is_taken_is_refused(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        raw = raw_client(party, server, client.get_unique_id())
        party.run(lambda: raw.service().type == ENetConnection.EVENT_CONNECT)
        party.join(server)
        assert len(party.signals[server]) == 2
        assert party.deliver(server, client, b"still there").data == b"still there"

    def test_what_is_for_all_arrives_once_whatever_ids_were_asked_for(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        number = client.get_unique_id()
        for data in (2**32 - number, 2**32 - 1, 2**31, number):  # -number, -1 ...: as targets, all but one
            raw = raw_client(party, server, data)
            party.run(partial(is_in, raw))
        other = party.join(server)
        assert [id for _, id in party.signals[server]] == [number, other.get_unique_id()]
        for target, text in ((0, b"all"), (-other.get_unique_id(), b"all but one"), (number, b"one")):
            server.set_target_peer(target)
            assert server.put_packet(text) is Error.OK
        assert [party.take(client).data for _ in range(3)] == [b"all", b"all but one", b"one"]
        assert party.take(other).data == b"all"
        party.spend(QUIET)
        assert not client.get_available_packet_count() + other.get_available_packet_count()

    def test_the_id_of_a_peer_thrown_out_is_taken_until_it_is_gone(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        number = client.get_unique_id()
        server.disconnect_peer(number, True)  # its acknowledgement has not come yet
        assert server._is_taken(number)
        party.run(lambda: not server._is_taken(number))
        raw_client(party, server, number)
        party.run(lambda: party.signals[server][1:] == [("connected", number)])

    @each_row("id", [0, -1, -(2**31), 2**31, 2**32 - 2, 7])
    def test_a_mesh_has_no_member_with_an_id_that_means_others(self, party: ENetParty, logged: Logged, id: int) -> None:
        member = party.peer()
        assert member.create_mesh(7) is Error.OK
        one, _ = party.hosts()
        assert member.add_mesh_peer(id, one) is Error.ERR_INVALID_PARAMETER
        assert member.add_mesh_peer(8, one) is Error.OK
        assert party.signals[member] == [("connected", 8)]
        assert len(logged()) == 1

    def test_a_full_server_refuses_without_a_signal(self, party: ENetParty) -> None:
        server = party.server(1)
        party.join(server)
        late = party.dial(server)
        party.run(lambda: late.get_connection_status() is DISCONNECTED)
        assert party.signals[late] == []

    def test_a_client_that_gives_up_closes_without_a_signal(self, party: ENetParty) -> None:
        server = party.server(1)
        late = party.dial(server)
        enet_peer(late, 1).set_timeout(2, 20, 50)
        server.close()
        party.run(lambda: late.get_connection_status() is DISCONNECTED)
        assert party.signals[late] == []


class TestPackets:
    @each_row("mode", [UNRELIABLE, ORDERED, RELIABLE])
    @each_row("channel", [0, 1, 2, 253])
    def test_modes_and_channels_arrive(
        self, party: ENetParty, mode: MultiplayerPeer.TransferMode, channel: int
    ) -> None:
        server = party.server()
        client = party.join(server)
        for sender, receiver in ((client, server), (server, client)):
            sender.transfer_mode = mode
            sender.transfer_channel = channel
            packet = party.deliver(sender, receiver, b"hello")
            assert packet == Packet(sender.get_unique_id(), channel, mode, b"hello")

    @pytest.mark.parametrize(("channel", "arrives"), [(-1, 0), (-(2**31), 0), (300, 44), (256, 0)])
    def test_other_channels_are_cut_as_in_godot(self, party: ENetParty, channel: int, arrives: int) -> None:
        server = party.server()
        client = party.join(server)
        client.transfer_channel = channel
        assert party.deliver(client, server, b"x").channel == arrives

    @pytest.mark.parametrize(
        ("mode", "enet_channel", "flags"), [(0, 1, 2), (1, 1, 0), (2, 0, 1), (3, 0, 0), (-1, 0, 0)]
    )
    def test_what_enet_makes_of_channel_0(self, party: ENetParty, mode: int, enet_channel: int, flags: int) -> None:
        server = party.server()
        raw = raw_client(party, server, 5)
        party.run(lambda: server.get_peer(5) is not None if party.signals[server] else False)
        server.set_transfer_mode(mode)  # type: ignore[arg-type]
        seen: list[tuple[int, int]] = []

        def received() -> bool:
            event = raw.service()
            if event.type == ENetConnection.EVENT_RECEIVE:
                assert event.peer is not None
                seen.append((event.channel, event.peer.get_packet_flags()))
            return bool(seen)

        party.run(received, each=lambda: server.put_packet(b"x"))
        assert seen[0] == (enet_channel, flags)

    def test_an_unreliable_packet_in_fragments_arrives_as_ordered(
        self, party: ENetParty, caplog: pytest.LogCaptureFixture
    ) -> None:
        server = party.server()
        client = party.join(server)
        for size, mode in ((1364, UNRELIABLE), (1365, ORDERED), (5000, ORDERED)):
            client.transfer_mode = UNRELIABLE
            assert party.deliver(client, server, bytes(size)).mode == mode
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "5000 bytes" in caplog.text

    def test_a_channel_that_was_not_granted(self, party: ENetParty, logged: Logged) -> None:
        server = party.server(4, 3)
        client = party.join(server)
        for sender, receiver in ((client, server), (server, client)):
            sender.transfer_channel = 3
            assert party.deliver(sender, receiver, b"x").channel == 3
            assert logged() == []
            sender.transfer_channel = 4
            assert sender.put_packet(b"lost") is Error.OK
            assert logged() == ["Unable to send packet on channel 5, max channels: 5"]
        party.spend(QUIET)
        assert server.get_available_packet_count() == client.get_available_packet_count() == 0

    def test_they_leave_at_once(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        assert client.put_packet(b"now") is Error.OK
        while not server.get_available_packet_count():
            server.poll()  # the client is not polled any more
        assert server.get_packet() == b"now"

    def test_the_next_one_is_described_and_none_says_so(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        one, two = party.join(server), party.join(server)
        one.put_packet(b"first")
        party.run(lambda: server.get_available_packet_count() == 1)
        two.transfer_channel = 3
        two.put_packet(b"second")
        party.run(lambda: server.get_available_packet_count() == 2)
        assert party.take(server) == Packet(one.get_unique_id(), 0, RELIABLE, b"first")
        assert party.take(server) == Packet(two.get_unique_id(), 3, RELIABLE, b"second")
        assert logged() == []
        assert (server.get_packet_peer(), server.get_packet_channel(), server.get_packet_mode()) == (1, 1, RELIABLE)
        condition = 'Condition "incoming_packets.is_empty()" is true. Returning: '
        assert logged() == [condition + "1", condition + "1", condition + "TRANSFER_MODE_RELIABLE"]
        assert server.get_packet() == b""
        assert server.get_packet_error() is Error.ERR_UNAVAILABLE

    def test_values(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        values = [None, True, -5, 2**40, 0.25, "grün", {"a": [1, 2.5]}, [b"raw", {}]]
        for value in values:
            assert client.put_var(value) is Error.OK
        party.run(lambda: server.get_available_packet_count() == len(values))
        assert [server.get_var() for _ in values] == values

    def test_an_empty_packet_of_a_foreign_program_counts(self, party: ENetParty) -> None:
        server = party.server()
        raw = raw_client(party, server, 5)
        party.run(lambda: party.signals[server] and raw.service().type == ENetConnection.EVENT_CONNECT)
        raw.get_peers()[0].send(4, b"", ENetPacketPeer.FLAG_RELIABLE)
        raw.flush()
        assert party.take(server) == Packet(5, 3, RELIABLE, b"")

    def test_packets_outlive_their_sender(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        id = client.get_unique_id()
        client.put_packet(b"farewell")
        party.run(server.get_available_packet_count)
        client.close()
        party.run(lambda: ("disconnected", id) in party.signals[server])
        assert party.take(server) == Packet(id, 0, RELIABLE, b"farewell")

    def test_a_flood_is_taken_in_several_polls(self, party: ENetParty, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("godot_enet.compat.enet_peers._MAX_EVENTS", 10)
        server = party.server()
        client = party.join(server)
        for number in range(95):
            client.put_packet(bytes([number]))
        counts = [0]
        while counts[-1] < 95:
            party.step()
            counts.append(server.get_available_packet_count())
            assert counts[-1] - counts[-2] <= 10
        assert [server.get_packet()[0] for _ in range(95)] == list(range(95))


class TestTargets:
    def test_of_a_server(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        clients = [party.join(server) for _ in range(3)]
        ids = [client.get_unique_id() for client in clients]
        targets = {0: ids, ids[1]: [ids[1]], -ids[1]: [ids[0], ids[2]], -ids[2]: ids[:2]}
        for number, target in enumerate(targets):
            server.set_target_peer(target)
            assert server.put_packet(bytes([number])) is Error.OK
        server.set_target_peer(0)
        server.put_packet(b"end")
        for client, id in zip(clients, ids, strict=True):
            expected = [bytes([number]) for number, receivers in enumerate(targets.values()) if id in receivers]
            assert [party.take(client) for _ in range(len(expected) + 1)] == [
                Packet(1, 0, RELIABLE, data) for data in [*expected, b"end"]
            ]
        assert logged() == []

    @pytest.mark.parametrize("target", [1, -1, 2, -2, 2**31 - 1, -(2**31)])
    def test_a_server_has_only_its_clients(self, party: ENetParty, logged: Logged, target: int) -> None:
        server = party.server()
        server.set_target_peer(target)
        assert server.put_packet(b"x") is Error.ERR_INVALID_PARAMETER
        assert logged() == [f"Invalid target peer: {target}"]

    def test_of_a_client_they_all_mean_the_server(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        client, other = party.join(server), party.join(server)
        for target in (0, 1, -1):
            client.set_target_peer(target)
            assert party.deliver(client, server, b"x").sender == client.get_unique_id()
        for target in (other.get_unique_id(), client.get_unique_id(), -other.get_unique_id(), 2):
            client.set_target_peer(target)
            assert client.put_packet(b"x") is Error.ERR_INVALID_PARAMETER
            assert logged() == [f"Invalid target peer: {target}"]


class TestEnding:
    @pytest.mark.parametrize("force", [False, True])
    def test_a_server_disconnects_a_client(self, party: ENetParty, force: bool) -> None:
        server = party.server()
        client, other = party.join(server), party.join(server)
        id = client.get_unique_id()
        del party.signals[server][:]
        server.disconnect_peer(id, force)
        assert (server.get_peer(id) is None) is force
        if not force:
            # A zombie once the network thread has the acknowledgement.
            states = ENetPacketPeer.STATE_DISCONNECTING, ENetPacketPeer.STATE_ZOMBIE
            assert enet_peer(server, id).get_state() in states[: 1 + party.threaded]
        party.run(lambda: party.signals[client] == [("connected", 1), ("disconnected", 1)])
        assert client.get_connection_status() is DISCONNECTED
        assert client.get_unique_id() == 0
        if not force:
            party.run(lambda: party.signals[server] == [("disconnected", id)])
        party.deliver(server, other, b"fence")
        assert party.signals[server] == ([] if force else [("disconnected", id)])
        assert server.get_peer(id) is None

    @pytest.mark.parametrize("way", ["disconnect_peer", "force", "close"])
    def test_a_client_leaves(self, party: ENetParty, way: str) -> None:
        server = party.server()
        client = party.join(server)
        id = client.get_unique_id()
        if way == "close":
            client.close()
        else:
            client.disconnect_peer(1, way == "force")
        assert (client.get_connection_status() is DISCONNECTED) is (way != "disconnect_peer")
        party.run(lambda: party.signals[server] == [("connected", id), ("disconnected", id)])
        party.run(lambda: client.get_connection_status() is DISCONNECTED)
        assert party.signals[client] == [("connected", 1)] + [("disconnected", 1)] * (way == "disconnect_peer")

    def test_a_server_closes(self, party: ENetParty) -> None:
        server = party.server()
        clients = [party.join(server) for _ in range(2)]
        server.close()
        for client in clients:
            party.run(lambda c=client: c.get_connection_status() is DISCONNECTED)  # type: ignore[misc]
            assert party.signals[client] == [("connected", 1), ("disconnected", 1)]
        assert len(party.signals[server]) == 2

    def test_during_the_signal_the_peer_is_still_there(self, party: ENetParty) -> None:
        server = party.server()
        client = party.join(server)
        id = client.get_unique_id()
        seen: list[tuple[bool, int]] = []

        def look(gone: int) -> None:
            seen.append((enet_peer(server, gone).is_active(), client.get_connection_status()))

        server.peer_disconnected.connect(look)
        client.peer_disconnected.connect(look_client := lambda _: seen.append((True, client.get_connection_status())))
        server.disconnect_peer(id)
        party.run(lambda: len(seen) == 2)
        assert client.peer_disconnected.is_connected(look_client)
        assert seen.count((True, CONNECTED)) == 1
        assert [entry for entry in seen if not entry[0]]

    def test_peers_ended_by_hand_are_noticed_in_the_next_poll(self, party: ENetParty) -> None:
        server = party.server()
        one, two = party.join(server), party.join(server)
        ids = [one.get_unique_id(), two.get_unique_id()]
        del party.signals[server][:]
        for id in ids:
            enet_peer(server, id).peer_disconnect_now()
        assert party.signals[server] == []
        server.poll()
        assert party.signals[server] == [("disconnected", id) for id in ids]
        enet_peer(one, 1).reset()
        one.poll()
        assert party.signals[one] == [("connected", 1), ("disconnected", 1)]
        assert one.get_connection_status() is DISCONNECTED

    def test_a_host_destroyed_by_hand_closes(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        id = party.join(server).get_unique_id()
        assert server.host is not None
        server.host.destroy()
        assert server.get_connection_status() is CONNECTED
        server.poll()
        assert server.get_connection_status() is DISCONNECTED
        assert party.signals[server] == [("connected", id), ("disconnected", id)]
        inactive = "The ENetConnection instance isn't currently active."
        assert logged() == [inactive, inactive, "Host already destroyed."]

    def test_an_error_ends_a_client_but_no_server(self, party: ENetParty, monkeypatch: pytest.MonkeyPatch) -> None:
        server = party.server()
        client = party.join(server)
        client.put_packet(b"x")
        service_into = ENetConnection._service_into
        errors = {server.host: 1, client.host: 1}

        def failing(connection: ENetConnection, events: list[object]) -> None:
            if errors.pop(connection, 0):
                events.append(ErrorEvent())
            else:
                service_into(connection, events)

        monkeypatch.setattr(ENetConnection, "_service_into", failing)
        assert party.take(server).data == b"x"
        party.run(lambda: client.get_connection_status() is DISCONNECTED)
        assert errors == {}
        assert party.signals[client] == [("connected", 1)]
        assert server.get_connection_status() is CONNECTED

    def test_the_same_client_may_come_back_before_it_is_gone(self, party: ENetParty) -> None:
        server = party.server()
        first = raw_client(party, server, 5)
        party.run(lambda: party.signals[server] == [("connected", 5)])
        server.disconnect_peer(5, True)
        deadline = time.monotonic() + DEADLINE
        # Without a poll of the server: it finds the end of the first and the second in one.
        while first.service(10).type != ENetConnection.EVENT_DISCONNECT:
            assert time.monotonic() < deadline
        second = raw_client(party, server, 5)
        party.run(lambda: party.signals[server] == [("connected", 5)] * 2)
        party.run(lambda: len(server.host.get_peers() if server.host else []) == 1)
        party.spend(QUIET)
        assert party.signals[server] == [("connected", 5)] * 2
        assert enet_peer(server, 5).is_active()
        second.destroy()


class TestHandlers:
    @pytest.mark.parametrize("signal", ["peer_connected", "peer_disconnected"])
    def test_a_server_may_be_closed(self, party: ENetParty, logged: Logged, signal: str) -> None:
        server = party.server()
        getattr(server, signal).connect(lambda _: server.close())
        client = party.dial(server)
        party.run(lambda: party.signals[client])
        if client.get_connection_status() is CONNECTED:  # the server's end may have arrived in the same poll
            client.disconnect_peer(1)
        party.run(lambda: server.get_connection_status() is DISCONNECTED)
        assert logged() == []

    def test_a_client_may_connect_again(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        client = party.join(server)
        assert server.host is not None
        port = server.host.get_local_port()

        def again(_: int) -> None:
            client.close()
            assert client.create_client("127.0.0.1", port) is Error.OK

        client.peer_disconnected.connect(again, Signal.CONNECT_ONE_SHOT)
        server.disconnect_peer(client.get_unique_id())
        party.run(lambda: party.signals[client] == [("connected", 1), ("disconnected", 1), ("connected", 1)])
        assert client.get_connection_status() is CONNECTED
        assert logged() == []

    def test_a_peer_may_be_sent_away_and_written_to(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        host = server.host

        def greet(id: int) -> None:
            server.set_target_peer(id)
            server.put_packet(b"welcome")

        server.peer_connected.connect(greet)
        client = party.dial(server)
        assert party.take(client) == Packet(1, 0, RELIABLE, b"welcome")
        server.peer_connected.disconnect(greet)
        server.peer_connected.connect(lambda id: server.disconnect_peer(id, True))
        other = party.dial(server)
        party.run(lambda: other.get_connection_status() is DISCONNECTED)
        assert server.host is host
        assert logged() == []


class TestMesh:
    def test_everybody_hears_of_everybody(self, party: ENetParty, logged: Logged) -> None:
        one, two, three = party.mesh(1, 20, 300)
        assert party.signals[one] == [("connected", 20), ("connected", 300)]
        assert party.signals[two] == [("connected", 1), ("connected", 300)]
        assert party.signals[three] == [("connected", 1), ("connected", 20)]
        assert enet_peer(two, 300).get_state() == ENetPacketPeer.STATE_CONNECTED
        assert logged() == []

    def test_targets_modes_and_channels(self, party: ENetParty, logged: Logged) -> None:
        one, two, three = party.mesh(1, 20, 300)
        two.transfer_channel = 6
        for target, receivers in ((0, [one, three]), (1, [one]), (-1, [three]), (300, [three])):
            two.set_target_peer(target)
            assert two.put_packet(str(target).encode()) is Error.OK
            for receiver in receivers:
                assert party.take(receiver) == Packet(20, 6, RELIABLE, str(target).encode())
        two.set_target_peer(20)
        assert two.put_packet(b"me") is Error.ERR_INVALID_PARAMETER
        assert logged() == ["Invalid target peer: 20"]
        party.spend(QUIET)
        assert [each.get_available_packet_count() for each in (one, two, three)] == [0, 0, 0]
        one.transfer_mode = UNRELIABLE
        assert party.deliver(one, two, b"x") == Packet(1, 0, UNRELIABLE, b"x")

    @pytest.mark.parametrize("way", ["disconnect_peer", "force", "reset", "destroy", "close"])
    def test_the_others_stay(self, party: ENetParty, way: str) -> None:
        one, two, three = party.mesh(1, 20, 300)
        for signals in party.signals.values():
            del signals[:]
        if way == "close":
            one.close()
            party.run(lambda: party.signals[three] == [("disconnected", 1)])
        elif way == "reset":
            enet_peer(two, 1).set_timeout(2, 20, 50)
            enet_peer(one, 20).reset()
        elif way == "destroy":
            host = next(each for each in party._connections if enet_peer(one, 20) in each.get_peers())
            enet_peer(two, 1).peer_disconnect_now()
            host.destroy()
        else:
            one.disconnect_peer(20, way == "force")
        party.run(lambda: ("disconnected", 1) in party.signals[two])
        party.spend(QUIET)
        if way != "close":
            assert party.signals[one] == ([] if way == "force" else [("disconnected", 20)])
            assert one.get_peer(20) is None
            assert party.deliver(one, three, b"still here").sender == 1
        assert two.get_peer(1) is None
        assert party.deliver(two, three, b"here, too").sender == 20

    def test_what_was_left_unread_does_not_count(self, party: ENetParty) -> None:
        here, there = party.hosts()
        there.get_peers()[0].send(9, b"old", ENetPacketPeer.FLAG_UNSEQUENCED)
        there.get_peers()[0].send(0, b"old, too", ENetPacketPeer.FLAG_RELIABLE)
        there.flush()
        while here.get_peers()[0].get_available_packet_count() < 2:
            here.service(1)
        mesh = party.peer()
        mesh.create_mesh(5)
        assert mesh.add_mesh_peer(7, here) is Error.OK
        there.get_peers()[0].send(4, b"new", ENetPacketPeer.FLAG_RELIABLE)
        there.flush()
        assert party.take(mesh) == Packet(7, 3, RELIABLE, b"new")


class TestHost:
    @pytest.mark.parametrize("mode", [ENetConnection.COMPRESS_RANGE_CODER, ENetConnection.COMPRESS_ZLIB])
    def test_compression(self, party: ENetParty, mode: ENetConnection.CompressionMode) -> None:
        server = party.server()
        assert server.host is not None
        server.host.compress(mode)
        client = party.dial(server)
        assert client.host is not None
        client.host.compress(mode)
        party.run(lambda: party.signals[client] and party.signals[server])
        assert party.deliver(client, server, bytes(1000)).data == bytes(1000)

    def test_refusing_is_passed_on(self, party: ENetParty, monkeypatch: pytest.MonkeyPatch) -> None:
        passed: list[bool] = []
        monkeypatch.setattr(ENetConnection, "refuse_new_connections", lambda _, refuse: passed.append(refuse))
        server = party.server()
        server.refuse_new_connections = True
        server.set_refuse_new_connections(False)
        assert passed == [True, False]


TOO_LARGE = 33 << 20


class TestTooLarge:
    """A packet over the limit would be lost for everybody: an error and one line, whoever it is for."""

    def refused(self, peer: ENetMultiplayerPeer, logged: Logged) -> None:
        assert peer.put_packet(bytes(TOO_LARGE)) is Error.FAILED
        assert logged() == [
            f"Unable to send packet of {TOO_LARGE} bytes, maximum: {32 << 20}. Split it into smaller packets."
        ]
        peer.encode_buffer_max_size = 64 << 20
        assert peer.put_var(PackedByteArray(bytes(TOO_LARGE))) is Error.FAILED
        assert len(logged()) == 1

    @pytest.mark.parametrize("mode", list(MultiplayerPeer.TransferMode), ids=lambda mode: mode.name)
    def test_of_a_server(self, party: ENetParty, logged: Logged, mode: MultiplayerPeer.TransferMode) -> None:
        server = party.server()
        client, other = party.join(server), party.join(server)
        server.transfer_mode = mode
        for target in (0, client.get_unique_id(), -client.get_unique_id()):
            server.set_target_peer(target)
            self.refused(server, logged)
        server.set_target_peer(0)
        server.transfer_mode = MultiplayerPeer.TRANSFER_MODE_RELIABLE
        server.put_packet(b"next")
        assert [party.take(each).data for each in (client, other)] == [b"next"] * 2

    def test_of_a_client(self, party: ENetParty, logged: Logged) -> None:
        server = party.server()
        client = party.join(server)
        self.refused(client, logged)
        assert party.deliver(client, server, b"next").data == b"next"

    def test_of_a_mesh(self, party: ENetParty, logged: Logged) -> None:
        one, two = party.mesh(2, 3)
        self.refused(one, logged)
        assert party.deliver(one, two, b"next").data == b"next"
