# Receives RPC packets on command and tells what the method was called with; the commands come as in peer.gd.
extends "variant.gd"


# A connection that delivers what it is told to.
class Inbox:
	extends MultiplayerPeerExtension

	var packets: Array[PackedByteArray] = []

	func _get_available_packet_count() -> int:
		return packets.size()

	func _get_packet_script() -> PackedByteArray:
		return packets.pop_front()

	func _put_packet_script(_data: PackedByteArray) -> Error:
		return OK

	func _get_packet_peer() -> int:
		return 2

	func _get_packet_channel() -> int:
		return 0

	func _get_packet_mode() -> MultiplayerPeer.TransferMode:
		return TRANSFER_MODE_RELIABLE

	func _get_max_packet_size() -> int:
		return 1 << 24

	func _get_unique_id() -> int:
		return 1

	func _is_server() -> bool:
		return true

	func _poll() -> void:
		pass

	func _get_connection_status() -> MultiplayerPeer.ConnectionStatus:
		return CONNECTION_CONNECTED


# What the engine says went wrong.
class Errors:
	extends Logger

	var texts: PackedStringArray = []

	func _log_error(
		_function: String, _file: String, _line: int, code: String, rationale: String, _editor: bool, _type: int,
		_backtraces: Array[ScriptBacktrace]
	) -> void:
		texts.append(rationale if rationale else code)


var _inbox := Inbox.new()
var _errors := Errors.new()
var _nodes: Dictionary[String, Node] = {}


func _initialize() -> void:
	super()
	OS.add_logger(_errors)
	get_multiplayer().multiplayer_peer = _inbox
	_inbox.peer_connected.emit(2)


func _execute(command: Dictionary) -> Variant:
	if command.do == "receive_calls":
		return command.calls.map(_receive_call)
	if command.do == "channels":
		return command.scripts.map(_channel)
	return super(command)


# The channel of `f` in a script; null if it does not compile.
func _channel(source: String) -> Variant:
	var script := GDScript.new()
	script.source_code = source
	return script.get_rpc_config()[&"f"].channel if script.reload() == OK else null


# A call of `take(...)` with the parameters as given: what came, encoded, or null; and the errors.
func _receive_call(call: Dictionary) -> Array:
	var node := _node_with(call.parameters)
	if node == null:
		return [null, ["does not compile"]]
	node.name = "Main"
	_errors.texts.clear()
	node.came = null
	_inbox.packets.append((call.packet as String).hex_decode())
	get_multiplayer().poll()
	node.name = "Idle"
	return [var_to_bytes(node.came).hex_encode() if node.came != null else null, _errors.texts.duplicate()]


func _node_with(parameters: Array) -> Node:
	var declared := ", ".join(parameters)
	if declared not in _nodes:
		var names := parameters.map(func(each: String) -> String: return each.get_slice(":", 0))
		var script := GDScript.new()
		script.source_code = "\n".join([
			"extends Node", "enum Kind { A, B = 5 }", "var came: Variant", '@rpc("any_peer")',
			"func take(%s):" % declared, "\tcame = [%s]" % ", ".join(names),
		])
		_nodes[declared] = Node.new() if script.reload() == OK else null
		if _nodes[declared] != null:
			_nodes[declared].set_script(script)
			root.add_child(_nodes[declared])
	return _nodes[declared]
