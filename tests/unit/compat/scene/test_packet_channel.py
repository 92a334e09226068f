"""The transfer channel of a packet, beside the signal or the call that brings it."""

from __future__ import annotations

from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from tests.unit.compat.scene.party import Party

C, D = 7, 8


def channels(party: Party, number: int) -> list[tuple[int, bytes, int]]:
    """Filled with what the peer receives: the sender, the bytes and the channel."""
    heard: list[tuple[int, bytes, int]] = []
    api = party[number].api
    api.peer_packet.connect(lambda sender, data: heard.append((sender, data, api.get_packet_channel())))
    return heard


def test_it_is_that_of_the_packet_being_announced() -> None:
    party = Party(C, D)
    server, other = channels(party, 1), channels(party, D)
    party[C].api.send_bytes(b"a", 1, 2, 5)
    party[C].api.send_bytes(b"b", 1, 0, 7)
    party[C].api.send_bytes(b"relayed", D, 2, 3)
    party.settle()
    assert server == [(C, b"a", 5), (C, b"b", 7)]
    assert other == [(C, b"relayed", 3)]
    assert party[1].api.get_packet_channel() == 0


class Main(Node):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    @rpc("any_peer", "call_local", 4)
    def called(self) -> None:
        self.heard.append(self.multiplayer.get_packet_channel())


def test_a_call_has_one_too_and_a_local_call_inside_a_handler_keeps_it() -> None:
    party = Party(C, make_node=Main)
    main = party[1].node
    assert isinstance(main, Main)
    party[C].node.called.rpc_id(1)  # type: ignore[attr-defined]
    party.settle()
    assert main.heard == [4]
    main.called()
    assert main.heard == [4, 0]


def test_packets_handled_inside_a_handler_have_their_own() -> None:
    party = Party(C)
    heard: list[int] = []
    api = party[1].api

    def handle(sender: int, data: bytes) -> None:
        heard.append(api.get_packet_channel())
        if data == b"outer":
            api.poll()
        heard.append(api.get_packet_channel())

    api.peer_packet.connect(handle)
    party[C].api.send_bytes(b"outer", 1, 2, 1)
    party[C].api.send_bytes(b"inner", 1, 2, 2)
    party.settle()
    assert heard == [1, 2, 2, 1]
