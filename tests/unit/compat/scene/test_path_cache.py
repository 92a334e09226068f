"""Nodes by number, on both sides."""

from __future__ import annotations

import gc
import platform
import weakref
from struct import pack

import pytest

from godot_enet.compat.scene import path_cache
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.rpc import rpc

P, Q = 5, 6


class Thing(Node):
    @rpc
    def a(self) -> None: ...

    @rpc
    def b(self) -> None: ...


class Ends:
    """A cache, and what it sends."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes]] = []
        self.nodes: dict[str, Node] = {"Main": Thing("Main"), "Other": Thing("Other")}
        self.reporter = SceneReporter()
        self.cache = PathCache(
            lambda peer, packet: self.sent.append((peer, packet)),
            lambda path: self.nodes.get(path),
            lambda node: str(node.name),
            self.reporter,
        )
        for peer in (P, Q):
            self.cache.add_peer(peer)


@pytest.fixture
def ends() -> Ends:
    return Ends()


def introduction(number: int, path: str, checksum: str = "187ef4436122d1cc2f40dc2b92f0eba0") -> bytes:
    return b"\x01" + checksum.encode() + b"\0" + pack("<I", number) + path.encode() + b"\0"


def test_a_node_is_introduced_once(ends: Ends) -> None:
    main, other = ends.nodes.values()
    assert ends.cache.introduce(main, [P, Q]) == (1, {P, Q})
    assert ends.sent == [(P, introduction(1, "Main")), (Q, introduction(1, "Main"))]
    assert ends.cache.introduce(main, [P]) == (1, {P})
    assert len(ends.sent) == 2
    ends.cache.receive_confirmation(P, b"\x02\x01\x01\0\0\0")
    assert ends.cache.introduce(main, [P, Q]) == (1, {Q})
    assert ends.cache.introduce(other, [P]) == (2, {P})
    assert ends.reporter.counters() == {}


def test_peers_and_nodes_that_are_gone(ends: Ends) -> None:
    main = ends.nodes["Main"]
    ends.cache.introduce(main, [P])
    ends.cache.receive_confirmation(P, b"\x02\x01\x01\0\0\0")
    ends.cache.remove_peer(P)
    ends.cache.add_peer(P)
    assert ends.cache.introduce(main, [P]) == (1, {P})
    assert len(ends.sent) == 2
    del main, ends.nodes["Main"]
    gc.collect()
    ends.cache.receive_confirmation(P, b"\x02\x01\x01\0\0\0")  # of a node that is gone: nothing
    assert ends.reporter.counters() == {}
    assert ends.cache.introduce(Thing("Main"), [P])[0] == 2  # numbers are not used again
    ends.cache.clear()
    assert ends.cache.introduce(ends.nodes["Other"], [P])[0] == 1


def test_a_node_ends_that_had_the_number_of_another_before_a_new_start(ends: Ends) -> None:
    ends.cache.introduce(ends.nodes["Other"], [P])
    ends.cache.clear()
    ends.cache.add_peer(P)
    ends.cache.introduce(ends.nodes["Main"], [P])
    del ends.nodes["Other"]
    gc.collect()
    ends.cache.receive_confirmation(P, pack("<BBI", 2, 1, 1))
    assert ends.cache.is_confirmed(ends.nodes["Main"], P)


def test_a_cache_ends_with_its_last_use(ends: Ends) -> None:
    ends.cache.introduce(ends.nodes["Main"], [P])
    cache = weakref.ref(ends.cache)
    gc.disable()
    try:
        del ends.cache
        assert cache() is None or platform.python_implementation() == "PyPy"
    finally:
        gc.enable()


def test_confirmations_that_are_wrong(ends: Ends) -> None:
    ends.cache.introduce(ends.nodes["Main"], [P])
    for packet in (b"\x02", b"\x02\x01\x01\0\0", b"\x02\x01\x01\0\0\0\0"):
        ends.cache.receive_confirmation(P, packet)
    ends.cache.receive_confirmation(Q, b"\x02\x01\x01\0\0\0")
    assert ends.reporter.counters() == {SceneDrop.MALFORMED: 3, SceneDrop.UNASKED_CONFIRMATION: 1}
    assert ends.cache.introduce(ends.nodes["Main"], [P, Q])[1] == {P, Q}


def test_the_other_end_says_that_the_lists_differ(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    ends.cache.introduce(ends.nodes["Main"], [P])
    ends.cache.receive_confirmation(P, b"\x02\x00\x01\0\0\0")
    assert ends.cache.introduce(ends.nodes["Main"], [P])[1] == set()  # Godot goes on, too
    [record] = caplog.records
    assert "(Main; our list in order: a, b)" in record.getMessage()


def test_an_introduction(ends: Ends) -> None:
    ends.cache.receive_path(P, introduction(300, "Main"))
    assert ends.sent == [(P, b"\x02\x01" + pack("<I", 300))]
    assert ends.cache.look_up(P, 300) is ends.nodes["Main"]
    assert ends.cache.look_up(Q, 300) is None
    assert ends.cache.look_up(P, 1) is None
    ends.cache.receive_path(Q, introduction(300, "Other"))
    assert ends.cache.look_up(Q, 300) is ends.nodes["Other"]
    ends.cache.remove_peer(P)
    assert ends.cache.look_up(P, 300) is None


def test_introductions_with_another_list(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        ends.cache.receive_path(P, introduction(number, "Main", "0" * 32))
    assert ends.sent == [(P, b"\x02\x00" + pack("<I", number)) for number in range(3)]
    assert ends.cache.look_up(P, 0) is ends.nodes["Main"]
    assert ends.reporter.counters() == {SceneDrop.RPC_LISTS_DIFFER: 3}
    [record] = caplog.records
    assert "(Main; our list in order: a, b)" in record.getMessage()


def test_introductions_that_are_wrong(ends: Ends) -> None:
    for packet in (b"\x01", introduction(1, "Main")[:37]):
        ends.cache.receive_path(P, packet)
    for path in ("Nowhere", "", "x" * 5000):
        ends.cache.receive_path(P, introduction(1, path))
    ends.cache.receive_path(P, introduction(1, "")[:38] + b"\xff\xfe")
    ends.cache.receive_path(9, introduction(1, "Main"))
    assert ends.sent == []
    ends.cache.receive_path(P, introduction(1, "Main")[:-1])  # the NUL may be missing
    ends.cache.receive_path(P, introduction(1, "Other"))
    assert ends.cache.look_up(P, 1) is ends.nodes["Main"]
    assert ends.reporter.counters() == {
        SceneDrop.MALFORMED: 2,
        SceneDrop.UNKNOWN_PATH: 4,
        SceneDrop.UNKNOWN_SENDER: 1,
        SceneDrop.REPEATED_PATH: 1,
    }


def test_a_node_in_the_place_of_one_that_is_gone(ends: Ends) -> None:
    ends.cache.receive_path(P, introduction(1, "Main"))
    ends.nodes["Main"] = Thing("Main")
    gc.collect()
    assert ends.cache.look_up(P, 1) is ends.nodes["Main"]
    del ends.nodes["Main"]
    gc.collect()
    assert ends.cache.look_up(P, 1) is None


def test_what_is_unused_for_longest_is_forgotten(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_cache, "_MAX_IDS", 4)
    for number in range(4):
        ends.cache.receive_path(P, introduction(number, "Main"))
    assert ends.cache.look_up(P, 0) is not None
    ends.cache.receive_path(P, introduction(4, "Main"))
    assert [number for number in range(5) if ends.cache.look_up(P, number)] == [0, 2, 3, 4]
