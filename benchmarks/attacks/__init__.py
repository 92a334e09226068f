"""Attacks on a server, and their effects; see docs/hostile-networks.md."""
