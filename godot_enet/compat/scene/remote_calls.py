"""RPCs: from a call to packets, and from a packet to a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from godot_enet.compat.coroutines import logged, run
from godot_enet.compat.errors import as_int, as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.arguments import MAX_ARGUMENTS
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.parameters import ArgumentsError
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.remote_sender import RemoteSender
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic
from godot_enet.compat.scene.root_path import RootPath
from godot_enet.compat.scene.rpc_config import RpcConfig, RpcEntry, RPCMode
from godot_enet.compat.scene.rpc_packet import (
    call_by_id,
    call_by_path,
    call_tail,
    count_arguments,
    parse_arguments,
    parse_call,
)
from godot_enet.compat.scene.scene_settings import SceneSettings
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.steps import Steps
from godot_enet.compat.variant import DecodeError, EncodeError, Variant
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["RemoteCalls"]

_HIDDEN = "Attempt to call an RPC to a peer that cannot see this node. Peer ID: "
_CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED


class RemoteCalls:
    """The calls of one multiplayer, in both directions.

    Args:
        transport: sends the calls.
        settings: tell whether arguments keep the names of classes.
        paths: finds nodes and their paths.
        cache: the numbers of nodes.
        reporter: counts and logs calls that are not made.
        traffic: counts calls.
        sender: is set to the caller of the running call.
        is_visible: whether a peer, or with 0 whether all, may get calls of a node.
    """

    def __init__(
        self,
        transport: SceneTransport,
        settings: SceneSettings,
        paths: RootPath,
        cache: PathCache,
        reporter: SceneReporter,
        traffic: SceneTraffic,
        sender: RemoteSender,
        is_visible: Callable[[Node, int], bool],
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._paths = paths
        self._cache = cache
        self._note = reporter.note
        self._traffic = traffic
        self._sender = sender
        self._is_visible = is_visible
        self.on_received: Callable[[Node, str, int], None] | None = None
        """Called with the node, the method and the size of each call that is about to be made for a remote."""

    # Outgoing

    def call(self, peer_id: int, node: object, name: str, arguments: Sequence[Variant]) -> Error:
        """Make a call, as ``MultiplayerAPI.rpc``."""
        target, method = as_int(peer_id, "peer"), as_str(name, "method")
        transport = self._transport.multiplayer_peer
        if transport is None:
            text = "Trying to call an RPC while no multiplayer peer is active."
            return fail(text, Error.ERR_UNCONFIGURED)
        if not isinstance(node, Node) or node._tree is None:
            return fail("The object must be a valid Node inside the SceneTree", Error.ERR_INVALID_PARAMETER)
        if transport.get_connection_status() is not _CONNECTED:
            text = "Trying to call an RPC via a multiplayer peer which is not connected."
            return fail(text, Error.ERR_CONNECTION_ERROR)
        me = transport.get_unique_id()
        table = node._table()
        number = table.ids.get(method)
        if number is None:
            text = (
                f'Unable to get the RPC configuration for the function "{method}" at path: "{node.get_path()}". '
                "This happens when the method is missing or not marked for RPCs in the local script."
            )
            return fail(text, Error.ERR_INVALID_PARAMETER)
        entry = table.entries[number]
        config = entry.config
        if target == me and not config.call_local:
            text = f"RPC '{method}' on yourself is not allowed by selected mode."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        sent = Error.OK
        if target != me:
            sent = self._send(transport, node, target, number, config, arguments)
        if config.call_local and (target in (0, me) or (target < 0 and target != -me)):
            return self._call_here(me, node, entry, arguments) or sent
        return sent

    def _send(
        self,
        transport: MultiplayerPeer,
        node: Node,
        target: int,
        number: int,
        config: RpcConfig,
        arguments: Sequence[Variant],
    ) -> Error:
        """``OK`` as in Godot, except for a packet that is too large."""
        if len(arguments) > MAX_ARGUMENTS:
            return fail("Too many arguments (>255).", Error.OK)
        peers = self._transport.connected_peers
        if target and abs(target) not in peers:
            return fail(f"Attempt to call RPC with unknown peer ID: {target}.", Error.OK)
        if target > 0 and not self._is_visible(node, target):
            return fail(f"{_HIDDEN}{target}", Error.OK)
        targets = [target] if target > 0 else [peer for peer in peers if peer != -target]
        if target <= 0 and not self._is_visible(node, 0):
            targets = [peer for peer in targets if self._is_visible(node, peer)]
        try:
            flags, tail = call_tail(number, arguments, full_objects=self._settings.allow_object_decoding)
        except EncodeError as error:
            return fail(str(error), Error.OK)
        if not targets:
            return Error.OK
        cached, unconfirmed = self._cache.introduce(node, targets)
        transport.set_transfer_channel(config.channel)
        transport.set_transfer_mode(config.transfer_mode)  # type: ignore[arg-type]  # any number, as in Godot
        packet = call_by_id(flags, cached, tail, widest=bool(unconfirmed))
        with_path = call_by_path(flags, self._paths.path_of(node), tail) if unconfirmed else packet
        for peer in targets:
            data = with_path if peer in unconfirmed else packet
            if self._transport.send(peer, data) is Error.FAILED:
                return Error.FAILED  # It is equally large for every peer.
            if self._traffic.detailed:
                self._traffic.note(SceneCount.RPCS_SENT, len(data), node, node._table().entries[number].name)
        return Error.OK

    def _call_here(self, me: int, node: Node, entry: RpcEntry, arguments: Sequence[Variant]) -> Error:
        """An exception in the method is the caller's, as in any call; in a coroutine, until its first wait."""
        try:
            make = entry.prepare(node, arguments)
        except (ArgumentsError, AttributeError) as error:
            if raised_by_signal_handler(error):
                raise
            text = f"rpc() aborted in script local call:  - '{type(node).__name__}::{entry.name}': {error}."
            return fail(text, Error.FAILED)
        outer, self._sender.peer = self._sender.peer, me
        try:
            result = make()
            if result is not None:
                run(result, logged(f"RPC '{entry.name}' of {_place(node)} failed."))
        finally:
            self._sender.peer = outer
        return Error.OK

    # Incoming

    def receive(self, sender: int, packet: bytes) -> Steps | None:
        """Handle a REMOTE_CALL packet: make the call if the sender may. Exceptions are logged, as in Godot."""
        note = self._note
        try:
            call = parse_call(packet)
        except DecodeError as error:
            return note(SceneDrop.MALFORMED, sender, "%s", error)
        node = self._cache.look_up(sender, call.node) if call.path is None else self._cache.resolve(call.path)
        if node is None:
            if call.path is None:
                return note(SceneDrop.UNKNOWN_NODE, sender, "number %s", call.node)
            near = self._cache.nearest(call.path)
            return note(
                SceneDrop.UNKNOWN_NODE, sender, "'%s', nearest here: %s", call.path, near, subject=str(call.path)
            )
        entry = node._table().entries.get(call.method)
        if entry is None:
            return note(SceneDrop.UNKNOWN_METHOD, sender, "method %s of %s", call.method, _place(node))
        name, config = entry.name, entry.config
        if config.mode != RPCMode.RPC_MODE_ANY_PEER and (
            config.mode != RPCMode.RPC_MODE_AUTHORITY or sender != node._authority
        ):
            text = "'%s' of %s: %s, and its authority is %s"
            return note(SceneDrop.FORBIDDEN_RPC, sender, text, name, _place(node), config, node._authority)
        try:
            parameters, method = entry.bind(node)
            parameters.check_count(count_arguments(packet, call))  # before the arguments are decoded
            arguments = parse_arguments(packet, call, allow_objects=self._settings.allow_object_decoding)
            make = partial(method, *parameters.fit(arguments))
        except DecodeError as error:
            return note(SceneDrop.MALFORMED, sender, "'%s' of %s: %s", name, _place(node), error)
        except AttributeError as error:
            if raised_by_signal_handler(error):
                raise
            return note(SceneDrop.UNKNOWN_METHOD, sender, "'%s' of %s: %s", name, _place(node), error)
        except ArgumentsError as error:
            return note(SceneDrop.WRONG_ARGUMENTS, sender, "'%s' of %s: %s", name, _place(node), error)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            self._failed(sender, node, name, error)
            return None
        if self._traffic.detailed:
            self._traffic.note(SceneCount.RPCS_RECEIVED, len(packet), node, name)
        if self.on_received is not None:
            self.on_received(node, name, len(packet))
        return [partial(self._make, sender, node, name, make)]

    def _make(self, sender: int, node: Node, name: str, make: Callable[[], object], steps: Steps) -> None:
        try:
            del steps[0]
            result = make()
            if result is not None:
                run(result, partial(self._failed, sender, node, name))
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            self._failed(sender, node, name, error)

    def _failed(self, sender: int, node: Node, name: str, error: BaseException) -> None:
        """Log an exception raised by a call."""
        self._note(SceneDrop.FAILED_CALL, sender, "'%s' of %s", name, _place(node), subject=name, failed=error)


def _place(node: Node) -> str:
    """Its path, or its name if a call has removed it from the tree."""
    return node._name if node._tree is None else str(node.get_path())
