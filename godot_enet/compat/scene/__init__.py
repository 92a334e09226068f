"""Godot's high-level multiplayer: nodes, ``@rpc``, and SceneMultiplayer. It knows nothing of ENet."""
