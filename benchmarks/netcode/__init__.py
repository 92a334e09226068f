"""What godot_enet.netcode reaches, measured on the virtual network: ``python -m benchmarks.netcode``."""
