"""Received data that cannot be delivered yet: early commands, and packets in fragments."""

from __future__ import annotations

__all__ = ["Held"]


class Held:
    """An early command, or a packet being reassembled (then ``fragment_count`` > 0).

    Fragments are stored as received and joined at the end, so memory grows with received data, not with the length
    that a datagram announces.
    """

    __slots__ = (
        "buffered_bytes",
        "flags",
        "fragment_count",
        "fragments",
        "packet",
        "reliable",
        "remaining",
        "total_length",
        "unreliable",
    )

    def __init__(
        self, reliable: int, unreliable: int, flags: int, packet: bytes, fragment_count: int, total_length: int
    ) -> None:
        self.reliable = reliable
        self.unreliable = unreliable
        self.flags = flags
        self.packet = packet
        self.fragment_count = fragment_count
        self.remaining = fragment_count
        """Fragments still missing."""
        self.total_length = total_length
        """Bytes charged to the peer's waiting data."""
        self.buffered_bytes = 0
        """Bytes actually stored, overhead included."""
        self.fragments: dict[int, tuple[int, bytes]] = {}
        """Fragment number to (offset, data), in the order of arrival."""

    def add(self, number: int, offset: int, data: bytes) -> bool:
        """Add a fragment; False if it is a duplicate."""
        if number in self.fragments:
            return False
        self.fragments[number] = (offset, data)
        self.remaining -= 1
        return True

    def join(self) -> bytes:
        """The whole packet. Bytes not covered by any fragment are 0 (the reference leaks memory there)."""
        fragments = self.fragments
        position = 0
        ordered: list[bytes] = []
        for number in sorted(fragments):
            offset, data = fragments[number]
            if offset != position:
                break
            position += len(data)
            ordered.append(data)
        if position == self.total_length and len(ordered) == len(fragments):
            return b"".join(ordered)
        # Offsets that do not match the numbers occur only in crafted groups. Later ones win, as in the reference.
        whole = bytearray(self.total_length)
        for offset, data in fragments.values():
            whole[offset : offset + len(data)] = data
        return bytes(whole)
