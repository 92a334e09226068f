"""SceneMultiplayer: Godot's high-level multiplayer over a MultiplayerPeer, whichever that is.

A packet begins with a byte whose three lowest bits are a command. ``SYS`` commands have another byte, and all but
authentication a peer's id behind it (32 bits, little-endian, with sign)::

    7 0 data            authentication; without data: completed
    7 1 peer            the server: a peer is there
    7 2 peer            the server: a peer is gone
    7 3 peer packet     to the server: pass this on to the peer (0: all, -n: all but n); from it: this is from the peer

Who may say what is checked here, and nothing that is received ends a connection.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import partial

from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.own_methods import rename_methods
from godot_enet.compat.scene.authentication import AUTH
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.path_cache import CONFIRM_PATH, SIMPLIFY_PATH
from godot_enet.compat.scene.remote_calls import RemoteCalls
from godot_enet.compat.scene.scene_peers import ADD_PEER, DEL_PEER, RAW, RELAY, SERVER, SYS, SYS_HEAD, ScenePeers
from godot_enet.compat.scene.scene_settings import SceneSettings
from godot_enet.compat.signal import SignalProperty, in_frame
from godot_enet.compat.steps import Step, Steps, ours, work_off
from godot_enet.compat.variant import Variant
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["SceneMultiplayer"]

_COMMAND_BITS = 7
_REMOTE_CALL = 0
_SPAWN, _DESPAWN, _SYNC = 4, 5, 6
_DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED

MAX_PEERS = 4095
"""Other clients that a server may announce; ENet has no more slots."""


def _is_echo(packet: bytes) -> bool:
    """Whether a relayed packet is one of ``send_bytes``: all that a client may send to itself."""
    return packet[1] == RELAY and len(packet) > SYS_HEAD.size and packet[SYS_HEAD.size] & _COMMAND_BITS == RAW


class SceneMultiplayer(ScenePeers):
    """The high-level multiplayer: peers, RPCs and raw bytes, as a Godot project sees them.

    Set ``multiplayer_peer``, then call :meth:`poll` every frame, which a :class:`SceneTree` does for its own. To begin
    with there is an :class:`OfflineMultiplayerPeer`: this end is a server, alone.

    It belongs to the thread that polls it. Packets that cannot be used are dropped, counted (see :meth:`counters`) and
    logged, each cause at most every ten seconds.

    Args:
        exact: see :attr:`exact`.
    """

    peer_packet = SignalProperty[[int, bytes]]("id", "packet")
    """A peer has sent these with :meth:`send_bytes`."""

    def __init__(self, *, exact: bool = False) -> None:
        super().__init__(exact=exact)
        self._sender = 0
        # A proxy, so that the two do not keep each other alive.
        self._calls = RemoteCalls(weakref.proxy(self), self._cache, self._reporter)

    def __repr__(self) -> str:
        return f"<SceneMultiplayer over {self._transport!r}, {len(self._peers)} peers>"

    def rpc(self, peer: int, object: Node, method: str, arguments: Sequence[Variant] = ()) -> Error:
        """Call a method of a node on other peers; see :meth:`Node.rpc_id`.

        Args:
            peer: whom: 0 for all, or a negative id for all but that one.
            object: a node in a tree.
            method: the name of one of its methods for RPCs.
            arguments: at most 255.

        Returns:
            As :meth:`Node.rpc`.
        """
        return self._calls.call(peer, object, method, arguments)

    def get_remote_sender_id(self) -> int:
        """Who has called the RPC that is running, or sent the bytes of ``peer_packet``; 0 when there is none."""
        return self._sender

    # Every frame

    def poll(self) -> Error:
        """Poll the transport, handle all packets and emit signals. Never waits. Returns ``OK``."""
        in_frame(self._poll, theirs=True)
        return Error.OK

    def _poll(self) -> None:
        work_off(self._todo)
        self._update_status()
        transport = self._transport
        if transport is None or self._last_status is _DISCONNECTED:
            return
        transport.poll()
        while True:
            if not self._update_status() or not self._receive_all(transport):
                return
            if self._transport is not transport or not transport._deliver_held():
                break
        for peer in self._auth.expired():
            self._do(partial(self._expire, peer))
        self._update_status()

    def _receive_all(self, transport: MultiplayerPeer) -> bool:
        """Handle all packets that the transport has. Returns whether it is still connected."""
        taken = self._taken
        while self._transport is transport and (taken or transport.get_available_packet_count()):
            if not taken:
                transport._take_into(taken)
            steps = [ours(partial(self._open, *taken[0]))]
            # No call between these: see core/interrupts.py.
            self._todo += (steps,)
            del taken[0]
            work_off(self._todo)
            if not self._update_status():
                return False
        transport._send_queued()  # what was relayed, in few datagrams
        return True

    def _open(self, packet: bytes, sender: int, channel: int, mode: MultiplayerPeer.TransferMode) -> Steps | None:
        """What to do about a packet."""
        if sender not in self._peers:
            return self._receive_early(sender, packet)
        if packet and packet[0] & _COMMAND_BITS == SYS:
            return self._receive_system(sender, packet, channel, mode)
        return self._dispatch(sender, packet)

    def _receive_early(self, sender: int, packet: bytes) -> Steps | None:
        """From a peer that is not let in."""
        if sender not in self._auth:
            self._reporter.note(SceneDrop.UNKNOWN_SENDER, sender)
            return None
        if len(packet) < 2 or packet[0] & _COMMAND_BITS != SYS or packet[1] != AUTH[1]:
            self._reporter.note(SceneDrop.NOT_AUTHENTICATED, sender)
            return None
        if not self._auth.may_send(sender, len(packet)):
            self._reporter.note(SceneDrop.AUTHENTICATION_LIMIT, sender)
            return None
        return [partial(self._authenticate, sender, packet[2:])]

    def _authenticate(self, sender: int, data: bytes, steps: Steps) -> None:
        def failed(error: BaseException) -> None:
            self._reporter.note(SceneDrop.FAILED_CALL, sender, "auth_callback", subject="auth", failed=error)

        try:
            self._auth.receive(sender, data, failed, steps)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            failed(error)

    def _receive_system(
        self, sender: int, packet: bytes, channel: int, mode: MultiplayerPeer.TransferMode
    ) -> Steps | None:
        note, transport = self._reporter.note, self._transport
        if packet[1:2] == AUTH[1:]:
            if len(packet) != len(AUTH):
                note(SceneDrop.LATE_AUTHENTICATION, sender)
            return None  # alone it says that the other end is satisfied, too
        if len(packet) < SYS_HEAD.size:
            return note(SceneDrop.MALFORMED, sender, "a system command of %s bytes", len(packet))
        _, command, peer = SYS_HEAD.unpack_from(packet)
        if command not in (ADD_PEER, DEL_PEER, RELAY):
            return note(SceneDrop.UNKNOWN_COMMAND, sender, "system command %s", command)
        if transport is None or not self._relays(transport):
            return note(SceneDrop.FORBIDDEN_COMMAND, sender, "system command %s", command)
        is_server = transport.get_unique_id() == SERVER
        may = command == RELAY if is_server else sender == SERVER
        if not may:
            return note(SceneDrop.FORBIDDEN_COMMAND, sender, "system command %s", command)
        if not is_server and (peer <= SERVER or (peer == transport.get_unique_id() and not _is_echo(packet))):
            return note(SceneDrop.FORGED_PEER, sender, "peer %s", peer)
        if command == DEL_PEER:
            return self._leave_steps(peer)
        if command == ADD_PEER:
            if peer in self._peers:
                return None
            if len(self._peers) >= MAX_PEERS:
                return note(SceneDrop.FORBIDDEN_COMMAND, sender, "more than %s peers", MAX_PEERS)
            return self._admit_steps(peer)
        if len(packet) == SYS_HEAD.size:
            return note(SceneDrop.MALFORMED, sender, "an empty packet to relay")
        payload = packet[SYS_HEAD.size :]
        if not is_server:
            return self._dispatch(peer, payload)
        return self._relay(transport, sender, peer, payload, channel, mode)

    def _relay(
        self,
        transport: MultiplayerPeer,
        sender: int,
        to: int,
        payload: bytes,
        channel: int,
        mode: MultiplayerPeer.TransferMode,
    ) -> Steps | None:
        """Pass a client's packet on. Who it is from is what the connection says, never the packet."""
        if payload[0] & _COMMAND_BITS == SYS and not self._exact:
            # Receivers drop it anyway. Godot passes it on.
            self._reporter.note(SceneDrop.UNKNOWN_COMMAND, sender, "a system command to relay")
            return None
        targets = [peer for peer in ([to] if to > 0 else self._peers) if self._may_reach(peer, to, sender)]
        if not self._relay_budget.spend(sender, max(len(targets), 1)):
            self._reporter.note(SceneDrop.RELAY_LIMIT, sender)
            return None
        relayed = SYS_HEAD.pack(SYS, RELAY, sender) + payload
        steps: Steps = [partial(self._pass_on, transport, peer, relayed, channel, mode) for peer in targets]
        if to <= 0 and to != -SERVER:
            steps.append(ours(partial(self._dispatch, sender, payload)))
        return steps

    def _pass_on(
        self,
        transport: MultiplayerPeer,
        peer: int,
        packet: bytes,
        channel: int,
        mode: MultiplayerPeer.TransferMode,
        steps: Steps,
    ) -> None:
        transport.set_transfer_channel(channel)
        transport.set_transfer_mode(mode)
        transport._put_for_each([peer], packet)
        del steps[0]

    def _may_reach(self, peer: int, to: int, sender: int) -> bool:
        """Whether a relayed packet is for a peer: the one that is named, or one of all, which the sender is not."""
        return peer in self._peers and (to > 0 or peer not in (sender, -to))

    def _dispatch(self, sender: int, packet: bytes) -> Steps | None:
        """A packet that is no system command, for this end."""
        if not packet:
            self._reporter.note(SceneDrop.MALFORMED, sender, "an empty packet")
            return None
        if self._root_path.is_empty():
            self._reporter.note(SceneDrop.NO_ROOT_PATH, sender)
            return None
        command = packet[0] & _COMMAND_BITS
        if command == _REMOTE_CALL:
            return self._as_sender(sender, self._calls.receive(sender, packet))
        if command == RAW:
            if len(packet) > 1:
                return self._as_sender(sender, self.peer_packet._steps(sender, packet[1:]))
            self._reporter.note(SceneDrop.MALFORMED, sender, "a packet of send_bytes without bytes")
        elif command == SIMPLIFY_PATH:
            self._cache.receive_path(sender, packet)
        elif command == CONFIRM_PATH:
            self._cache.receive_confirmation(sender, packet)
        elif command in (_SPAWN, _DESPAWN, _SYNC):
            self._reporter.note(SceneDrop.REPLICATION, sender)
        else:
            self._reporter.note(SceneDrop.UNKNOWN_COMMAND, sender, "a system command that was relayed")
        return None

    def _as_sender(self, sender: int, steps: Steps | None) -> Steps:
        return [partial(self._step_as_sender, sender, step) for step in steps or ()]

    def _step_as_sender(self, sender: int, step: Step, steps: Steps) -> None:
        outer, self._sender = self._sender, sender
        try:
            step(steps)
        finally:
            self._sender = outer

    def counters(self) -> dict[SceneDrop, int]:
        """How often something received was not used, by cause."""
        return self._reporter.counters()


for _inner in (ScenePeers, SceneSettings):
    rename_methods(_inner, "SceneMultiplayer")
