# Writes down what Godot makes of the scenes of a project: states, trees, and the values of single files.
extends SceneTree


func _init() -> void:
	var arguments := OS.get_cmdline_user_args()
	var asked: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(arguments[0]))
	var found := {"values": [], "scenes": {}, "broken": {}, "uids": {}}
	for path in asked["values"]:
		found["values"].append(value_in(path))
	for path in asked["broken"]:
		found["broken"][path] = ResourceLoader.load(path) != null
	for path in asked["scenes"]:
		var scene: PackedScene = ResourceLoader.load(path)
		found["scenes"][path] = {"state": state(scene.get_state()), "tree": tree(scene.instantiate())}
	FileAccess.open(arguments[1], FileAccess.WRITE).store_string(JSON.stringify(found))
	quit()


func value_in(path: String) -> Variant:
	var scene: PackedScene = ResourceLoader.load(path)
	if scene == null:
		return null
	var found := scene.get_state()
	if found.get_node_property_count(0) != 1 or found.get_node_count() != 1:
		return "more than one"
	return described(found.get_node_property_value(0, 0))


# A value as the bytes of its binary form, as text; one with resources in it piece by piece.
func described(value: Variant) -> Variant:
	if value is Object:
		if not value is Resource:
			return ["object", value.get_class()]
		if value.has_meta("__load_path__"):
			return ["external", value.get_meta("__load_path__")]
		if value.resource_path.contains("::") or value.resource_path.is_empty():
			return ["internal", value.get_class()]
		return ["external", value.resource_path]
	if value is Array and has_objects(value):
		return ["array", value.map(described)]
	if typeof(value) == TYPE_OBJECT:
		return ["null"]
	return var_to_bytes(value).hex_encode()


func has_objects(values: Array) -> bool:
	return values.any(func(each): return each is Object)


func state(of: SceneState) -> Dictionary:
	var nodes := []
	for i in of.get_node_count():
		var properties := {}
		for j in of.get_node_property_count(i):
			properties[of.get_node_property_name(i, j)] = described(of.get_node_property_value(i, j))
		var instance := of.get_node_instance(i)
		nodes.append({
			"name": of.get_node_name(i),
			"type": of.get_node_type(i),
			"path": str(of.get_node_path(i)),
			"parent": str(of.get_node_path(i, true)),
			"index": of.get_node_index(i),
			"groups": of.get_node_groups(i),
			"instance": instance.resource_path if instance else "",
			"placeholder": of.get_node_instance_placeholder(i),
			"properties": properties,
		})
	var connections := []
	for i in of.get_connection_count():
		connections.append([
			of.get_connection_signal(i), str(of.get_connection_source(i)), str(of.get_connection_target(i)),
			of.get_connection_method(i), of.get_connection_flags(i), described(of.get_connection_binds(i)),
		])
	return {"nodes": nodes, "connections": connections}


func tree(of: Node) -> Array:
	var nodes := []
	add(of, of, nodes)
	of.free()
	return nodes


func add(node: Node, top: Node, nodes: Array) -> void:
	var found := {
		"path": str(top.get_path_to(node)),
		"class": node.get_class(),
		"scene": node.scene_file_path,
		"owner": str(top.get_path_to(node.owner)) if node.owner else "",
		"unique": node.unique_name_in_owner,
		"groups": node.get_groups().filter(func(group): return not group.begins_with("_")),
		"script": node.get_script().resource_path if node.get_script() else "",
	}
	if node is MultiplayerSpawner:
		var scenes := range(node.get_spawnable_scene_count()).map(func(i): return node.get_spawnable_scene(i))
		found["spawner"] = [str(node.spawn_path), node.spawn_limit, scenes]
	if node is MultiplayerSynchronizer:
		found["synchronizer"] = [
			str(node.root_path), node.replication_interval, node.delta_interval, node.visibility_update_mode,
			node.public_visibility, entries(node.replication_config),
		]
	nodes.append(found)
	for child in node.get_children():
		add(child, top, nodes)


func entries(config: SceneReplicationConfig) -> Array:
	if config == null:
		return []
	return config.get_properties().map(func(path): return [
		str(path), config.property_get_spawn(path), config.property_get_replication_mode(path)])
