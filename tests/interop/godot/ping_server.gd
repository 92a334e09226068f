# Servers for `ping` to find, each an ENetMultiplayerPeer of its own: one for each compression mode, and one that
# refuses everybody. Prints their ports, and ends with its standard input's writer.
extends SceneTree

const MODES := ["none", "range_coder", "fastlz", "zlib", "zstd"]

var _servers: Array[ENetMultiplayerPeer] = []
var _ports := {}


func _initialize() -> void:
	OS.low_processor_usage_mode = true
	OS.low_processor_usage_mode_sleep_usec = 1000
	for mode in MODES.size():
		_serve(MODES[mode]).host.compress(mode)
	_serve("refusing").refuse_new_connections = true
	print("ports ", JSON.stringify(_ports))


func _serve(name: String) -> ENetMultiplayerPeer:
	var server := ENetMultiplayerPeer.new()
	server.set_bind_ip("127.0.0.1")
	assert(server.create_server(0) == OK)
	_servers.append(server)
	_ports[name] = server.host.get_local_port()
	return server


func _process(_delta: float) -> bool:
	for server in _servers:
		server.poll()
		while server.get_available_packet_count() > 0:
			server.get_packet()
	return false
