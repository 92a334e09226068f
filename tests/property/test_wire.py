"""Layouts: the package's own, the hand-written ones of these tests, and what an engine puts on the wire agree."""

from __future__ import annotations

from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.protocol import wire
from godot_enet.core.protocol.constants import Command, PacketFlag
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import START, Stage

LAYOUTS = {
    Command.ACKNOWLEDGE: wire.ACKNOWLEDGE,
    Command.CONNECT: wire.CONNECT,
    Command.VERIFY_CONNECT: wire.VERIFY_CONNECT,
    Command.DISCONNECT: wire.DISCONNECT,
    Command.PING: wire.PING,
    Command.SEND_RELIABLE: wire.SEND_RELIABLE,
    Command.SEND_UNRELIABLE: wire.SEND_UNRELIABLE,
    Command.SEND_FRAGMENT: wire.FRAGMENT,
    Command.SEND_UNSEQUENCED: wire.SEND_UNRELIABLE,
    Command.BANDWIDTH_LIMIT: wire.BANDWIDTH_LIMIT,
    Command.THROTTLE_CONFIGURE: wire.THROTTLE_CONFIGURE,
    Command.SEND_UNRELIABLE_FRAGMENT: wire.FRAGMENT,
}
WIDTHS = {"B": 1, "H": 2, "I": 4}
FIELDS: dict[str, st.SearchStrategy[int | bytes]] = {
    "B": st.integers(0, 0xFF),
    "H": st.integers(0, 0xFFFF),
    "I": st.integers(0, 0xFFFFFFFF),
    "s": st.binary(min_size=4, max_size=4),
}
U32 = st.integers(0, 0xFFFFFFFF)
PACKETS = st.tuples(
    st.integers(0, 1),
    st.one_of(st.binary(max_size=40), st.integers(0, 9000).map(bytes)),
    st.sampled_from([0, 1, 2, 3, 8, 9, 10]),
)


def test_sizes_are_those_of_the_protocol() -> None:
    assert {number: size for number, size in enumerate(wire.COMMAND_SIZES) if size} == raw.SIZES
    assert {int(command): layout.size for command, layout in LAYOUTS.items()} == raw.SIZES


@pytest.mark.parametrize("layout", list(dict.fromkeys(LAYOUTS.values())))
@given(data=st.data())
def test_layouts_unpack_what_they_pack(layout: Struct, data: st.DataObject) -> None:
    codes = layout.format.replace("4s", "s")[1:]
    fields = [data.draw(FIELDS[code]) for code in codes]
    packed = layout.pack(*fields)
    assert list(layout.unpack(packed)) == fields
    flat = b"".join(
        field if isinstance(field, bytes) else field.to_bytes(WIDTHS[code], "big")
        for field, code in zip(fields, codes, strict=True)
    )
    assert packed == flat


@given(U32)
def test_connect_id_survives(connect_id: int) -> None:
    packed = wire.pack_connect_id(connect_id)
    assert len(packed) == 4
    assert wire.unpack_connect_id(packed) == connect_id


@given(
    peer=st.integers(0, 0xFFE),
    window=U32,
    bandwidths=st.tuples(U32, U32),
    throttle=st.tuples(U32, U32, U32),
    connect_id=st.binary(min_size=4, max_size=4),
    channels=st.integers(1, 255),
    event_data=U32,
)
def test_a_connect_is_understood_and_answered(
    engine_factory: EngineFactory,
    peer: int,
    window: int,
    bandwidths: tuple[int, int],
    throttle: tuple[int, int, int],
    connect_id: bytes,
    channels: int,
    event_data: int,
) -> None:
    stage = Stage(engine_factory)
    remote = stage.raw()
    remote.connect_id = connect_id
    verify = remote.connect(
        peer=peer, window=window, bandwidths=bandwidths, throttle=throttle, channels=channels, data=event_data
    )
    assert verify is not None
    (answer,) = [capture.data for capture in stage.world.captures if capture.source == stage.host.address]
    assert raw.read(answer).peer == peer
    assert verify.raw[40:44] == connect_id
    assert tuple(verify.u32(offset) for offset in (28, 32, 36)) == throttle
    assert verify.u32(12) == max(4096, min(window, 65536))
    (handle,) = stage.engine.peers()
    info = stage.engine.peer_info(handle)
    assert (info.incoming_bandwidth, info.outgoing_bandwidth) == bandwidths
    remote.acknowledge(raw.CONTROL, 1, 0)
    assert [event.data for event in stage.events()] == [event_data]


@given(packets=st.lists(PACKETS, max_size=60), checksum=st.booleans())
def test_whatever_is_sent_can_be_read_back(
    engine_factory: EngineFactory, packets: list[tuple[int, bytes, int]], checksum: bool
) -> None:
    stage = Stage(engine_factory, checksum=checksum)
    peer = stage.joined(sample=1000)
    for channel, packet, flags in packets:
        peer.send(channel, packet, flags)
    pieces: dict[tuple[int, int, int], bytearray] = {}
    arrived: list[tuple[int, bytes]] = []
    while datagrams := peer.take():
        answers = []
        for data in datagrams:
            assert len(data) <= 1392 + (4 if checksum else 0)
            reading = raw.read(data, checksum=checksum)
            assert 1 <= len(reading.commands) <= 32
            assert reading.time == (START & 0xFFFF if any(c.acknowledged for c in reading.commands) else None)
            for command in reading.commands:
                if command.acknowledged:
                    answers.append(raw.acknowledge(command.channel, command.number, START))
                if command.kind in (8, 12):
                    key = (command.kind, command.channel, command.u16(4))
                    whole = pieces.setdefault(key, bytearray())
                    assert len(whole) == command.u32(20)
                    whole += command.data
                    if len(whole) == command.u32(16):
                        arrived.append((command.channel, bytes(pieces.pop(key))))
                else:
                    arrived.append((command.channel, command.data))
        if answers:
            peer.post(*answers, time=None)
    assert pieces == {}
    # The data window lets unreliable packets pass reliable ones; each kind keeps its own order.
    assert sorted(arrived) == sorted((channel, packet) for channel, packet, _ in packets)


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.binary(max_size=30), st.sampled_from([0, PacketFlag.RELIABLE])), max_size=80
    )
)
def test_small_packets_leave_in_the_order_of_queueing(
    engine_factory: EngineFactory, packets: list[tuple[int, bytes, int]]
) -> None:
    peer = Stage(engine_factory).joined(sample=1000)
    for channel, packet, flags in packets:
        peer.send(channel, packet, flags)
    assert [(c.channel, c.data, int(c.acknowledged)) for c in peer.commands()] == packets
