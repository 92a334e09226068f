"""Ways to move datagrams; each is a :class:`~godot_enet.core.interface.Transport`."""
