"""What ``python -m godot_enet`` can do."""
