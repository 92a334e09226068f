"""Inputs on their way to the server: each packet repeats the last ones, and a buffer hands them out in order, once.

A lost packet then costs nothing, as long as one of the next few arrives.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from godot_enet.netcode.bits import BitReader, BitWriter
from godot_enet.netcode.packer import Packer, Row
from godot_enet.netcode.ticks import TICK_BITS, unwrap_tick, wrap_tick

__all__ = ["InputBuffer", "InputSender"]

_T = TypeVar("_T")

_COUNT_BITS = 6
MAX_COPIES = (1 << _COUNT_BITS) - 2
_FASTER = 0.1
"""Share by which a client may act faster than the server takes: clocks differ, and so do frames a second."""


class InputSender(Generic[_T]):
    """The client's end.

    Args:
        packer: Of an input.
        copies: Earlier inputs that each packet repeats: as many packets in a row may be lost. From 0 to 62.

    Raises:
        ValueError: ``copies`` is out of range.
    """

    def __init__(self, packer: Packer[_T], copies: int = 10) -> None:
        if not 0 <= copies <= MAX_COPIES:
            raise ValueError(f"copies must be 0 to {MAX_COPIES}")
        self._packer = packer
        self._rows: deque[Row] = deque(maxlen=copies + 1)
        self.number = 0
        """The number of the newest input; the first one is 1."""

    def add(self, action: _T) -> _T:
        """Add an input, which gets the next number. Returns it as the server will see it, for the prediction.

        Raises:
            ValueError: a number in it is not finite.
        """
        row = self._packer.quantize(action)
        self._rows.append(row)
        self.number += 1
        return self._packer.restore(row)

    def packet(self) -> bytes:
        """The packet with the newest inputs. An older one is sent as its difference from the next."""
        writer = BitWriter()
        writer.write(wrap_tick(self.number), TICK_BITS)
        writer.write(len(self._rows), _COUNT_BITS)
        newer = self._packer.rows.default
        for row in reversed(self._rows):
            writer.write(*self._packer.rows.encode_change(newer, row))
            newer = row
        return writer.to_bytes()


class InputBuffer(Generic[_T]):
    """The server's end, one for each client.

    Args:
        packer: Of an input.
        cushion: Inputs that may be left waiting, to hide jitter. If more would be, :meth:`take` returns one more.
        limit: The most inputs that wait. Older ones are dropped.

    A client gains next to nothing by sending faster: over time :meth:`take` returns at most a tenth more inputs than it
    is asked for.

    Raises:
        ValueError: ``cushion`` is negative, or ``limit`` not more.
    """

    def __init__(self, packer: Packer[_T], cushion: int = 4, limit: int = 60) -> None:
        if not 0 <= cushion < limit:
            raise ValueError("cushion must not be negative, and limit more")
        self._packer = packer
        self._cushion = cushion
        self._limit = limit
        self._waiting: deque[tuple[int, _T]] = deque(maxlen=limit)
        self._newest = 0
        self._owed: float = cushion
        """How many inputs more than asked for may be taken: those that were missing before, and a share of all."""

    def __len__(self) -> int:
        return len(self._waiting)

    def receive(self, packet: bytes) -> int:
        """Take a packet. Returns the number of inputs that were new.

        Raises:
            MessageError: it is not a packet of inputs. Nothing has changed then.
        """
        reader = BitReader(packet)
        number = unwrap_tick(reader.read(TICK_BITS), self._newest)
        rows = self._packer.rows
        row = rows.default
        found: list[tuple[int, _T]] = []
        for older in range(reader.read(_COUNT_BITS)):
            row, used = rows.decode_change(row, reader.peek(rows.longest_change))
            reader.skip(used)
            if number - older > self._newest:
                found.append((number - older, self._packer.restore(row)))
        reader.end()
        if found:
            self._newest = number
            self._waiting.extend(reversed(found))
        return len(found)

    def take(self, count: int = 1) -> list[tuple[int, _T]]:
        """The next inputs with their numbers, at most ``count``, or one more if too many wait."""
        waiting = self._waiting
        more = len(waiting) > self._cushion + count and self._owed >= 1
        taken = [waiting.popleft() for _ in range(min(count + more, len(waiting)))]
        self._owed = min(self._owed + count - len(taken) + _FASTER * count, self._limit)
        return taken
