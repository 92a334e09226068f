"""The ways a connection ends, seen from both sides: states, events, and what is still possible."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core import Command, DisconnectReason
from tests.unit.compat.stage import Link, Stage, kinds

Logged = Callable[[], list[str]]

DISCONNECT = ENetConnection.EVENT_DISCONNECT
RECEIVE = ENetConnection.EVENT_RECEIVE


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.link(channels=3)


class TestAsking:
    def test_both_sides_get_one_event(self, link: Link) -> None:
        link.at_client.peer_disconnect(7)
        assert link.at_client.get_state() is ENetPacketPeer.STATE_DISCONNECTING
        assert link.at_client.is_active()
        assert link.client.get_peers() == [link.at_client]
        link.stage.run(lambda: link.stage.peek(link.client) and link.stage.peek(link.server))
        assert link.stage.events(link.client) == [(DISCONNECT, link.at_client, 0, 0)]
        assert link.stage.events(link.server) == [(DISCONNECT, link.at_server, 7, 0)]
        for connection, peer in ((link.client, link.at_client), (link.server, link.at_server)):
            assert not peer.is_active()
            assert peer.get_state() is ENetPacketPeer.STATE_DISCONNECTED
            assert connection.get_peers() == []

    def test_nothing_can_be_sent_any_more(self, link: Link, logged: Logged) -> None:
        link.at_client.peer_disconnect()
        assert link.at_client.get_channels() == 0
        assert link.at_client.send(0, b"x", 1) is Error.FAILED
        assert link.at_client.put_packet(b"x") is Error.FAILED
        assert logged() == ["Unable to send packet on channel 0, max channels: 0"] * 2
        assert link.at_client.send(1, b"x", 1) is Error.ERR_INVALID_PARAMETER
        assert logged() == ["Invalid channel 1, max channels: 0"]
        link.client.broadcast(0, b"x", 1)
        assert logged() == []
        link.stage.run(lambda: link.stage.peek(link.server))
        assert kinds(link.stage.events(link.server)) == [DISCONNECT]
        assert link.at_server.get_available_packet_count() == 0

    def test_asking_again_changes_nothing(self, link: Link, logged: Logged) -> None:
        link.at_client.peer_disconnect(1)
        link.at_client.peer_disconnect(2)
        link.at_client.peer_disconnect_later(3)
        link.stage.run(lambda: link.stage.peek(link.client) and link.stage.peek(link.server))
        assert [event.data for event in link.stage.events(link.server)] == [1]
        assert len(link.stage.events(link.client)) == 1
        assert logged() == []

    def test_when_both_ask_both_get_an_event(self, link: Link) -> None:
        link.at_client.peer_disconnect(1)
        link.at_server.peer_disconnect(2)
        link.stage.run(lambda: link.stage.peek(link.client) and link.stage.peek(link.server))
        assert kinds(link.stage.events(link.client)) == kinds(link.stage.events(link.server)) == [DISCONNECT]

    def test_packets_before_it_are_reported_before_it(self, link: Link) -> None:
        link.at_client.send(0, b"last words", 1)
        link.client.flush()
        link.stage.run(lambda: link.at_client.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) < 500)
        link.at_client.peer_disconnect()
        link.stage.run(lambda: DISCONNECT in kinds(link.stage.peek(link.server)))
        assert kinds(link.stage.events(link.server)) == [RECEIVE, DISCONNECT]
        assert link.at_server.get_available_packet_count() == 1

    def test_nothing_is_reported_of_a_peer_after_one_has_asked_but_the_end(self, link: Link) -> None:
        link.at_client.send(0, b"x", 1)
        link.client.flush()
        received = ENetConnection.HOST_TOTAL_RECEIVED_PACKETS
        link.server.pop_statistic(received)
        while link.stage.threaded and not link.server.pop_statistic(received):
            pass  # the network thread has read it, and nobody has asked for events
        link.at_server.peer_disconnect()
        link.stage.run(lambda: link.stage.peek(link.server))
        assert kinds(link.stage.events(link.server)) == [DISCONNECT]


class TestLater:
    def test_everything_queued_is_delivered_first(self, link: Link, logged: Logged) -> None:
        packets = [bytes([number]) * 3000 for number in range(30)]
        for packet in packets:
            assert link.at_client.send(0, packet, 1) is Error.OK
        link.at_client.peer_disconnect_later(5)
        assert link.at_client.get_state() is ENetPacketPeer.STATE_DISCONNECT_LATER
        assert link.at_client.get_channels() == 3
        assert link.at_client.send(0, b"too late", 1) is Error.FAILED
        assert logged() == [
            "Unable to send packet, the peer is in state STATE_DISCONNECT_LATER: send before disconnecting."
        ]
        received: list[bytes] = []

        def finished() -> bool:
            while link.at_server.is_active() and link.at_server.get_available_packet_count():
                received.append(link.at_server.get_packet())
            return bool(link.stage.peek(link.client)) and DISCONNECT in kinds(link.stage.peek(link.server))

        link.stage.run(finished)
        assert received == packets
        assert link.stage.events(link.server)[-1] == (DISCONNECT, link.at_server, 5, 0)
        assert link.stage.events(link.client) == [(DISCONNECT, link.at_client, 0, 0)]

    def test_with_nothing_queued_it_is_now(self, stage: Stage) -> None:
        link = stage.link()
        link.fence()
        stage.run(lambda: not self.busy(link))
        link.at_server.peer_disconnect_later(6)
        stage.run(lambda: DISCONNECT in kinds(stage.peek(link.client)) and DISCONNECT in kinds(stage.peek(link.server)))
        assert stage.events(link.client)[-1] == (DISCONNECT, link.at_client, 6, 0)

    @staticmethod
    def busy(link: Link) -> bool:
        """Whether the server still waits for the acknowledgement of the fence."""
        return link.at_server.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) == 500


class TestNow:
    def test_only_the_remote_gets_an_event(self, link: Link) -> None:
        link.at_client.peer_disconnect_now(9)
        assert not link.at_client.is_active()
        assert link.at_client.get_state() is ENetPacketPeer.STATE_DISCONNECTED
        assert link.client.get_peers() == [link.at_client]
        link.stage.run(lambda: link.stage.peek(link.server))  # it was sent at once
        assert link.stage.events(link.server) == [(DISCONNECT, link.at_server, 9, 0)]
        self.see_that_nothing_came_of_it(link)

    def test_a_reset_tells_nobody(self, link: Link) -> None:
        link.at_client.reset()
        assert not link.at_client.is_active()
        self.see_that_nothing_came_of_it(link)
        assert link.at_server.get_state() is ENetPacketPeer.STATE_CONNECTED
        assert link.at_server in link.server.get_peers()

    def test_destroying_tells_nobody(self, link: Link) -> None:
        link.client.destroy()
        assert not link.at_client.is_active()
        again = link.stage.join(link.server, link.stage.client())
        again.fence()
        assert DISCONNECT not in kinds(link.stage.events(link.server))
        assert link.server.get_peers() == [link.at_server, again.at_server]

    @pytest.mark.parametrize("mode", ["peer_disconnect_now", "reset"])
    def test_what_the_remote_sends_afterwards_is_ignored(self, link: Link, mode: str) -> None:
        link.at_server.send(0, b"x", 1)
        getattr(link.at_client, mode)()
        link.server.flush()
        self.see_that_nothing_came_of_it(link)

    @staticmethod
    def see_that_nothing_came_of_it(link: Link) -> None:
        """The next thing the client hears of is its next connection."""
        assert link.client.service().type == ENetConnection.EVENT_NONE
        assert link.client.get_peers() == []
        again = link.client.connect_to_host("127.0.0.1", link.server.get_local_port())
        link.stage.run(lambda: link.stage.peek(link.client))
        assert link.stage.events(link.client) == [(ENetConnection.EVENT_CONNECT, again, 0, 0)]

    def test_it_also_ends_what_is_already_ending(self, link: Link) -> None:
        link.at_client.peer_disconnect(1)
        link.at_client.peer_disconnect_now(2)
        assert not link.at_client.is_active()
        assert link.client.service().type == ENetConnection.EVENT_NONE
        assert link.client.get_peers() == []


class TestWhileConnecting:
    @pytest.mark.parametrize("method", ["peer_disconnect", "peer_disconnect_later"])
    def test_the_object_stays_until_it_is_reset(self, stage: Stage, logged: Logged, method: str) -> None:
        client, plain = stage.client(), stage.socket()
        port = plain.getsockname()[1]
        peer = client.connect_to_host("127.0.0.1", port, 4)
        assert peer is not None
        getattr(peer, method)(3)
        assert peer.get_state() is ENetPacketPeer.STATE_DISCONNECTED
        assert peer.is_active()
        assert peer.get_channels() == 0
        assert (peer.get_remote_address(), peer.get_remote_port()) == ("127.0.0.1", port)
        assert peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) == 500
        assert peer.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) == 32
        assert logged() == []
        assert peer.send(0, b"x", 1) is Error.FAILED
        assert logged() == ["Unable to send packet on channel 0, max channels: 0"]
        for call in (peer.ping, peer.peer_disconnect, peer.peer_disconnect_later):
            call()
        peer.set_timeout(1, 2, 3)
        peer.ping_interval(5)
        peer.throttle_configure(1, 2, 3)
        assert logged() == []
        for _ in range(3):
            assert client.service() == (ENetConnection.EVENT_NONE, None, 0, 0)
            assert client.get_peers() == [peer]
            assert client.connect_to_host("127.0.0.1", port) is None
        assert logged() == ["The ENetConnection is already connected to a peer."] * 3
        peer.reset()
        assert not peer.is_active()
        assert client.service() == (ENetConnection.EVENT_NONE, None, 0, 0)
        assert client.get_peers() == []
        assert stage.join(stage.server(), client).at_client.is_active()

    def test_now_ends_it_at_once(self, stage: Stage) -> None:
        client = stage.client()
        peer = client.connect_to_host("127.0.0.1", stage.socket().getsockname()[1])
        assert peer is not None
        peer.peer_disconnect_now()
        assert not peer.is_active()
        assert client.service() == (ENetConnection.EVENT_NONE, None, 0, 0)
        assert client.get_peers() == []

    @pytest.mark.parametrize("method", ["peer_disconnect", "peer_disconnect_later", "peer_disconnect_now"])
    def test_who_leaves_in_the_connect_event_was_there(self, stage: Stage, method: str) -> None:
        server, client = stage.server(), stage.client()
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        while client.service(1).type != ENetConnection.EVENT_CONNECT:
            if not stage.threaded:
                assert server.service(1).type == ENetConnection.EVENT_NONE
        getattr(peer, method)(4)
        # In Godot the handshake's last acknowledgement is lost here, and the server hears of none of it.
        stage.run(lambda: DISCONNECT in kinds(stage.peek(server)))
        events = stage.events(server)
        assert kinds(events) == [ENetConnection.EVENT_CONNECT, DISCONNECT]
        assert events[1].data == 4
        assert server.get_peers() == []
        assert DISCONNECT not in kinds(stage.events(client)) or method != "peer_disconnect_now"


class TestReasons:
    """Beyond Godot's API."""

    def test_none_while_it_lives(self, stage: Stage) -> None:
        link = stage.link()
        assert link.at_client.get_disconnect_reason() is DisconnectReason.NONE
        assert link.at_client.get_timed_out_command() is Command.NONE

    def test_who_asked_for_the_end(self, stage: Stage) -> None:
        link = stage.link()
        link.at_client.peer_disconnect(5)
        stage.run(lambda: stage.peek(link.client) and stage.peek(link.server))
        assert link.at_client.get_disconnect_reason() is DisconnectReason.LOCAL
        assert link.at_server.get_disconnect_reason() is DisconnectReason.REMOTE

    @pytest.mark.parametrize("end", ["reset", "peer_disconnect_now"])
    def test_an_end_without_an_event_is_our_own(self, stage: Stage, end: str) -> None:
        link = stage.link()
        getattr(link.at_client, end)()
        assert link.at_client.get_disconnect_reason() is DisconnectReason.LOCAL

    def test_what_was_not_acknowledged_in_time(self, stage: Stage) -> None:
        client, nobody = stage.client(), stage.socket()
        peer = client.connect_to_host("127.0.0.1", nobody.getsockname()[1])
        assert peer is not None
        peer.set_timeout(1, 1, 600)
        stage.run(lambda: stage.peek(client))
        assert peer.get_disconnect_reason() is DisconnectReason.TIMEOUT
        assert peer.get_timed_out_command() is Command.CONNECT

    def test_a_silent_remote(self, stage: Stage) -> None:
        link = stage.link()
        link.at_server.set_timeout(1, 1, 200)
        link.at_server.ping_interval(20)
        link.client.destroy()
        stage.run(lambda: stage.peek(link.server))
        assert link.at_server.get_disconnect_reason() is DisconnectReason.TIMEOUT
        assert link.at_server.get_timed_out_command() in (Command.PING, Command.BANDWIDTH_LIMIT)
