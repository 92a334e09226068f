# A remote-controlled Godot: JSON commands come over TCP, one a line; each is answered by one line that also carries
# the events since the last answer. Ends when the control connection closes.
extends SceneTree

# What can be created here, by the command that does it. Each has an id, events, open() and step().
const KINDS := {
	"open": preload("remote_host.gd"),
	"open_player": preload("remote_player.gd"),
	"open_scene": preload("scene_host.gd"),
}

var _control := StreamPeerTCP.new()
var _line := ""
var _hosts: Dictionary[int, RefCounted] = {}
var _created := 0


func _initialize() -> void:
	pace(1000)
	var error := _control.connect_to_host("127.0.0.1", int(OS.get_cmdline_user_args()[0]))
	if error != OK:
		printerr("no control connection: ", error_string(error))
		quit(1)


func _process(_delta: float) -> bool:
	_control.poll()
	match _control.get_status():
		StreamPeerTCP.STATUS_CONNECTED:
			_control.set_no_delay(true)
			_read()
		StreamPeerTCP.STATUS_NONE, StreamPeerTCP.STATUS_ERROR:
			return true
	for host in _hosts.values():
		host.step()
	return false


# Without a window the engine sleeps this long between frames.
func pace(microseconds: int) -> void:
	OS.low_processor_usage_mode = true
	OS.low_processor_usage_mode_sleep_usec = microseconds


func _read() -> void:
	var available := _control.get_available_bytes()
	if available > 0:
		_line += _control.get_utf8_string(available)
	if not _line.ends_with("\n"):
		return
	var command: Dictionary = JSON.parse_string(_line)
	_line = ""
	var reply := {"result": _execute(command), "events": []}
	for host in _hosts.values():
		reply.events.append_array(host.events)
		host.events.clear()
	if command.do == "close":
		_hosts.erase(int(command.host))
	_control.put_data((JSON.stringify(reply) + "\n").to_utf8_buffer())


func _execute(command: Dictionary) -> Variant:
	match command.do:
		"poll":
			return null
		"pace":
			pace(int(command.microseconds))
			return null
		"batch":
			return command.commands.map(_execute)
		"open", "open_player", "open_scene":
			_created += 1
			_hosts[_created] = KINDS[command.do].new(_created)
			return _hosts[_created].open(command)
	return _hosts[int(command.host)].call(command.do, command)
