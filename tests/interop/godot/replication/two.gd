extends "res://replication/unit.gd"

func _enter_tree() -> void:
	super()
	$Input.set_multiplayer_authority(int(str(name)) if str(name).is_valid_int() else 1)
