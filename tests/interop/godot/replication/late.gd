extends "res://replication/unit.gd"

func _ready() -> void:
	super()
	$Sync.set_multiplayer_authority(int(str(name)))
