"""The tools of ``python -m godot_enet``."""
