class_name MemoryPeer extends MultiplayerPeerExtension
# Hands packets to the others of its network, by chosen ids.
var network: Object
var number := 0
var target := 0
var channel := 0
var mode := 2
var status := 2
var inbox := []
var pending := []  # who has come, or negative, who has gone

func _get_unique_id() -> int: return number
func _is_server() -> bool: return number == 1
func _is_server_relay_supported() -> bool: return true
func _get_connection_status() -> MultiplayerPeer.ConnectionStatus: return status as MultiplayerPeer.ConnectionStatus
func _get_max_packet_size() -> int: return 1 << 24
func _set_transfer_channel(value) -> void: channel = value
func _get_transfer_channel() -> int: return channel
func _set_transfer_mode(value) -> void: mode = value
func _get_transfer_mode() -> MultiplayerPeer.TransferMode: return mode as MultiplayerPeer.TransferMode
func _set_target_peer(value) -> void: target = value
func _set_refuse_new_connections(_enable) -> void: pass
func _is_refusing_new_connections() -> bool: return false
func _close() -> void: status = 0
func _disconnect_peer(_peer, _force) -> void: pass
func _get_available_packet_count() -> int: return inbox.size()
func _get_packet_peer() -> int: return inbox[0][0]
func _get_packet_channel() -> int: return inbox[0][1]
func _get_packet_mode() -> MultiplayerPeer.TransferMode: return inbox[0][2] as MultiplayerPeer.TransferMode
func _get_packet_script() -> PackedByteArray: return inbox.pop_front()[3]

func _poll() -> void:
	var todo := pending
	pending = []
	for peer in todo:
		if peer > 0:
			peer_connected.emit(peer)
		else:
			if number != 1 and peer == -1:
				status = 0
			peer_disconnected.emit(-peer)

func _put_packet_script(packet: PackedByteArray) -> Error:
	network.carry(number, target, channel, mode, packet)
	return OK
