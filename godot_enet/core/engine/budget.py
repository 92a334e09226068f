"""Per-peer limits, which keep one peer from starving the others. ENet has none of them.

Four budgets:

- *Work*: the commands and bytes of one peer in one receive pass (at most 256 datagrams), and the commands of all peers
  together. Decompression counts as commands too, because a few bytes may expand to thousands, and so do packets that a
  received command releases. Datagrams over the budget wait for the next pass, with only their header read
  (backlog.py); an honest sender whose codec is slow here loses nothing. Up to 256 datagrams of a peer wait. More are
  dropped, so reliable ones are resent; a peer that keeps exceeding that for five seconds is disconnected.
- *Unverified work*: datagrams that do not decode or have a wrong checksum, and compressed ones of half-open
  connections. Anyone can forge them in the name of a peer, so they are not charged to it but to one common budget. Once
  that is used up, half-open connections, and peers in whose name such a datagram arrived in this pass, have their
  compressed datagrams dropped for the rest of the pass.
- *Memory*: the received bytes that the host buffers for all peers. Once the limit is reached, each peer may have its
  share and no more, except for one peer at a time, which may complete its packet.
- *Queued data*: bytes that wait to be sent or acknowledged. A peer that takes less than is sent to it makes the host
  buffer the rest. Packets over the limit of a peer, or over its share of a full host, are refused. A peer over its
  limit that acknowledges nothing for its minimum timeout, the shortest time that ENet waits, is disconnected.

Units: bytes, milliseconds.
"""

from __future__ import annotations

from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.protocol.constants import NativeCodec, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.states import IN_SESSION
from godot_enet.core.protocol.tuning import (
    CODEC_BYTES_PER_COMMAND,
    HOST_BUDGET_FACTOR,
    OVER_BUDGET_TIME,
    RANGE_CODER_BYTES_PER_COMMAND,
    UNDECODABLE_COST,
)

__all__ = [
    "begin_pass",
    "can_buffer",
    "can_queue",
    "charge",
    "charge_unverified",
    "cost_of_decoding",
    "is_exhausted",
    "is_host_exhausted",
    "is_stalled",
    "is_suspect",
    "is_unverified_exhausted",
    "must_defer",
    "on_over_budget",
    "suspect",
]


def begin_pass(engine: EngineState) -> None:
    """Reset all work budgets for a new pass."""
    engine.pass_number += 1
    engine.pass_commands = engine.unverified_commands = 0


def is_host_exhausted(engine: EngineState) -> bool:
    """Whether all peers together have used up the budget of this pass."""
    return 0 < engine.command_budget * HOST_BUDGET_FACTOR <= engine.pass_commands


def is_exhausted(engine: EngineState, peer: Peer) -> bool:
    """Whether the peer, or all peers together, have used up the budget of this pass."""
    if is_host_exhausted(engine):
        return True
    if peer.pass_number != engine.pass_number:
        peer.pass_number = engine.pass_number
        peer.pass_commands = peer.pass_bytes = 0
        return False
    commands, size = engine.command_budget, engine.byte_budget
    return bool((commands and peer.pass_commands >= commands) or (size and peer.pass_bytes >= size))


def charge(engine: EngineState, peer: Peer, commands: int) -> None:
    """Charge commands to the peer."""
    peer.pass_commands += commands
    engine.pass_commands += commands


def must_defer(engine: EngineState, peer: Peer) -> bool:
    """Whether datagrams from the peer now wait for the next pass."""
    return is_exhausted(engine, peer) or (peer in engine.backlog and not engine.draining)


def charge_unverified(engine: EngineState, commands: int) -> None:
    """Charge commands whose sender is not verified."""
    engine.unverified_commands += commands


def is_unverified_exhausted(engine: EngineState) -> bool:
    """Whether unverified work has used up its budget, which is as large as one peer's."""
    return 0 < engine.command_budget <= engine.unverified_commands


def cost_of_decoding(engine: EngineState, coded: int, decoded: int) -> int:
    """The cost, in commands, of decompressing ``coded`` bytes into ``decoded`` ones."""
    if getattr(engine.compressor, "native_mode", None) == NativeCodec.RANGE_CODER:
        return decoded // RANGE_CODER_BYTES_PER_COMMAND
    return (coded + decoded) // CODEC_BYTES_PER_COMMAND


def suspect(engine: EngineState, peer: Peer | None, cost: int = 0) -> None:
    """Charge a useless datagram, which only its address and peer number connect to the peer.

    ``cost``: what it took to find out, in commands, if that is more than usual.
    """
    cost = max(UNDECODABLE_COST, cost)
    charge_unverified(engine, cost)
    if peer is not None and not peer.any_source:
        peer.suspect_pass = engine.pass_number
        engine.pass_commands += cost


def is_suspect(engine: EngineState, peer: Peer) -> bool:
    """Whether datagrams that may be forged in the name of this peer get no more work in this pass."""
    return peer.suspect_pass == engine.pass_number and is_unverified_exhausted(engine)


def on_over_budget(engine: EngineState, peer: Peer, now: int) -> bool:
    """Drop a datagram because the backlog is full. Returns whether that has lasted too long, so the peer is evicted."""
    engine.drop(Drop.OVER_BUDGET, peer.address)
    return peer.over_budget.again(now) >= OVER_BUDGET_TIME and peer.state in IN_SESSION


def can_buffer(engine: EngineState, peer: Peer, size: int, *, completes_next: bool = False) -> bool:
    """Whether the host may buffer ``size`` more bytes for the peer.

    ``completes_next``: they belong to the packet that the peer's later ones wait for. One peer at a time may complete
    that despite the limit; otherwise several peers in the middle of large packets would deadlock.
    """
    limit = engine.maximum_buffered_data
    if not limit or engine.buffered_bytes + size <= limit:
        return True
    share = limit // engine.config.peer_count
    if peer.buffered_bytes + size <= share:
        return True
    reassembly_exempt = engine.reassembly_exempt
    if completes_next and (
        reassembly_exempt is None
        or reassembly_exempt.state is not PeerState.CONNECTED
        or reassembly_exempt.buffered_bytes <= share
    ):
        reassembly_exempt = engine.reassembly_exempt = peer
    if completes_next and reassembly_exempt is peer:
        return True
    engine.drop(Drop.HOST_DATA_FULL, peer.address)
    return False


def can_queue(engine: EngineState, peer: Peer, size: int) -> bool:
    """Whether a packet of this size, overhead included, may be queued for a peer. Always, if nothing else is queued."""
    queued = peer.queued_data + size
    of_all = engine.queued_data
    limit, total = engine.maximum_queued_data, engine.maximum_queued_total
    if limit and queued > limit and peer.queued_data:
        engine.drop(Drop.QUEUED_DATA_FULL, peer.address)
    elif total and of_all + size > total and of_all and queued > total // engine.config.peer_count:
        engine.drop(Drop.HOST_QUEUED_FULL, peer.address)
    else:
        return True
    peer.refused = True
    engine.dirty.add(peer)
    return False


def is_stalled(peer: Peer, now: int) -> bool:
    """Whether to disconnect the peer, for which a packet was refused since the last call: it acknowledges nothing.

    A peer that acknowledges anything may stay, however slow it is. Time in which nothing was refused does not count:
    the program, and with it the network, may have been paused.
    """
    peer.refused = False
    if not (peer.sent or peer.overdue or peer.reliable):
        return False
    return peer.stall.again(now) >= peer.timeouts.minimum
