"""Calls: what goes out, who may make them, and what arrives."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.variant import Vector2
from tests.unit.compat.scene.party import Party

C, D = 7, 8


class Main(Node):
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def note(self, *what: Any) -> None:
        self.calls.append((*what, self.multiplayer.get_remote_sender_id()))

    @rpc("any_peer")
    def anybody(self, x: int) -> None:
        self.note("anybody", x)

    @rpc("any_peer", "call_local")
    def local(self, x: int = 0) -> None:
        self.note("local", x)

    @rpc
    def authority(self) -> None:
        self.note("authority")

    @rpc("any_peer")
    def failing(self) -> None:
        raise ValueError("something is wrong")

    @rpc("any_peer")
    def nested(self) -> None:
        self.local.rpc_id(1, 1)
        self.note("nested")

    @rpc("any_peer")
    def where(self, position: Vector2) -> None:
        self.note("where", position)

    def configured(self, x: Any) -> None:
        self.note("configured", x)


@pytest.fixture
def party() -> Party:
    return Party(C, D, make_node=Main)


def node(party: Party, number: int) -> Main:
    found = party[number].node
    assert isinstance(found, Main)
    return found


def calls(party: Party) -> dict[int, list[tuple[Any, ...]]]:
    """What was called since the last time, where, and by whom."""
    party.settle()
    found = {number: node(party, number).calls for number in (1, C, D) if node(party, number).calls}
    for number in found:
        node(party, number).calls = []
    return found


def test_to_one_all_and_all_but_one(party: Party) -> None:
    server, client = node(party, 1), node(party, C)
    assert server.anybody.rpc_id(C, 1) is Error.OK
    assert calls(party) == {C: [("anybody", 1, 1)]}
    server.anybody.rpc(2)
    assert calls(party) == {C: [("anybody", 2, 1)], D: [("anybody", 2, 1)]}
    server.anybody.rpc_id(-C, 3)
    assert calls(party) == {D: [("anybody", 3, 1)]}
    client.anybody.rpc_id(-1, 4)
    assert calls(party) == {D: [("anybody", 4, C)]}
    client.anybody.rpc_id(D, 5)
    assert calls(party) == {D: [("anybody", 5, C)]}
    client.anybody.rpc(6)
    assert calls(party) == {1: [("anybody", 6, C)], D: [("anybody", 6, C)]}


def test_here_as_well(party: Party) -> None:
    server = node(party, 1)
    server.local.rpc(1)
    assert server.calls == [("local", 1, 1)]
    assert calls(party) == {1: [("local", 1, 1)], C: [("local", 1, 1)], D: [("local", 1, 1)]}
    assert server.local.rpc_id(1, 2) is Error.OK
    assert calls(party) == {1: [("local", 2, 1)]}
    server.local.rpc_id(C, 3)
    assert calls(party) == {C: [("local", 3, 1)]}
    server.local.rpc_id(-C, 4)
    assert calls(party) == {1: [("local", 4, 1)], D: [("local", 4, 1)]}
    node(party, C).local.rpc_id(-C, 5)
    assert calls(party) == {}  # all but itself; and a peer does not know its own id
    server.local(6)
    assert calls(party) == {1: [("local", 6, 0)]}


def test_the_sender_inside_a_local_call_inside_a_remote_one(party: Party) -> None:
    node(party, C).nested.rpc_id(1)
    assert calls(party) == {1: [("local", 1, 1), ("nested", C)]}
    assert party[1].api.get_remote_sender_id() == 0


def test_who_may_call(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    node(party, C).authority.rpc()
    assert calls(party) == {}
    for number in (1, D):
        assert party[number].api.counters() == {SceneDrop.FORBIDDEN_RPC: 1}
    assert (
        "('authority' of /root/Main: authority, call_remote, reliable, channel 0, and its authority is 1)"
        in caplog.text
    )
    for number in (1, C, D):
        node(party, number).set_multiplayer_authority(C)
    node(party, C).authority.rpc()
    assert calls(party) == {1: [("authority", C)], D: [("authority", C)]}
    node(party, 1).authority.rpc_id(D)
    assert calls(party) == {}


def test_a_disabled_method(party: Party) -> None:
    for number in (1, C, D):
        node(party, number).rpc_config("configured", {"rpc_mode": SceneMultiplayer.RPC_MODE_DISABLED})
    assert node(party, C).rpc_id(1, "configured", 1) is Error.OK
    assert calls(party) == {}
    assert party[1].api.counters() == {SceneDrop.FORBIDDEN_RPC: 1}


def test_configured_methods(party: Party) -> None:
    for number in (1, C, D):
        node(party, number).rpc_config("configured", {"rpc_mode": 1, "call_local": True})
        node(party, number).rpc_config("missing", {"rpc_mode": 1, "call_local": True})
    assert node(party, C).rpc_id(1, "configured", 1) is Error.OK
    assert calls(party) == {1: [("configured", 1, C)]}
    node(party, C).rpc_id(1, "configured")
    node(party, C).rpc_id(1, "missing")
    assert calls(party) == {}
    assert party[1].api.counters() == {SceneDrop.WRONG_ARGUMENTS: 1, SceneDrop.UNKNOWN_METHOD: 1}
    assert node(party, 1).rpc_id(1, "missing") is Error.FAILED
    assert node(party, 1).rpc_id(1, "configured", 2) is Error.OK


def test_what_is_refused_here(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    server = node(party, 1)
    api = party[1].api
    assert server.rpc("nope") is Error.ERR_INVALID_PARAMETER
    assert server.anybody.rpc_id(1, 1) is Error.ERR_INVALID_PARAMETER
    assert server.anybody.rpc_id(99, 1) is Error.OK
    assert server.rpc("anybody", *range(256)) is Error.OK
    assert server.rpc("local", "x") is Error.FAILED
    assert api.rpc(C, Node(), "anybody") is Error.ERR_INVALID_PARAMETER
    assert api.rpc(C, None, "anybody") is Error.ERR_INVALID_PARAMETER  # type: ignore[arg-type]
    party[1].transport.status = party[1].transport.CONNECTION_CONNECTING
    assert server.anybody.rpc(1) is Error.ERR_CONNECTION_ERROR
    party[1].transport.status = party[1].transport.CONNECTION_CONNECTED
    api.multiplayer_peer = None
    assert server.anybody.rpc(1) is Error.ERR_UNCONFIGURED
    assert [record.getMessage() for record in caplog.records if record.name == "godot_enet"] == [
        'Unable to get the RPC configuration for the function "nope" at path: "/root/Main". '
        "This happens when the method is missing or not marked for RPCs in the local script.",
        "RPC 'anybody' on yourself is not allowed by selected mode.",
        "Attempt to call RPC with unknown peer ID: 99.",
        "Too many arguments (>255).",
        "rpc() aborted in script local call:  - 'Main::local': Cannot convert argument 1 from String to int.",
        "The object must be a valid Node inside the SceneTree",
        "The object must be a valid Node inside the SceneTree",
        "Trying to call an RPC via a multiplayer peer which is not connected.",
        "Trying to call an RPC while no multiplayer peer is active.",
    ]


def test_arguments_that_cannot_be_sent(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TypeError, match="tuple"):
        node(party, 1).rpc("anybody", (1, 2))
    deep: list[Any] = []
    for _ in range(1100):
        deep = [deep]
    assert node(party, 1).rpc("anybody", deep) is Error.OK
    assert calls(party) == {}
    assert "infinite recursion" in caplog.text


def test_an_exception_in_a_local_call_is_the_callers(party: Party) -> None:
    server = node(party, 1)
    server.rpc_config("configured", {"rpc_mode": 1, "call_local": True})
    server.calls = None  # type: ignore[assignment]  # so that it cannot note anything
    with pytest.raises(AttributeError):
        server.rpc_id(1, "configured", 1)
    assert party[1].api.get_remote_sender_id() == 0


def test_an_exception_in_a_remote_call_is_logged(party: Party, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        node(party, C).failing.rpc_id(1)
    node(party, C).anybody.rpc_id(1, 1)
    assert calls(party) == {1: [("anybody", 1, C)]}
    assert party[1].api.counters() == {SceneDrop.FAILED_CALL: 3}
    assert caplog.text.count("ValueError: something is wrong") == 1


def test_what_does_not_fit_is_not_called(party: Party) -> None:
    for arguments in ([], [1, 2], ["x"], [None]):
        node(party, C).rpc_id(1, "anybody", *arguments)
    node(party, C).rpc_id(1, "where", [1, 2])
    assert calls(party) == {}
    assert party[1].api.counters() == {SceneDrop.WRONG_ARGUMENTS: 5}
    node(party, C).rpc_id(1, "anybody", 1.9)
    assert calls(party) == {1: [("anybody", 1, C)]}


@pytest.mark.parametrize(
    ("packet", "cause"),
    [
        ("00", SceneDrop.MALFORMED),
        ("30", SceneDrop.MALFORMED),
        ("00 01 00 01", SceneDrop.UNKNOWN_NODE),
        ("20 09000080 00 01 0201 4e6f706500", SceneDrop.UNKNOWN_NODE),
        ("20 09000080 00 01 0201 2e2e00", SceneDrop.UNKNOWN_NODE),
        ("20 09000080 00 01 0201 2f726f6f742f4d61696e00", SceneDrop.UNKNOWN_NODE),
        ("20 09000080 63 01 0201 4d61696e00", SceneDrop.UNKNOWN_METHOD),
        ("20 07000080 00 01 4d61696e00", SceneDrop.MALFORMED),
        ("20 09000080 00 01 2701 4d61696e00", SceneDrop.MALFORMED),
        ("20 09000080 01 01 0201 4d61696e00", SceneDrop.FORBIDDEN_RPC),
    ],
)
def test_packets_that_are_no_calls(party: Party, packet: str, cause: SceneDrop) -> None:
    assert node(party, 1)._table().names[:2] == ["anybody", "authority"]
    party[1].transport.inject(bytes.fromhex(packet), C)
    assert calls(party) == {}
    assert party[1].api.counters() == {cause: 1}


def test_the_transport_is_left_as_the_call_needed_it(party: Party) -> None:
    party[1].api.send_bytes(b"x", C, 0, 5)
    node(party, 1).anybody.rpc_id(C, 1)
    transport = party[1].transport
    assert (transport.transfer_mode, transport.transfer_channel) == (2, 0)
