# Prints what the properties of Godot's node classes are by themselves, as JSON: class -> [its base, {property: value}],
# with what is not what it is in the base. Only values that can be written in a line, and none that others follow from.
extends SceneTree

const PLAIN = [
	TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STRING, TYPE_STRING_NAME, TYPE_NODE_PATH, TYPE_COLOR, TYPE_QUATERNION,
	TYPE_VECTOR2, TYPE_VECTOR2I, TYPE_VECTOR3, TYPE_VECTOR3I, TYPE_VECTOR4, TYPE_VECTOR4I, TYPE_RECT2, TYPE_RECT2I,
]
const DERIVED = ["rotation_degrees", "quaternion", "movie_quit_on_finish", "seed"]
const NO_PROPERTY = (
	PROPERTY_USAGE_GROUP | PROPERTY_USAGE_CATEGORY | PROPERTY_USAGE_SUBGROUP | PROPERTY_USAGE_INTERNAL
	| PROPERTY_USAGE_ARRAY
)


func _init():
	var found = {}
	for name in ClassDB.get_inheriters_from_class("Node"):
		if ClassDB.class_get_api_type(name) == ClassDB.API_CORE and not name.begins_with("OpenXR"):
			found[name] = [ClassDB.get_parent_class(name), {}]
	for name in found:
		var made = _made(name, found)
		if made == null:
			continue
		for property in ClassDB.class_get_property_list(name):
			if _is_wanted(name, property):
				found[name][1][property.name] = var_to_str(made.get(property.name))
		made.free()
	print("native ", JSON.stringify(found))
	quit()


# An object of the class, or of one that inherits it.
func _made(name, found):
	if ClassDB.can_instantiate(name):
		return ClassDB.instantiate(name)
	for other in found:
		if ClassDB.is_parent_class(other, name) and ClassDB.can_instantiate(other):
			return ClassDB.instantiate(other)
	return null


func _is_wanted(name, property):
	return (
		property.type in PLAIN
		and not property.usage & NO_PROPERTY
		and property.name.is_valid_ascii_identifier()
		and not property.name.begins_with("global_")
		and not property.name in DERIVED
		and not ClassDB.class_get_property_list("Node").any(func(each): return each.name == property.name)
	)
