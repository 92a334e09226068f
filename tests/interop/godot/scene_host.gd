# One end of the high-level multiplayer, in a part of the tree of its own, and the commands that drive it.
extends RefCounted

const Main := preload("scene_main.gd")
const Other := preload("scene_other.gd")

const SIGNALS: Array[String] = [
	"peer_connected", "peer_disconnected", "connected_to_server", "connection_failed", "server_disconnected",
	"peer_authenticating", "peer_authentication_failed",
]

var id: int
var events: Array[Dictionary] = []

var _tree: SceneTree = Engine.get_main_loop()
var _api := SceneMultiplayer.new()
var _transport := ENetMultiplayerPeer.new()
var _root := Node.new()
var _main := Main.new()
var _other := Other.new()
var _secret := ""


func _init(the_id: int) -> void:
	id = the_id
	_root.name = "End%d" % id
	_main.name = "Main"
	_other.name = "Other"
	_root.add_child(_main)
	_root.add_child(_other)
	_main.rpc_config("configured", {"rpc_mode": MultiplayerAPI.RPC_MODE_ANY_PEER, "channel": 2})
	for node: Node in [_main, _other]:
		node.called.connect(_on_called)
	for each in SIGNALS:
		_api.connect(each, _on_signal.bind(each) if _takes_nothing(each) else _on_peer_signal.bind(each))
	_api.peer_packet.connect(func(peer: int, data: PackedByteArray) -> void: _note("peer_packet", [peer, data], peer))
	# So that a late answer on a busy machine drops no unreliable packet.
	_transport.peer_connected.connect(
		func(peer: int) -> void: _transport.get_peer(peer).throttle_configure(5000, 2, 0)
	)
	_tree.root.add_child(_root)
	_tree.set_multiplayer(_api, _root.get_path())


func open(a: Dictionary) -> Dictionary:
	if a.secret:
		_secret = a.secret
		_api.auth_callback = _on_auth
		_api.auth_timeout = a.auth_timeout
	_api.server_relay = a.relay
	var error: Error
	if a.port == 0:
		_transport.set_bind_ip("127.0.0.1")
		error = _transport.create_server(0)
	else:
		error = _transport.create_client("127.0.0.1", int(a.port))
	if error == OK:
		_api.multiplayer_peer = _transport
	var port := _transport.host.get_local_port() if error == OK and a.port == 0 else 0
	return {"host": id, "error": error, "port": port, "id": _api.get_unique_id()}


func rpc_to(a: Dictionary) -> int:
	var arguments: Array = bytes_to_var((a.arguments as String).hex_decode())
	return (_main if a.node == "Main" else _other).callv("rpc_id", [int(a.peer), StringName(a.method)] + arguments)


func send(a: Dictionary) -> int:
	return _api.send_bytes((a.data as String).hex_decode(), int(a.peer), int(a.mode), int(a.channel))


func peers(_a: Dictionary) -> PackedInt32Array:
	return _api.get_peers()


func rename(a: Dictionary) -> void:
	_main.name = a.name


func authority(a: Dictionary) -> void:
	_main.set_multiplayer_authority(int(a.peer))


func disconnect_peer(a: Dictionary) -> void:
	_api.disconnect_peer(int(a.peer))


func close(_a: Dictionary) -> void:
	_transport.close()
	_api.poll()
	_tree.set_multiplayer(null, _root.get_path())
	_root.queue_free()


func step() -> void:
	pass  # the tree polls


func _takes_nothing(name: String) -> bool:
	return name in ["connected_to_server", "connection_failed", "server_disconnected"]


func _on_signal(name: String) -> void:
	_note(name, [], 0)


func _on_peer_signal(peer: int, name: String) -> void:
	_note(name, [peer], peer)
	if name == "peer_authenticating":
		_api.send_auth(peer, _secret.to_utf8_buffer())


func _on_auth(peer: int, data: PackedByteArray) -> void:
	_note("auth", [data], peer)
	if data.get_string_from_utf8() == _secret:
		_api.complete_auth(peer)


func _on_called(method: String, arguments: Array) -> void:
	_note("call " + method, arguments, _api.get_remote_sender_id())


func _note(kind: String, arguments: Array, peer: int) -> void:
	events.append({"host": id, "kind": kind, "arguments": var_to_bytes(arguments).hex_encode(), "peer": peer})
