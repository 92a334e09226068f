"""Laws of scene replication that hold for any packets and any values."""

from __future__ import annotations

import copy
from struct import pack
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from godot_enet.compat.scene.replication.swap_set import SwapSet
from godot_enet.compat.scene.replication.values import differs, duplicate
from godot_enet.compat.variant import Vector2
from tests.fuzz.fuzz_replication import check, framed, session

VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(Vector2, st.floats(width=32), st.floats(width=32)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


def sent() -> list[bytes]:
    """What a server sends: paths, spawns, values, despawns, and what it is told in return."""
    party = session()
    unit = party[1].node.get_node("Units/First")
    unit.hp = 5
    party[1].node.get_node("Spawner").spawn([1, "x"])
    party.settle()
    unit.free()
    party.settle()
    packets = {packet.data: None for packet in party.network.log}
    by_kind: dict[int, list[bytes]] = {}
    for packet in packets:
        by_kind.setdefault(packet[0], []).append(packet)
    return [packet for kind in by_kind.values() for packet in kind[:6]]


SENT = sent()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A packet as it is sent, changed in some places, cut off or made longer."""
    packet = bytearray(draw(st.sampled_from(SENT)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(packet) - 1))
        if draw(st.booleans()):
            packet[place] = draw(st.integers(0, 255))
        else:
            packet[place : place + 4] = draw(st.sampled_from([b"\xff" * 4, bytes(4), pack("<I", 2**31), b"\1\0\0\0"]))
    return bytes(packet[: draw(st.integers(1, len(packet)))] + draw(st.binary(max_size=12)))


WAY = st.integers(0, 3)


@given(st.lists(st.tuples(WAY, mutated() | st.binary(max_size=40)), max_size=8).map(lambda all_: framed(*all_)))
@example(framed(*[(way, packet) for way in (0, 1, 2) for packet in SENT][:60]))
def test_no_packets_do_harm(data: bytes) -> None:
    check(data)


def test_every_packet_cut_off_at_every_byte() -> None:
    for packet in SENT:
        if packet[0] & 7 in (4, 5, 6):
            for begin in range(0, len(packet), 20):
                check(framed(*[(2, packet[:end]) for end in range(begin, min(begin + 20, len(packet)))]))


def test_every_number_as_large_as_it_can_be() -> None:
    for packet in SENT:
        if packet[0] & 7 in (4, 5, 6):
            changed = [packet[:at] + b"\xff" * 4 + packet[at + 4 :] for at in range(1, len(packet) - 3)]
            for begin in range(0, len(changed), 40):
                check(framed(*[(way, each) for each in changed[begin : begin + 20] for way in (2, 0)]))


@given(VALUE)
def test_a_copy_is_the_same_and_does_not_change_with_the_original(value: Any) -> None:
    made = duplicate(value)
    has_nan = "nan" in repr(value)
    assert has_nan or not differs(made, value)
    before = repr(made)
    if isinstance(value, list):
        value.append(1)
        for inner in value:
            if isinstance(inner, (list, dict)):
                inner.clear()
    assert repr(made) == before


@given(VALUE, VALUE)
def test_what_differs_is_told_of_both_ways(one: Any, other: Any) -> None:
    assert differs(one, other) == differs(other, one)
    assert differs(one, copy.deepcopy(one)) == (isinstance(one, (list, dict)) and _has_nan(one))


def _has_nan(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_nan, value))
    if isinstance(value, dict):
        return any(map(_has_nan, value.values()))
    return isinstance(value, float) and value != value


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6))))
def test_a_set_keeps_the_order_of_godots(changes: list[tuple[bool, int]]) -> None:
    things = [object() for _ in range(7)]
    ours: SwapSet[object] = SwapSet()
    model: list[object] = []
    for is_added, index in changes:
        thing = things[index]
        if is_added:
            ours.add(thing)
            if thing not in model:
                model.append(thing)
        else:
            assert ours.discard(thing) == (thing in model)
            if thing in model:
                place = model.index(thing)
                model[place] = model[-1]
                model.pop()
        assert list(ours) == model
        assert ours.first() is (model[0] if model else None)
        assert (thing in ours) == is_added
    assert len(ours) == len(model)
