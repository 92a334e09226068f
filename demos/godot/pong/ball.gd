extends Node2D
## The ball. It moves in the same way on both ends; only its authority decides about hits and goals.

const Paddle := preload("paddle.gd")
const FIELD := Paddle.FIELD
const RADIUS := 7.0
const FASTER := 1.08  # factor of its speed after a hit
const STEEPEST := deg_to_rad(50)
const PAUSE := 0.8  # seconds before a serve

var velocity := Vector2.ZERO
var pause := 0.0

@onready var pong := get_parent()


func move(delta: float) -> void:
	if pause > 0.0:
		pause -= delta
		return
	var before := position
	position += velocity * delta
	if position.y < RADIUS or position.y > FIELD.y - RADIUS:
		velocity.y = absf(velocity.y) * (1.0 if position.y < FIELD.y / 2 else -1.0)
		position.y = clampf(position.y, RADIUS, FIELD.y - RADIUS)
	if is_multiplayer_authority():
		_decide(before)
	position.x = clampf(position.x, -RADIUS, FIELD.x + RADIUS)


func _decide(before: Vector2) -> void:
	var paddle: Paddle = pong.receiver()
	var side := signf(velocity.x)
	var front := paddle.position.x - side * RADIUS
	var off := (position.y - paddle.position.y) / Paddle.REACH
	var arrives := (before.x - front) * side < 0.0 and (position.x - front) * side >= 0.0
	if arrives and absf(off) <= 1.0 + RADIUS / Paddle.REACH:
		var flight := Vector2(-side * velocity.length() * FASTER, 0.0)
		bounce.rpc(Vector2(front, position.y), flight.rotated(-side * off * STEEPEST))
	elif position.x <= -RADIUS or position.x >= FIELD.x + RADIUS:
		goal.rpc(Vector2(side * pong.speed, 0.0).rotated(randf_range(-0.4, 0.4)))


# Reliable, or the two ends would play different matches. Only the authority may call these. Each sends the ball
# towards a player, who becomes the authority. So both ends see the same order.
@rpc("authority", "call_local", "reliable")
func bounce(from: Vector2, flight: Vector2) -> void:
	if not (from.is_finite() and flight.is_finite()):
		return  # never trust received data
	position = from
	velocity = flight
	set_multiplayer_authority(pong.receiver().get_multiplayer_authority())


@rpc("authority", "call_local", "reliable")
func goal(serve: Vector2) -> void:
	pong.count_goal(1 if velocity.x > 0.0 else 0)
	pause = PAUSE
	bounce(FIELD / 2, serve)


func _draw() -> void:
	draw_circle(Vector2.ZERO, RADIUS, Color("d5dbe6"))
