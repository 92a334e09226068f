"""Nodes by number: a path is sent once to each peer, and then replaced by a number.

Each sender has its own numbers, so received ones are stored by sender. Layout::

    SIMPLIFY_PATH  u8 1, 32 hex digits of the RPC list's checksum, NUL, u32 number, path, NUL
    CONFIRM_PATH   u8 2, u8 whether the checksum was the same, u32 number

A call need not wait for the confirmation, since until then it carries the path itself.

A number refers to one node at one path. It ends when the node leaves the tree, as in Godot; and, unlike in Godot, when
the node or an ancestor is renamed, at both ends: a call reaches the node at its path, or none. (Godot keeps the number,
and so does ``exact``: if two nodes swap names, each gets the other's calls.)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from struct import Struct

from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.early_paths import EarlyPaths
from godot_enet.compat.scene.nearest import NearestPath
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.limits import ReplicationLimits
from godot_enet.compat.scene.scene_commands import CONFIRM_PATH, SIMPLIFY_PATH

__all__ = ["LONGEST_PATH", "PathCache", "parse_confirmation", "parse_path"]

LONGEST_PATH = 4096
"""Maximum bytes of a path from the network. Godot has no limit."""
_MAX_IDS = 65536
_MAX_BYTES = 2 << 20
"""Ids stored for one sender, and bytes of their paths; beyond that, the least recently used ones are dropped. Godot
keeps all."""

_STALE = -1
"""Instead of a count of renamings: the path has to be checked."""
_CHECKSUM = slice(1, 33)
_PATH = 38
_CONFIRMATION = Struct("<BBI")
_NUMBER = Struct("<I")


def parse_path(packet: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The checksum, the number in four bytes and the path of a SIMPLIFY_PATH packet; None if it is too short."""
    if len(packet) < _PATH:
        return None
    return packet[_CHECKSUM].partition(b"\0")[0], packet[_PATH - 4 : _PATH], packet[_PATH:].partition(b"\0")[0]


def parse_confirmation(packet: bytes) -> tuple[bool, int] | None:
    """Whether the checksums are the same, and the number, of a CONFIRM_PATH packet; None if its size is wrong."""
    if len(packet) != _CONFIRMATION.size:
        return None
    _, same, number = _CONFIRMATION.unpack(packet)
    return bool(same), number


class _Introduced:
    """A node of ours that has a number."""

    __slots__ = ("moves", "node", "number", "path", "peers", "renames")

    def __init__(self, node: Node, number: int, path: str, forget: Callable[[object], None]) -> None:
        self.node = weakref.ref(node, forget)
        self.number = number
        self.path = path
        self.moves = node._moves
        self.renames = _renames(node)
        self.peers: dict[int, bool] = {}
        """The peers that were sent its path, and whether they have confirmed it."""


class _Known:
    """A node to which a peer has given a number."""

    __slots__ = ("moves", "node", "path", "renames")

    def __init__(self, node: Node, path: str) -> None:
        self.path = path
        self.bind(node)

    def bind(self, node: Node) -> None:
        """The node is at the path."""
        self.node = weakref.ref(node)
        self.moves = node._moves
        self.renames = _renames(node)


class _Numbers:
    """The numbers given by one peer, as the four bytes received.

    Bytes, since the peer chooses them: a ``dict`` of ints can be filled so that each lookup visits all entries.
    """

    __slots__ = ("_size", "entries")

    def __init__(self) -> None:
        self.entries: dict[bytes, _Known] = {}
        """The least recently used one first."""
        self._size = 0

    def add(self, number: bytes, entry: _Known) -> None:
        """Add a number, and drop the least recently used ones to make room."""
        self.entries[number] = entry
        self._size += len(entry.path)
        while len(self.entries) > _MAX_IDS or self._size > _MAX_BYTES:
            self._size -= len(self.entries.pop(next(iter(self.entries))).path)

    def use(self, number: bytes) -> _Known | None:
        """The node with this number."""
        entry = self.entries.get(number)
        if entry is not None and (len(self.entries) > _MAX_IDS // 2 or self._size > _MAX_BYTES // 2):
            del self.entries[number]  # no call before it is back, so that no signal handler's exception loses it
            self.entries[number] = entry
        return entry


def _renames(node: Node) -> int:
    """The path is unchanged as long as this and the node's ``_moves`` are."""
    return _STALE if node._tree is None else node._tree._renames


class PathCache:
    """The numbers of one multiplayer.

    Args:
        send: sends a reliable packet to one peer, on channel 0.
        find: returns the node at a path from the root of the multiplayer, if there is one.
        path_of: the reverse.
        reporter: counts and logs drops.
        is_exact: whether numbers survive a renaming, and nodes the tree, as in Godot.
        limits: the limits of early paths.
    """

    def __init__(
        self,
        send: Callable[[int, bytes], object],
        find: Callable[[str], Node | None],
        path_of: Callable[[Node], str],
        reporter: SceneReporter,
        is_exact: Callable[[], bool] = lambda: False,
        limits: ReplicationLimits | None = None,
    ) -> None:
        self._is_exact = is_exact
        self._send = send
        self._find = find
        self._path_of = path_of
        self._reporter = reporter
        self._last = 0
        self._introduced: dict[int, _Introduced] = {}
        """By ``id()`` of the node, while that exists."""
        self._by_number: dict[int, _Introduced] = {}
        self._known: dict[int, _Numbers] = {}
        """By peer."""
        self._early = EarlyPaths(limits or ReplicationLimits())
        self.confirmations = 0
        """Counts changes of the set of confirmed paths."""

    def clear(self) -> None:
        """Clear the cache, and assign ids from 1 again."""
        self._last = 0
        self.confirmations += 1
        self._early.clear()
        self._introduced.clear()
        self._by_number.clear()
        self._known.clear()

    def check_paths(self) -> None:
        """The root has changed, and so perhaps all paths."""
        for introduced in list(self._introduced.values()):
            introduced.renames = _STALE
        for known in self._known.values():
            for entry in known.entries.values():
                entry.renames = _STALE

    def add_peer(self, peer: int) -> None:
        """Add a peer. It does not share confirmations with an earlier peer of the same id."""
        self.remove_peer(peer)
        self._known[peer] = _Numbers()

    def remove_peer(self, peer: int) -> None:
        """A peer is gone."""
        self._known.pop(peer, None)
        self._early.remove_peer(peer)
        for introduced in list(self._introduced.values()):  # a node may be garbage-collected meanwhile
            introduced.peers.pop(peer, None)

    # Ours

    def introduce(self, node: Node, peers: list[int]) -> tuple[int, set[int]]:
        """Return the id of a node, and send it with its path to the peers that do not have it.

        Returns:
            The id, and the peers that have not confirmed it yet: they need the path in each call.
        """
        introduced = self._introduced.get(id(node))
        if introduced is None or not self._is_current(introduced, node):
            introduced = self._number(node)
        known = introduced.peers
        number = introduced.number
        unconfirmed = set()
        for peer in peers:
            if not known.get(peer):
                if peer not in known:
                    known[peer] = False
                    checksum = node._table().checksum.encode()
                    path = introduced.path.encode()
                    self._send(peer, bytes([SIMPLIFY_PATH]) + checksum + b"\0" + _NUMBER.pack(number) + path + b"\0")
                unconfirmed.add(peer)
        return number, unconfirmed

    def number_of(self, node: Node) -> int:
        """Return the id of a node, whether or not any peer has it."""
        return self.introduce(node, [])[0]

    def is_confirmed(self, node: Node, peer: int) -> bool | None:
        """Return whether a peer has confirmed the id of a node; None if the path was not sent to it yet."""
        introduced = self._introduced.get(id(node))
        if introduced is None or not self._is_current(introduced, node):
            return None
        return introduced.peers.get(peer)

    def _is_current(self, introduced: _Introduced, node: Node) -> bool:
        """Return whether an id still refers to a node."""
        if introduced.node() is not node or introduced.moves != node._moves:
            return False
        renames = _renames(node)
        if introduced.renames != renames:
            path = self._path_of(node)
            if introduced.path != path:
                if not self._is_exact():
                    return False
                introduced.path = path
            introduced.renames = renames
        return True

    def _number(self, node: Node) -> _Introduced:
        key = id(node)
        old = self._introduced.get(key)
        if old is not None:
            self._by_number.pop(old.number, None)
        self._last += 1
        number = self._last

        own = weakref.ref(self)

        def forget(reference: object) -> None:
            cache = own()
            if cache is None:
                return
            found = cache._by_number.get(number)
            if found is not None and found.node is reference:  # not another node's, since the cache was cleared
                del cache._by_number[number]
            found = cache._introduced.get(key)
            if found is not None and found.node is reference:
                del cache._introduced[key]

        introduced = _Introduced(node, number, self._path_of(node), forget)
        self._introduced[key] = self._by_number[number] = introduced
        return introduced

    def receive_confirmation(self, sender: int, packet: bytes) -> None:
        """Handle a CONFIRM_PATH packet."""
        parsed = parse_confirmation(packet)
        if parsed is None:
            return self._reporter.note(SceneDrop.MALFORMED, sender, "a CONFIRM_PATH of %s bytes", len(packet))
        same, number = parsed
        introduced = self._by_number.get(number)
        node = None if introduced is None else introduced.node()
        if introduced is None or node is None or introduced.moves != node._moves:
            return None  # the node has left the tree meanwhile
        if sender not in introduced.peers:
            return self._reporter.note(SceneDrop.UNASKED_CONFIRMATION, sender)
        introduced.peers[sender] = True
        self.confirmations += 1
        if not same:
            self._tell_difference(sender, node)
        return None

    # Theirs

    def receive_path(self, sender: int, packet: bytes) -> None:
        """Handle a SIMPLIFY_PATH packet."""
        note = self._reporter.note
        parsed = parse_path(packet)
        if parsed is None:
            return note(SceneDrop.MALFORMED, sender, "a SIMPLIFY_PATH of %s bytes", len(packet))
        known = self._known.get(sender)
        if known is None:
            return note(SceneDrop.UNKNOWN_SENDER, sender)
        checksum, key, path = parsed
        number = int.from_bytes(key, "little")
        if key in known.entries:
            return note(SceneDrop.REPEATED_PATH, sender, "number %s", number)
        node = self.resolve(path)
        if node is None:
            is_kept = not self._is_exact() and len(path) <= LONGEST_PATH
            if is_kept:
                self._early.keep(sender, key, packet)
            near, text = self.nearest(path), "'%s', nearest here: %s"
            return note(SceneDrop.UNKNOWN_PATH, sender, text, path, near, subject=near.missing, is_kept=is_kept)
        entry = _Known(node, self._path_of(node))
        same = checksum == node._table().checksum.encode()
        if not same:
            self._tell_difference(sender, node)
        self._send(sender, _CONFIRMATION.pack(CONFIRM_PATH, same, number))
        known.add(key, entry)  # last: an interrupted call is repeated
        return None

    def retry_early(self) -> None:
        """Confirm early paths whose nodes exist by now. Godot never does."""
        root = self._find(".")
        tree = None if root is None else root._tree
        if tree is not None:
            for sender, packet in self._early.due(tree._entries):
                parsed = parse_path(packet)
                if parsed is not None and self.resolve(parsed[2]) is not None:
                    self.receive_path(sender, packet)
                    self._early.forget(sender, parsed[1])

    def resolve(self, path: bytes) -> Node | None:
        """Return the node at a path from the network. Unlike in Godot, no path leads out of the root."""
        if len(path) > LONGEST_PATH:
            return None
        try:
            return self._find(path.decode())
        except UnicodeDecodeError:
            return None

    def nearest(self, path: bytes) -> NearestPath:
        """Return a hint to log when there is no node at a path from the network."""
        return NearestPath(self._find, path)

    def look_up(self, sender: int, number: int) -> Node | None:
        """Return the node to which a sender has assigned an id, if any."""
        known = self._known.get(sender)
        entry = None if known is None else known.use(_NUMBER.pack(number))
        if entry is None:
            return None
        node = entry.node()
        if node is not None and not node._freed and self._is_exact():
            return node
        tree = None if node is None else node._tree
        if node is not None and tree is not None and entry.renames == tree._renames and entry.moves == node._moves:
            return node
        # It has left or moved, but another node may have taken its place.
        node = self._find(entry.path)
        if node is not None:
            entry.bind(node)
        return node

    def find(self, sender: int, number: int) -> tuple[Node | None, list[str]]:
        """The node to which a sender has given a number, or Godot's error if there is none."""
        # godot: scene_cache_interface.cpp: get_cached_object
        node = self.look_up(sender, number)
        if node is not None:
            return node, []
        known = self._known.get(sender)
        entry = None if known is None else known.entries.get(_NUMBER.pack(number))
        if entry is None:
            return None, [f"ID {number} not found in cache of peer {sender}."]
        root = self._find(".")
        where = "" if root is None or root._tree is None else str(root.get_path())
        missing = f'Node not found: "{entry.path}" (relative to "{where}").'
        return None, [missing, f"Failed to get cached node from peer {sender} with cache ID {number}."]

    def _tell_difference(self, sender: int, node: Node) -> None:
        """Warn that the RPC lists differ: Godot numbers methods in order of their names, so calls reach wrong ones."""
        path = str(node.get_path()) if node._tree is not None else node._name
        table = node._table()
        text = f"%s; our list in order: {table}"
        self._reporter.note(SceneDrop.RPC_LISTS_DIFFER, sender, text, path, subject=path)
