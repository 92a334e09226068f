"""Coverage-guided fuzzing of SceneMultiplayer as a whole; see README.md.

``python -m tests.fuzz.fuzz_scene``; arguments go to libFuzzer.
"""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.variant import Vector2
from tests.unit.compat.scene.party import Member, Party

__all__ = ["CLIENTS", "Target", "check", "framed", "main"]

CLIENTS = (5, 6)
_AUTHENTICATING = 0x40
_MOST = 64


class Target(Node):
    """What can be called; remembers who has."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def _called(self, name: str) -> None:
        self.calls.append((name, self.multiplayer.get_remote_sender_id()))

    @rpc("any_peer")
    def anybody(self, *arguments: Any) -> None:
        self._called("anybody")

    @rpc
    def authority(self, *arguments: Any) -> None:
        self._called("authority")

    @rpc("any_peer", "call_local", "unreliable", 3)
    def answer(self, number: int, where: Vector2, text: str = "") -> None:
        self._called("answer")
        self.anybody.rpc_id(self.multiplayer.get_remote_sender_id(), number)

    @rpc("any_peer")
    def raising(self, value: Any = None) -> None:
        self._called("raising")
        raise ValueError(value)


def framed(*packets: tuple[int, bytes]) -> bytes:
    """Packets as an input for :func:`check`, each with a way: 0 or 1, a client to the server; 2, the reverse."""
    return b"".join(bytes([way]) + len(data).to_bytes(2, "little") + data for way, data in packets)


def check(data: bytes) -> None:
    """One input is a number of packets to a server, or from it to a client.

    Whatever they are, nothing is raised, nobody is put out, calls have the sender that the connection says, methods of
    the authority are called by it alone, and afterwards everybody can call everybody.
    """
    party = Party(*CLIENTS, make_node=Target, join=False)
    if data and data[0] & _AUTHENTICATING:
        for member in party.members.values():
            member.api.auth_callback = _authenticator(member)
    for member in party.members.values():
        member.join()
        party.settle()
    position = 0
    for _ in range(_MOST):
        if position + 3 > len(data):
            break
        way, size = data[position] & 3, int.from_bytes(data[position + 1 : position + 3], "little")
        packet = data[position + 3 : position + 3 + size]
        position += 3 + size
        if way < 2:
            party[1].transport.inject(packet, CLIENTS[way], channel=position & 7, mode=position % 3)
        else:
            party[CLIENTS[0]].transport.inject(packet, 1)
        party.settle()
    _check_calls(party)
    if data and data[0] & _AUTHENTICATING:
        return
    assert list(party[1].api.get_peers()) == list(CLIENTS), data
    before = _calls(party[CLIENTS[1]])
    node = party[1].node
    assert isinstance(node, Target)
    node.authority.rpc()
    party.settle()
    assert _calls(party[CLIENTS[1]])[len(before) :] == [("authority", 1)], data


def _authenticator(member: Member) -> Any:
    def callback(peer: int, data: bytes) -> None:
        if data == b"yes":
            member.api.complete_auth(peer)
        if data == b"no":
            raise ValueError(data)

    return callback


def _calls(member: Member) -> list[tuple[str, int]]:
    assert isinstance(member.node, Target)
    return list(member.node.calls)


def _check_calls(party: Party) -> None:
    server = _calls(party[1])
    assert not [call for call in server if call[0] == "authority"]
    assert {sender for _, sender in server} <= {*CLIENTS}
    # The first client also gets what a server may say; the second one only what the first sends it, or the server.
    assert {sender for name, sender in _calls(party[CLIENTS[1]]) if name != "authority"} <= {1, *CLIENTS}
    assert not [call for call in _calls(party[CLIENTS[1]]) if call[0] == "authority"]


def main() -> None:
    logging.disable()  # what is dropped is logged
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
