"""The scenarios of the recordings, step by step as the recorder does them; see ``rig.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.variant import Color, EncodedObjectAsID, NodePath, Vector2
from tests.unit.compat.scene.replication.rig import IDS, HubPeer, Rig
from tests.unit.compat.scene.replication.scenes import configuration, instantiate, shown

__all__ = ["SCENARIOS", "Script"]

Script = list[dict[str, Any]]
"""The recorded trace: of some scenarios it says what to inject."""


def spawn(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.settle()
    r.step("S adds Units/P1 (plain.tscn, index 0)")
    r.add("S", instantiate("plain", "P1"))
    r.settle()
    r.step("S adds Units/T1 (unit.tscn, index 1), hp=100 pos=(1,2) label=ab ammo=7")
    t = instantiate("unit", "T1")
    t.position = Vector2(1, 2)
    r.add("S", t)
    r.polls(2)
    r.step("T1.hp = 99")
    t.hp = 99
    r.poll()
    r.step("B connects late: gets both by age of the nodes")
    r.world("B")
    r.connect_client("B")
    r.settle()
    r.step("T1.queue_free(), then a frame")
    t.queue_free()
    r.frame()
    r.settle()
    r.step("P1 is taken out with remove_child and put back")
    p = r.n("S", "Main/Units/P1")
    r.n("S", "Main/Units").remove_child(p)
    r.poll()
    r.frame()
    r.add("S", p)
    r.settle()


def respawn(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.step("S adds Units/P1; then remove_child, request_ready(), add_child: same net id again")
    p = r.add("S", instantiate("plain", "P1"))
    r.settle()
    r.n("S", "Main/Units").remove_child(p)
    r.settle()
    r.frame()
    p.request_ready()
    r.add("S", p)
    r.settle()
    r.step("S adds another one: the next id")
    r.add("S", instantiate("plain", "P2"))
    r.settle()
    r.step("S moves P2 by reparent() to Main: despawned")
    r.n("S", "Main/Units/P2").reparent(r.n("S", "Main"))
    r.settle()


def custom(r: Rig, _: Script) -> None:
    r.world("S", custom=True)
    r.world("A", custom=True)
    r.connect_client("A")
    r.step('S Custom.spawn({"k": 1})')
    r.n("S", "Main/Custom").spawn({"k": 1})
    r.settle()
    r.step("S Custom.spawn(null): the name is taken, so it becomes Cust2")
    r.n("S", "Main/Custom").spawn()
    r.settle()
    r.step("S Custom.spawn([Vector2(1,2), 5, true, 'x', PackedByteArray([9])])")
    r.n("S", "Main/Custom").spawn([Vector2(1, 2), 5, True, "x", b"\x09"])
    r.settle()
    r.step("S Custom.spawn(PackedByteArray([1,2,3]))")
    r.n("S", "Main/Custom").spawn(b"\1\2\3")
    r.settle()
    r.step("B joins late: the arguments are kept and sent again")
    r.world("B", custom=True)
    r.connect_client("B")
    r.settle()


def intervals(r: Rig, script: Script) -> None:
    """The times are those of the recording: every poll is a frame of that Godot."""
    for side in "SAB":
        r.world(side)
    r.connect_client("A")
    r.connect_client("B")
    t = instantiate("unit", "T1")
    s = t.get_node("Sync")
    s.replication_interval = 0.2
    s.delta_interval = 0.2
    [what] = [e["do"] for e in script if e["t"] == "step" and e["do"].startswith("S adds T1")]
    r.step(what)
    r.add("S", t)
    begin = r.now
    r.frame_time = 0
    times = [int(e["text"][2:-3]) for e in script if e["t"] == "note"]
    for index, time in enumerate(times):
        # Rounded to 50 ms: by the order of events the last one was a little less than 200 ms after the one at 500.
        r.now = begin + 1000 * time + (index if time < 700 else -1000)
        r.note(f"t={time} ms")
        if index == 2:
            t.hp = 90
            r.step("hp = 90")
        if index == 5:
            t.hp = 80
            r.step("hp = 80")
        if index == 6:
            r.step("hp = 80 again")
        r.poll()


def placed(r: Rig, _: Script) -> None:
    r.world("S", placed=True)
    r.world("A", placed=True)
    r.step("A placed synchronizer on both sides; A connects")
    r.connect_client("A")
    r.polls(4)
    r.step("Placed.hp = 50 on S")
    r.n("S", "Main/Placed").hp = 50
    r.polls(2)
    r.step("S adds spawned T1, too: both in one sync packet")
    r.add("S", instantiate("unit", "T1"))
    r.polls(3)
    r.step("A frees its own Placed; S goes on; a new node of that name appears on A")
    r.n("A", "Main/Placed").free()
    r.polls(2)
    p = instantiate("unit", "Placed")
    r.n("A", "Main").add_child(p)
    r.watch(p.get_node("Sync"), "A")
    r.polls(2)


def authority(r: Rig, _: Script) -> None:
    for side in "SAB":
        r.world(side)
    r.connect_client("A")
    r.connect_client("B")
    r.step("S adds two.tscn named 1000: State belongs to S, Input to A (set in _enter_tree by the name)")
    t = r.add("S", instantiate("two", "1000"))
    r.polls(4)
    r.step("A: tag = 5, Head.rotation = 0.5")
    a, b = r.n("A", "Main/Units/1000"), r.n("B", "Main/Units/1000")
    a.tag = 5
    a.get_node("Head").rotation = 0.5
    r.polls(2)
    rotation = t.get_node("Head").rotation, b.get_node("Head").rotation
    r.note(f"S tag={t.tag} rot={rotation[0]}, B tag={b.tag} rot={rotation[1]}")
    r.step(
        "B tries to change State's hp by a sync packet of its own: ignored with an error "
        "(id 2 is unknown from B; a path id is not its authority)"
    )
    r.inject("S", 2000, "06 0100 02000000 02000000 0201")
    r.step("S takes Input back at run time: Input.set_multiplayer_authority(1) on S only")
    t.get_node("Input").set_multiplayer_authority(1)
    r.polls(3)
    r.step("... and on A and B, too")
    a.get_node("Input").set_multiplayer_authority(1)
    b.get_node("Input").set_multiplayer_authority(1)
    r.polls(4)
    r.step("C joins late: the spawn names the path id of Input")
    r.world("C")
    r.connect_client("C")
    r.polls(4)


def visibility(r: Rig, _: Script) -> None:
    for side in "SAB":
        r.world(side)
    r.connect_client("A")
    r.connect_client("B")
    t = instantiate("unit", "T1")
    s = t.get_node("Sync")
    s.public_visibility = False
    r.step("S adds T1 with public_visibility = false: nobody gets it")
    r.add("S", t)
    r.polls(2)
    r.step("set_visibility_for(1000, true)")
    s.set_visibility_for(1000, True)
    r.polls(2)
    r.step("RPC hit to all: only A has it")
    t.hit.rpc(3)
    r.step("RPC hit to B: dropped")
    r.note(f"returns {int(t.rpc_id(2000, 'hit', 4))}")
    r.polls(2)
    r.step("set_visibility_public(true): B gets it, A has it already")
    s.public_visibility = True
    r.polls(2)
    r.step("set_visibility_public(false): A stays by its own entry, B loses it")
    s.public_visibility = False
    r.polls(2)
    r.step("set_visibility_for(1000, false)")
    s.set_visibility_for(1000, False)
    r.polls(2)
    r.step("set_visibility_for(4242, true): no such peer")
    s.set_visibility_for(4242, True)
    r.step("set_visibility_for(1, true): this end itself")
    s.set_visibility_for(1, True)
    r.polls(1)
    r.step("add_visibility_filter(peer -> peer == 2000), public; mode IDLE: a frame later it counts")
    calls: list[int] = []
    s.public_visibility = True

    def only_b(peer: int) -> bool:
        calls.append(peer)
        return peer == 2000

    s.add_visibility_filter(only_b)
    r.polls(1)
    r.frame()
    r.note(f"the filter was asked about {calls}")
    r.polls(2)
    r.step("visibility_update_mode NONE; filter removed; update_visibility()")
    s.visibility_update_mode = 2
    s.remove_visibility_filter(only_b)
    r.frame()
    r.polls(1)
    s.update_visibility()
    r.polls(2)
    r.step("a filter that returns an int: false, and an error")
    s.add_visibility_filter(lambda _: 1)
    s.update_visibility(1000)
    r.polls(1)


def filter_zero(r: Rig, _: Script) -> None:
    for side in "SAB":
        r.world(side)
    r.connect_client("A")
    r.connect_client("B")
    t = instantiate("unit", "T1")
    s = t.get_node("Sync")
    s.visibility_update_mode = 2
    s.add_visibility_filter(lambda peer: peer == 0)
    r.step("a filter that says yes to 0 only: everybody gets the node, and keeps it in update_visibility(0)")
    r.add("S", t)
    r.polls(2)
    s.update_visibility()
    r.polls(1)
    r.step("update_visibility(1000) asks about A alone: despawned")
    s.update_visibility(1000)
    r.polls(1)
    r.step("update_visibility(0): spawned again")
    s.update_visibility(0)
    r.polls(1)


def sync_split(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    api = r.sides["S"].api
    api.max_sync_packet_size = 128
    r.step("max_sync_packet_size = 128; S adds 8 units (each element 20 bytes)")
    r.connect_client("A")
    for i in range(8):
        r.add("S", instantiate("unit", f"U{i}"))
    r.polls(2)
    r.step("set to 100: refused")
    api.max_sync_packet_size = 100
    sizes = api.max_sync_packet_size, api.max_delta_packet_size
    r.note(f"max_sync_packet_size is {sizes[0]}, max_delta_packet_size {sizes[1]}")


def limits_edge(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    api = r.sides["S"].api
    api.max_sync_packet_size = 128
    r.connect_client("A")

    def big(name: str, chars: int, mode: int) -> Any:
        t = instantiate("unit", name)
        t.get_node("Sync").replication_config = configuration((".:label", False, mode))
        t.label = "x" * chars
        return t

    r.step("state of exactly 117 - 1 bytes: a String of 108 (4 + 4 + 108 = 116): 3 + 8 + 116 = 127 fits")
    r.add("S", big("Fits", 108, 1))
    r.poll("SA")
    r.n("S", "Main/Units/Fits").free()
    r.polls(2)
    r.step(
        "a String of 112: 120 bytes of state: 3 + 8 + 120 = 131 > 128, but 120 <= 128: "
        "an empty header is sent, then the element in a packet above the limit"
    )
    r.add("S", big("Edge", 112, 1))
    r.poll("SA")
    r.n("S", "Main/Units/Edge").free()
    r.polls(2)
    r.step("a String of 124: 132 bytes of state > 128: not sent")
    r.add("S", big("Over", 124, 1))
    r.poll("SA")
    r.n("S", "Main/Units/Over").free()
    r.polls(2)
    api.max_delta_packet_size = 128
    r.step("the same with deltas: a String of 112, max_delta_packet_size = 128")
    r.add("S", big("DEdge", 112, 2))
    r.poll("SA")
    r.n("S", "Main/Units/DEdge").free()
    r.polls(2)
    r.step("a delta String of 124: not sent, and tried again in each poll")
    r.add("S", big("DOver", 124, 2))
    r.poll("SA")
    r.poll("SA")


def errors_sender(r: Rig, _: Script) -> None:
    def function(data: Any) -> Any:
        made = {0: None, 1: 5, 2: object()}
        return made[data] if data in made else instantiate("plain", "C")

    r.world("S", custom=True, function=function)
    r.world("A", custom=True)
    r.connect_client("A")
    r.step("auto-named: add_child() without force_readable_name, a second Plain")
    r.add("S", instantiate("plain"), readable=False)
    r.add("S", instantiate("plain"), readable=False)
    r.polls(1)
    r.step("a scene that is not in the list, and a node that is no scene: nothing")
    r.add("S", Node("Bare"))
    r.polls(1)
    r.step("a synchronizer without replication_config in a spawned node")
    t = instantiate("unit", "NoConf")
    t.get_node("Sync").replication_config = None
    _add_and_free(r, t)
    r.step("a property that does not exist")
    t = instantiate("unit", "BadProp")
    t.get_node("Sync").replication_config = configuration((".:nothing", True, 1))
    _add_and_free(r, t)
    r.step("a node path that does not exist, on change")
    t = instantiate("unit", "BadPath")
    t.get_node("Sync").replication_config = configuration(("No:position", False, 2))
    _add_and_free(r, t)
    r.step("spawn() where the function returns null, 5, a RefCounted")
    own = r.n("S", "Main/Custom")
    for data in (0, 1, 2):
        own.spawn(data)
    r.step("spawn() without a spawn_function")
    r.n("S", "Main/Spawner").spawn(1)
    r.step("spawn() on a client")
    r.current = "A"
    r.n("A", "Main/Custom").spawn(3)
    r.current = "S"
    r.step("spawn_limit = 1")
    own.spawn_limit = 1
    own.spawn(3)
    own.spawn(3)
    r.step("spawn_path that leads nowhere")
    own.spawn_limit = 0
    own.spawn_path = "../Nowhere"
    own.spawn(3)
    r.polls(1)
    r.step("API errors")
    s = MultiplayerSynchronizer()
    s.replication_interval = -1
    s.delta_interval = -1
    c = SceneReplicationConfig()
    c.add_property(".:a")
    c.add_property(".:a")
    c.add_property(NodePath(""))
    c.add_property(".:b", 5)
    c.property_set_spawn(".:z", True)
    c.property_get_spawn(".:z")
    c.property_set_replication_mode(".:z", 0)
    c.property_get_replication_mode(".:z")
    c.property_get_index(".:z")
    c.remove_property(".:z")
    r.n("S", "Main/Spawner").get_spawnable_scene(9)
    s.free()


def _add_and_free(r: Rig, node: Any) -> None:
    r.add("S", node)
    r.polls(2)
    node.free()
    r.polls(1)


def errors_receiver(r: Rig, script: Script) -> None:
    r.world("S", custom=True)
    r.world("A", custom=True, placed=True)
    r.connect_client("A")
    r.add("S", instantiate("plain", "P1"))
    r.n("S", "Main/Custom").spawn(7)
    r.settle()

    def before(step: str) -> None:
        if step.startswith("not from its authority"):
            r.sides["A"].peer.pending.append(2000)
            r.poll()
        if step.startswith("despawn of a node that A has freed"):
            names = [str(child.name) for child in r.n("A", "Main/Units").get_children()]
            r.note(f"A has {shown(names)}")
            r.n("A", "Main/Units/Q9").queue_free()
            r.frame()

    _inject_all(r, script, "from here on packets are put into A's hands by hand", before, lambda _: None)


def errors_sync(r: Rig, script: Script) -> None:
    r.world("S", placed=True)
    r.world("A", placed=True)
    r.connect_client("A")
    r.add("S", instantiate("unit", "T1"))
    r.polls(5)
    a = r.n("A", "Main/Units/T1")

    def before(step: str) -> None:
        if step.startswith("from a peer that is not the authority"):
            r.sides["A"].peer.pending.append(2000)
            r.poll("A")

    def note(text: str) -> None:
        values = {"pos": f"pos {tuple(a.position)}", "hp": f"hp {a.hp}"}
        r.note(values[text.split()[0]] + (f" ammo {a.ammo}" if "ammo" in text else ""))

    _inject_all(r, script, "by hand to A", before, note)


def _inject_all(r: Rig, script: Script, first: str, before: Callable[[str], None], note: Callable[[str], None]) -> None:
    """Steps and packets as the recording has them, from a step on."""
    [begin] = [index for index, e in enumerate(script) if e["t"] == "step" and e["do"].startswith(first)]
    for e in script[begin:]:
        if e["t"] == "step":
            r.step(e["do"])
            before(e["do"])
        elif e["t"] == "inject":
            r.inject("A", e["from"], e["hex"], 0 if e["hex"].startswith("06") else 2)
        elif e["t"] == "note":
            note(e["text"])


def order(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.step("nested: nest.tscn adds Inside/Inner (its own InnerSpawner) in _ready")
    r.add("S", instantiate("nest", "N1"))
    r.settle()
    r.step("B joins late")
    r.world("B")
    r.connect_client("B")
    r.settle()
    r.step("N1 is freed: inner first")
    r.n("S", "Main/Units/N1").queue_free()
    r.frame()
    r.settle()
    r.step("made U1 then U2, added U2 then U1: a late joiner gets them by age of the object, U1 first")
    u1, u2 = instantiate("plain", "U1"), instantiate("plain", "U2")
    r.add("S", u2)
    r.add("S", u1)
    r.polls(2)
    r.world("C")
    r.connect_client("C")
    r.polls(2)


def _new_peer(r: Rig, side: str) -> None:
    r.hub.pop(IDS[side], None)
    peer = HubPeer(r, IDS[side])
    r.sides[side].peer = peer
    r.sides[side].api.multiplayer_peer = peer


def lifecycle(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.step("S (offline to begin with? no: connected) spawns before anybody is there: no packets, no ids")
    r.add("S", instantiate("unit", "Early"))
    r.polls(2)
    r.connect_client("A")
    r.polls(2)
    r.step("A leaves by setting multiplayer_peer = null: remote nodes are queued for deletion, no despawned signal")
    r.current = "A"
    r.sides["A"].api.multiplayer_peer = None
    r.current = "S"
    early = r.n("A", "Main/Units/Early")
    r.note(f"A still has Early: {_word(early is not None)}, queued: {_word(early.is_queued_for_deletion())}")
    r.frame()
    r.note(f"A has Early after a frame: {_word(r.n('A', 'Main/Units/Early') is not None)}")
    r.step("S is told that A is gone, and A comes back with a new peer")
    r.sides["S"].peer.pending.append(-1000)
    r.polls(1)
    _new_peer(r, "A")
    r.connect_client("A")
    r.polls(3)
    r.step("S loses its connection: peer status DISCONNECTED on A")
    r.sides["A"].peer.pending.append(-1)
    r.polls(1)
    r.frame()
    r.note(f"A has Early: {_word(r.n('A', 'Main/Units/Early') is not None)}")


def _word(value: bool) -> str:
    return str(value).lower()


def offline(r: Rig, _: Script) -> None:
    r.step("A plays offline (OfflineMultiplayerPeer: it is peer 1) and adds Units/Solo; then it joins S as 1000")
    r.world("S")
    r.world("A", offline=True)
    r.current = "A"
    r.add("A", instantiate("unit", "Solo"))
    r.sides["A"].api.poll()
    r.sides["A"].api.multiplayer_peer = r.sides["A"].peer
    r.current = "S"
    r.connect_client("A")
    r.polls(3)
    r.step("S adds Units/Solo, too: the name is taken on A")
    r.add("S", instantiate("unit", "Solo"))
    r.polls(3)
    r.step("S: the spawner leaves the tree: everything it spawned is despawned")
    r.add("S", instantiate("plain", "P9"))
    r.polls(2)
    spawner = r.n("S", "Main/Spawner")
    spawner.get_parent().remove_child(spawner)
    r.polls(2)
    spawner.free()


def ready_authority(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.step(
        "late.tscn named 1000 changes Sync's authority in _ready, after the state was applied: fine, path ids take over"
    )
    r.add("S", instantiate("late", "1000"))
    r.polls(5)
    r.step("late.tscn named 77: authority of nobody here")
    r.add("S", instantiate("late", "77"))
    r.polls(3)
    r.step(
        "the whole node's authority set to A before add_child on S only: its synchronizer sends nothing from S; "
        "ids are missing"
    )
    u = instantiate("unit", "Theirs")
    u.set_multiplayer_authority(1000)
    r.add("S", u)
    r.polls(3)


def time_wraps(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.add("S", instantiate("unit", "T1"))
    r.polls(2)
    r.step("65531 more polls, not written down; then the time wraps")
    keep = list(r.trace)
    state = r.sides["S"].api._replicator._state.peers[1000]
    state.last_sent_sync += 65530  # what so many polls do; the last one is made
    r.writes_packets = False
    r.now += r.frame_time
    r.sides["S"].api.poll()
    r.sides["A"].peer.inbox.clear()
    r.trace[:] = keep
    r.writes_packets = True
    r.polls(5)


def client_spawner(r: Rig, _: Script) -> None:
    for side in "SAB":
        r.world(side)
    r.connect_client("A")
    r.connect_client("B")
    r.step("the Spawner belongs to A everywhere; A adds Units/FromA (unit.tscn, whose Sync stays with peer 1)")
    for side in "SAB":
        r.n(side, "Main/Spawner").set_multiplayer_authority(1000)
    r.current = "A"
    r.add("A", instantiate("unit", "FromA"))
    r.current = "S"
    r.polls(4)
    r.step("A adds Units/Mine with authority 1000 on A (set before add_child): S and B have not heard of that")
    r.current = "A"
    u = instantiate("unit", "Mine")
    u.set_multiplayer_authority(1000)
    r.add("A", u)
    r.current = "S"
    r.polls(3)
    r.step("A's connection ends: what it spawned goes, on S and B")
    r.sides["S"].peer.pending.append(-1000)
    r.polls(2)
    r.frame()
    counts = r.n("S", "Main/Units").get_child_count(), r.n("B", "Main/Units").get_child_count()
    r.note(f"S has {counts[0]}, B has {counts[1]}")


def values(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    t = instantiate("unit", "T1")
    c = SceneReplicationConfig()
    for path in (".:hp", ".:position", ".:position:x", ".:rotation", ".:visible", ".:label", ".:modulate"):
        c.add_property(path)
    t.get_node("Sync").replication_config = c
    t.hp, t.position, t.rotation, t.label = 300, Vector2(1.5, -2), 0.25, "größe"
    t.modulate = Color(1, 0.5, 0, 1)
    r.step("values: int 300, Vector2, a subname (.:position:x), float, bool, String, Color; spawn and always")

    def configure(node: Node) -> None:
        node.get_node("Sync").replication_config = c

    r.n("A", "Main/Units").child_entered_tree.connect(configure)
    r.add("S", t)
    r.polls(2)
    r.step("an Object as a value: its id is sent")
    c.add_property(".:material")
    t.material = EncodedObjectAsID(0x8000000000000001)
    r.poll("S")
    data = r.trace.pop()["hex"]
    r.note(
        "the last packet ended with a Variant of type 24 with the flag for ids (the id itself is random): "
        f"{data[len(data) - 24 : len(data) - 16]}"
    )


def two_spawners(r: Rig, _: Script) -> None:
    r.world("S", custom=True)
    r.world("A", custom=True)
    for side in "SA":
        r.n(side, "Main/Custom").spawn_path = "../Units"
    r.connect_client("A")
    r.step("two spawners with the same spawn_path; Custom.spawn() makes a scene that is also in Spawner's list")
    c = r.n("S", "Main/Custom").spawn(1)
    r.polls(2)
    r.step("it is freed")
    c.queue_free()
    r.frame()
    r.polls(2)


def set_order(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.step("U0 to U3 (ids of their synchronizers: 2, 4, 6, 8); one sync packet has them in order of entering")
    for i in range(4):
        r.add("S", instantiate("unit", f"U{i}"))
    r.polls(2)
    r.step("U0 goes: the last takes its place: 8, 4, 6")
    r.n("S", "Main/Units/U0").free()
    r.polls(2)
    r.step("U4 comes (10): at the end; U1 goes: 10 takes its place")
    r.add("S", instantiate("unit", "U4"))
    r.polls(1)
    r.n("S", "Main/Units/U1").free()
    r.polls(2)
    r.step("B joins: spawns by age; its sync set follows the list of all synchronizers")
    r.world("B")
    r.connect_client("B")
    r.polls(2)


def limit(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    r.connect_client("A")
    r.step("spawn_limit = 1 on A only; S spawns 3: A takes them all (a receiver does not count what it received)")
    r.n("A", "Main/Spawner").spawn_limit = 1
    for i in range(3):
        r.add("S", instantiate("plain", f"P{i}"))
    r.polls(2)
    r.step("spawn_limit = 4 on S: auto spawn by add_child does not look at it, spawn() does (see 11)")
    r.n("S", "Main/Spawner").spawn_limit = 4
    for i in range(3):
        r.add("S", instantiate("plain", f"R{i}"))
    r.polls(2)
    counts = r.n("S", "Main/Units").get_child_count(), r.n("A", "Main/Units").get_child_count()
    r.note(f"S has {counts[0]} children, A {counts[1]}")


def deep(r: Rig, _: Script) -> None:
    r.world("S", scenes=["deep"])
    r.world("A", scenes=["deep"])
    r.connect_client("A")
    r.step(
        "deep.tscn: the synchronizer's root is Arm, a child of the spawned node: no id and no state in the spawn, "
        "but a path id"
    )
    d = instantiate("deep", "D1")
    d.get_node("Arm").rotation = 1.0
    r.add("S", d)
    r.polls(4)
    r.step("its public_visibility = false: D1 stays, only the sync ends")
    d.get_node("Arm/ArmSync").public_visibility = False
    r.polls(2)


def rehost(r: Rig, _: Script) -> None:
    r.step("S has an OfflineMultiplayerPeer, adds Units/World1; then it hosts")
    r.world("S", offline=True)
    r.world("A")
    r.add("S", instantiate("unit", "World1"))
    r.sides["S"].api.poll()
    r.sides["S"].api.multiplayer_peer = r.sides["S"].peer
    r.connect_client("A")
    r.polls(3)
    r.step("S hosts again with another peer: ids begin at 1 again, path ids, too")
    r.sides["A"].api.multiplayer_peer = None
    r.frame()
    _new_peer(r, "S")
    _new_peer(r, "A")
    r.connect_client("A")
    r.polls(3)
    r.step("S sets multiplayer_peer = null; adds World2 (not tracked), sets a peer again: World2 is never spawned")
    r.sides["S"].api.multiplayer_peer = None
    r.add("S", instantiate("plain", "World2"))
    _new_peer(r, "S")
    r.sides["A"].api.multiplayer_peer = None
    r.frame()
    _new_peer(r, "A")
    r.connect_client("A")
    r.polls(2)


def client_rpc(r: Rig, _: Script) -> None:
    for side in "SAB":
        r.world(side)
    r.connect_client("A")
    r.connect_client("B")
    r.step("T1 with public_visibility = true from S; on A its Sync is made private: A's RPC to S passes, to B not")
    r.add("S", instantiate("unit", "T1"))
    r.polls(3)
    r.n("A", "Main/Units/T1/Sync").public_visibility = False
    r.current = "A"
    t = r.n("A", "Main/Units/T1")
    r.note(f"to S: {int(t.rpc_id(1, 'hit', 1))}, to B: {int(t.rpc_id(2000, 'hit', 2))}")
    r.current = "S"
    r.polls(2)


def renumber(r: Rig, _: Script) -> None:
    r.world("S")
    r.world("A")
    e = instantiate("plain", "E1")
    r.n("S", "Main").add_child(e)
    r.n("A", "Main").add_child(instantiate("plain", "E1"))
    r.n("A", "Main").add_child(instantiate("plain", "E2"))
    r.connect_client("A")
    r.step("S Main/E1.hit.rpc(1)")
    e.hit.rpc(1)
    r.settle()
    r.step("E1 leaves the tree, is renamed to E2, comes back; hit.rpc(2): a new path id")
    r.n("S", "Main").remove_child(e)
    e.name = "E2"
    r.n("S", "Main").add_child(e)
    e.hit.rpc(2)
    r.settle()
    r.step("renamed inside the tree to E3: the id stays, and E2 is meant")
    e.name = "E3"
    e.hit.rpc(3)
    r.settle()


SCENARIOS: dict[str, Callable[[Rig, Script], None]] = {
    "01-spawn": spawn,
    "02-respawn": respawn,
    "03-custom": custom,
    "04-intervals": intervals,
    "05-placed": placed,
    "06-authority": authority,
    "07-visibility": visibility,
    "08-filter-zero": filter_zero,
    "09-sync-split": sync_split,
    "10-limits-edge": limits_edge,
    "11-errors-sender": errors_sender,
    "12-errors-receiver": errors_receiver,
    "13-errors-sync": errors_sync,
    "14-order": order,
    "15-lifecycle": lifecycle,
    "16-offline": offline,
    "17-ready-authority": ready_authority,
    "18-time-wraps": time_wraps,
    "19-client-spawner": client_spawner,
    "20-values": values,
    "21-two-spawners": two_spawners,
    "23-set-order": set_order,
    "24-limit": limit,
    "25-deep": deep,
    "26-rehost": rehost,
    "27-client-rpc": client_rpc,
    "28-renumber": renumber,
}
