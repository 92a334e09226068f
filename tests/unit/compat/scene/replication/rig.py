"""Worlds in one tree, each with a SceneMultiplayer of its own over a transport in memory; all is written down in order.

It follows the recorder that made ``tests/vectors/replication`` in a real Godot, line by line, so that the same steps
give the same lines.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from godot_enet.compat import errors, poll_time
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from tests.godot_lines import godot_line
from tests.unit.compat.scene.replication.scenes import SCENES, Unit, instantiate, shown

if TYPE_CHECKING:
    import pytest

__all__ = ["DECODER", "IDS", "HubPeer", "Rig", "Side"]

IDS = {"S": 1, "A": 1000, "B": 2000, "C": 3000}
MODES = ["unreliable", "unreliable_ordered", "reliable"]
_LIST = ["plain", "unit", "two", "late", "nest"]
_FRAME = 16_000
DECODER = "a value that cannot be decoded"
"""In traces: what the decoder of values says, which it words otherwise."""
_GODOT = {
    SceneDrop.UNKNOWN_SENDER: 'Condition "!connected_peers.has(sender)" is true. Continuing.',
    SceneDrop.MALFORMED: "",
}
"""What Godot says of what we word otherwise."""
_OUR_DECODER = ("truncated Variant", "unknown Variant type 63")


class HubPeer(MultiplayerPeer):
    """A transport that hands packets to the others of its hub, by chosen ids."""

    def __init__(self, rig: Rig, number: int) -> None:
        super().__init__()
        self.rig = rig
        self.number = number
        self.target = 0
        self.inbox: list[tuple[int, int, int, bytes]] = []
        self.status = MultiplayerPeer.CONNECTION_CONNECTED
        self.pending: list[int] = []
        """Who has come, or negative, who has gone."""
        rig.hub[number] = self

    def get_unique_id(self) -> int:
        return self.number

    def is_server_relay_supported(self) -> bool:
        return True

    def get_connection_status(self) -> MultiplayerPeer.ConnectionStatus:
        return self.status

    def set_target_peer(self, id: int) -> None:
        self.target = id

    def close(self) -> None:
        self.status = MultiplayerPeer.CONNECTION_DISCONNECTED

    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        self.rig.hub[peer].pending.append(-self.number)
        self.pending.append(-peer)

    def poll(self) -> None:
        todo, self.pending = self.pending, []
        for peer in todo:
            if peer > 0:
                self.peer_connected.emit(peer)
            else:
                if self.number != 1 and peer == -1:
                    self.status = MultiplayerPeer.CONNECTION_DISCONNECTED
                self.peer_disconnected.emit(-peer)

    def get_available_packet_count(self) -> int:
        return len(self.inbox)

    def get_packet_peer(self) -> int:
        return self.inbox[0][0]

    def get_packet_channel(self) -> int:
        return self.inbox[0][1]

    def get_packet_mode(self) -> MultiplayerPeer.TransferMode:
        return MultiplayerPeer.TransferMode(self.inbox[0][2])

    def _take_packet(self) -> tuple[Error, bytes]:
        return Error.OK, self.inbox.pop(0)[3]

    def _put_packet(self, packet: bytes) -> Error:
        mode = int(self._transfer_mode)
        self.rig.packet(self.number, self.target, self._transfer_channel, MODES[mode], packet)
        if self.target in self.rig.hub:
            self.rig.hub[self.target].inbox.append((self.number, self._transfer_channel, mode, packet))
        return Error.OK


class Side:
    """One world."""

    def __init__(self, root: Node, api: SceneMultiplayer, peer: HubPeer) -> None:
        self.root = root
        self.api = api
        self.peer = peer
        self.id = peer.number


class Rig(logging.Handler):
    """All worlds, and the trace.

    Args:
        exact: of their multiplayers.
    """

    def __init__(self, *, exact: bool) -> None:
        super().__init__()
        self.exact = exact
        self.tree = SceneTree()
        self.tree.multiplayer_poll = False
        self.trace: list[dict[str, Any]] = []
        self.writes_packets = True
        self.sides: dict[str, Side] = {}
        self.hub: dict[int, HubPeer] = {}
        self.current = "S"
        self.now = 1_000_000
        """Microseconds."""
        self.frame_time = _FRAME
        self._watched: set[int] = set()
        Unit.hook = self._hear_unit

    # The trace

    def packet(self, sender: int, to: int, channel: int, mode: str, data: bytes) -> None:
        if self.writes_packets:
            entry = {"t": "packet", "from": sender, "to": to, "channel": channel, "mode": mode, "hex": data.hex()}
            self.trace.append(entry)

    def step(self, what: str) -> None:
        self.trace.append({"t": "step", "do": what})

    def signal(self, side: str, what: str) -> None:
        self.trace.append({"t": "signal", "side": side, "what": what})

    def note(self, what: str) -> None:
        self.trace.append({"t": "note", "text": what})

    def error(self, text: str) -> None:
        self.trace.append({"t": "error", "side": self.current, "type": "ERROR", "text": text})

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "godot_enet":
            self.error(godot_line(record))

    def _hear_unit(self, node: Node, what: str) -> None:
        inside = node.is_inside_tree()
        path = str(node.get_path()) if inside else ""
        side = path.split("/")[2] if inside else self.current
        self.signal(side, f"{path.removeprefix('/root/')}: {what}")

    @contextmanager
    def listening(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Hear every error line, however often it comes."""
        monkeypatch.setattr(poll_time, "POLL_TIME", 1e9)
        monkeypatch.setattr(errors, "rate_limited", lambda cause, text: text)
        monkeypatch.setattr(errors, "_limited", lambda place, variant, text: text)

        def refuse(_: object, cause: SceneDrop, sender: int, lines: list[str], path: str) -> None:
            for line in lines:
                self.error(DECODER if line in _OUR_DECODER else line)

        def note(_: object, cause: SceneDrop, sender: int, text: str = "", *args: Any, **kwargs: object) -> None:
            if cause is SceneDrop.UNKNOWN_PATH:
                self.error(f'Node not found: "{args[0].decode()}" (relative to "/root/{self.current}").')
                self.error('Parameter "node" is null.')
            else:
                self.error(_GODOT.get(cause, cause.name))

        monkeypatch.setattr(SceneReporter, "refuse", refuse)
        monkeypatch.setattr(SceneReporter, "note", note)
        log = logging.getLogger("godot_enet")
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)

    # Worlds

    def world(
        self,
        side: str,
        *,
        scenes: list[str] = _LIST,
        custom: bool = False,
        function: Callable[[Any], Any] | None = None,
        placed: bool = False,
        offline: bool = False,
    ) -> Side:
        root = Node(side)
        self.tree.root.add_child(root)
        api = SceneMultiplayer(exact=self.exact)
        api._replicator._syncs.clock = self.clock
        self.tree.set_multiplayer(api, f"/root/{side}")
        main, units, customs = Node("Main"), Node("Units"), Node("Customs")
        main.add_child(units)
        main.add_child(customs)
        spawner = MultiplayerSpawner("Spawner")
        for scene in scenes:
            spawner.add_spawnable_scene(f"res://{scene}.tscn", SCENES[scene])
        spawner.set_spawn_path("../Units")
        spawner.spawned.connect(lambda n: self.signal(side, f"spawned {n.name}"))
        spawner.despawned.connect(
            lambda n: self.signal(side, f"despawned {n.name} in_tree={str(n.is_inside_tree()).lower()}")
        )
        main.add_child(spawner)
        if custom:
            own = MultiplayerSpawner("Custom")
            own.set_spawn_path("../Customs")
            own.spawn_function = function or self._make_custom(side)
            own.spawned.connect(lambda n: self.signal(side, f"custom spawned {n.name}"))
            own.despawned.connect(lambda n: self.signal(side, f"custom despawned {n.name}"))
            main.add_child(own)
        if placed:
            node = instantiate("unit", "Placed")
            self.watch(node.get_node("Sync"), side)
            main.add_child(node)
        root.add_child(main)
        peer = HubPeer(self, IDS[side])
        self.sides[side] = found = Side(root, api, peer)
        if not offline:
            api.multiplayer_peer = peer
        api.peer_connected.connect(lambda i: self.signal(side, f"peer_connected {i}"))
        api.peer_disconnected.connect(lambda i: self.signal(side, f"peer_disconnected {i}"))
        api.connected_to_server.connect(lambda: self.signal(side, "connected_to_server"))
        api.server_disconnected.connect(lambda: self.signal(side, "server_disconnected"))
        units.child_entered_tree.connect(lambda n: self._watch_all(n, side))
        customs.child_entered_tree.connect(lambda n: self._watch_all(n, side))
        return found

    def _make_custom(self, side: str) -> Callable[[Any], Node]:
        def function(data: Any) -> Node:
            self.signal(side, f"spawn_function {shown(data)}")
            return instantiate("plain", "Cust")  # type: ignore[no-any-return]

        return function

    def _watch_all(self, node: Node, side: str) -> None:
        for child in node.get_children():
            if isinstance(child, MultiplayerSynchronizer):
                self.watch(child, side)

    def watch(self, node: MultiplayerSynchronizer, side: str) -> None:
        if node.get_instance_id() in self._watched:
            return
        self._watched.add(node.get_instance_id())

        def heard(what: str) -> None:
            parent = node.get_parent()
            assert parent is not None
            self.signal(side, f"{what} {parent.name}/{node.name}")

        node.synchronized.connect(lambda: heard("synchronized"))
        node.delta_synchronized.connect(lambda: heard("delta_synchronized"))
        node.visibility_changed.connect(lambda peer: heard(f"visibility_changed({peer})"))

    # What happens

    def n(self, side: str, path: str) -> Any:
        return self.sides[side].root.get_node_or_null(path)

    def add(self, side: str, node: Node, readable: bool = True) -> Any:
        """To the spawn node of a world."""
        self.n(side, "Main/Units").add_child(node, readable)
        return node

    def connect_client(self, side: str) -> None:
        self.step(f"{side} connects")
        self.hub[1].pending.append(IDS[side])
        self.sides[side].peer.pending.append(1)
        self.poll()

    def clock(self) -> int:
        return self.now

    def poll(self, order: str = "") -> None:
        self.now += self.frame_time
        for side in list(order) if order else list(self.sides):
            self.current = side
            self.sides[side].api.poll()
        self.current = "S"

    def polls(self, times: int) -> None:
        for _ in range(times):
            self.poll()

    def settle(self) -> None:
        self.polls(6)

    def frame(self) -> None:
        self.tree.process(0.0)

    def inject(self, side: str, sender: int, data: str, mode: int = 2) -> None:
        text = data.replace(" ", "")
        self.trace.append({"t": "inject", "to": IDS[side], "from": sender, "hex": text})
        self.sides[side].peer.inbox.append((sender, 0, mode, bytes.fromhex(text)))
        self.current = side
        self.now += self.frame_time
        self.sides[side].api.poll()
        self.current = "S"
