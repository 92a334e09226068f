"""Nodes by number: a path is sent once to each peer, and from then on a number stands for it.

Numbers are the sender's own, so that what is received is kept for each sender. Layout::

    SIMPLIFY_PATH  u8 1, 32 hex digits of the RPC list's checksum, NUL, u32 number, path, NUL
    CONFIRM_PATH   u8 2, u8 whether the checksum was the same, u32 number

A call need not wait for the confirmation, since until then it carries the path itself.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from struct import Struct

from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.node import Node

__all__ = ["CONFIRM_PATH", "LONGEST_PATH", "SIMPLIFY_PATH", "PathCache"]

SIMPLIFY_PATH = 1
CONFIRM_PATH = 2
LONGEST_PATH = 4096
"""Bytes of a path from the network. Ours, not Godot's."""
_MOST_NUMBERS = 65536
"""Numbers kept for one sender; of more, those unused for longest are forgotten. Ours: Godot keeps all."""

_CHECKSUM = slice(1, 33)
_PATH = 38
_CONFIRMATION = Struct("<BBI")
_NUMBER = Struct("<I")


class _Introduced:
    """A node of ours that has a number."""

    __slots__ = ("node", "number", "peers")

    def __init__(self, node: weakref.ref[Node], number: int) -> None:
        self.node = node
        self.number = number
        self.peers: dict[int, bool] = {}
        """Whom it was introduced to, and whether they have confirmed it."""


class _Known:
    """A node that a peer has given a number."""

    __slots__ = ("node", "path")

    def __init__(self, node: Node, path: str) -> None:
        self.node = weakref.ref(node)
        self.path = path


class PathCache:
    """The numbers of one multiplayer.

    Args:
        send: sends a reliable packet to one peer, on channel 0.
        find: the node at a path from the root of the multiplayer, if there is one.
        path_of: the reverse.
        reporter: is told of what is received and not used.
    """

    def __init__(
        self,
        send: Callable[[int, bytes], object],
        find: Callable[[str], Node | None],
        path_of: Callable[[Node], str],
        reporter: SceneReporter,
    ) -> None:
        self._send = send
        self._find = find
        self._path_of = path_of
        self._reporter = reporter
        self._last = 0
        self._introduced: dict[int, _Introduced] = {}
        """By ``id()`` of the node, as long as that exists."""
        self._by_number: dict[int, _Introduced] = {}
        self._known: dict[int, dict[int, _Known]] = {}
        """By peer, then by its number."""

    def clear(self) -> None:
        """Forget everything, and count from 1 again."""
        self._last = 0
        self._introduced.clear()
        self._by_number.clear()
        self._known.clear()

    def add_peer(self, peer: int) -> None:
        """A peer is there."""
        self._known[peer] = {}

    def remove_peer(self, peer: int) -> None:
        """A peer is gone."""
        self._known.pop(peer, None)
        for introduced in list(self._introduced.values()):  # a node may be collected meanwhile
            introduced.peers.pop(peer, None)

    # Ours

    def introduce(self, node: Node, peers: list[int]) -> tuple[int, set[int]]:
        """The number of a node, which peers get together with its path if they have not.

        Returns:
            The number, and those of the peers that have not confirmed it yet: they need the path in each call.
        """
        introduced = self._introduced.get(id(node))
        if introduced is None or introduced.node() is not node:
            introduced = self._number(node)
        known = introduced.peers
        number = introduced.number
        unconfirmed = set()
        for peer in peers:
            if not known.get(peer):
                if peer not in known:
                    known[peer] = False
                    checksum = node._table().checksum.encode()
                    path = self._path_of(node).encode()
                    self._send(peer, bytes([SIMPLIFY_PATH]) + checksum + b"\0" + _NUMBER.pack(number) + path + b"\0")
                unconfirmed.add(peer)
        return number, unconfirmed

    def _number(self, node: Node) -> _Introduced:
        key = id(node)
        self._last += 1
        number = self._last

        def forget(_: object) -> None:
            self._by_number.pop(number, None)
            if self._introduced.get(key) is introduced:
                del self._introduced[key]

        introduced = _Introduced(weakref.ref(node, forget), number)
        self._introduced[key] = self._by_number[number] = introduced
        return introduced

    def receive_confirmation(self, sender: int, packet: bytes) -> None:
        """A CONFIRM_PATH packet."""
        if len(packet) != _CONFIRMATION.size:
            return self._reporter.note(SceneDrop.MALFORMED, sender, "a CONFIRM_PATH of %s bytes", len(packet))
        _, same, number = _CONFIRMATION.unpack(packet)
        introduced = self._by_number.get(number)
        if introduced is None:
            return None  # the node has gone meanwhile
        if sender not in introduced.peers:
            return self._reporter.note(SceneDrop.UNASKED_CONFIRMATION, sender)
        introduced.peers[sender] = True
        node = introduced.node()
        if not same and node is not None:
            self._tell_difference(sender, node)
        return None

    # Theirs

    def receive_path(self, sender: int, packet: bytes) -> None:
        """A SIMPLIFY_PATH packet."""
        note = self._reporter.note
        if len(packet) < _PATH:
            return note(SceneDrop.MALFORMED, sender, "a SIMPLIFY_PATH of %s bytes", len(packet))
        known = self._known.get(sender)
        if known is None:
            return note(SceneDrop.UNKNOWN_SENDER, sender)
        (number,) = _NUMBER.unpack_from(packet, 34)
        if number in known:
            return note(SceneDrop.REPEATED_PATH, sender, "number %s", number)
        path = packet[_PATH:].partition(b"\0")[0]
        node = self.resolve(path)
        if node is None:
            return note(SceneDrop.UNKNOWN_PATH, sender, "'%s'", path)
        known[number] = _Known(node, self._path_of(node))
        if len(known) > _MOST_NUMBERS:
            del known[next(iter(known))]
        same = packet[_CHECKSUM].partition(b"\0")[0] == node._table().checksum.encode()
        if not same:
            self._tell_difference(sender, node)
        self._send(sender, _CONFIRMATION.pack(CONFIRM_PATH, same, number))
        return None

    def resolve(self, path: bytes) -> Node | None:
        """The node at a path from the network. Whatever could lead out of the root is refused, unlike in Godot."""
        if len(path) > LONGEST_PATH:
            return None
        try:
            return self._find(path.decode())
        except UnicodeDecodeError:
            return None

    def look_up(self, sender: int, number: int) -> Node | None:
        """The node that a sender has given a number, if any."""
        known = self._known.get(sender)
        entry = None if known is None else known.get(number)
        if known is None or entry is None:
            return None
        if len(known) > _MOST_NUMBERS // 2:
            known[number] = known.pop(number)  # to the end: the first is forgotten first
        node = entry.node()
        if node is None or node._tree is None:
            # Gone, but perhaps there is another one in its place.
            node = self._find(entry.path)
            if node is not None:
                entry.node = weakref.ref(node)
        return node

    def _tell_difference(self, sender: int, node: Node) -> None:
        """The trap of Godot's RPCs: methods are numbered in the order of their names, so that lists must not differ."""
        path = str(node.get_path()) if node._tree is not None else node._name
        table = node._table()
        text = f"%s; our list in order: {table}"
        self._reporter.note(SceneDrop.RPC_LISTS_DIFFER, sender, text, path, subject=path)
