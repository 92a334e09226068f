extends Node2D
# Tells the recorder of its life; its properties are of any type.
const SHOWN := [TYPE_NIL, TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STRING, TYPE_STRING_NAME, TYPE_VECTOR2, TYPE_ARRAY, TYPE_DICTIONARY]
static var recorder: Object
var hp = 100
var label = "ab"
var ammo = 7
var tag = 1

func tell(what: String) -> void:
	if recorder:
		recorder.hear_unit(self, what)

static func shown(value) -> String:
	if typeof(value) in SHOWN:
		return "%s" % [value]
	return "type %d" % typeof(value)

func _enter_tree() -> void:
	tell("_enter_tree hp=%s pos=%s" % [shown(hp), position])

func _ready() -> void:
	tell("_ready hp=%s pos=%s ammo=%s" % [shown(hp), position, shown(ammo)])

func _exit_tree() -> void:
	tell("_exit_tree")

@rpc("any_peer", "call_local") func hit(n) -> void:
	tell("hit %s" % n)
