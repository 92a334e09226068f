# Runs programs of replication and writes down what happens, one JSON line for each program:
# godot --script replication.gd -- programs.json traces.jsonl. tests/unit/compat/scene/replication/programs.py says what
# the steps mean.
extends SceneTree

const Unit := preload("res://replication/unit.gd")
const IDS := {"S": 1, "A": 1000, "B": 2000, "C": 3000}
const MODES := ["unreliable", "unreliable_ordered", "reliable"]
const SCENES := "res://replication/%s.tscn"

class Listener extends Logger:
	var recorder: Object
	func _log_error(_function, _file, _line, code, rationale, _editor, _type, _backtraces) -> void:
		if recorder:
			recorder.write({"t": "error", "side": recorder.current, "text": rationale if rationale else code})
	func _log_message(_message, _is_error) -> void:
		pass

var listener := Listener.new()
var trace := []
var sides := {}
var network := {}
var current := "S"
var kept := {}
var places := {}
var filters := {}

func _initialize() -> void:
	multiplayer_poll = false
	OS.add_logger(listener)
	play.call_deferred()

func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	var programs: Array = JSON.parse_string(FileAccess.get_file_as_string(arguments[0]))
	var out := FileAccess.open(arguments[1], FileAccess.WRITE)
	await process_frame
	await process_frame
	for program in programs:
		await run(program)
		out.store_line(JSON.stringify(trace))
		out.flush()
		await clear()
	quit()

func run(program: Array) -> void:
	trace = []
	current = "S"
	listener.recorder = self
	Unit.recorder = self
	for step in program:
		write({"t": "step"})
		current = step[1] if step.size() > 1 and sides.has(step[1]) else "S"
		await call("do_" + step[0], step.slice(1))
		current = "S"

func clear() -> void:
	listener.recorder = null
	Unit.recorder = null
	for side in kept:
		kept[side].free()
	for side in sides:
		sides[side].api.multiplayer_peer = null
	for side in sides:
		sides[side].root.free()
		set_multiplayer(null, NodePath("/root/" + side))
	for each in [kept, places, sides, network, filters]:
		each.clear()
	await process_frame
	await process_frame

func write(entry: Dictionary) -> void:
	trace.append(entry)

func hear(side: String, what: String) -> void:
	write({"t": "signal", "side": side, "what": what})

func hear_unit(node: Node, what: String) -> void:
	var path := str(node.get_path())
	hear(path.get_slice("/", 2), "%s: %s" % [path.trim_prefix("/root/"), what])

func carry(from: int, to: int, channel: int, mode: int, packet: PackedByteArray) -> void:
	write({"t": "packet", "from": from, "to": to, "channel": channel, "mode": MODES[mode], "hex": packet.hex_encode()})
	if network.has(to):
		network[to].inbox.append([from, channel, mode, packet.duplicate()])

func new_peer(side: String) -> MemoryPeer:
	var peer := MemoryPeer.new()
	peer.number = IDS[side]
	peer.network = self
	network[peer.number] = peer
	return peer

func find(where: Array) -> Node:
	return sides[where[0]].root.get_node_or_null(NodePath(where[1]))

func instantiate(scene: String, name: String) -> Node:
	var node = load(SCENES % scene).instantiate()
	node.name = name
	return node

func make_custom(data):
	match typeof(data):
		TYPE_NIL: return null
		TYPE_BOOL: return RefCounted.new()
		TYPE_FLOAT: return 5
		TYPE_STRING: return instantiate("unit", "U1")
		TYPE_ARRAY: return instantiate("two", "2000")
		TYPE_DICTIONARY: return instantiate("nest", "N1")
	return instantiate("plain", "Cust")

func watch(synchronizer: MultiplayerSynchronizer, side: String) -> void:
	if synchronizer.has_meta("watched"):
		return
	synchronizer.set_meta("watched", true)
	var told := func(what: String): hear(side, "%s %s/%s" % [what, synchronizer.get_parent().name, synchronizer.name])
	synchronizer.synchronized.connect(func(): told.call("synchronized"))
	synchronizer.delta_synchronized.connect(func(): told.call("delta_synchronized"))
	synchronizer.visibility_changed.connect(func(peer): told.call("visibility_changed(%d)" % peer))

func watch_all(node: Node, side: String) -> void:
	for child in node.get_children():
		if child is MultiplayerSynchronizer:
			watch(child, side)

func spawner(side: String, name: String, path: String, prefix: String) -> MultiplayerSpawner:
	var made := MultiplayerSpawner.new()
	made.name = name
	made.spawn_path = NodePath(path)
	made.spawned.connect(func(node): hear(side, "%sspawned %s" % [prefix, node.name]))
	return made

func poll(order: Array) -> void:
	for side in order:
		current = side
		if sides.has(side):
			sides[side].api.poll()
	current = "S"

func do_world(step: Array) -> void:
	var side: String = step[0]
	var top := Node.new()
	top.name = side
	root.add_child(top)
	var api := SceneMultiplayer.new()
	set_multiplayer(api, NodePath("/root/" + side))
	var main := Node.new()
	main.name = "Main"
	for name in ["Units", "Customs"]:
		var node := Node.new()
		node.name = name
		node.child_entered_tree.connect(func(child): watch_all(child, side))
		main.add_child(node)
	var auto := spawner(side, "Spawner", "../Units", "")
	for scene in ["plain", "unit", "two", "late", "nest", "deep", "many"]:
		auto.add_spawnable_scene(SCENES % scene)
	auto.despawned.connect(func(node): hear(side, "despawned %s in_tree=%s" % [node.name, node.is_inside_tree()]))
	main.add_child(auto)
	var custom := spawner(side, "Custom", "../Customs", "custom ")
	custom.spawn_function = func(data):
		hear(side, "spawn_function %s" % Unit.shown(data))
		return make_custom(data)
	custom.despawned.connect(func(node): hear(side, "custom despawned %s" % node.name))
	main.add_child(custom)
	var placed := instantiate("unit", "Placed")
	watch(placed.get_node("Sync"), side)
	main.add_child(placed)
	top.add_child(main)
	var peer := new_peer(side)
	sides[side] = {"root": top, "api": api, "peer": peer}
	api.multiplayer_peer = peer
	api.peer_connected.connect(func(id): hear(side, "peer_connected %d" % id))
	api.peer_disconnected.connect(func(id): hear(side, "peer_disconnected %d" % id))
	api.connected_to_server.connect(func(): hear(side, "connected_to_server"))
	api.server_disconnected.connect(func(): hear(side, "server_disconnected"))

func do_connect(step: Array) -> void:
	if 1 in Array(sides[step[0]].api.get_peers()):
		return
	network[1].pending.append(IDS[step[0]])
	sides[step[0]].peer.pending.append(1)
	poll(sides.keys())

func do_leave(step: Array) -> void:
	var side = sides[step[0]]
	if not 1 in Array(side.api.get_peers()):
		return
	side.api.multiplayer_peer = null
	current = "S"
	sides.S.peer.pending.append(-IDS[step[0]])
	network.erase(IDS[step[0]])
	poll(sides.keys())
	side.peer = new_peer(step[0])
	current = step[0]
	side.api.multiplayer_peer = side.peer

func do_add(step: Array) -> void:
	var units := find([step[0], "Main/Units"])
	if units:
		units.add_child(instantiate(step[1], step[2]), true)

func do_spawn(step: Array) -> void:
	var node := find([step[0], "Main/Custom"])
	if node:
		node.spawn(str_to_var(step[1]))

func do_free(step: Array) -> void:
	var node := find(step)
	if node:
		node.free()

func do_queue_free(step: Array) -> void:
	var node := find(step)
	if node:
		node.queue_free()

func do_frame(_step: Array) -> void:
	await process_frame
	await process_frame

func do_remove(step: Array) -> void:
	var node := find(step)
	if node and not kept.has(step[0]):
		places[step[0]] = str(sides[step[0]].root.get_path_to(node.get_parent()))
		node.get_parent().remove_child(node)
		kept[step[0]] = node

func do_put_back(step: Array) -> void:
	if not kept.has(step[0]):
		return
	var node: Node = kept[step[0]]
	if step[1]:
		node.request_ready()
	var parent := find([step[0], places[step[0]] if step[2] else "Main/Units"])
	if parent:
		parent.add_child(node, true)
		kept.erase(step[0])

func do_reparent(step: Array) -> void:
	var node := find(step)
	var parent := find([step[0], step[2]])
	if node and parent:
		node.reparent(parent)

func do_rename(step: Array) -> void:
	var node := find(step)
	if node:
		node.name = step[2]

func do_set(step: Array) -> void:
	var node := find(step)
	if node:
		node.set(step[2], str_to_var(step[3]))

func do_authority(step: Array) -> void:
	var node := find(step)
	if node:
		node.set_multiplayer_authority(int(step[2]), step[3])

func do_visible(step: Array) -> void:
	var node := find(step)
	if node:
		node.set_visibility_for(int(step[2]), step[3])

func do_update(step: Array) -> void:
	var node := find(step)
	if node:
		node.update_visibility(int(step[2]))

func do_filter(step: Array) -> void:
	var node := find(step)
	var rest := int(step[2])
	if not filters.has(rest):
		filters[rest] = func(peer): return peer % 3 == rest
	if node and step[3]:
		node.add_visibility_filter(filters[rest])
	elif node:
		node.remove_visibility_filter(filters[rest])

func do_mode(step: Array) -> void:
	var node := find(step)
	if node:
		node.visibility_update_mode = int(step[2])

func do_property(step: Array) -> void:
	var node := find(step)
	if node and node.replication_config:
		node.replication_config = node.replication_config.duplicate()
		if node.replication_config.has_property(NodePath(step[2])):
			node.replication_config.property_set_replication_mode(NodePath(step[2]), int(step[3]))

func do_root(step: Array) -> void:
	var node := find(step)
	if node:
		node.root_path = NodePath(step[2])

func do_listed(step: Array) -> void:
	var node := find(step)
	if node:
		var config: SceneReplicationConfig = node.replication_config.duplicate() if node.replication_config else null
		if not config:
			return
		node.replication_config = config
		if config.has_property(NodePath(step[2])):
			config.remove_property(NodePath(step[2]))
		else:
			config.add_property(NodePath(step[2]), int(step[3]) if step[3] < config.get_properties().size() else -1)
			config.property_set_spawn(NodePath(step[2]), step[4])

func do_no_config(step: Array) -> void:
	var node := find(step)
	if node:
		node.replication_config = null

func do_interval(step: Array) -> void:
	var node := find(step)
	if node:
		node.set(step[2], float(step[3]))

func do_public(step: Array) -> void:
	var node := find(step)
	if node:
		node.public_visibility = step[2]

func do_limit(step: Array) -> void:
	var node := find(step)
	if node:
		node.spawn_limit = int(step[2])

func do_spawn_path(step: Array) -> void:
	var node := find(step)
	if node:
		node.spawn_path = NodePath(step[2])

func do_scene(step: Array) -> void:
	var node := find(step)
	if node and step[2]:
		node.add_spawnable_scene(SCENES % step[2])
	elif node:
		node.clear_spawnable_scenes()

func do_max(step: Array) -> void:
	sides[step[0]].api.set(step[1], int(step[2]))

func do_append(step: Array) -> void:
	var node := find(step)
	if node and typeof(node.get(step[2])) == TYPE_ARRAY:
		node.get(step[2]).append(int(step[3]))

func do_rehost(_step: Array) -> void:
	for side in sides:
		if side != "S" and 1 in Array(sides[side].api.get_peers()):
			sides[side].peer.pending.append(-1)
	sides.S.peer = new_peer("S")
	sides.S.api.multiplayer_peer = sides.S.peer
	poll(sides.keys())
	for side in sides:
		if sides[side].peer.status == 0:
			sides[side].peer = new_peer(side)
			current = side
			sides[side].api.multiplayer_peer = sides[side].peer

func do_rpc(step: Array) -> void:
	var node := find(step)
	if node:
		write({"t": "note", "text": "rpc %d" % node.rpc_id(int(step[2]), "hit", int(step[3]))})

func do_poll(step: Array) -> void:
	poll(step[0].split(""))
