# Decodes, encodes and computes Variants on command; the commands come as in peer.gd.
extends "peer.gd"

# An array nested so deep.
const NEST := "static func nest(depth: int) -> Array:\n\treturn [] if depth == 1 else [nest(depth - 1)]"


func _execute(command: Dictionary) -> Variant:
	match command.do:
		"round_trip":
			return command.values.map(_round_trip)
		"evaluate":
			return _evaluate(command.expressions)
	return super(command)


# What a value is after it was decoded here and encoded again, and how this engine names its type.
func _round_trip(hex: String) -> Array:
	var value: Variant = bytes_to_var(hex.hex_decode())
	return [var_to_bytes(value).hex_encode(), type_string(typeof(value))]


# The values of expressions, encoded. One that does not compile makes all of them null.
func _evaluate(expressions: Array) -> Variant:
	var lines := PackedStringArray(["extends RefCounted", NEST, "func all() -> Array:", "\tvar hex := []"])
	for expression: String in expressions:
		lines.append("\thex.append(var_to_bytes(%s).hex_encode())" % expression)
	lines.append("\treturn hex")
	var script := GDScript.new()
	script.source_code = "\n".join(lines)
	return script.new().all() if script.reload() == OK else null
