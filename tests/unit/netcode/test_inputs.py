"""Inputs: repeated in each packet, taken once and in order, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from godot_enet.netcode import InputBuffer, InputSender, MessageError, Packer, Range


@dataclass(frozen=True)
class Buttons:
    held: Annotated[int, Range(0, 15)]


PACKER = Packer(Buttons)


def test_ten_packets_in_a_row_may_be_lost() -> None:
    sender, buffer = InputSender(PACKER, copies=10), InputBuffer(PACKER)
    for number in range(1, 23):
        sender.add(Buttons(number % 16))
        if number in (1, 12):
            buffer.receive(sender.packet())
    assert [number for number, _ in buffer.take(12)] == list(range(1, 13))
    buffer.receive(sender.packet())
    sender.add(Buttons(3))
    assert buffer.receive(sender.packet()) == 1
    assert [number for number, _ in buffer.take(99)] == list(range(13, 24))


def test_repeating_what_is_held_takes_two_bits_each() -> None:
    sender = InputSender(PACKER, copies=10)
    for _ in range(20):
        sender.add(Buttons(5))
    assert len(sender.packet()) == -(-(16 + 6 + 2 + 4 + 10 * 2) // 8)


def test_numbers_wrap_on_the_wire() -> None:
    sender, buffer = InputSender(PACKER, copies=1), InputBuffer(PACKER)
    taken = []
    for _ in range(66_000):
        sender.add(Buttons(1))
        if sender.number % 9_000 == 0 or sender.number > 65_530:
            buffer.receive(sender.packet())
            taken += [number for number, _ in buffer.take(4)]
    assert taken[-3:] == [65_998, 65_999, 66_000]
    assert taken == sorted(taken)


def test_more_than_the_cushion_is_worked_off() -> None:
    sender, buffer = InputSender(PACKER, copies=40), InputBuffer(PACKER, cushion=2, limit=20)
    for _ in range(9):
        sender.add(Buttons(1))
    buffer.receive(sender.packet())
    assert [len(buffer.take(2)) for _ in range(5)] == [3, 3, 2, 1, 0]
    for _ in range(40):
        sender.add(Buttons(1))
    assert buffer.receive(sender.packet()) == 40
    assert len(buffer) == 20
    assert buffer.take()[0][0] == 30


def rate(count: int, acts: list[int]) -> float:
    """Inputs taken for each that was asked for, of a client that acts so often in each tick."""
    sender, buffer, taken = InputSender(PACKER), InputBuffer(PACKER), 0
    for inputs in acts:
        for _ in range(inputs):
            sender.add(Buttons(1))
            buffer.receive(sender.packet())
        taken += len(buffer.take(count))
    return taken / (count * len(acts))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("times", [2, 9])
def test_a_client_gains_a_tenth_at_most_by_sending_faster(count: int, times: int) -> None:
    assert 1.0 < rate(count, [times * count] * 2000) <= 1.11
    assert rate(count, [times * count] * 100 + [0] * 900) < 0.2  # nor later
    assert rate(count, [0] * 900 + [times * count] * 100) < 0.3


@pytest.mark.parametrize("acts", [[3, 3, 3, 4] * 500, [0, 6] * 1000, [3] * 50 + [0] * 9 + [10] * 7 + [3] * 50])
def test_what_an_honest_client_sends_is_taken(acts: list[int]) -> None:
    """A display that is a little faster than the server, uneven frames, a stall."""
    asked, sent = 3 * len(acts), sum(acts)
    assert sent - 5 <= rate(3, acts) * asked <= sent


def test_the_sender_sees_what_the_server_will() -> None:
    assert InputSender(PACKER).add(Buttons(99)) == Buttons(15)


@pytest.mark.parametrize("packet", [b"", b"\1\0", b"\1\0\377", b"\1\0\1\0", b"\1\0\0\0\0", bytes(500)])
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    buffer = InputBuffer(PACKER)
    with pytest.raises(MessageError):
        buffer.receive(packet)
    assert buffer.take() == []


def test_arguments_out_of_range() -> None:
    for copies in (-1, 63):
        with pytest.raises(ValueError, match="copies must be"):
            InputSender(PACKER, copies)
    for cushion in (-1, 60):
        with pytest.raises(ValueError, match="cushion must"):
            InputBuffer(PACKER, cushion)
