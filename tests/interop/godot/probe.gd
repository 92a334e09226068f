# An autoload that lets a test look into a running game, and change it: JSON commands come over TCP, one a line, as in
# peer.gd. The port is the last argument. The game ends when the control connection closes.
extends Node

var _control := StreamPeerTCP.new()
var _line := ""


func _ready() -> void:
	process_mode = PROCESS_MODE_ALWAYS
	_control.connect_to_host("127.0.0.1", int(OS.get_cmdline_user_args()[-1]))


func _process(_delta: float) -> void:
	_control.poll()
	match _control.get_status():
		StreamPeerTCP.STATUS_CONNECTED:
			_control.set_no_delay(true)
			_read()
		StreamPeerTCP.STATUS_NONE, StreamPeerTCP.STATUS_ERROR:
			get_tree().quit()


func _read() -> void:
	var available := _control.get_available_bytes()
	if available > 0:
		_line += _control.get_utf8_string(available)
	if not _line.ends_with("\n"):
		return
	var command: Dictionary = JSON.parse_string(_line)
	_line = ""
	var reply := {"result": call(command.do, command), "events": []}
	_control.put_data((JSON.stringify(reply) + "\n").to_utf8_buffer())


func id(_command: Dictionary) -> int:
	return multiplayer.get_unique_id()


func pause(_command: Dictionary) -> void:
	get_tree().paused = true


func press(command: Dictionary) -> void:
	if command.down:
		Input.action_press(command.action)
	else:
		Input.action_release(command.action)


func change(command: Dictionary) -> void:
	var value: Variant = command.value
	get_node(command.path).set(command.property, Vector2(value[0], value[1]) if value is Array else value)


# Each synchronizer, by its path, with its authority and the properties that it replicates.
func describe(_command: Dictionary) -> Dictionary:
	var found := {}
	for node in get_tree().root.find_children("*", "MultiplayerSynchronizer", true, false):
		var values := []
		for path: NodePath in node.replication_config.get_properties():
			var value: Variant = node.get_node(node.root_path).get_indexed(NodePath(path.get_concatenated_subnames()))
			values.append([value.x, value.y] if value is Vector2 else value)
		found[str(node.get_path())] = [node.get_multiplayer_authority(), values]
	return found
