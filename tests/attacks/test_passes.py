"""What a pass over 256 datagrams costs at most, whatever remotes have arranged, and however many they are."""

from __future__ import annotations

import pytest

from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.constants import PeerOption, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import CODEC_BYTES_PER_COMMAND, HOST_BUDGET_FACTOR, OVER_BUDGET_TIME
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import NEVER, RawPeer, Stage

BUDGET = 1000
CHANNELS = 8
HELD = 900
"""Packets of each channel that wait for one that is missing."""


def write(peer: RawPeer, *commands: bytes) -> Datagram:
    """A datagram of this peer."""
    data = raw.datagram(*commands, peer=peer.slot, session=peer.session, time=peer.stage.now)
    return Datagram(data, peer.mailbox.address)


def crowd(factory: EngineFactory, count: int) -> tuple[Stage, list[RawPeer]]:
    """So many peers of a host."""
    stage = Stage(factory, peer_count=count, peer_command_budget=BUDGET)
    return stage, [stage.joined(Address("10.0.2.1", 7000 + index)) for index in range(count)]


def delivered(stage: Stage) -> list[tuple[int, int, bytes]]:
    """What was delivered so far, without another pass: slot, channel and packet."""
    found = []
    while (event := stage.engine.poll_event()) is not None:
        found.append((event.peer & 0xFFF, event.channel, event.packet))
    return found


def passes(stage: Stage, batch: list[Datagram]) -> list[int]:
    """How many packets were delivered by reading these, and by each pass after that."""
    stage.engine.receive(batch, stage.now)
    counts = [len(delivered(stage))]
    stage.engine.handle_timeout(stage.now)  # the receive pass has ended
    while stage.engine.poll_timeout() == 0 and len(counts) < 100:
        stage.engine.handle_timeout(stage.now)
        stage.engine.poll_transmit(stage.now)
        counts.append(len(delivered(stage)))
    return counts


def with_gaps(factory: EngineFactory, command: int) -> RawPeer:
    """A peer of which many packets wait in each channel for the first one; 6 reliable, 7 unreliable."""
    stage = Stage(factory, peer_command_budget=BUDGET)
    peer = stage.joined(channels=CHANNELS)
    for channel in range(CHANNELS):
        if command == 6:
            commands = [raw.reliable(channel, number, b"x") for number in range(2, HELD + 2)]
        else:
            commands = [raw.unreliable(channel, 1, number, b"x") for number in range(1, HELD + 1)]
        for at in range(0, HELD, 100):
            stage.engine.receive([write(peer, *commands[at : at + 100])], stage.now)
            stage.engine.handle_timeout(stage.now)
    stage.settle()
    peer.take()
    assert not delivered(stage)
    return peer


@pytest.mark.parametrize("command", [6, 7])
def test_packets_that_one_datagram_releases_come_in_several_passes(engine_factory: EngineFactory, command: int) -> None:
    peer = with_gaps(engine_factory, command)
    counts = passes(peer.stage, [write(peer, *[raw.reliable(channel, 1, b"x") for channel in range(CHANNELS)])])
    assert sum(counts) == CHANNELS * (HELD + 1)
    assert max(counts) <= BUDGET + HELD + CHANNELS
    assert len(counts) >= CHANNELS * HELD // (BUDGET + HELD)


def test_what_is_released_comes_in_order_and_before_what_came_later(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, peer_command_budget=100)
    peer = stage.joined()
    for at in range(2, 1002, 50):
        stage.engine.receive([write(peer, *[raw.reliable(0, at + n, b"%d" % (at + n)) for n in range(50)])], stage.now)
    later = [raw.reliable(0, number, b"%d" % number) for number in range(1002, 1022)]
    stage.engine.receive([write(peer, raw.reliable(0, 1, b"1")), write(peer, *later)], stage.now)
    assert 1 < len(found := delivered(stage)) <= 102
    stage.settle()
    assert [int(packet) for _, _, packet in found] + [int(timed.event.packet) for timed in stage.host.events] == list(
        range(1, 1022)
    )


def test_what_is_released_late_was_acknowledged_once(engine_factory: EngineFactory) -> None:
    """It was acknowledged when it came."""
    peer = with_gaps(engine_factory, 6)
    peer.stage.engine.receive(
        [write(peer, *[raw.reliable(channel, 1, b"x") for channel in range(CHANNELS)])], peer.stage.now
    )
    answers = [command for command in peer.commands() if command.kind == 1]
    assert sorted(command.raw[1] for command in answers) == list(range(CHANNELS))


def test_a_packet_in_fragments_counts_for_each(engine_factory: EngineFactory) -> None:
    """Putting it together takes as long as they are many."""
    stage = Stage(engine_factory, peer_command_budget=BUDGET)
    peer = stage.joined(channels=CHANNELS)
    for channel in range(CHANNELS):
        pieces = [raw.fragment(channel, 1, number, HELD, HELD, number, b"x") for number in range(HELD - 1)]
        for at in range(0, HELD, 100):
            stage.engine.receive([write(peer, *pieces[at : at + 100])], stage.now)
            stage.engine.handle_timeout(stage.now)
    stage.settle()
    assert not delivered(stage)
    last = [raw.fragment(channel, 1, HELD - 1, HELD, HELD, HELD - 1, b"x") for channel in range(CHANNELS)]
    counts = passes(stage, [write(peer, *last)])
    assert sum(counts) == CHANNELS
    assert max(counts) == 2  # of 900 each


def test_all_peers_together_have_a_budget(engine_factory: EngineFactory) -> None:
    stage, peers = crowd(engine_factory, 16)
    size = 250
    batch = [
        write(peer, *[raw.unsequenced(0, part * size + number, b"") for number in range(size)])
        for part in range(4)
        for peer in peers
    ]
    counts = passes(stage, batch)
    assert sum(counts) == 16 * 4 * size
    assert max(counts) <= HOST_BUDGET_FACTOR * BUDGET + size
    assert stage.engine.drops[Drop.OVER_BUDGET] == 0


def test_not_all_that_is_held_is_forgotten_in_one_pass(engine_factory: EngineFactory) -> None:
    """Connections that end together, each with much that waits for what never comes."""
    stage, peers = crowd(engine_factory, 16)
    for peer in peers:
        for at in range(2, 2002, 100):
            commands = [raw.reliable(0, number, b"") for number in range(at, at + 100)]
            stage.engine.receive([write(peer, *commands)], stage.now)
            stage.engine.handle_timeout(stage.now)
    stage.settle()
    ends = [write(peer, raw.disconnect(2, command=0x44)) for peer in peers]
    counts = passes(stage, ends)
    assert sum(counts) == 16
    assert max(counts) <= HOST_BUDGET_FACTOR * BUDGET // 2000 + 1


def slow(peer: RawPeer, number: int) -> Datagram:
    """A datagram that costs a whole turn to decompress, and says one thing."""
    plain = write(peer, raw.unsequenced(0, number, bytes(4000))).data
    coded = make_compressor(Codec.ZLIB).compress(plain[4:], len(plain))
    assert coded is not None
    return Datagram(bytes([plain[0] | 0x40]) + plain[1:4] + coded, peer.mailbox.address)


COST = (4000 + CODEC_BYTES_PER_COMMAND) // CODEC_BYTES_PER_COMMAND


def test_what_all_have_decompressed_in_a_pass_is_bounded(engine_factory: EngineFactory) -> None:
    stage, peers = crowd(engine_factory, 32)
    stage.engine.set_compressor(make_compressor(Codec.ZLIB))
    counts = passes(stage, [slow(peer, number) for number in range(8) for peer in peers])
    assert sum(counts) == 32 * 8
    assert max(counts) <= HOST_BUDGET_FACTOR * BUDGET // COST + 1
    assert stage.engine.drops[Drop.OVER_BUDGET] == 0


def test_noise_of_many_peers_is_bounded_like_that(engine_factory: EngineFactory) -> None:
    """Each datagram that does not decode costs at least as much, whoever sends it."""
    stage, peers = crowd(engine_factory, 32)
    stage.engine.set_compressor(make_compressor(Codec.RANGE_CODER))
    noise = []
    for peer in peers:
        data, address = write(peer)
        noise.append(Datagram(bytes([data[0] | 0x40]) + data[1:] + bytes(range(1, 200)), address))
    stage.engine.receive(noise * 8, stage.now)
    looked_at = stage.engine.drops[Drop.UNDECODABLE] + stage.engine.drops[Drop.MALFORMED]
    assert looked_at <= HOST_BUDGET_FACTOR * BUDGET // 256 + 1


def test_whoever_makes_little_work_need_not_wait_for_those_who_make_much(engine_factory: EngineFactory) -> None:
    """The flood goes on for longer than a peer may be over its budget."""
    stage, peers = crowd(engine_factory, 32)
    honest = peers[-1]
    for peer in peers:
        stage.engine.configure(peer.handle, PeerOption.TIMEOUT, NEVER, NEVER, NEVER)
    stage.engine.set_compressor(make_compressor(Codec.ZLIB))
    flood = [slow(peer, part) for part in range(8) for peer in peers[:-1]]
    waits = []
    rounds = 2 * OVER_BUDGET_TIME // 100
    for turn in range(rounds):
        now = stage.now + 100 * turn
        stage.engine.handle_timeout(now)
        stage.engine.receive([*flood, write(honest, raw.reliable(0, turn + 1, b"%d" % turn))], now)
        stage.engine.handle_timeout(now)
        waits += [turn - int(packet) for slot, _, packet in delivered(stage) if slot == len(peers) - 1]
    assert len(waits) > rounds - 8
    assert max(waits) <= 8
    assert honest.state is PeerState.CONNECTED
    assert [peer.state for peer in peers[:-1]] != [PeerState.CONNECTED] * (len(peers) - 1)
