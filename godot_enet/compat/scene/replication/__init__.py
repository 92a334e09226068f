"""Scene replication: spawned nodes and changed properties, the same at all peers."""
