"""Both ends of a game with an authoritative server, made of the other pieces: what most games need, in one place.

A client's packet acknowledges the states that it has, and repeats its latest inputs. A server's message has the number
of the last input that moved the receiver's player, the exact state of that player, and the changes of all others.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar
from zlib import crc32

from godot_enet.netcode.blend import Blend
from godot_enet.netcode.delta_format import ACK
from godot_enet.netcode.delta_receiver import DeltaReceiver
from godot_enet.netcode.delta_sender import DeltaMessage, DeltaSender
from godot_enet.netcode.errors import MessageError
from godot_enet.netcode.inputs import InputBuffer, InputSender
from godot_enet.netcode.interpolation import Interpolation
from godot_enet.netcode.packer import Packer
from godot_enet.netcode.prediction import Prediction
from godot_enet.netcode.tick_clock import TickClock
from godot_enet.netcode.ticks import unwrap_tick, wrap_tick

__all__ = ["GameClient", "GameServer"]

_P = TypeVar("_P", bound=Hashable)
_T = TypeVar("_T")
_S = TypeVar("_S")
_A = TypeVar("_A")

_DONE = struct.Struct("<H")


def _combined(*packers: Packer[Any]) -> int:
    return crc32(b"".join(packer.schema_hash.to_bytes(4, "little") for packer in packers))


class GameServer(Generic[_P, _T, _S, _A]):
    """The server's end: packets of players in, inputs out; states in, a message for each player out.

    Args:
        others: Of the states of players as others see them.
        own: Of the state that a player gets of itself, with all that its prediction needs.
        inputs: Of an input.
    """

    def __init__(self, others: Packer[_T], own: Packer[_S], inputs: Packer[_A]) -> None:
        self.schema_hash = _combined(others, own, inputs)
        """Equal to :attr:`GameClient.schema_hash` if the client is of the same version."""
        self._own, self._packer = own, inputs
        self._sender: DeltaSender[_P, _T] = DeltaSender(others)
        self._inputs: dict[_P, InputBuffer[_A]] = {}
        self._done: dict[_P, int] = {}

    def receive(self, player: _P, packet: bytes) -> None:
        """Take a packet of a player.

        Raises:
            MessageError: it is not a packet.
        """
        self._buffer(player).receive(packet[ACK.size :])
        self._sender.acknowledge(player, packet[: ACK.size])

    def take(self, player: _P, count: int = 1) -> list[_A]:
        """The next inputs of a player, as :meth:`InputBuffer.take` has them. Apply all before the next message."""
        inputs = self._buffer(player).take(count)
        if inputs:
            self._done[player] = inputs[-1][0]
        return [action for _, action in inputs]

    def update(self, tick: int, states: Mapping[int, _T]) -> None:
        """Set the states of a tick: see :meth:`DeltaSender.update`."""
        self._sender.update(tick, states)

    def message(
        self, player: _P, own: _S, relevant: Iterable[int] | None = None, budget: int = 1200, *, whole: bool = False
    ) -> DeltaMessage:
        """The message for a player.

        Args:
            player: Who gets it.
            own: The state of this player.
            relevant: The ids of the others that it shall have: see :meth:`DeltaSender.message`.
            budget: The most bytes of the message.
            whole: Send whole states of them: see :meth:`DeltaSender.message`.
        """
        head = _DONE.pack(wrap_tick(self._done.get(player, 0))) + self._own.pack(own)
        data, sent = self._sender.message(player, relevant, budget - len(head), whole=whole)
        return DeltaMessage(head + data, sent)

    def remove(self, player: _P) -> None:
        """Forget a player that has left."""
        self._sender.remove(player)
        self._inputs.pop(player, None)
        self._done.pop(player, None)

    def _buffer(self, player: _P) -> InputBuffer[_A]:
        return self._inputs.setdefault(player, InputBuffer(self._packer))


class GameClient(Generic[_T, _S, _A]):
    """A client's end: messages in, inputs out; the own player predicted, the others between their states.

    Args:
        others: As for the server.
        own: As for the server.
        inputs: As for the server.
        step: Returns the own state after an input, as for :class:`Prediction`.
        rate: Ticks of the server in a second.
        teleports: As for :class:`Prediction`.
    """

    def __init__(
        self,
        others: Packer[_T],
        own: Packer[_S],
        inputs: Packer[_A],
        step: Callable[[_S, _A], _S],
        rate: float,
        teleports: Callable[[_S, _S], bool] | None = None,
    ) -> None:
        self.schema_hash = _combined(others, own, inputs)
        """Send it as ``data`` of ``connect_to_host``, so that the server can refuse another version."""
        self.clock = TickClock(rate)
        self.prediction: Prediction[_S, _A] = Prediction(step, Blend(own.schema), teleports=teleports)
        """Of the own player."""
        self.own: _S | None = None
        """The own player in the last message: what the server knows."""
        self._packer = own
        self._inputs = InputSender(inputs)
        self._receiver = DeltaReceiver(others)
        self._interpolation: Interpolation[int, _T] = Interpolation(Blend(others.schema))

    @property
    def newest(self) -> dict[int, _T]:
        """The others without interpolation: as their last states have them."""
        return self._receiver.states

    def others(self) -> dict[int, _T]:
        """The others as they are to be drawn. Call :meth:`update` before."""
        tick = self.clock.shown_tick
        return {} if tick is None else self._interpolation.at(tick)

    def update(self, now: float) -> None:
        """Move the clock on, once a frame. ``now`` is in milliseconds."""
        self.clock.update(now)

    def receive(self, message: bytes, now: float) -> bool:
        """Take a message. Returns whether it is newer than all before.

        Raises:
            SchemaMismatch: the server's states have another schema.
            MessageError: it is not a message. Nothing has changed then.
        """
        if len(message) < _DONE.size:
            raise MessageError(f"{len(message)} bytes are no message")
        end = _DONE.size + self._packer.size
        own = self._packer.unpack(message[_DONE.size : end])
        update = self._receiver.receive(message[end:])
        if update is None:
            return False
        self.clock.receive_snapshot(update.tick, now)
        self._interpolation.add(update.tick, update.states)
        for number in update.gone:
            self._interpolation.remove(number, update.tick)
        self.own = own
        self.prediction.correct(unwrap_tick(_DONE.unpack_from(message)[0], self._inputs.number), own)
        return True

    def act(self, action: _A) -> bytes:
        """Apply an input at once. Returns the packet for the server; nothing before the first message."""
        ack = self._receiver.ack()
        if not ack:
            return b""
        action = self._inputs.add(action)
        self.prediction.act(self._inputs.number, action)
        return ack + self._inputs.packet()
