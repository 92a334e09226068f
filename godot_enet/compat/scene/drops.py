"""Drops of the high-level multiplayer: counted, and logged at most once in ten seconds for each cause."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import monotonic

from godot_enet.compat.errors import exceptions
from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.core.reporting import Limiter

__all__ = ["SceneDrop", "SceneReporter"]

_log = logging.getLogger("godot_enet.network")
_MAX_VALUE = 100
_MAX_LINE = 400
_MISSING_PATH = "Node not found:"
"""The prefix of Godot's error for a missing path. Each path is logged separately."""


class SceneDrop(NamedIntEnum):
    """Why a received packet was dropped; the keys of :meth:`SceneMultiplayer.counters`."""

    MALFORMED = 0
    UNKNOWN_COMMAND = 1
    UNKNOWN_SENDER = 2
    NOT_AUTHENTICATED = 3
    LATE_AUTHENTICATION = 4
    FORBIDDEN_COMMAND = 5
    NO_ROOT_PATH = 6
    SPAWN = 7
    UNKNOWN_PATH = 8
    REPEATED_PATH = 9
    UNASKED_CONFIRMATION = 10
    RPC_LISTS_DIFFER = 11
    UNKNOWN_NODE = 12
    UNKNOWN_METHOD = 13
    FORBIDDEN_RPC = 14
    WRONG_ARGUMENTS = 15
    FAILED_CALL = 16
    RELAY_LIMIT = 17
    AUTHENTICATION_LIMIT = 18
    FORGED_PEER = 19
    DESPAWN = 20
    SYNC = 21
    REPLICATION_LIMIT = 22
    JOIN_LIMIT = 23


_EXPLANATIONS = {
    SceneDrop.MALFORMED: "malformed packet; not from Godot's high-level multiplayer, or forged",
    SceneDrop.UNKNOWN_COMMAND: "unknown command, or one that cannot be relayed",
    SceneDrop.UNKNOWN_SENDER: "the sender is not connected; usually it has just left",
    SceneDrop.NOT_AUTHENTICATED: "the sender is not authenticated yet; set auth_callback at both ends",
    SceneDrop.LATE_AUTHENTICATION: "authentication data after authentication; set auth_callback at both ends",
    SceneDrop.FORBIDDEN_COMMAND: "a command that this peer may not send; server_relay must be the same at both ends",
    SceneDrop.NO_ROOT_PATH: "no root_path is set; pass this SceneMultiplayer to a SceneTree, or set root_path",
    SceneDrop.SPAWN: "the spawn failed here, or is incomplete; both ends need the same spawners",
    SceneDrop.UNKNOWN_PATH: "it refers to a node that does not exist here (yet); both ends need the same node names",
    SceneDrop.REPEATED_PATH: "it assigns a path id that is already in use",
    SceneDrop.UNASKED_CONFIRMATION: "it confirms a path that was never sent to this peer",
    SceneDrop.RPC_LISTS_DIFFER: "the two ends have different @rpc methods on a node; its RPCs call wrong methods",
    SceneDrop.UNKNOWN_NODE: "an RPC to a node that does not exist here",
    SceneDrop.UNKNOWN_METHOD: "an RPC to a method that does not exist here; both ends need the same @rpc methods",
    SceneDrop.FORBIDDEN_RPC: "an RPC that this peer is not allowed to call",
    SceneDrop.WRONG_ARGUMENTS: "an RPC with wrong arguments",
    SceneDrop.FAILED_CALL: "the call raised an exception",
    SceneDrop.RELAY_LIMIT: "relay limit reached: too many packets for other clients in a second",
    SceneDrop.AUTHENTICATION_LIMIT: "authentication data limit reached",
    SceneDrop.DESPAWN: "a despawn of a node that this peer has not spawned, or no longer has",
    SceneDrop.SYNC: "values for an unknown synchronizer, or another peer's; both ends need the same synchronizers",
    SceneDrop.REPLICATION_LIMIT: "replication limit of this peer reached; see replication_limits",
    SceneDrop.JOIN_LIMIT: "join limit reached: one address joins too often",
    SceneDrop.FORGED_PEER: "it names an invalid peer: the server, this client, or an id that no client can have",
}

_EXPECTED = frozenset({SceneDrop.UNKNOWN_SENDER, SceneDrop.UNKNOWN_NODE})
"""Causes that are normal while a peer leaves or a node is freed: logged as INFO."""


class SceneReporter:
    """Counts drops, and logs them with a rate limit."""

    def __init__(self) -> None:
        self._counts: dict[SceneDrop, int] = {}
        self._limiter = Limiter()

    def counters(self) -> dict[SceneDrop, int]:
        """Return the number of drops by cause."""
        return dict(self._counts)

    def note(
        self,
        cause: SceneDrop,
        sender: int,
        text: str = "",
        *args: object,
        subject: str = "",
        failed: BaseException | None = None,
        is_kept: bool = False,
    ) -> None:
        """Count a drop, and log it unless the same cause was logged within the last ten seconds.

        Args:
            cause: why the packet was dropped.
            sender: the peer that sent it.
            text: details, with ``%s`` for each of ``args``, which are truncated if they are long.
            subject: each subject is logged separately, up to ten within ten seconds.
            failed: an exception to log with its traceback.
            is_kept: the packet is not dropped: it is used when its node exists.
        """
        self.count(cause)
        if failed is not None:
            exceptions.notify(failed, subject)
        now = int(monotonic() * 1000)
        fate = ", kept until the node exists" if is_kept else ", not used"
        times = self._limiter.count(self._limiter.cause_of(cause, subject, now) if subject else cause, now)
        if not times:
            return
        _log.log(
            logging.INFO if cause in _EXPECTED else logging.WARNING,
            "Received %s from peer %d%s: %s%s.",
            "a packet" if times == 1 else f"{times} packets, the last",
            sender,
            "" if cause in (SceneDrop.RPC_LISTS_DIFFER, SceneDrop.FAILED_CALL) else fate,
            _EXPLANATIONS[cause],
            " (" + text % tuple(map(_shown, args)) + ")" if text else "",
            exc_info=failed,
            extra={"peer": sender, "reason": cause.name},
        )

    def count(self, cause: SceneDrop) -> None:
        """Count a drop without logging it."""
        self._counts[cause] = self._counts.get(cause, 0) + 1

    def refuse(self, cause: SceneDrop, sender: int, lines: Sequence[str], path: str) -> None:
        """Count a dropped replication packet, and log it as :meth:`note` does, with Godot's error texts.

        Args:
            cause: why the packet was dropped.
            sender: the peer that sent it.
            lines: Godot's errors; empty where Godot logs none.
            path: of the spawner or synchronizer, if known. Each path is logged separately, as is each missing one.
        """
        if not lines:
            return self.count(cause)
        names = lines[0] if lines[0].startswith(_MISSING_PATH) else ""
        texts = [_shown(line, _MAX_LINE) for line in lines]
        if path:
            texts.append(_shown(path))
        subject = f"{path} {texts[0]}" if path else names
        return self.note(cause, sender, "; ".join(text.replace("%", "%%") for text in texts), subject=subject)


def _shown(value: object, limit: int = _MAX_VALUE) -> str:
    text = value[: 4 * limit].decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = text if len(text) <= limit else text[:limit] + "..."
    return text if text.isprintable() else ascii(text)
