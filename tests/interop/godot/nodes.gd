# Runs programs of tree operations and writes down what happens: names, callbacks and signals in order, Godot's errors.
#     godot --headless --path . --script nodes.gd -- programs.json recorded.jsonl
# tests/unit/compat/scene/tree_programs.py runs the same programs with the package.
extends SceneTree

static var lines := []
static var nodes := {}
var programs: Array
var recorded: FileAccess
var steps := []
var connected := []


# Writes down Godot's errors; of a script's own failure only that there was one.
class Errors extends Logger:
	func _log_error(_function, _file, _line, code, rationale, _notify, type, _backtraces):
		if type != ERROR_TYPE_SCRIPT:
			recorder.lines.append("error: " + (rationale if rationale else code))

	func _log_message(_message, _error):
		pass

	var recorder


# A node that tells of everything that happens to it, and does what the program wants then, once.
class Probe extends Node:
	signal bang
	var key := ""
	var on := {}
	var run: Callable

	func happened(what: String):
		run.call(self, what)

	func _enter_tree(): happened("enter")
	func _ready(): happened("ready")
	func _exit_tree(): happened("exit")
	func _process(_delta): happened("process")
	func heard_bang(): happened("heard bang")


# A probe that also tells of physics frames and notifications, and has something to be called and set.
class Watcher extends Probe:
	const NAMES := {
		1: "PREDELETE", 10: "ENTER_TREE", 11: "EXIT_TREE", 13: "READY", 14: "PAUSED", 15: "UNPAUSED",
		16: "PHYSICS_PROCESS", 17: "PROCESS", 18: "PARENTED", 19: "UNPARENTED", 23: "PATH_RENAMED",
		24: "CHILD_ORDER_CHANGED", 27: "POST_ENTER_TREE", 28: "DISABLED", 29: "ENABLED", 12345: "CUSTOM",
	}
	var mood = "calm"

	func _physics_process(_delta): happened("physics")
	func told(text): happened("told " + str(text))

	func _notification(what):
		if run and NAMES.has(what):
			happened("notified " + NAMES[what])


func _initialize():
	var arguments := OS.get_cmdline_user_args()
	var errors := Errors.new()
	errors.recorder = self
	OS.add_logger(errors)
	programs = JSON.parse_string(FileAccess.get_file_as_string(arguments[0]))
	recorded = FileAccess.open(arguments[1], FileAccess.WRITE)


func _process(_delta) -> bool:
	while true:
		if steps.is_empty():
			if nodes:
				_end()
				return false
			if programs.is_empty():
				return true
			steps = programs.pop_front().duplicate()
			lines = []
			nodes = {"root": root}
		while steps:
			var step: Array = steps.pop_front()
			if step[0] == "frame":
				lines.append("frame")
				return false
			_do(step)
	return true


func _end():
	recorded.store_line(JSON.stringify(lines))
	recorded.flush()
	lines = []
	for node in nodes.values():
		if is_instance_valid(node) and node is Probe:
			node.on.clear()
	for connection in connected:
		if connection[0].is_connected(connection[1], connection[2]):
			connection[0].disconnect(connection[1], connection[2])
	connected = []
	for child in root.get_children():
		root.remove_child(child)
	nodes = {}
	paused = false


func _happened(node: Node, what: String):
	lines.append("%s %s" % [node.key, what])
	var steps_then: Array = node.on.get(what.split(" ")[0], [])
	node.on.erase(what.split(" ")[0])
	for step in steps_then:
		if step[0] == "raise":
			var nothing = null
			nothing.fail()
		_do(step)


func _do(step: Array):
	var it = nodes.get(step[1]) if step.size() > 1 else null
	if step[0] != "new" and not is_instance_valid(it):
		lines.append("%s is gone" % step[1])
		return
	if step[0] in ["move", "sibling", "owner", "compare", "path_to"] and step[2] in nodes and not is_instance_valid(nodes[step[2]]):
		lines.append("%s is gone" % step[2])
		return
	match step[0]:
		"new":
			var node = _make(step[3] if step.size() > 3 else "Probe")
			if node is Timer:
				node.timeout.connect(_signal.bind(step[1], "timeout"))
			if node is Watcher:
				node.child_entered_tree.connect(func(child): lines.append("%s child_entered_tree %s" % [step[1], child.name]))
				node.child_exiting_tree.connect(func(child): lines.append("%s child_exiting_tree %s" % [step[1], child.name]))
				node.child_order_changed.connect(_signal.bind(step[1], "child_order_changed"))
			if node is Probe:
				node.key = step[1]
				node.run = _happened
			for name in ["tree_entered", "ready", "tree_exiting", "tree_exited", "renamed"]:
				node.connect(name, _signal.bind(step[1], name))
			if step[2]:
				node.name = step[2]
			nodes[step[1]] = node
		"on":
			it.on[step[2]] = step[3]
		"add", "reparent", "remove":
			var other = nodes[step[2]]
			if not is_instance_valid(other):
				lines.append("%s is gone" % step[2])
			elif step[0] == "add":
				it.add_child(other, bool(step[3]) if step.size() > 3 else false)
			elif step[0] == "reparent":
				it.reparent(other)
			else:
				it.remove_child(other)
		"rename":
			it.name = step[2]
		"queue_free":
			it.queue_free()
		"free":
			it.free()
		"request_ready":
			it.request_ready()
		"connect":
			if is_instance_valid(nodes[step[2]]):
				it.bang.connect(nodes[step[2]].heard_bang, int(step[3]) if step.size() > 3 else 0)
			else:
				lines.append("%s is gone" % step[2])
		"emit":
			it.bang.emit()
		"connections":
			lines.append("connections %s" % it.bang.get_connections().size())
		"names":
			lines.append(" ".join(["names"] + it.get_children().map(func(child): return str(child.name))))
		"name":
			lines.append("name " + str(it.name))
		"move":
			it.move_child(nodes[step[2]], int(step[3]))
		"sibling":
			it.add_sibling(nodes[step[2]], bool(step[3]))
		"index":
			lines.append("index %d" % it.get_index())
		"child":
			lines.append("child %s" % _name(it.get_child(int(step[2]))))
		"compare":
			lines.append("above %s greater %s" % [it.is_ancestor_of(nodes[step[2]]), it.is_greater_than(nodes[step[2]])])
		"group":
			it.add_to_group(step[2])
		"ungroup":
			it.remove_from_group(step[2])
		"groups":
			lines.append(" ".join(["groups"] + it.get_groups().map(func(name): return str(name))))
		"members":
			var members = get_nodes_in_group(step[2]).map(func(node): return str(node.name))
			var first = _name(get_first_node_in_group(step[2]))
			lines.append(" ".join(["members", has_group(step[2]), get_node_count_in_group(step[2]), first] + members))
		"call_group":
			call_group_flags(int(step[2]), step[3], step[4], step[5])
		"set_group":
			set_group_flags(int(step[2]), step[3], step[4], step[5])
		"notify_group":
			notify_group_flags(int(step[2]), step[3], int(step[4]))
		"notification":
			it.notification(int(step[2]), bool(step[3]))
		"propagate":
			it.propagate_notification(int(step[2]))
		"call_deferred":
			it.call_deferred(step[2], step[3])
		"set_deferred":
			it.set_deferred(step[2], step[3])
		"set":
			it.set(step[2], step[3])
		"get":
			lines.append("%s %s %s" % [step[1], step[2], it.get(step[2])])
		"call":
			lines.append("%s %s %s" % [step[1], step[2], it.callv(step[2], step[3])])
		"owner":
			it.owner = nodes.get(step[2])
		"owner_of":
			lines.append("owner %s unique %s" % [_name(it.owner), it.unique_name_in_owner])
		"find":
			lines.append("found %s" % _name(it.get_node_or_null(NodePath(step[2]))))
		"path_to":
			lines.append("path %s" % it.get_path_to(nodes[step[2]], bool(step[3])))
		"find_child":
			lines.append("found %s" % _name(it.find_child(step[2], bool(step[3]), bool(step[4]))))
		"find_children":
			var found = it.find_children(step[2], step[3], bool(step[4]), bool(step[5]))
			lines.append(" ".join(["found"] + found.map(func(node): return str(node.name))))
		"find_parent":
			lines.append("found %s" % _name(it.find_parent(step[2])))
		"pause":
			paused = bool(step[2])
		"timer":
			var timer := create_timer(step[3], bool(step[4]), bool(step[5]), bool(step[6]))
			var heard := _signal.bind(step[2], "timeout")
			timer.timeout.connect(heard)
			connected.append([timer, "timeout", heard])
		"scene":
			lines.append("scene %s" % _name(current_scene))
		"change_scene":
			lines.append("result %d" % change_scene_to_node(nodes.get(step[2])))
		"set_scene":
			current_scene = nodes.get(step[2])
		"unload_scene":
			unload_current_scene()
		"watch":
			for name in ["node_added", "node_removed", "node_renamed"]:
				_connect(name, func(node): lines.append("tree %s %s" % [name, node.name]))
			for name in ["tree_changed", "scene_changed", "process_frame", "physics_frame"]:
				_connect(name, func(): lines.append("tree %s" % name))
		"state":
			lines.append("%s in %s ready %s parent %s" % [step[1], it.is_inside_tree(), it.is_node_ready(), it.get_parent().name if it.get_parent() else &"none"])


func _signal(key: String, name: String):
	lines.append("%s signal %s" % [key, name])


func _make(kind: String) -> Node:
	match kind:
		"Probe": return Probe.new()
		"Watcher": return Watcher.new()
		"Timer": return Timer.new()
	return Node.new()


func _name(node) -> String:
	return str(node.name) if node else "none"


func _connect(name: String, callable: Callable):
	connect(name, callable)
	connected.append([self, name, callable])
