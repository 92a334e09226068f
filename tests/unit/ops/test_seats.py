"""Seats: who gets which, by which token, and what a stolen or guessed token does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godot_enet.ops import Seat, Seats, SeatTicket
from tests.unit.compat.scene.party import Member, Party


class Hall:
    """A server with seats, and clients that come and go."""

    def __init__(self, hold_seconds: float = 60.0, **options: Any) -> None:
        self.now = 100.0
        self.party = Party(join=False)
        self.server = self.party[1]
        self.seats = Seats(self.server.api, hold_seconds, clock=lambda: self.now, **options)
        self.heard: list[tuple[str, Any, Seat]] = []
        self.seats.taken.connect(lambda peer, seat: self.heard.append(("taken", peer, seat)))
        self.seats.resumed.connect(lambda peer, seat: self.heard.append(("resumed", peer, seat)))
        self.seats.left.connect(lambda seat: self.heard.append(("left", None, seat)))
        self.seats.released.connect(lambda seat: self.heard.append(("released", None, seat)))
        self.server.join()

    def client(self, number: int, token: bytes | None = b"") -> tuple[Member, SeatTicket | None]:
        """A client with a ticket; None for one without our protocol."""
        member = Member(self.party.network, number, None)
        self.party.members[number] = member
        ticket = None if token is None else SeatTicket(member.api, token)
        member.join()
        self.party.settle()
        return member, ticket

    def drop(self, number: int) -> None:
        self.party[number].transport.close()
        self.party.settle()
        del self.party.members[number]

    def take(self) -> list[tuple[str, Any, int]]:
        heard, self.heard = [(what, peer, seat.number) for what, peer, seat in self.heard], []
        return heard


def ticket_of(made: tuple[Member, SeatTicket | None]) -> SeatTicket:
    assert made[1] is not None
    return made[1]


def test_a_player_who_drops_has_the_same_seat_again_under_another_id() -> None:
    hall = Hall()
    first = ticket_of(hall.client(7))
    seat = hall.seats.seat_of(7)
    assert seat is not None
    seat.data = "score 12"
    assert (len(first.token), first.number, first.resumed) == (16, 1, False)
    hall.drop(7)
    assert hall.seats.seat_of(7) is None
    assert hall.seats.away() == [seat]
    second = ticket_of(hall.client(9, first.token))
    assert (second.number, second.resumed) == (1, True)
    assert second.token != first.token
    assert hall.seats.seat_of(9) is seat
    assert (seat.peer, seat.data) == (9, "score 12")
    assert hall.take() == [("taken", 7, 1), ("left", None, 1), ("resumed", 9, 1)]


def test_the_seat_is_known_to_handlers_of_the_program() -> None:
    hall = Hall()
    seen: list[Seat | None] = []
    hall.server.api.peer_connected.connect(lambda peer: seen.append(hall.seats.seat_of(peer)))
    hall.client(7)
    assert [seat and seat.number for seat in seen] == [1]


def test_a_token_is_good_once() -> None:
    hall = Hall()
    token = ticket_of(hall.client(7)).token
    hall.drop(7)
    hall.client(8, token)
    hall.take()
    assert ticket_of(hall.client(9, token)).resumed is False  # replayed
    assert hall.take() == [("taken", 9, 2)]
    assert hall.seats.seat_of(8) is not None


def test_the_next_token_is_good() -> None:
    hall = Hall()
    token = ticket_of(hall.client(7)).token
    for number in range(8, 12):
        hall.drop(number - 1)
        ticket = ticket_of(hall.client(number, token))
        assert (ticket.resumed, ticket.number) == (True, 1)
        token = ticket.token


def test_a_guessed_token_makes_a_newcomer(caplog: pytest.LogCaptureFixture) -> None:
    hall = Hall()
    hall.client(7)
    hall.drop(7)
    caplog.set_level("INFO", "godot_enet.ops")
    assert ticket_of(hall.client(8, bytes(16))).number == 2
    assert "Peer 8 sent an unknown or expired token." in caplog.text
    assert len(hall.seats.away()) == 1


def test_who_has_the_token_of_a_player_who_is_here_takes_the_place() -> None:
    """As somebody does whose address has changed, before the old connection has timed out; or a thief."""
    hall = Hall()
    token = ticket_of(hall.client(7)).token
    hall.server.take()
    hall.client(8, token)
    assert sorted(hall.server.take()[1:]) == [("peer_connected", 8), ("peer_disconnected", 7)]
    assert list(hall.server.api.get_peers()) == [8]
    assert hall.take() == [("taken", 7, 1), ("resumed", 8, 1)]
    assert hall.seats.seat_of(7) is None


def test_a_token_ends_with_the_hold() -> None:
    hall = Hall(hold_seconds=10)
    token = ticket_of(hall.client(7)).token
    hall.drop(7)
    hall.now += 9.9
    hall.seats.update()
    assert len(hall.seats.away()) == 1
    hall.now += 0.2
    assert ticket_of(hall.client(8, token)).resumed is False
    assert hall.take() == [("taken", 7, 1), ("left", None, 1), ("released", None, 1), ("taken", 8, 2)]


def test_a_client_without_tokens_plays_and_its_seat_is_not_held() -> None:
    hall = Hall()
    member, _ = hall.client(7, None)
    assert member.take() == [("connected_to_server",), ("peer_connected", 1)]
    hall.server.take()
    member.api.send_bytes(b"hello", 1)
    hall.party.settle()
    assert hall.server.take() == [("peer_connected", 7), ("peer_packet", 7, b"hello")]
    hall.drop(7)
    assert hall.take() == [("taken", 7, 1), ("released", None, 1)]
    assert hall.seats.away() == []


def test_a_released_seat_is_not_held() -> None:
    hall = Hall()
    token = ticket_of(hall.client(7)).token
    hall.seats.release(7)
    hall.seats.release(99)
    hall.drop(7)
    assert hall.take() == [("taken", 7, 1), ("released", None, 1)]
    assert ticket_of(hall.client(8, token)).resumed is False


def test_at_most_so_many_are_held() -> None:
    hall = Hall(max_away=2)
    for number in (7, 8, 9):
        hall.client(number)
    for number in (7, 8, 9):
        hall.drop(number)
    assert [seat.number for seat in hall.seats.away()] == [2, 3]
    assert hall.take()[-1] == ("released", None, 1)


@pytest.mark.parametrize("data", [b"x", b"seat1x", b"seat1" + bytes(17), b"seat2" + bytes(16)])
def test_other_data_ends_the_connection(data: bytes) -> None:
    hall = Hall()
    member = Member(hall.party.network, 7, None)
    hall.party.members[7] = member
    member.api.auth_callback = lambda peer, data: None
    member.api.peer_authenticating.connect(lambda peer: member.api.send_auth(1, data))
    member.join()
    hall.party.settle()
    assert list(hall.server.api.get_peers()) == []
    assert list(hall.server.api.get_authenticating_peers()) == []
    assert hall.take() == []
    del hall.party.members[7]
    assert ticket_of(hall.client(7)).number == 1


class Slow(Hall):
    """Clients here show their token, and do not complete by themselves."""

    def show(self, number: int, token: bytes, answer: Callable[[bytes], object] = len) -> Member:
        member = Member(self.party.network, number, None)
        self.party.members[number] = member
        member.api.auth_callback = lambda peer, data: answer(data)
        member.api.peer_authenticating.connect(lambda peer: member.api.send_auth(1, b"seat1" + token))
        member.join()
        self.party.settle()
        return member


@pytest.mark.parametrize("is_here", [False, True])
def test_a_token_shown_by_two_at_once_is_good_for_the_last(is_here: bool) -> None:
    """The first one is most likely a dead attempt of the same player."""
    hall = Slow()
    token = ticket_of(hall.client(7)).token
    if not is_here:
        hall.drop(7)
    hall.show(8, token)
    assert ticket_of(hall.client(9, token)).resumed is True
    hall.party[8].api.complete_auth(1)
    hall.party.settle()
    assert hall.take()[-1] == ("resumed", 9, 1)
    assert list(hall.server.api.get_peers()) == [9]
    assert list(hall.server.api.get_authenticating_peers()) == []


def test_a_next_token_is_good_if_the_connection_broke_before_the_player_was_admitted() -> None:
    """The client has already stored it then, and the server cannot know."""
    hall = Slow()
    token = ticket_of(hall.client(7)).token
    hall.drop(7)
    tokens = [token]
    for number in (8, 9, 10):
        answers: list[bytes] = []
        member = hall.show(number, tokens[-1], answers.append)
        member.transport.close()
        hall.party.settle()
        tokens.append(answers[0][-16:])
    assert len(set(tokens)) == 4
    for used in tokens[:2]:
        assert ticket_of(hall.client(20 + tokens.index(used), used)).resumed is False
    assert ticket_of(hall.client(30, tokens[3])).resumed is True
    for number, used in enumerate(tokens):
        assert ticket_of(hall.client(40 + number, used)).resumed is False
    assert hall.seats.seat_of(30) is not None


def test_who_tries_again_and_again_costs_no_memory() -> None:
    hall = Slow()
    token = ticket_of(hall.client(7)).token
    hall.drop(7)
    for number in range(8, 30):
        hall.show(number, token)
    assert len(hall.seats._by_key) == 2
    assert len(hall.seats._claims) == 1
    assert len(hall.server.api.get_authenticating_peers()) == 1


@pytest.mark.parametrize("is_replaced", [False, True])
def test_the_seats_outlive_the_transport(is_replaced: bool) -> None:
    """Its peers leave without a signal, and the clients of the next one ask for their old ids."""
    hall = Slow()
    token = ticket_of(hall.client(7)).token
    hall.show(8, b"")
    old = hall.server.transport
    if is_replaced:
        hall.server.api.multiplayer_peer = None
    old.close()
    hall.party.settle()
    hall.seats.update()
    assert hall.take()[1:] == [("left", None, 1)]
    assert hall.seats.seat_of(7) is None
    for number in (7, 8):
        hall.party.members.pop(number).transport.close()
    hall.server.join()
    assert ticket_of(hall.client(7, token)).resumed is True
    assert ticket_of(hall.client(8)).resumed is False
    assert hall.take() == [("resumed", 7, 1), ("taken", 8, 3)]
    assert list(hall.server.api.get_peers()) == [7, 8]


def test_who_does_not_complete_has_not_used_it() -> None:
    hall = Slow()
    token = ticket_of(hall.client(7)).token
    hall.drop(7)
    hall.show(8, token)
    hall.drop(8)
    assert ticket_of(hall.client(9, token)).resumed is True


def test_a_seat_is_held_while_its_player_is_on_the_way_in() -> None:
    hall = Slow(hold_seconds=10)
    token = ticket_of(hall.client(7)).token
    hall.drop(7)
    hall.now += 9
    member = hall.show(8, token)
    hall.now += 5
    hall.seats.update()
    member.api.complete_auth(1)
    hall.party.settle()
    assert hall.take()[-1] == ("resumed", 8, 1)


def test_a_client_ignores_other_data(caplog: pytest.LogCaptureFixture) -> None:
    party = Party(7, join=False)
    ticket = SeatTicket(party[7].api)
    party[1].api.auth_callback = lambda peer, data: party[1].api.send_auth(peer, b"welcome")
    for member in party.members.values():
        member.join()
    party.settle()
    assert ticket.token == b""
    assert "The server has sent authentication data that is not for a seat." in caplog.text


def test_what_remotes_send_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    party = Party(7, join=False)
    SeatTicket(party[7].api)

    def flood(peer: int, data: bytes) -> None:
        for _ in range(200):
            party[1].api.send_auth(peer, b"welcome")

    party[1].api.auth_callback = flood
    for member in party.members.values():
        member.join()
    party.settle()
    assert caplog.text.count("authentication data that is not for a seat") == 1
    hall = Hall()
    caplog.clear()
    caplog.set_level("INFO", "godot_enet.ops")
    for number in range(7, 27):
        hall.client(number, bytes(16))
    assert caplog.text.count("sent an unknown or expired token") == 1


def test_a_seat_is_reserved_for_a_player_from_elsewhere() -> None:
    hall = Hall(hold_seconds=10)
    held, token = hall.seats.reserve("from room 1")
    assert hall.seats.away() == [held]
    assert (held.number, held.peer, held.data) == (1, 0, "from room 1")
    player = ticket_of(hall.client(7, token))
    assert (player.number, player.resumed) == (1, True)
    assert hall.seats.seat_of(7) is held
    assert not hall.seats.away()
    assert not ticket_of(hall.client(8, token)).resumed, "it is good once"
    assert hall.take() == [("resumed", 7, 1), ("taken", 8, 2)]


def test_a_reserved_seat_expires() -> None:
    hall = Hall(hold_seconds=10, max_away=2)
    tokens = [hall.seats.reserve(number)[1] for number in range(3)]
    assert [seat.data for seat in hall.seats.away()] == [1, 2], "beyond max_away the first one goes"
    hall.now += 11
    hall.seats.update()
    assert not hall.seats.away()
    assert not any(ticket_of(hall.client(7 + each, token)).resumed for each, token in enumerate(tokens))


def test_a_held_seat_is_released() -> None:
    hall = Hall()
    seat, token = hall.seats.reserve()
    hall.seats.release(seat)
    hall.seats.release(seat)
    assert not hall.seats.away()
    assert hall.take() == [("released", None, 1)]
    assert not ticket_of(hall.client(7, token)).resumed


def test_the_seat_of_a_connected_peer_is_released_when_it_leaves() -> None:
    hall = Hall()
    hall.client(7)
    seat = hall.seats.seat_of(7)
    assert seat is not None
    hall.seats.release(seat)
    assert hall.seats.seat_of(7) is seat
    hall.drop(7)
    assert hall.take() == [("taken", 7, 1), ("released", None, 1)]
