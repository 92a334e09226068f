"""How long the number of a path holds: an RPC reaches the node of its path, or none; with ``exact`` as in Godot.

The bytes in ``test_as_in_godot`` are those of a real Godot 4.6.3.
"""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from tests.unit.compat.scene.memory import MemoryNetwork
from tests.unit.compat.scene.party import Member, Party

A = 1000


class Thing(Node):
    """Writes down the calls that reach it."""

    def __init__(self, name: str = "", calls: list[tuple[str, Any]] | None = None) -> None:
        super().__init__(name)
        self.calls: list[tuple[str, Any]] = [] if calls is None else calls

    @rpc("any_peer", "call_local")
    def hit(self, value: Any) -> None:
        self.calls.append((str(self.name), value))


class World:
    """A server and a client with the same nodes below ``Main``, and the calls that reached each end."""

    def __init__(self, *names: str, exact: bool = False) -> None:
        self.party = Party(A)
        self.calls: dict[int, list[tuple[str, Any]]] = {1: [], A: []}
        for number in (1, A):
            self.party[number].api.exact = exact
            for name in names:
                self.add(number, name)
        self.party.network.log.clear()

    def add(self, number: int, name: str, parent: Node | None = None) -> Thing:
        node = Thing(name, self.calls[number])
        (self.party[number].node if parent is None else parent).add_child(node)
        return node

    def node(self, number: int, path: str) -> Any:
        return self.party[number].node.get_node(path)

    def hit(self, path: str, value: Any) -> list[tuple[str, Any]]:
        """The server calls a node at the client; which calls came there."""
        self.calls[A].clear()
        self.node(1, path).hit.rpc(value)
        self.party.settle()
        return list(self.calls[A])

    def packets(self) -> list[str]:
        """What the server has sent to the client."""
        return [data for sender, _, data in self.party.packets() if sender == 1]


@pytest.fixture(params=[False, True], ids=["kind", "exact"])
def exact(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def introduction(number: int, path: str) -> str:
    checksum = b"f09328d495fa622700aabe5707edf00b"  # of the one name "hit"
    return (b"\1" + checksum + b"\0" + pack("<I", number) + path.encode() + b"\0").hex()


def test_as_in_godot(exact: bool) -> None:
    world = World("E1", "E2", exact=exact)
    server = world.party[1].node
    e1 = world.node(1, "E1")
    assert world.hit("E1", 1) == [("E1", 1)]
    assert world.packets() == [introduction(1, "Main/E1"), "2009000080000102014d61696e2f453100"]
    server.remove_child(e1)
    server.get_node("E2").free()
    e1.name = "E2"
    server.add_child(e1)
    assert world.hit("E2", 2) == [("E2", 2)]
    assert world.packets() == [introduction(2, "Main/E2"), "2009000080000102024d61696e2f453200"]
    e1.name = "E3"
    world.add(A, "E3")
    assert world.hit("E3", 3) == ([("E2", 3)] if exact else [("E3", 3)])
    again = [introduction(3, "Main/E3"), "2009000080000102034d61696e2f453300"]
    assert world.packets() == (["000200010203"] if exact else again)


def test_out_and_back_between_two_calls(exact: bool) -> None:
    world = World("E", exact=exact)
    server, node = world.party[1].node, world.node(1, "E")
    world.hit("E", 1)
    server.remove_child(node)
    server.add_child(node)
    world.packets()
    assert world.hit("E", 2) == [("E", 2)]
    assert world.packets()[0] == introduction(2, "Main/E")


def test_a_number_that_ended_is_not_confirmed(exact: bool) -> None:
    world = World("E", exact=exact)
    server, node = world.party[1].node, world.node(1, "E")
    node.hit.rpc(1)
    server.remove_child(node)
    world.party.settle()
    server.add_child(node)
    assert world.party[1].api.counters() == {}
    assert world.hit("E", 2) == [("E", 2)]


def test_two_that_swap_names_at_both_ends() -> None:
    world = World("A", "B")
    for name in "AB":
        world.hit(name, 0)
        world.hit(name, 0)
    for number in (1, A):
        a, b = world.node(number, "A"), world.node(number, "B")
        a.name, b.name = "C", "A"
        a.name = "B"
    assert world.hit("A", 1) == [("A", 1)]
    assert world.hit("B", 2) == [("B", 2)]


@pytest.mark.parametrize("side", [1, A])
def test_one_end_alone_renames(side: int) -> None:
    world = World("A", "B")
    world.hit("A", 0)
    node = world.node(side, "A")
    node.name = "X"
    assert world.hit("X" if side == 1 else "A", 1) == [], "there is no such node"
    world.node(side, "B").name = "A"
    if side == A:
        assert world.hit("A", 2) == [("A", 2)]
    node.name = "Y"
    world.node(side, "A").name = "B"
    node.name = "A"
    assert world.hit("A", 3) == [("A", 3)]


def test_exact_goes_on_to_the_renamed_node() -> None:
    world = World("A", "B", exact=True)
    world.hit("A", 0)
    world.node(A, "A").name = "X"
    world.node(A, "B").name = "A"
    assert world.hit("A", 1) == [("X", 1)]
    world.node(1, "A").name = "Z"
    assert world.hit("Z", 2) == [("X", 2)]


def test_a_renamed_parent() -> None:
    world = World("P", "Q")
    for number in (1, A):
        for name in "PQ":
            world.add(number, "E", world.node(number, name))
    world.hit("P/E", 0)
    world.hit("Q/E", 0)
    for number in (1, A):
        p, q = world.node(number, "P"), world.node(number, "Q")
        p.name, q.name = "R", "P"
        p.name = "Q"
        p.get_node("E").name = "F"
    assert world.hit("Q/F", 1) == [("F", 1)]
    assert world.hit("P/E", 2) == [("E", 2)]
    world.node(A, "P").name = "elsewhere"
    assert world.hit("P/E", 3) == []


def test_a_moved_node(exact: bool) -> None:
    world = World("P", "Q", exact=exact)
    for number in (1, A):
        world.add(number, "E", world.node(number, "P"))
    world.hit("P/E", 0)
    for number in (1, A):
        world.node(number, "P/E").reparent(world.node(number, "Q"))
        world.add(number, "E", world.node(number, "P")).name = "E"
    moved, new = world.node(A, "Q/E"), world.node(A, "P/E")
    moved.calls, new.calls = [], []
    world.hit("Q/E", 1)
    world.hit("P/E", 2)
    assert (moved.calls, new.calls) == ([("E", 1)], [("E", 2)])


def test_a_node_that_is_freed_and_one_in_its_place(exact: bool) -> None:
    world = World("E", exact=exact)
    world.hit("E", 0)
    gone = world.node(A, "E")
    gone.free()
    assert world.hit("E", 1) == []
    world.add(A, "E")
    assert world.hit("E", 2) == [("E", 2)]
    assert gone.calls[-1] == ("E", 2), "the list is one for all"


def test_a_removed_node_is_called_only_as_in_godot(exact: bool) -> None:
    world = World("E", exact=exact)
    world.hit("E", 0)
    node = world.node(A, "E")
    world.party[A].node.remove_child(node)
    assert world.hit("E", 1) == ([("E", 1)] if exact else [])
    world.party[A].node.add_child(node)
    assert world.hit("E", 2) == [("E", 2)]


def test_another_root_path() -> None:
    world = World("E")
    world.hit("E", 0)
    for number in (1, A):
        world.party[number].tree.set_multiplayer(None, "/root")
        world.party[number].api.root_path = "/root/Main"
    world.packets()
    assert world.hit("E", 1) == [("E", 1)]
    assert world.packets()[0] == introduction(2, "E")


def joined(network: MemoryNetwork, server: Member, client: Member) -> None:
    client.join()
    for _ in range(6):
        server.api.poll()
        client.api.poll()


def test_an_id_that_comes_again() -> None:
    """The second client with an id knows nothing of what the first one was told."""
    network = MemoryNetwork()
    server, first, second = (Member(network, number, Thing) for number in (1, A, A))
    server.join()
    joined(network, server, first)
    for _ in range(2):
        server.node.rpc("hit", 1)
        joined(network, server, first) if first.api.get_peers().size() == 0 else first.api.poll()
        server.api.poll()
    first.transport.close()
    server.api.poll()
    joined(network, server, second)
    network.log.clear()
    server.node.rpc("hit", 2)
    assert [packet.data[0] for packet in network.log] == [1, 0x20]
    second.api.poll()
    assert second.node.calls == [("Main", 2)]  # type: ignore[attr-defined]


def test_an_id_that_comes_again_before_the_first_was_gone() -> None:
    """A transport that drops a peer without a signal."""
    network = MemoryNetwork()
    server, first, second = (Member(network, number, Thing) for number in (1, A, A))
    server.join()
    joined(network, server, first)
    for _ in range(3):
        server.node.rpc("hit", 1)
        first.api.poll()
        server.api.poll()
    joined(network, server, second)
    network.log.clear()
    server.node.rpc("hit", 2)
    assert [packet.data[0] for packet in network.log] == [1, 0x20]


def test_numbers_begin_anew_with_another_transport_and_with_the_same_one_again() -> None:
    world = World("E")
    world.hit("E", 0)
    server = world.party[1]
    transport = server.api.multiplayer_peer
    server.api.multiplayer_peer = None
    server.api.multiplayer_peer = transport
    assert list(server.api.get_peers()) == []
    assert server.api._cache._introduced == {}
    assert server.api._cache._known == {}


def test_a_transport_that_was_opened_again_between_two_polls() -> None:
    world = World("E")
    world.hit("E", 0)
    server = world.party[1]
    server.transport._session += 1
    server.api.poll()
    assert list(server.api.get_peers()) == []
    assert server.api._cache._introduced == {}


def test_the_switch() -> None:
    assert SceneMultiplayer().exact is False
    api = SceneMultiplayer(exact=True)
    assert api.exact is True
    api.exact = False
    assert api.exact is False
    with pytest.raises(TypeError, match="exact must be a bool"):
        SceneMultiplayer(exact="yes")  # type: ignore[arg-type]
    tree = SceneTree()
    tree.set_multiplayer(api)
    assert tree.root.multiplayer.exact is False


def test_a_relayed_system_command_is_passed_on_only_as_in_godot(exact: bool) -> None:
    party = Party(A, 2000)
    party[1].api.exact = exact
    party.network.log.clear()
    party[1].transport.inject(bytes.fromhex("0703d0070000" + "0702e8030000"), A)
    party.settle()
    forwarded = [(1, 2000, "0703e8030000" + "0702e8030000")]
    assert party.packets() == (forwarded if exact else [])
    assert sorted(party[2000].api.get_peers()) == [1, A], "the receiver drops it"
