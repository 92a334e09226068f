"""The sending end of a stream of states over an unreliable channel: changes from states that a peer has.

For each peer and object the sender keeps the last state that the peer acknowledged, and sends the change from there. A
lost message costs nothing but itself: the next one repeats its changes. An object is sent until its newest state is
acknowledged, and then costs nothing until it changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from godot_enet.netcode.delta_format import ACK, MAX_GONE, TYPICAL_BITS, WINDOW, write_message
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.packer import Packer
from godot_enet.netcode.rows import Change, Row
from godot_enet.netcode.ticks import unwrap_tick

__all__ = ["DeltaMessage", "DeltaSender"]

_P = TypeVar("_P", bound=Hashable)
_T = TypeVar("_T")

_HEADER_BITS = 64
"""Bits reserved for everything before the changes but the ids of objects that are gone."""
_GONE_BITS = 32
"""Bits reserved for such an id."""
_MAX_ENTRY_BITS = 56
"""No change takes more besides its own bits, for its id and its age."""


class DeltaMessage(NamedTuple):
    """A message for one peer."""

    data: bytes
    sent: list[int]
    """The ids of the objects whose states are in it."""


_Known = tuple[int, Row]
"""The newest tick at which a peer has acknowledged an object, and the row that it has since."""
_NOTHING: _Known = -2 * WINDOW, ()
"""What a peer has of a new object: older than any base."""


@dataclass(slots=True, eq=False)
class _Peer:
    """The objects that a peer has, and the messages on the way to it."""

    sent: dict[int, int] = field(default_factory=dict)
    """The last tick at which each object was sent."""
    known: dict[int, _Known] = field(default_factory=dict)
    """Those of these objects of which something was acknowledged."""
    newest: int = -1
    """The newest tick that was acknowledged."""
    leaving: dict[int, int] = field(default_factory=dict)
    """Objects that the peer may still have, and since when it should not."""
    in_flight: dict[int, tuple[dict[int, _Known], list[int]]] = field(default_factory=dict)
    """The states and the objects gone in each message, by tick."""

    def forget_states(self) -> None:
        """Take no state as known, though the peer may have the objects."""
        self.known.clear()
        for states, _ in self.in_flight.values():
            states.clear()

    def leave(self, number: int, tick: int) -> None:
        """No longer send an object. If it returns, its earlier states are no base, since the peer drops them."""
        del self.sent[number]
        self.known.pop(number, None)
        for states, _ in self.in_flight.values():
            states.pop(number, None)
        self.leaving[number] = tick


class DeltaSender(Generic[_P, _T]):
    """States in, a message for each peer out.

    Args:
        packer: Of the states; the other end has one with the same schema.
    """

    def __init__(self, packer: Packer[_T]) -> None:
        self._packer = packer
        self._peers: dict[_P, _Peer] = {}
        self._states: dict[int, _Known] = {}
        """The rows with their tick, as peers will have them."""
        self._changes: dict[tuple[int, int], Change] = {}
        """The change of each object from each base at this tick: peers that have the same base share it."""
        self.tick = -1
        """The tick of the states."""

    def update(self, tick: int, states: Mapping[int, _T]) -> None:
        """Replace the states, by ids of objects from 0 to 2**32 - 1, by those of a later tick.

        Raises:
            ValueError: the tick is not later than the last, an id is out of range, or a number is not finite.
        """
        if tick <= self.tick:
            raise ValueError(f"tick {tick} is not later than {self.tick}")
        if states and not (min(states) >= 0 and max(states) < 1 << 32):
            raise ValueError("an id is not from 0 to 2**32 - 1")
        quantize = self._packer.quantize
        self._states = {number: (tick, quantize(state)) for number, state in states.items()}
        self._changes.clear()
        self.tick = tick

    def message(
        self, peer: _P, relevant: Iterable[int] | None = None, budget: int = 1200, *, whole: bool = False
    ) -> DeltaMessage:
        """The message of this tick for a peer; if nothing has changed, it has 5 bytes, and tells the tick.

        Args:
            relevant: The ids of all objects that the peer shall have, the most important first; all by default.
            budget: The most bytes of the message, at least 16. Changes that do not fit are left for later messages.
            whole: Send whole states instead of changes, to see what the changes save.

        Raises:
            ValueError: the budget is too small, or the peer already has a message of this tick.
        """
        if budget < 16:
            raise ValueError(f"a budget of {budget} bytes is less than 16")
        state = self._peers.setdefault(peer, _Peer())
        if self.tick in state.in_flight:
            raise ValueError(f"{peer!r} already has the message of tick {self.tick}")
        if whole:
            state.forget_states()
        ids = list(self._states) if relevant is None else [number for number in relevant if number in self._states]
        for number in state.sent.keys() - ids:
            state.leave(number, self.tick)
        while len(state.leaving) > MAX_GONE:  # of a peer that does not acknowledge
            del state.leaving[next(iter(state.leaving))]
        changes = self._choose(state, ids, 8 * budget - _HEADER_BITS)
        room = max(0, 8 * budget - _HEADER_BITS) // _GONE_BITS
        gone = list(islice((number for number in state.leaving if number not in changes), room))
        while len(data := write_message(self._packer, self.tick, gone, changes)) > budget:
            if changes:
                excess = 8 * (len(data) - budget)
                while changes and excess > 0:  # as many as must be left out at least, since each attempt takes a while
                    _, change = changes.popitem()
                    excess -= change.length + _MAX_ENTRY_BITS
            else:
                gone.pop()
        chosen = list(changes)
        state.sent.update(dict.fromkeys(chosen, self.tick))
        if state.leaving:
            for number in chosen:
                state.leaving.pop(number, None)
        state.in_flight[self.tick] = {number: self._states[number] for number in chosen}, gone
        while len(state.in_flight) > WINDOW:
            del state.in_flight[next(iter(state.in_flight))]
        return DeltaMessage(data, chosen)

    def acknowledge(self, peer: _P, ack: bytes) -> None:
        """Take the result of :meth:`DeltaReceiver.ack`. Late and repeated ones are harmless; an empty one says nothing.

        Raises:
            MessageError: it has another size.
        """
        if not ack:
            return
        if len(ack) != ACK.size:
            raise MessageError(f"an acknowledgement has {ACK.size} bytes, not {len(ack)}")
        state = self._peers.get(peer)
        if state is None:
            return
        wrapped, before = ACK.unpack(ack)
        newest = unwrap_tick(wrapped, self.tick)
        arrived = before << 1 | 1
        for tick in [tick for tick in state.in_flight if 0 <= newest - tick <= 32 and arrived >> (newest - tick) & 1]:
            states, gone = state.in_flight.pop(tick)
            if tick > state.newest:
                state.newest = tick
                state.known.update(states)
            else:
                state.known.update({n: new for n, new in states.items() if tick > state.known.get(n, _NOTHING)[0]})
            for number in gone:
                if state.leaving.get(number, tick + 1) <= tick:
                    del state.leaving[number]

    def remove(self, peer: _P) -> None:
        """Forget a peer that has left."""
        self._peers.pop(peer, None)

    def _choose(self, peer: _Peer, ids: list[int], free: int) -> dict[int, Change]:
        """The changes of the objects that are sent: as many as probably fit, in order."""
        tick, states, shared, rows = self.tick, self._states, self._changes, self._packer.rows
        chosen: dict[int, Change] = {}
        for number in ids:
            _, row = states[number]
            acknowledged, base = peer.known.get(number, _NOTHING)
            if base == row and peer.sent[number] == acknowledged:
                continue
            age = tick - acknowledged
            if age > WINDOW:
                age, base = 0, rows.default
            change = shared.get((number, age))
            if change is None:
                change = shared[number, age] = Change(age, *rows.encode_change(base, row))
            _, _, length = change
            if length + TYPICAL_BITS <= free:
                free -= length + TYPICAL_BITS
                chosen[number] = change
        return chosen
