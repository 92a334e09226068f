extends Node2D
## A sheep. The server has authority over its place, or the peer whose player carries it.

enum { LOOSE, SAVED, EATEN }

const Player := preload("player.gd")
const REACH := 20.0  # pixels within which a player picks it up
const PACE := 8.0  # pixels a second, while it is loose
const ON_HEAD := Vector2(0, -14)

## The peer whose player carries it; 0 is nobody. Replicated, so that those who join later know it, too. `State` comes
## before `Place` in the scene: so does this value, and `Place` enters their trees with the right authority.
var carrier := 0:
	set(peer):
		carrier = peer
		$Place.set_multiplayer_authority(maxi(1, peer))

var home := LOOSE
var heading := randf_range(-PI, PI)

@onready var flock: Node2D = $"../.."


func _process(delta: float) -> void:
	if carrier == multiplayer.get_unique_id():
		_be_carried(flock.player(carrier))
	elif multiplayer.is_server() and carrier == 0 and home == LOOSE:
		heading += randf_range(-2.0, 2.0) * delta
		var edge := Vector2(20, 20)
		position = (position + Vector2.from_angle(heading) * PACE * delta).clamp(edge, Player.FIELD - edge)
		_look_for_carrier()
	queue_redraw()


func _look_for_carrier() -> void:
	for player: Player in flock.players():
		if position.distance_to(player.position) < REACH and not player.is_scared() and not flock.load_of(player):
			carrier = player.name.to_int()
			return


func _be_carried(player: Player) -> void:
	if player == null:
		return
	position = player.position + ON_HEAD
	if player.is_scared() or flock.home_at(position) == (EATEN if player.is_wolf else SAVED):
		give_back.rpc_id(1, position)
		carrier = 0  # the last place it sent may still arrive after this: then Godot logs that it ignores it


# Called by the carrier, as nobody else knows when its last place was sent.
@rpc("any_peer", "call_local", "reliable")
func give_back(at: Vector2) -> void:
	if multiplayer.is_server() and multiplayer.get_remote_sender_id() == carrier and at.is_finite():
		carrier = 0
		position = at.clamp(Vector2.ZERO, Player.FIELD)
		home = flock.home_at(at)
		if home != LOOSE:
			position = flock.stall(home)


func _draw() -> void:
	for at: Vector2 in [Vector2(-5, 0), Vector2(0, -3), Vector2(4, 1), Vector2(-1, 3)]:
		draw_circle(at, 5.0, [Color("d5dbe6"), Color("7bd88f"), Color("8a4a4a")][home])
	draw_circle(Vector2(8, -2), 3.5, Color("8793a6"))
