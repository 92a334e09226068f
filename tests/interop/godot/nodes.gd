# Runs programs of tree operations and writes down what happens: names, callbacks and signals in order, Godot's errors.
#     godot --headless --path . --script nodes.gd -- programs.json recorded.jsonl
# tests/unit/compat/scene/tree_programs.py runs the same programs with the package.
extends SceneTree

static var lines := []
static var nodes := {}
var programs: Array
var recorded: FileAccess
var steps := []


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
	for child in root.get_children():
		root.remove_child(child)
	nodes = {}


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
	match step[0]:
		"new":
			var node = Probe.new() if step.size() < 4 else Node.new()
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
		"state":
			lines.append("%s in %s ready %s parent %s" % [step[1], it.is_inside_tree(), it.is_node_ready(), it.get_parent().name if it.get_parent() else &"none"])


func _signal(key: String, name: String):
	lines.append("%s signal %s" % [key, name])
