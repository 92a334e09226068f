# Mixed traffic on one connection, sent at a steady rate and checked on arrival. The same as Traffic in traffic.py.
extends RefCounted

const Payloads := preload("payloads.gd")

const CHANNEL := 0
const FLAGS := 1
const ARRIVES_AS := 2
const SMALLEST := 3
const LARGEST := 4
const EVERY := 5
const BURST := 6

const MAXIMUM_FAULTS := 20

var peer: ENetPacketPeer
var streams: Array
var period: int
var running := false
var sent: Array[int] = []
var received: Array[int] = []
var faults: Array[String] = []

var _step := 0
var _next: int
var _last: Array[int] = []
var _met: Array[Dictionary] = []


func _init(the_peer: ENetPacketPeer, the_streams: Array, the_period: int) -> void:
	peer = the_peer
	period = the_period
	for row: Array in the_streams:
		streams.append(row.map(func(value: Variant) -> int: return int(value)))
		sent.append(0)
		received.append(0)
		_last.append(-1)
		_met.append({})
	_next = Time.get_ticks_msec()


func send_due() -> void:
	if not running or Time.get_ticks_msec() < _next:
		return
	_next = Time.get_ticks_msec() + period
	for index in streams.size():
		var stream: Array = streams[index]
		if _step % stream[EVERY] == 0:
			for unused in stream[BURST]:
				var error := peer.send(stream[CHANNEL], message(index, sent[index]), stream[FLAGS])
				if error != OK:
					_fault("stream %d: send returned %d" % [index, error])
				sent[index] += 1
	_step += 1


func message(index: int, number: int) -> PackedByteArray:
	var stream: Array = streams[index]
	var head := PackedByteArray()
	head.resize(8)
	head.encode_u32(0, index)
	head.encode_u32(4, number)
	var size: int = stream[SMALLEST] + number * 7919 % (stream[LARGEST] - stream[SMALLEST] + 1)
	return head + Payloads.make(index * 1000003 + number, size - 8)


func take(channel: int, flags: int, data: PackedByteArray) -> void:
	if data.size() < 8 or data.decode_u32(0) >= streams.size():
		_fault("a packet of %d bytes on channel %d that nobody sent" % [data.size(), channel])
		return
	var index := data.decode_u32(0)
	var number := data.decode_u32(4)
	var stream: Array = streams[index]
	if channel != stream[CHANNEL] or flags != stream[ARRIVES_AS]:
		_fault("stream %d, message %d: channel %d, flags %d" % [index, number, channel, flags])
	if data != message(index, number):
		_fault("stream %d, message %d: content differs" % [index, number])
	if stream[ARRIVES_AS] == ENetPacketPeer.FLAG_RELIABLE and number != _last[index] + 1:
		_fault("stream %d: message %d came after %d" % [index, number, _last[index]])
	elif stream[ARRIVES_AS] == ENetPacketPeer.FLAG_UNSEQUENCED and _met[index].has(number):
		_fault("stream %d: message %d came twice" % [index, number])
	elif stream[ARRIVES_AS] != ENetPacketPeer.FLAG_UNSEQUENCED and number <= _last[index]:
		_fault("stream %d: message %d came after %d" % [index, number, _last[index]])
	_last[index] = number
	_met[index][number] = true
	received[index] += 1


func report() -> Dictionary:
	return {"sent": sent, "received": received, "faults": faults}


func _fault(text: String) -> void:
	if faults.size() < MAXIMUM_FAULTS:
		faults.append(text)
