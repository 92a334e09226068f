extends Node2D
## A paddle. Its player has multiplayer authority over it.

const FIELD := Vector2(640, 400)
const REACH := 36.0  # half of its length
const SPEED := 260.0  # pixels a second

@export var color := Color.WHITE

var direction := 0.0  # chosen by its player: -1 is up, 1 is down


func move(delta: float) -> void:
	if is_multiplayer_authority():
		place(position.y + direction * SPEED * delta)
		place.rpc(position.y)


# Unreliable: if one is lost, the next frame's is better anyway. Ordered: an older one must not replace a newer one.
@rpc("authority", "call_remote", "unreliable_ordered")
func place(y: float) -> void:
	position.y = clampf(y, REACH, FIELD.y - REACH)


func _draw() -> void:
	draw_rect(Rect2(0.0 if position.x > FIELD.x / 2 else -8.0, -REACH, 8.0, 2 * REACH), color)
