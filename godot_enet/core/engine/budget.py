"""What one peer may make this host do and keep, so that the others still get their turn.

Four budgets, none of which ENet has:

- *Work*: the commands and bytes of one peer in one receive pass, which has 256 datagrams at most. Decompressing counts
  as commands, too: a few bytes may stand for thousands. What comes beyond them waits, unread but for its header, for
  the next pass, where it comes first; that is nothing against an honest sender, whose codec may be slow here. Of each
  peer 256 datagrams may wait. Further ones are dropped, and are sent again if they were reliable; a peer that exceeds
  them for five seconds on end is disconnected.
- *Work that nobody has proved to be its own*: datagrams that do not decode, or have a wrong checksum, and compressed
  ones of half-open connections. Anybody can send them in the name of a peer, so they are not held against it. They are
  counted for all together; beyond that, peers in whose name such a datagram has come in this pass have their compressed
  datagrams dropped for the rest of it, and so have half-open connections.
- *Memory*: the bytes that all peers together make the host keep. Once they are used up, each peer may have its share
  of them and no more, but for one that may finish its packet.
- *What waits to be sent*, or to be acknowledged: a peer that takes less than others send it, by way of this host, makes
  it keep the rest. Beyond the limit of a peer, or its share of a full host, packets are refused. A peer over its limit
  that acknowledges nothing for its minimum timeout, the least that ENet waits, is disconnected.

Units: bytes, milliseconds.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from godot_enet.core.protocol.constants import NativeCodec, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import (
    CODED_BYTES,
    EXCESS_PAUSE,
    EXCESS_TIME,
    KEPT_OVERHEAD,
    RANGE_CODED_BYTES,
    RECEIVE_BATCH,
    UNDECODABLE_COMMANDS,
)

if TYPE_CHECKING:
    from godot_enet.core.engine.engine import PythonEngine
    from godot_enet.core.engine.peer import Peer

__all__ = [
    "charge_nobody",
    "cost_of_decoding",
    "exceed",
    "is_exhausted",
    "is_nobody_exhausted",
    "is_suspect",
    "may_keep",
    "may_queue",
    "must_wait",
    "next_of_backlog",
    "put_off",
    "suspect",
    "takes_nothing",
]


def is_exhausted(engine: PythonEngine, peer: Peer) -> bool:
    """Whether the peer has used up this pass's budget; the first question in a pass begins it anew."""
    if peer.served != engine.pass_number:
        peer.served = engine.pass_number
        peer.served_commands = peer.served_bytes = 0
        return False
    commands, size = engine.command_budget, engine.byte_budget
    return bool((commands and peer.served_commands >= commands) or (size and peer.served_bytes >= size))


def must_wait(engine: PythonEngine, peer: Peer) -> bool:
    """Whether what comes from the peer now waits for the next pass."""
    return is_exhausted(engine, peer) or (bool(peer.backlog) and not engine.draining)


def put_off(engine: PythonEngine, peer: Peer, data: bytes, now: int) -> None:
    """A datagram came beyond the budget."""
    size = len(data) + KEPT_OVERHEAD
    waiting = peer.backlog
    if peer.any_source or (waiting and len(waiting) >= RECEIVE_BATCH) or not may_keep(engine, peer, size):
        exceed(engine, peer, now)
        return
    if waiting is None:
        waiting = peer.backlog = deque()
    waiting.append(data)
    peer.kept += size
    engine.kept += size
    engine.backlog.add(peer)


def next_of_backlog(engine: PythonEngine, peer: Peer) -> bytes | None:
    """Take the peer's oldest datagram that waits, if its budget allows."""
    if not peer.backlog or is_exhausted(engine, peer):
        return None
    data = peer.backlog.popleft()
    size = len(data) + KEPT_OVERHEAD
    peer.kept -= size
    engine.kept -= size
    if not peer.backlog:
        engine.backlog.discard(peer)
    return data


def charge_nobody(engine: PythonEngine, commands: int) -> None:
    """Count work of a sender that has not proved its address."""
    if engine.suspect_pass != engine.pass_number:
        engine.suspect_commands = 0
        engine.suspect_pass = engine.pass_number
    engine.suspect_commands += commands


def is_nobody_exhausted(engine: PythonEngine) -> bool:
    """Whether all that work together is as much as one peer's may be."""
    return engine.suspect_pass == engine.pass_number and 0 < engine.command_budget <= engine.suspect_commands


def cost_of_decoding(engine: PythonEngine, coded: int, decoded: int) -> int:
    """The price, in commands, of decompressing ``coded`` bytes into ``decoded`` ones."""
    if getattr(engine.compressor, "native_mode", None) == NativeCodec.RANGE_CODER:
        return decoded // RANGE_CODED_BYTES
    return (coded + decoded) // CODED_BYTES


def suspect(engine: PythonEngine, peer: Peer | None, cost: int = 0) -> None:
    """A datagram was no use, and nothing but an address and a number says that it came from the peer.

    ``cost``: what it took to find out, in commands, if that is more than usual.
    """
    charge_nobody(engine, max(UNDECODABLE_COMMANDS, cost))
    if peer is not None and not peer.any_source:
        peer.suspect_pass = engine.pass_number


def is_suspect(engine: PythonEngine, peer: Peer) -> bool:
    """Whether no more work is spent on what may be forged in the name of this peer, as long as this pass goes on."""
    return peer.suspect_pass == engine.pass_number and is_nobody_exhausted(engine)


def exceed(engine: PythonEngine, peer: Peer, now: int) -> None:
    """A datagram is dropped, since as many wait as may."""
    engine.drop(Drop.OVER_BUDGET, peer.address)
    if peer.excess_since is None or now - peer.excess_at > EXCESS_PAUSE:
        peer.excess_since = now
    peer.excess_at = now
    if now - peer.excess_since >= EXCESS_TIME and peer.state in (PeerState.CONNECTED, PeerState.DISCONNECT_LATER):
        engine.evict(peer)


def may_keep(engine: PythonEngine, peer: Peer, size: int, *, finishes: bool = False) -> bool:
    """Whether the host may keep so much more for the peer.

    ``finishes``: it belongs to the packet that the peer's others wait for. One peer at a time gets that done whatever
    the limit says, or several that are in the middle of large packets would all wait for each other.
    """
    limit = engine.maximum_kept_data
    if not limit or engine.kept + size <= limit:
        return True
    share = limit // engine.config.peer_count
    if peer.kept + size <= share:
        return True
    favoured = engine.favoured
    if finishes and (favoured is None or favoured.state is not PeerState.CONNECTED or favoured.kept <= share):
        favoured = engine.favoured = peer
    if finishes and favoured is peer:
        return True
    engine.drop(Drop.HOST_DATA_FULL, peer.address)
    return False


def may_queue(engine: PythonEngine, peer: Peer, length: int) -> bool:
    """Whether a packet of this size may wait to be sent to the peer. Always, if nothing else waits for it."""
    size = length + KEPT_OVERHEAD * max(1, -(-length // peer.fragment_length))
    queued = peer.queued_data + size
    limit, total, of_all = engine.maximum_queued_data, engine.maximum_queued_total, engine.queued_data
    if limit and queued > limit and peer.queued_data:
        engine.drop(Drop.QUEUED_DATA_FULL, peer.address)
    elif total and of_all and of_all + size > total and queued > total // engine.config.peer_count:
        engine.drop(Drop.HOST_QUEUED_FULL, peer.address)
    else:
        return True
    peer.refused = True
    engine.dirty.add(peer)
    return False


def takes_nothing(peer: Peer, now: int) -> bool:
    """A packet for the peer was refused since this was last asked: whether the peer must go, since it takes nothing.

    One that acknowledges anything may stay, however slow it is. Nor is time counted in which nothing was refused: the
    program, and with it the network, may have been standing still.
    """
    peer.refused = False
    if not (peer.sent or peer.overdue or peer.reliable):
        return False
    if peer.stalled_since is None or now - peer.stalled_at > EXCESS_PAUSE:
        peer.stalled_since = now
    peer.stalled_at = now
    return now - peer.stalled_since >= peer.timeout_minimum
