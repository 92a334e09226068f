extends "res://replication/unit.gd"

func _ready() -> void:
	super()
	if is_multiplayer_authority():
		var inner = load("res://replication/plain.tscn").instantiate()
		inner.name = "Inner"
		$Inside.add_child(inner, true)
