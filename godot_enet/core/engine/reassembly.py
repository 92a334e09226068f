"""What has been received but cannot be delivered yet: early commands, and packets that come in fragments."""

from __future__ import annotations

__all__ = ["Held"]


class Held:
    """An early command, or a packet being put together (then ``fragment_count`` > 0).

    Fragments are kept as they came and joined at the end, so memory follows what was received, not what a
    datagram announced.
    """

    __slots__ = (
        "flags",
        "fragment_count",
        "fragments",
        "kept",
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
        self.kept = 0
        """Bytes that are really there, with what keeping them costs."""
        self.fragments: dict[int, tuple[int, bytes]] = {}
        """Fragment number to (offset, data), in the order of arrival."""

    def add(self, number: int, offset: int, data: bytes) -> bool:
        """Take a fragment; False if it was there already."""
        if number in self.fragments:
            return False
        self.fragments[number] = (offset, data)
        self.remaining -= 1
        return True

    def join(self) -> bytes:
        """The whole packet. Bytes that no fragment covered are 0 (the reference leaks memory there)."""
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
        # Offsets do not follow from the numbers: only a crafted group. Later ones win, as in the reference.
        whole = bytearray(self.total_length)
        for offset, data in fragments.values():
            whole[offset : offset + len(data)] = data
        return bytes(whole)
