# A node whose methods differ from those that the Python end has.
extends Node

signal called(method: String, arguments: Array)


@rpc("any_peer")
func known(x: Variant) -> void:
	called.emit("known", [x])


@rpc("any_peer")
func a_new_one(x: Variant) -> void:
	called.emit("a_new_one", [x])
