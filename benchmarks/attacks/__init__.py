"""What strangers can do to a server, and what it does about it; see docs/hostile-networks.md."""
