extends Node2D
## Shepherds bring sheep to the fold, wolves to their lair, and only what is near a shepherd can be seen by it.
##
## godot --path demos/godot/flock                           a menu: host a game, or join one
## godot --path demos/godot/flock -- --server               host
## godot --path demos/godot/flock -- --host 127.0.0.1       join
## More: --port 8910, and --auto, which plays by itself.

const Player := preload("player.gd")
const Sheep := preload("sheep.gd")
const FIELD := Player.FIELD
const FOLD := Rect2(0, 110, 90, 180)
const LAIR := Rect2(550, 110, 90, 180)
const SIGHT := 150.0  # pixels at which a shepherd sees a wolf
const FLOCK := 8
const PAUSE := 4.0  # seconds between two rounds
const SILENCE := [32, 1500, 3000]  # give a silent remote up after about 3 s, not ENet's 5 to 30

var port := 8910
var autoplays := false
var from_menu := true
var playing := false
var pause := 0.0
## What the server says of the game. Replicated.
var message := "":
	set(value):
		if message != value:
			message = value
			print(value)
			$Status.text = value


func _ready() -> void:
	$WolfSpawner.spawn_function = _make_wolf
	multiplayer.peer_connected.connect(_on_peer_connected)
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)
	multiplayer.connection_failed.connect(func() -> void: leave("No server answered."))
	multiplayer.server_disconnected.connect(func() -> void: leave("The server is gone."))
	$Menu/Host.pressed.connect(host)
	$Menu/Join.pressed.connect(func() -> void: join($Menu/Address.text))
	_read_arguments()


func host() -> void:
	var peer := ENetMultiplayerPeer.new()
	if peer.create_server(port) != OK:
		message = "Cannot listen on port %d: is another program using it?" % port
		return
	_start(peer)
	for number in FLOCK:
		var sheep: Node2D = preload("sheep.tscn").instantiate()
		sheep.position = _meadow()
		$Sheep.add_child(sheep, true)
	_welcome(1)


func join(address: String) -> void:
	var peer := ENetMultiplayerPeer.new()
	if peer.create_client(address, port) != OK:
		message = "Cannot connect to %s:%d." % [address, port]
		return
	_start(peer)
	message = "Connecting to %s:%d ..." % [address, port]
	_be_quick(1)


func _start(peer: ENetMultiplayerPeer) -> void:
	multiplayer.multiplayer_peer = peer
	playing = true
	$Menu.hide()


func leave(why: String) -> void:
	multiplayer.multiplayer_peer.close()
	multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
	playing = false
	for node in players() + $Sheep.get_children():
		node.queue_free()
	message = why
	if not from_menu:
		get_tree().quit()
	$Menu.show()


func _on_peer_connected(peer: int) -> void:
	if multiplayer.is_server():
		_be_quick(peer)
		_welcome(peer)


func _be_quick(peer: int) -> void:
	multiplayer.multiplayer_peer.get_peer(peer).set_timeout(SILENCE[0], SILENCE[1], SILENCE[2])


func _on_peer_disconnected(peer: int) -> void:
	if not multiplayer.is_server():
		return
	if player(peer):
		player(peer).free()  # at once, or the sheep that it loses would find it once more
	for sheep: Sheep in $Sheep.get_children():
		if sheep.carrier == peer:
			sheep.carrier = 0


# A wolf is made by a function, from data that says how. A shepherd is spawned because it is added: at all peers, with
# the state of its synchronizers.
func _welcome(peer: int) -> void:
	if $Wolves.get_child_count() < $Shepherds.get_child_count():
		$WolfSpawner.spawn({"id": peer, "position": Vector2(FIELD.x - 40, randf_range(40, FIELD.y - 40))})
		return
	var shepherd: Player = preload("player.tscn").instantiate()
	shepherd.name = str(peer)
	shepherd.position = Vector2(40, randf_range(40, FIELD.y - 40))
	$Shepherds.add_child(shepherd)


func _make_wolf(data: Dictionary) -> Player:
	var wolf: Player = preload("player.tscn").instantiate()
	wolf.name = str(data.id)
	wolf.position = data.position
	wolf.is_wolf = true
	return wolf


func players() -> Array[Node]:
	return $Shepherds.get_children() + $Wolves.get_children()


func player(peer: int) -> Player:
	var found := $Shepherds.get_node_or_null(str(peer))
	return found if found else $Wolves.get_node_or_null(str(peer))


func count(home: int) -> int:
	return $Sheep.get_children().filter(func(sheep: Sheep) -> bool: return sheep.home == home).size()


func load_of(carrier: Player) -> Sheep:
	for sheep: Sheep in $Sheep.get_children():
		if sheep.carrier == carrier.name.to_int():
			return sheep
	return null


## Peer 0 stands for all; nobody is sent what all may not see, but each that may.
func sees(peer: int, wolf: Player) -> bool:
	var watcher := player(peer)
	return watcher != null and (watcher.is_wolf or watcher.position.distance_to(wolf.position) < SIGHT)


func home_at(place: Vector2) -> int:
	return Sheep.SAVED if FOLD.has_point(place) else Sheep.EATEN if LAIR.has_point(place) else Sheep.LOOSE


## The place of the sheep that has come home last.
func stall(home: int) -> Vector2:
	var before := count(home) - 1
	var corner := (FOLD if home == Sheep.SAVED else LAIR).position
	return corner + Vector2(27 + 36 * (before % 2), 30 + 40 * floori(before / 2.0))


func _process(delta: float) -> void:
	var mine := player(multiplayer.get_unique_id())
	if mine:
		var keys := Input.get_vector("ui_left", "ui_right", "ui_up", "ui_down")
		mine.direction = _autoplay(mine) if autoplays else keys
	if playing and multiplayer.is_server():
		_keep_score(delta)
	queue_redraw()


func _keep_score(delta: float) -> void:
	var saved := count(Sheep.SAVED)
	var eaten := count(Sheep.EATEN)
	if saved + eaten < FLOCK:
		pause = PAUSE
		message = "%d in the fold, %d in the lair." % [saved, eaten]
		return
	var winner := "Nobody wins" if saved == eaten else "The shepherds win" if saved > eaten else "The wolves win"
	message = "%s, %d : %d." % [winner, saved, eaten]
	pause -= delta
	if pause <= 0.0:
		for sheep: Sheep in $Sheep.get_children():
			sheep.home = Sheep.LOOSE
			sheep.position = _meadow()


func _autoplay(me: Player) -> Vector2:
	if load_of(me):
		return me.position.direction_to((LAIR if me.is_wolf else FOLD).get_center())
	var goal := me.position
	for sheep: Sheep in $Sheep.get_children():
		var nearer := goal == me.position or me.position.distance_to(sheep.position) < me.position.distance_to(goal)
		if sheep.carrier == 0 and sheep.home == Sheep.LOOSE and nearer:
			goal = sheep.position
	return me.position.direction_to(goal)


func _meadow() -> Vector2:
	return Vector2(randf_range(FOLD.end.x + 60, LAIR.position.x - 60), randf_range(40, FIELD.y - 40))


func _read_arguments() -> void:
	var arguments := OS.get_cmdline_user_args()
	var value := func(name: String, fallback: String) -> String:
		var at := arguments.find(name)
		return arguments[at + 1] if at >= 0 and at + 1 < arguments.size() else fallback
	port = int(value.call("--port", str(port)))
	autoplays = "--auto" in arguments
	from_menu = not ("--server" in arguments or "--host" in arguments)
	if "--server" in arguments:
		host()
	elif "--host" in arguments:
		join(value.call("--host", "127.0.0.1"))


func _draw() -> void:
	draw_rect(Rect2(Vector2.ZERO, FIELD), Color("1e2530"))
	draw_rect(FOLD, Color("24402f"))
	draw_rect(LAIR, Color("40262a"))
	var mine := player(multiplayer.get_unique_id())
	if mine and not mine.is_wolf:
		draw_circle(mine.position, SIGHT, Color("27303e"))
