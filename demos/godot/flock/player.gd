extends Node2D
## A shepherd or a wolf, named by the peer that plays it. The server moves it; the peer says in which direction.

const FIELD := Vector2(640, 400)
const SPEED := 130.0  # pixels a second
const SCARE := 70.0  # at this distance from a shepherd, a wolf lets go of its sheep

var is_wolf := false
var direction := Vector2.ZERO  # what its player wants; `Input` replicates it to the server
var flock: Node2D


# The authority must be known before the synchronizers enter the tree: in `_ready` it is too late.
func _enter_tree() -> void:
	flock = get_node("../..")
	$Input.set_multiplayer_authority(name.to_int())
	$Input.set_visibility_for(1, true)  # nobody else needs it
	if is_wolf:
		$State.add_visibility_filter(func(peer: int) -> bool: return flock.sees(peer, self))


func _process(delta: float) -> void:
	if multiplayer.is_server() and direction.is_finite():
		position = (position + direction.limit_length() * SPEED * delta).clamp(Vector2.ZERO, FIELD)
	visible = not is_wolf or flock.sees(multiplayer.get_unique_id(), self)
	queue_redraw()


func is_scared() -> bool:
	return is_wolf and flock.get_node("Shepherds").get_children().any(
			func(shepherd: Node2D) -> bool: return shepherd.position.distance_to(position) < SCARE)


# A wolf has ears, and a shepherd a hat.
func _draw() -> void:
	draw_circle(Vector2.ZERO, 11.0, Color("ff5d5d") if is_wolf else Color("5ec8ff"))
	if is_wolf:
		for side: int in [-1, 1]:
			var ear := [Vector2(side * 3, -9), Vector2(side * 13, -15), Vector2(side * 11, 0)]
			draw_colored_polygon(PackedVector2Array(ear), Color("ff5d5d"))
	else:
		draw_circle(Vector2.ZERO, 6.0, Color("3a4556"))
		draw_circle(Vector2(0, -2), 4.0, Color("8793a6"))
	if name == str(multiplayer.get_unique_id()):
		draw_arc(Vector2.ZERO, 17.0, 0.0, TAU, 32, Color("d5dbe6"))
