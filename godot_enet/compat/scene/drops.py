"""What the high-level multiplayer receives and does not use: counted, and said once per cause and ten seconds."""

from __future__ import annotations

import logging
from time import monotonic

from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.core.reporting import Limiter

__all__ = ["SceneDrop", "SceneReporter"]

_log = logging.getLogger("godot_enet.network")
_LONGEST = 100


class SceneDrop(NamedIntEnum):
    """Why something received was not used; the keys of :meth:`SceneMultiplayer.counters`."""

    MALFORMED = 0
    UNKNOWN_COMMAND = 1
    UNKNOWN_SENDER = 2
    NOT_AUTHENTICATED = 3
    LATE_AUTHENTICATION = 4
    FORBIDDEN_COMMAND = 5
    NO_ROOT_PATH = 6
    REPLICATION = 7
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


_EXPLANATIONS = {
    SceneDrop.MALFORMED: "a malformed packet; not Godot's high-level multiplayer, or forged",
    SceneDrop.UNKNOWN_COMMAND: "a command that does not exist, or that may not be relayed",
    SceneDrop.UNKNOWN_SENDER: "from a peer that is not connected; usually one that has just left",
    SceneDrop.NOT_AUTHENTICATED: "from a peer that is not authenticated yet; set auth_callback at both ends",
    SceneDrop.LATE_AUTHENTICATION: "authentication data from a peer that is already in; set auth_callback at both ends",
    SceneDrop.FORBIDDEN_COMMAND: "a command that this peer may not give; is server_relay the same at both ends?",
    SceneDrop.NO_ROOT_PATH: "there is no root_path; hand this SceneMultiplayer to a SceneTree, or set root_path",
    SceneDrop.REPLICATION: "MultiplayerSpawner and MultiplayerSynchronizer are not supported; use RPCs for these nodes",
    SceneDrop.UNKNOWN_PATH: "it introduces a node that does not exist here; the trees must have the same names",
    SceneDrop.REPEATED_PATH: "it introduces a node under a number that is in use",
    SceneDrop.UNASKED_CONFIRMATION: "it confirms a node that was never introduced to it",
    SceneDrop.RPC_LISTS_DIFFER: "the @rpc methods of a node differ at the two ends; its RPCs reach wrong methods",
    SceneDrop.UNKNOWN_NODE: "an RPC to a node that does not exist here",
    SceneDrop.UNKNOWN_METHOD: "an RPC to a method that does not exist here; both ends need the same @rpc methods",
    SceneDrop.FORBIDDEN_RPC: "an RPC that this peer may not call",
    SceneDrop.WRONG_ARGUMENTS: "an RPC with arguments that do not fit",
    SceneDrop.FAILED_CALL: "a call that raised an exception",
    SceneDrop.RELAY_LIMIT: "more for other clients than one peer may have passed on in a second",
    SceneDrop.AUTHENTICATION_LIMIT: "more authentication data than one peer may send",
    SceneDrop.FORGED_PEER: "it names a peer that cannot be a client: the server itself, this one, or none",
}

_EXPECTED = frozenset({SceneDrop.UNKNOWN_SENDER, SceneDrop.UNKNOWN_NODE})
"""What also happens while somebody leaves or a node goes: no reason to warn."""


class SceneReporter:
    """Counts, and logs what it counts, not too often."""

    def __init__(self) -> None:
        self._counts: dict[SceneDrop, int] = {}
        self._limiter = Limiter()

    def counters(self) -> dict[SceneDrop, int]:
        """How often, by cause."""
        return dict(self._counts)

    def note(
        self,
        cause: SceneDrop,
        sender: int,
        text: str = "",
        *args: object,
        subject: str = "",
        failed: BaseException | None = None,
    ) -> None:
        """Count something, and say so unless that was done within the last ten seconds.

        Args:
            cause: why it was not used.
            sender: the peer it came from.
            text: what more there is to say, with ``%s`` for each of ``args``, which are cut if they are long.
            subject: causes are said separately for each subject, of up to ten within ten seconds.
            failed: an exception, whose traceback is added.
        """
        self._counts[cause] = self._counts.get(cause, 0) + 1
        now = int(monotonic() * 1000)
        times = self._limiter.count(self._limiter.cause_of(cause, subject, now) if subject else cause, now)
        if not times:
            return
        _log.log(
            logging.INFO if cause in _EXPECTED else logging.WARNING,
            "Received %s from peer %d%s: %s%s.",
            "a packet" if times == 1 else f"{times} packets, the last",
            sender,
            "" if cause in (SceneDrop.RPC_LISTS_DIFFER, SceneDrop.FAILED_CALL) else ", not used",
            _EXPLANATIONS[cause],
            " (" + text % tuple(map(_shown, args)) + ")" if text else "",
            exc_info=failed,
        )


def _shown(value: object) -> str:
    text = value[: 4 * _LONGEST].decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return text if text.isprintable() else ascii(text)
