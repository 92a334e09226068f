"""Connects to a server once, as a Godot client does, and finds out what the wire tells about it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum

from godot_enet.core.compression import Codec
from godot_enet.core.dtls.settings import ClientTrust, DtlsUnavailable
from godot_enet.core.dtls.stages import client_stage
from godot_enet.core.engine import PythonEngine
from godot_enet.core.host import Host
from godot_enet.core.interface import Address, HostView, Transport, TransportStage
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import MAXIMUM_MTU
from godot_enet.core.protocol.events import EventType, PeerHandle
from godot_enet.core.protocol.wire import VerifyConnect
from godot_enet.tools.scout import Scout, Sight
from godot_enet.tools.wire_tap import WireTap

__all__ = ["Answer", "Outcome", "probe"]

_BURST = 16
"""Pings at once: their acknowledgements come in one datagram, which every codec makes shorter."""
_SCOUT_AFTER, _SCOUT_EVERY = 0.5, 1.0
_PATIENCE_FACTOR = 4
"""How many times the longest round trip so far the last pings get."""
_LAST_ACK_TIMEOUT = 1.0
"""Seconds: how long the server gets for the last acknowledgement."""


class Outcome(Enum):
    """How far a client gets."""

    CONNECTED = "connected"
    SILENT = "no answer"
    UNREACHABLE = "port unreachable"
    REFUSED = "refused"
    DROPPED = "dropped"
    """It answered the connection request, and after that nothing."""
    LOCKED = "locked"
    """It answered, but it cannot be talked to from here; ``Answer.hint`` says why."""


@dataclass
class Answer:
    """What one attempt has found out. Times in milliseconds."""

    outcome: Outcome = Outcome.SILENT
    encrypted: bool = False
    codec: Codec | None = None
    """None: the server does not compress."""
    reply: VerifyConnect | None = None
    data: int = 0
    """The number that came with a refusal."""
    hint: str = ""
    round_trips: list[float] = field(default_factory=list)
    sent: int = 0
    """How often a ping was sent, resends included; each that arrived has its round trip."""

    @property
    def lost(self) -> int:
        """How many of those were not acknowledged."""
        return self.sent - len(self.round_trips)


def probe(address: Address, *, count: int, interval: float, timeout: float, channels: int) -> Answer:
    """Connect, send ``count`` pings, ``interval`` seconds apart, and disconnect.

    Args:
        address: of the server.
        count: of pings.
        interval: seconds from one to the next.
        timeout: seconds to wait for an answer.
        channels: to ask for.
    """
    attempt = _Attempt(address, channels, timeout, encrypted=False)
    answer = attempt.run(count, interval)
    if not answer.encrypted:
        return answer
    try:
        attempt = _Attempt(address, channels, timeout, encrypted=True)
    except DtlsUnavailable as error:
        return Answer(Outcome.LOCKED, encrypted=True, hint=str(error))
    answer = attempt.run(count, interval)
    if answer.outcome is Outcome.SILENT:
        answer.outcome, answer.hint = Outcome.LOCKED, "the handshake of DTLS does not end, or nothing answers after it"
    return answer


class _Attempt:
    """One host with one connection."""

    def __init__(self, address: Address, channels: int, timeout: float, *, encrypted: bool) -> None:
        self._address = address
        self._timeout = timeout
        self._channels = channels
        trust = ClientTrust("", verify_chain=False, verify_name=False)
        self._dtls: TransportStage | None = client_stage(trust) if encrypted else None
        self._answer = Answer(encrypted=encrypted)
        self._ended = False

    def run(self, count: int, interval: float) -> Answer:
        # The largest MTU, since the server answers with the smaller one of ours and its own.
        config = HostConfig(peer_count=1, mtu=MAXIMUM_MTU, early_retransmit=False, redundant_copies=0)
        with closing(Host(config, threaded=False, engine=PythonEngine(config), stage=self._stage)) as host:
            self._host = host
            # Godot's ENetMultiplayerPeer turns away who does not come with an id, which is such a number.
            self._peer: PeerHandle = host.connect(self._address, self._channels, random.randint(2, 0x7FFFFFFF))
            if self._connect():
                self._measure(count, interval)
                if not self._ended:
                    self._disconnect()
        answer, tap = self._answer, self._tap
        answer.codec, answer.reply = tap.codec, tap.reply
        if tap.undecodable:
            answer.outcome, answer.hint = Outcome.LOCKED, tap.undecodable
        return answer

    def _stage(self, inner: Transport, view: HostView) -> Transport:
        self._tap = WireTap(self._dtls(inner, view) if self._dtls else inner)
        return self._tap

    def _connect(self) -> bool:
        """Whether the server took the connection; why not is in the answer."""
        began = time.monotonic()
        ask_at = began + _SCOUT_AFTER
        with closing(Scout(self._address)) as scout:
            while (now := time.monotonic()) < began + self._timeout:
                event = self._host.service(10)
                if event is not None and event.type is EventType.CONNECT:
                    return True
                if event is not None and event.type is EventType.DISCONNECT:
                    self._answer.outcome, self._answer.data = Outcome.REFUSED, event.data
                    return False
                if self._tap.undecodable:
                    return False
                if now >= ask_at and not self._answer.encrypted:
                    scout.ask()
                    ask_at = now + _SCOUT_EVERY
                sight = scout.look()
                if sight is Sight.UNREACHABLE:
                    self._answer.outcome = Outcome.UNREACHABLE
                    return False
                if sight is Sight.DTLS:
                    self._answer.encrypted = True
                    return False
        return False

    def _measure(self, count: int, interval: float) -> None:
        answer, tap = self._answer, self._tap
        answer.outcome = Outcome.CONNECTED
        for _ in range(_BURST):
            self._host.ping(self._peer)
        if not self._serve(self._timeout, lambda: bool(tap.round_trips)):
            answer.outcome = Outcome.DROPPED
            return
        tap.forget_pings()
        for _ in range(count):
            if not self._ended:
                self._host.ping(self._peer)
                self._serve(interval)
        answered = len(tap.round_trips)
        longest = max(tap.round_trips, default=self._timeout * 1000)
        self._serve(_PATIENCE_FACTOR * longest / 1000, lambda: not tap.waits())
        if tap.waits() and not self._serve(self._timeout, lambda: len(tap.round_trips) > answered):
            answer.outcome = Outcome.DROPPED  # not even the pings that ENet sends by itself are answered
        answer.round_trips, answer.sent = tap.round_trips, tap.sent

    def _serve(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Serve for a time, or until something is so. Returns whether it is; ends with the connection, too."""
        deadline = time.monotonic() + seconds
        self._host.flush()
        while (left := deadline - time.monotonic()) > 0:
            if until():
                return True
            event = self._host.service(max(1, min(50, int(left * 1000))))
            if event is not None and event.type is EventType.DISCONNECT:
                self._ended = True
                return False
        return until()

    def _disconnect(self) -> None:
        self._host.disconnect(self._peer)
        deadline = time.monotonic() + _LAST_ACK_TIMEOUT
        while time.monotonic() < deadline:
            event = self._host.service(50)
            if event is not None and event.type is EventType.DISCONNECT:
                return
