# One ENetConnection and the commands that drive it. Each command is a method whose name and argument come from
# the control connection; libenet_peer.py answers the same commands with libenet.
extends RefCounted

const Payloads := preload("payloads.gd")
const Traffic := preload("traffic.gd")

const EVENT_NAMES := {
	ENetConnection.EVENT_ERROR: "error",
	ENetConnection.EVENT_CONNECT: "connect",
	ENetConnection.EVENT_DISCONNECT: "disconnect",
	ENetConnection.EVENT_RECEIVE: "receive",
}

var id: int
var events: Array[Dictionary] = []

var _connection := ENetConnection.new()
var _peers: Dictionary[int, ENetPacketPeer] = {}
var _totals: Array[int] = [0, 0, 0, 0]
var _traffic: Traffic = null


func _init(the_id: int) -> void:
	id = the_id


func open(a: Dictionary) -> Dictionary:
	var limits: Array[int] = [int(a.peers), int(a.channels), int(a.incoming), int(a.outgoing)]
	var error: Error
	if a.bind:
		error = _connection.create_host_bound(a.bind, 0, limits[0], limits[1], limits[2], limits[3])
	else:
		error = _connection.create_host(limits[0], limits[1], limits[2], limits[3])
	return {"host": id, "error": error, "port": _connection.get_local_port()}


func connect_to(a: Dictionary) -> int:
	var peer := _connection.connect_to_host("127.0.0.1", int(a.port), int(a.channels), int(a.data))
	return -1 if peer == null else _key(peer)


func send(a: Dictionary) -> int:
	for index in int(a.count):
		var data := Payloads.make(int(a.seed) + index, int(a.size), a.kind)
		var error := _peer(a).send(int(a.channel), data, int(a.flags))
		if error != OK:
			return error
	return OK


func broadcast(a: Dictionary) -> void:
	_connection.broadcast(int(a.channel), Payloads.make(int(a.seed), int(a.size), a.kind), int(a.flags))


func end(a: Dictionary) -> void:
	match a.mode:
		"disconnect":
			_peer(a).peer_disconnect(int(a.data))
		"later":
			_peer(a).peer_disconnect_later(int(a.data))
		"now":
			_peer(a).peer_disconnect_now(int(a.data))
		"reset":
			_peer(a).reset()


func ping(a: Dictionary) -> void:
	_peer(a).ping()


func ping_interval(a: Dictionary) -> void:
	_peer(a).ping_interval(int(a.milliseconds))


func timeout(a: Dictionary) -> void:
	_peer(a).set_timeout(int(a.limit), int(a.minimum), int(a.maximum))


func throttle(a: Dictionary) -> void:
	_peer(a).throttle_configure(int(a.interval), int(a.acceleration), int(a.deceleration))


func bandwidth(a: Dictionary) -> void:
	_connection.bandwidth_limit(int(a.incoming), int(a.outgoing))


func compress(a: Dictionary) -> void:
	_connection.compress(int(a.mode))


func statistic(a: Dictionary) -> int:
	return int(_peer(a).get_statistic(int(a.which)))


func info(a: Dictionary) -> Dictionary:
	var peer := _peer(a)
	return {
		"state": peer.get_state(),
		"active": peer.is_active(),
		"channels": peer.get_channels(),
		"address": peer.get_remote_address() if peer.is_active() else "",
		"port": peer.get_remote_port() if peer.is_active() else 0,
		"local_port": _connection.get_local_port(),
	}


func totals(_a: Dictionary) -> Array[int]:
	for which in _totals.size():
		_totals[which] += int(_connection.pop_statistic(which))
	return _totals


func traffic(a: Dictionary) -> void:
	_traffic = Traffic.new(_peer(a), a.streams, int(a.period))


func traffic_run(a: Dictionary) -> void:
	_traffic.running = a.running


func traffic_report(_a: Dictionary) -> Dictionary:
	return _traffic.report()


func close(_a: Dictionary) -> void:
	_connection.destroy()


# What a frame does: take every event there is, and send what the traffic has due.
func step() -> void:
	var event: Array = _connection.service()
	while event[0] != ENetConnection.EVENT_NONE:
		_record(event[0], event[1], event[2], event[3])
		if event[0] == ENetConnection.EVENT_ERROR:
			break
		event = _connection.service()
	if _traffic != null:
		_traffic.send_due()


func _record(type: int, peer: ENetPacketPeer, data: int, channel: int) -> void:
	var row := {"host": id, "kind": EVENT_NAMES[type], "peer": -1, "data": data, "channel": channel}
	if peer != null:
		row.peer = _key(peer)
	if type == ENetConnection.EVENT_RECEIVE:
		row.flags = peer.get_packet_flags()
		var packet := peer.get_packet()
		if _traffic != null:
			_traffic.take(channel, row.flags, packet)
			return
		row.size = packet.size()
		row.digest = Payloads.digest(packet)
	events.append(row)


func _peer(a: Dictionary) -> ENetPacketPeer:
	return _peers[int(a.peer)]


func _key(peer: ENetPacketPeer) -> int:
	var known: Variant = _peers.find_key(peer)
	if known != null:
		return known
	_peers[_peers.size()] = peer
	return _peers.size() - 1
