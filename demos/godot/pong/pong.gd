extends Node2D
## The match and its two players: the server has the left paddle, the client the right one.
##
## godot --path demos/godot/pong                            a menu: host a match, or join one
## godot --path demos/godot/pong -- --server                host
## godot --path demos/godot/pong -- --host 127.0.0.1        join
## Options: --port 8910, --points 5, --speed 280, and --auto, which plays by itself until the match is over.

const Paddle := preload("paddle.gd")
const Ball := preload("ball.gd")
const FIELD := Paddle.FIELD
const SILENCE := [32, 1500, 3000]  # timeout of about 3 s instead of ENet's 5 to 30
const LINGER := 1.0  # seconds after the match for the last message to arrive

var port := 8910
var points := 5
var speed := 280.0  # of the ball, pixels a second, at a serve
var autoplays := false
var from_menu := true
var score := [0, 0]
var playing := false
var over := false
var mine: Paddle = null

@onready var paddles: Array[Paddle] = [$Left, $Right]
@onready var ball: Ball = $Ball


func _ready() -> void:
	multiplayer.peer_connected.connect(_on_peer_connected)
	multiplayer.peer_disconnected.connect(func(_peer: int) -> void: _stop("The other player left."))
	multiplayer.connection_failed.connect(func() -> void: leave("No server answered."))
	multiplayer.server_disconnected.connect(func() -> void: leave("The server closed the connection."))
	$Menu/Host.pressed.connect(host)
	$Menu/Join.pressed.connect(func() -> void: join($Menu/Address.text))
	_read_arguments()


func host() -> void:
	var peer := ENetMultiplayerPeer.new()
	if peer.create_server(port, 1) != OK:
		return say("Cannot listen on port %d: is another program using it?" % port)
	_start(peer, paddles[0], "Waiting for a player on port %d ..." % port)


func join(address: String) -> void:
	var peer := ENetMultiplayerPeer.new()
	if peer.create_client(address, port) != OK:
		return say("Cannot connect to %s:%d." % [address, port])
	_start(peer, paddles[1], "Connecting to %s:%d ..." % [address, port])
	_be_quick(1)


func _start(peer: ENetMultiplayerPeer, paddle: Paddle, status: String) -> void:
	peer.host.compress(ENetConnection.COMPRESS_RANGE_CODER)  # both ends must use the same mode
	multiplayer.multiplayer_peer = peer
	mine = paddle
	$Menu.hide()
	say(status)


func _on_peer_connected(peer: int) -> void:
	_be_quick(peer)
	paddles[1].set_multiplayer_authority(peer if multiplayer.is_server() else multiplayer.get_unique_id())
	if multiplayer.is_server():
		begin.rpc(points, Vector2(speed, 0.0).rotated(randf_range(-0.4, 0.4)))


func _be_quick(peer: int) -> void:
	multiplayer.multiplayer_peer.get_peer(peer).set_timeout(SILENCE[0], SILENCE[1], SILENCE[2])


@rpc("authority", "call_local", "reliable")
func begin(to: int, serve: Vector2) -> void:
	points = to
	speed = serve.length()
	score = [0, 0]
	playing = true
	over = false
	say("First to %d wins." % points)
	ball.pause = Ball.PAUSE
	ball.bounce(FIELD / 2, serve)


func receiver() -> Paddle:
	return paddles[1 if ball.velocity.x > 0.0 else 0]


func count_goal(loser: int) -> void:
	score[1 - loser] += 1
	if score.max() >= points:
		playing = false
		over = true
		say("%s wins, %d : %d." % ["Right" if loser == 0 else "Left", score[0], score[1]])
		if autoplays:
			get_tree().create_timer(LINGER).timeout.connect(get_tree().quit)


func _process(delta: float) -> void:
	if playing:
		mine.direction = _autoplay(mine) if autoplays else Input.get_axis("ui_up", "ui_down")
		for node: Node in [paddles[0], paddles[1], ball]:
			node.move(delta)
	ball.visible = playing
	$Score.text = "%d     %d" % score


func _autoplay(paddle: Paddle) -> float:
	var comes := receiver() == paddle
	var end := Paddle.REACH * (0.75 if int(ball.velocity.y) % 2 else -0.75)
	var off := (ball.position.y + end if comes else FIELD.y / 2) - paddle.position.y
	return 0.0 if absf(off) < 4.0 else signf(off)


func leave(why: String) -> void:
	multiplayer.multiplayer_peer.close()
	multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
	mine = null
	_stop(why)
	if not from_menu:
		get_tree().quit()
	$Menu.show()


func _stop(why: String) -> void:
	playing = false
	if not over:
		say(why)


func say(status: String) -> void:
	print(status)
	$Status.text = status


func _read_arguments() -> void:
	var arguments := OS.get_cmdline_user_args()
	var value := func(name: String, fallback: String) -> String:
		var at := arguments.find(name)
		return arguments[at + 1] if at >= 0 and at + 1 < arguments.size() else fallback
	port = int(value.call("--port", str(port)))
	points = int(value.call("--points", str(points)))
	speed = float(value.call("--speed", str(speed)))
	autoplays = "--auto" in arguments
	from_menu = not ("--server" in arguments or "--host" in arguments)
	if "--server" in arguments:
		host()
	elif "--host" in arguments:
		join(value.call("--host", "127.0.0.1"))


func _draw() -> void:
	draw_rect(Rect2(Vector2.ZERO, FIELD), Color("1e2530"))
	for y in range(6, int(FIELD.y), 24):
		draw_rect(Rect2(FIELD.x / 2 - 1, y, 3, 12), Color("3a4556"))
