"""DTLS 1.2 as a stage around any transport: one session per remote, one record per ENet datagram."""
