"""Scene replication: nodes that appear, and properties that change, at all peers alike."""
