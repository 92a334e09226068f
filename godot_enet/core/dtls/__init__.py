"""DTLS 1.2 as a stage around any transport: one session per remote, each ENet datagram one record."""
