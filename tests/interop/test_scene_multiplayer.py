"""The high-level multiplayer with a real Godot: as its server, as its client, and beside one through the relay."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.variant import (
    AABB,
    RID,
    Array,
    Basis,
    Color,
    EncodedCallable,
    NodePath,
    PackedColorArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
    Plane,
    Projection,
    Quaternion,
    Rect2,
    Rect2i,
    StringName,
    Transform2D,
    Transform3D,
    VariantType,
    Vector2,
    Vector2i,
    Vector3,
    Vector3i,
    Vector4,
    Vector4i,
    typeof,
    var_to_bytes,
)
from godot_enet.tools.rpc_check import differences, methods_of_class, methods_of_scripts

from .conftest import WAYS
from .programs import Program
from .scene_ends import GodotEnd, Main, OurEnd, SceneEnd, until

pytestmark = pytest.mark.interop

UNRELIABLE, ORDERED, RELIABLE = 0, 1, 2
Opener = Callable[..., SceneEnd]


@pytest.fixture
def godot(running: Callable[[str], Program]) -> Program:
    return running("godot")


@pytest.fixture(params=WAYS)
def stage(request: pytest.FixtureRequest, godot: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Opens ends: ``stage("ours")`` a server, ``stage("theirs", port)`` a client of one; closed when the test ends."""
    engine, _ = request.param.split("-")
    monkeypatch.setenv("GODOT_ENET_ENGINE", engine)
    ends: list[SceneEnd] = []

    def open_end(side: str, port: int = 0, **options: Any) -> SceneEnd:
        ends.append(OurEnd(request.param, port, **options) if side == "ours" else GodotEnd(godot, port, **options))
        return ends[-1]

    with contextlib.ExitStack() as closing:
        yield open_end
        for end in ends:
            closing.callback(end.close)


@pytest.fixture(params=["serving", "dialling"])
def pair(request: pytest.FixtureRequest, stage: Opener) -> tuple[SceneEnd, SceneEnd]:
    """We and Godot, connected; one is the server."""
    return (
        connected(stage, "ours", "theirs") if request.param == "serving" else connected(stage, "theirs", "ours")[::-1]
    )


def connected(stage: Opener, server_side: str, client_side: str, **options: Any) -> tuple[SceneEnd, SceneEnd]:
    server = stage(server_side, **options)
    client = stage(client_side, server.port, **options)
    ends = (server, client)
    until(ends, lambda: all(end.of("peer_connected") for end in ends), "both to be connected")
    return ends


def expect_call(ends: tuple[SceneEnd, ...], end: SceneEnd, method: str, count: int = 1) -> list[Any]:
    """The arguments of the last call of a method, when there were so many, and who made it."""
    until(ends, lambda: len(end.of(f"call {method}")) >= count, f"{count} calls of {method}")
    event = end.of(f"call {method}")[count - 1]
    return [*event.arguments, event.peer]


def test_both_know_each_other(pair: tuple[SceneEnd, SceneEnd]) -> None:
    ours, theirs = pair
    assert ours.peers() == [theirs.id]
    assert theirs.peers() == [ours.id]
    client = ours if ours.id != 1 else theirs
    assert [event.kind for event in client.events] == ["connected_to_server", "peer_connected"]


def test_both_have_the_same_methods() -> None:
    script = Path(__file__).with_name("godot") / "scene_main.gd"
    twin = f"{Main.__module__}:{Main.__name__}"
    assert differences(methods_of_scripts([script]), methods_of_class(twin)) == []


METHODS = [
    ("plain", RELIABLE, 0),
    ("loose", UNRELIABLE, 0),
    ("ordered", ORDERED, 0),
    ("channel_three", RELIABLE, 3),
    ("loose_four", UNRELIABLE, 4),
    ("configured", RELIABLE, 2),
]


@pytest.mark.parametrize(("method", "mode", "channel"), METHODS)
def test_calls_in_each_mode_and_channel(pair: tuple[SceneEnd, SceneEnd], method: str, mode: int, channel: int) -> None:
    ours, theirs = pair
    assert isinstance(ours, OurEnd)
    for round, (sender, receiver) in enumerate([(ours, theirs), (theirs, ours)] * 2):
        assert sender.rpc(receiver.id, method, round) == 0
        count = round // 2 + 1
        assert expect_call(pair, receiver, method, count) == [round, sender.id]
    assert ours.ways[-1] == (method, mode, channel)


def test_a_call_to_all_and_here(pair: tuple[SceneEnd, SceneEnd]) -> None:
    for sender, receiver in (pair, pair[::-1]):
        assert sender.rpc(0, "here_too", "x") == 0
        assert expect_call(pair, receiver, "here_too", len(receiver.of("call here_too")) + 1) == ["x", sender.id]
        assert sender.of("call here_too")[-1].peer == sender.id
        assert sender.rpc(0, "nothing") == 0
        assert expect_call(pair, receiver, "nothing") == [sender.id]
        assert sender.of("call nothing") == [] or sender is pair[1]


def test_a_call_that_the_sender_may_not_make(pair: tuple[SceneEnd, SceneEnd]) -> None:
    ours, theirs = pair
    server, client = (ours, theirs) if ours.id == 1 else (theirs, ours)
    assert server.rpc(client.id, "by_authority", 1) == 0
    assert expect_call(pair, client, "by_authority") == [1, 1]
    assert client.rpc(1, "by_authority", 2) == 0
    assert client.rpc(1, "plain", 3) == 0
    assert expect_call(pair, server, "plain") == [3, client.id]
    assert server.of("call by_authority") == []
    for end in pair:
        end.authority(client.id)
    assert client.rpc(1, "by_authority", 4) == 0
    assert expect_call(pair, server, "by_authority") == [4, client.id]


def test_what_does_not_fit_is_not_called(pair: tuple[SceneEnd, SceneEnd]) -> None:
    for sender, receiver in (pair, pair[::-1]):
        for arguments in ([], [1, "b", 3], ["not a number"], [1, 2]):
            assert sender.rpc(receiver.id, "two", *arguments) == 0
        assert sender.rpc(receiver.id, "two", 1.5) == 0
        assert sender.rpc(receiver.id, "two", True, StringName("b")) == 0
        assert expect_call(pair, receiver, "two", 2) == [1, "b", sender.id]
        assert receiver.of("call two")[0].arguments == [1, "default"]


def test_local_errors_are_the_same(pair: tuple[SceneEnd, SceneEnd]) -> None:
    for end in pair:
        assert end.rpc(0, "no_such_method") == 31
        assert end.rpc(end.id, "plain", 1) == 31
        assert end.rpc(end.id, "here_too", 1) == 0
        assert end.rpc(12345, "plain", 1) == 0
        assert end.send(b"", 0) == 30
        assert end.send(b"x", 12345) == (47 if end.id == 1 else 0)


VALUES: list[Any] = [
    None, True, False, 0, -1, 127, 128, -129, 40000, -40000, 2**31, -(2**63), 1.5, 0.1, math.inf,
    "", "text", "gr\u00fc\u00df \U0001f600",
    Vector2(1, 2.5), Vector2i(1, -2), Rect2(1, 2, 3, 4), Rect2i(1, 2, 3, 4), Vector3(1, 2, 3), Vector3i(1, 2, 3),
    Transform2D(), Vector4(1, 2, 3, 4), Vector4i(1, 2, 3, 4), Plane(1, 0, 0, 5), Quaternion(), AABB(), Basis(),
    Transform3D(), Projection(), Color(1, 0.5, 0, 1), StringName("name"), NodePath("/root/a:b"), RID(),
    EncodedCallable(), {"k": 1, 2: [3]}, [1, "a", [True]], Array([1, 2], VariantType.TYPE_INT), bytes(range(9)),
    PackedInt32Array([1, -2]), PackedInt64Array([1, -(2**40)]), PackedFloat32Array([1.5]), PackedFloat64Array([0.1]),
    PackedStringArray(["a", ""]), PackedVector2Array([Vector2(1, 2)]), PackedVector3Array([Vector3(1, 2, 3)]),
    PackedColorArray([Color(1, 0, 0)]), PackedVector4Array([Vector4(1, 2, 3, 4)]),
]  # fmt: skip


def test_every_type_there_and_back(pair: tuple[SceneEnd, SceneEnd]) -> None:
    ours, theirs = pair
    one_way = {VariantType.TYPE_OBJECT, VariantType.TYPE_SIGNAL}  # for Godot these are numbers of its own objects
    assert {typeof(value) for value in VALUES} | one_way == set(VariantType) - {VariantType.TYPE_MAX}
    for value in VALUES:
        assert ours.rpc(theirs.id, "back", value) == 0
    expect_call(pair, ours, "plain", len(VALUES))
    for value, there, back in zip(VALUES, theirs.of("call back"), ours.of("call plain"), strict=True):
        assert var_to_bytes(back.arguments) == var_to_bytes([value])
        assert var_to_bytes(there.arguments) == var_to_bytes([value])


def arrived(receiver: SceneEnd, sender: int, data: bytes) -> bool:
    return [sender, data] in [event.arguments for event in receiver.of("peer_packet")]


def test_bytes_in_each_mode(pair: tuple[SceneEnd, SceneEnd]) -> None:
    ours, _ = pair
    assert isinstance(ours, OurEnd)
    for mode, channel in [(UNRELIABLE, 0), (ORDERED, 0), (RELIABLE, 0), (RELIABLE, 7), (UNRELIABLE, 8)]:
        data = bytes([mode, channel])
        for sender, receiver in (pair, pair[::-1]):
            sender.send(data, receiver.id, mode, channel)
            until(pair, partial(arrived, receiver, sender.id, data), "the bytes")
        assert ours.ways[-1] == ("peer_packet", mode, channel)


def test_lists_that_differ(pair: tuple[SceneEnd, SceneEnd], caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = pair
    assert isinstance(ours, OurEnd)
    ours.rpc(theirs.id, "known", 1, node="Other")
    until(pair, lambda: SceneDrop.RPC_LISTS_DIFFER in ours.api.counters(), "Godot to say that the lists differ")
    # What Godot does then: number 0 is another method there.
    until(pair, lambda: bool(theirs.of("call a_new_one")), "the wrong method to be called")
    theirs.rpc(ours.id, "a_new_one", 1, node="Other")
    until(pair, lambda: ours.api.counters()[SceneDrop.RPC_LISTS_DIFFER] == 2, "us to see that the lists differ")
    [line] = [record.getMessage() for record in caplog.records if "list in order" in record.getMessage()]
    assert "/root/Other; our list in order: known)" in line
    theirs.rpc(ours.id, "known", 2, node="Other")
    until(pair, lambda: SceneDrop.UNKNOWN_METHOD in ours.api.counters(), "a number that our list does not have")


def test_a_node_that_the_other_end_has_not(pair: tuple[SceneEnd, SceneEnd], caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = pair
    assert isinstance(ours, OurEnd)
    caplog.set_level(logging.INFO, "godot_enet.network")
    theirs.rename("Elsewhere")
    theirs.rpc(ours.id, "plain", 1)
    theirs.rpc(ours.id, "plain", 2)
    until(pair, lambda: ours.api.counters().get(SceneDrop.UNKNOWN_NODE) == 2, "calls to an unknown node")
    assert ours.api.counters()[SceneDrop.UNKNOWN_PATH] == 1
    assert "an RPC to a node that does not exist here ('Elsewhere', nearest here: " in caplog.text
    ours.rename("Elsewhere")
    theirs.rpc(ours.id, "plain", 3)
    assert expect_call(pair, ours, "plain") == [3, theirs.id]


@pytest.mark.parametrize("leaver", ["server", "client"])
@pytest.mark.parametrize("way", ["close", "disconnect_peer"])
def test_the_end(stage: Opener, pair: tuple[SceneEnd, SceneEnd], leaver: str, way: str) -> None:
    server, client = sorted(pair, key=lambda end: end.id)
    leaving, staying = (server, client) if leaver == "server" else (client, server)
    if way == "close":
        leaving.close()
    else:
        leaving.disconnect_peer(staying.id)
    ends = [staying] if way == "close" else [leaving, staying]
    until(ends, lambda: bool(staying.of("peer_disconnected")), "the other end to notice")
    assert staying.of("peer_disconnected")[0].peer == leaving.id
    assert leaving.of("peer_disconnected") == []
    if staying is client:
        until(ends, lambda: bool(client.of("server_disconnected")), "server_disconnected")
        assert [event.kind for event in client.events][-2:] == ["peer_disconnected", "server_disconnected"]
    assert staying.peers() == []


class TestAuthentication:
    @pytest.mark.parametrize("sides", [("ours", "theirs"), ("theirs", "ours")])
    def test_accepted(self, stage: Opener, sides: tuple[str, str]) -> None:
        server, client = connected(stage, *sides, secret="open sesame")
        for end, other in ((server, client), (client, server)):
            assert end.of("peer_authenticating")[0].peer == other.id
            assert end.of("auth")[0] == ("auth", [b"open sesame"], other.id)
            assert end.peers() == [other.id]
        server.rpc(client.id, "plain", 1)
        assert expect_call((server, client), client, "plain") == [1, 1]

    @pytest.mark.parametrize("sides", [("ours", "theirs"), ("theirs", "ours")])
    def test_refused(self, stage: Opener, sides: tuple[str, str]) -> None:
        server = stage(sides[0], secret="open sesame", auth_timeout=0.3)
        client = stage(sides[1], server.port, secret="open barley", auth_timeout=10.0)
        ends = (server, client)
        until(ends, lambda: bool(server.of("auth") and client.of("auth")), "the secrets to arrive")
        client.rpc(1, "plain", 1)
        client.send(b"x", 1)
        until(ends, lambda: bool(server.of("peer_authentication_failed")), "the time to run out")
        until(ends, lambda: bool(client.of("server_disconnected")), "the client to be put out")
        assert server.of("peer_authentication_failed")[0].peer == client.id
        assert client.of("peer_authentication_failed")[0].peer == 1
        assert not [event for end in ends for event in end.events if event.kind == "peer_connected"]
        assert not server.of("call plain")
        assert not server.of("peer_packet")

    @pytest.mark.parametrize("sides", [("ours", "theirs"), ("theirs", "ours")])
    def test_only_the_server_asks(self, stage: Opener, sides: tuple[str, str]) -> None:
        server = stage(sides[0], secret="open sesame", auth_timeout=0.3)
        client = stage(sides[1], server.port)
        ends = (server, client)
        until(ends, lambda: bool(server.of("peer_authentication_failed")), "the time to run out")
        until(ends, lambda: bool(client.of("server_disconnected")), "the client to be put out")
        assert [event.kind for event in client.events] == [
            "connected_to_server", "peer_connected", "peer_disconnected", "server_disconnected",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "sides", [("theirs", "theirs", "ours"), ("ours", "theirs", "ours"), ("ours", "theirs", "theirs")]
)
class TestThree:
    """A server and two clients, of which at least one is Godot's, and one ours."""

    @pytest.fixture
    def three(self, stage: Opener, sides: tuple[str, str, str]) -> tuple[SceneEnd, SceneEnd, SceneEnd]:
        server, first = connected(stage, *sides[:2])
        second = stage(sides[2], server.port)
        ends = (server, first, second)
        until(ends, lambda: all(len(end.of("peer_connected")) == 2 for end in ends), "all to know each other")
        return ends

    def test_all_know_each_other(self, three: tuple[SceneEnd, SceneEnd, SceneEnd]) -> None:
        server, first, second = three
        assert server.peers() == [first.id, second.id]
        assert first.peers() == [1, second.id]
        assert second.peers() == [1, first.id]

    def test_calls_between_clients(self, three: tuple[SceneEnd, SceneEnd, SceneEnd]) -> None:
        server, first, second = three
        for sender, receiver in ((first, second), (second, first)):
            for method, mode, channel in METHODS:
                for round in range(2):
                    assert sender.rpc(receiver.id, method, [method, round]) == 0
                    assert expect_call(three, receiver, method, round + 1) == [[method, round], sender.id]
                if isinstance(receiver, OurEnd):
                    assert receiver.ways[-1] == (method, mode, channel)
        assert not [event for event in server.events if event.kind.startswith("call")]

    def test_a_call_to_all_but_one(self, three: tuple[SceneEnd, SceneEnd, SceneEnd]) -> None:
        server, first, second = three
        for number, sender in enumerate(three):
            for other in three:
                if other is sender:
                    continue
                [third] = [end for end in three if end not in (sender, other)]
                before = len(third.of("call here_too"))
                assert sender.rpc(-other.id, "here_too", number) == 0
                assert expect_call(three, third, "here_too", before + 1) == [number, sender.id]
        assert [len(end.of("call here_too")) for end in three] == [4, 4, 4]
        assert first.rpc(0, "plain", "everybody") == 0
        for end in (server, second):
            assert expect_call(three, end, "plain") == ["everybody", first.id]

    def test_bytes_through_the_relay(self, three: tuple[SceneEnd, SceneEnd, SceneEnd]) -> None:
        server, first, second = three
        for to, data in [(second.id, b"you"), (0, b"all"), (-1, b"not the server"), (-second.id, b"not you")]:
            assert first.send(data, to, UNRELIABLE, 5) == 0
        until(three, lambda: len(second.of("peer_packet")) == 3 and len(server.of("peer_packet")) == 2, "the bytes")
        assert sorted(bytes(event.arguments[1]) for event in second.of("peer_packet")) == [
            b"all",
            b"not the server",
            b"you",
        ]
        assert sorted(bytes(event.arguments[1]) for event in server.of("peer_packet")) == [b"all", b"not you"]
        assert {event.peer for end in (server, second) for event in end.of("peer_packet")} == {first.id}

    @pytest.mark.parametrize("way", ["close", "disconnect_peer"])
    def test_one_leaves(self, three: tuple[SceneEnd, SceneEnd, SceneEnd], way: str) -> None:
        server, first, second = three
        first.disconnect_peer(1) if way == "close" else server.disconnect_peer(first.id)
        until(three, lambda: bool(second.of("peer_disconnected")), "the other client to hear of it")
        assert second.of("peer_disconnected")[0].peer == first.id
        assert second.peers() == [1]
        assert server.peers() == [second.id]
        server.rpc(0, "plain", "still here")
        assert expect_call(three, second, "plain") == ["still here", 1]
        until(three, lambda: bool(first.of("server_disconnected")) or way == "close", "the one to notice")


@pytest.mark.parametrize("sides", [("theirs", "theirs", "ours"), ("ours", "theirs", "ours")])
def test_without_relay_clients_are_strangers(stage: Opener, sides: tuple[str, str, str]) -> None:
    server, first = connected(stage, *sides[:2], relay=False)
    second = stage(sides[2], server.port, relay=False)
    ends = (server, first, second)
    until(ends, lambda: len(server.peers()) == 2 and bool(second.of("peer_connected")), "all to be connected")
    server.rpc(0, "plain", 1)
    expect_call(ends, first, "plain")
    expect_call(ends, second, "plain")
    assert first.peers() == second.peers() == [1]
    assert second.send(b"x", first.id) == 47
