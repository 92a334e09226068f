# The node whose methods both ends call; scene_programs.py has the same in Python.
extends Node

signal called(method: String, arguments: Array)


@rpc("any_peer")
func plain(x: Variant) -> void:
	called.emit("plain", [x])


@rpc("any_peer", "call_remote", "unreliable")
func loose(x: Variant) -> void:
	called.emit("loose", [x])


@rpc("any_peer", "unreliable_ordered")
func ordered(x: Variant) -> void:
	called.emit("ordered", [x])


@rpc("any_peer", "call_remote", "reliable", 3)
func channel_three(x: Variant) -> void:
	called.emit("channel_three", [x])


@rpc("any_peer", "call_remote", "unreliable", 4)
func loose_four(x: Variant) -> void:
	called.emit("loose_four", [x])


@rpc("any_peer", "call_local")
func here_too(x: Variant) -> void:
	called.emit("here_too", [x])


@rpc
func by_authority(x: Variant) -> void:
	called.emit("by_authority", [x])


@rpc("any_peer")
func nothing() -> void:
	called.emit("nothing", [])


@rpc("any_peer")
func two(a: int, b: String = "default") -> void:
	called.emit("two", [a, b])


@rpc("any_peer")
func back(x: Variant) -> void:
	called.emit("back", [x])
	plain.rpc_id(multiplayer.get_remote_sender_id(), x)


func configured(x: Variant) -> void:
	called.emit("configured", [x])
