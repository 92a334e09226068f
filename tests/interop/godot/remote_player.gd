# One ENetMultiplayerPeer and the commands that drive it. Each command is a method whose name and argument come from
# the control connection; what it announces and receives are its events.
extends RefCounted

var id: int
var events: Array[Dictionary] = []

var _peer := ENetMultiplayerPeer.new()
var _echo := false
var _joining: Dictionary[int, ENetConnection] = {}


func _init(the_id: int) -> void:
	id = the_id
	_peer.peer_connected.connect(_on_peer.bind("connected"))
	_peer.peer_disconnected.connect(_on_peer.bind("disconnected"))


func open(a: Dictionary) -> Dictionary:
	var error := OK
	_peer.set_bind_ip("127.0.0.1")
	match a.role:
		"server":
			error = _peer.create_server(0, int(a.clients))
		"client":
			error = _peer.create_client("127.0.0.1", int(a.port), int(a.channels))
		"mesh":
			error = _peer.create_mesh(int(a.id))
	if a.role != "mesh" and a.compression:
		_peer.host.compress(int(a.compression))
	var port := _peer.host.get_local_port() if a.role == "server" else 0
	return {"host": id, "error": error, "port": port, "id": _peer.get_unique_id()}


# Begin a connection of a mesh; step() adds it when it has come about. Without a port it listens, and returns its own.
func join(a: Dictionary) -> int:
	var connection := ENetConnection.new()
	_joining[int(a.peer)] = connection
	if a.port:
		connection.create_host(1)
		connection.connect_to_host("127.0.0.1", int(a.port))
		return 0
	connection.create_host_bound("127.0.0.1", 0, 1)
	return connection.get_local_port()


func put(a: Dictionary) -> int:
	_peer.set_target_peer(int(a.target))
	_peer.transfer_mode = int(a.mode) as MultiplayerPeer.TransferMode
	_peer.transfer_channel = int(a.channel)
	return _peer.put_packet(Marshalls.base64_to_raw(a.data))


# From now on every packet is taken as a value, which goes back to where it came from.
func echo(_a: Dictionary) -> void:
	_echo = true


func end(a: Dictionary) -> void:
	_peer.disconnect_peer(int(a.peer), a.force)


func shut(_a: Dictionary) -> void:
	_peer.close()


func refuse(a: Dictionary) -> void:
	_peer.refuse_new_connections = a.refuse


func timeout(a: Dictionary) -> void:
	_peer.get_peer(int(a.peer)).set_timeout(int(a.limit), int(a.minimum), int(a.maximum))


func channels(a: Dictionary) -> int:
	return _peer.get_peer(int(a.peer)).get_channels()


func status(_a: Dictionary) -> int:
	return _peer.get_connection_status()


func close(_a: Dictionary) -> void:
	_peer.close()


# What a frame does.
func step() -> void:
	for other: int in _joining.keys():
		if _joining[other].service()[0] == ENetConnection.EVENT_CONNECT:
			_peer.add_mesh_peer(other, _joining[other])
			_joining.erase(other)
	if _peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED:
		return
	_peer.poll()
	while _peer.get_available_packet_count() > 0:
		var row := {
			"host": id,
			"kind": "packet",
			"peer": _peer.get_packet_peer(),
			"channel": _peer.get_packet_channel(),
			"mode": _peer.get_packet_mode(),
		}
		if _echo:
			_peer.set_target_peer(row.peer)
			_peer.put_var(_peer.get_var())
		else:
			row.data = Marshalls.raw_to_base64(_peer.get_packet())
			events.append(row)


func _on_peer(other: int, kind: String) -> void:
	events.append({"host": id, "kind": kind, "peer": other})
