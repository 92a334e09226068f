"""The server side: one session per remote address, none before the remote has proved that it receives there.

Owns: sessions and cookies. Must not know: ENet, beyond the addresses of its peers.
Units: milliseconds, bytes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from OpenSSL import SSL

from godot_enet.core.dtls.contexts import server_context
from godot_enet.core.dtls.cookie import CookieJar
from godot_enet.core.dtls.handshake_queue import HandshakeQueue
from godot_enet.core.dtls.records import (
    APPLICATION_DATA,
    Hello,
    hello_verify_request,
    is_record,
    parse_client_hello,
    sequence_of,
)
from godot_enet.core.dtls.session import FLIGHT_MTU, Session
from godot_enet.core.dtls.settings import ServerCredentials
from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.interface import Address, Datagram, HostView, Transport

__all__ = ["HANDSHAKE_TIME", "MAX_PENDING", "MAX_STARTS", "MAX_TURNS", "DtlsServerTransport", "Gate", "ServerStage"]

MAX_PENDING = 16
"""Sessions without an ENet peer; the same number as in Godot."""
HANDSHAKE_TIME = 8000
"""Maximum time from the start of a session to its ENet peer. Godot pull request 114834."""
MAX_STARTS = 8
"""Sessions that may start in one receive pass, each with a signature; other hellos wait."""
MAX_TURNS = 16
"""Datagrams of an unfinished session that are read in one receive pass; the rest is lost and resent."""
SWEEP = 250
"""Interval of checks which sessions have a peer."""
FULL_SWEEP = 10
"""Interval of these checks while there is no room."""


class ServerStage:
    """Makes the transport of a server around another transport."""

    def __init__(self, credentials: ServerCredentials, sessions: int) -> None:
        self._context = server_context(credentials)
        self._sessions = sessions
        self.gate = Gate()

    def __call__(self, inner: Transport, view: HostView) -> DtlsServerTransport:
        return DtlsServerTransport(inner, view, self._context, self._sessions, self.gate)


class Gate:
    """Whether new sessions may start; may be set from any thread."""

    refusing = False
    """Whether hellos are ignored; existing sessions continue."""


class DtlsServerTransport(ForwardingTransport):
    """A :class:`~godot_enet.core.interface.Transport` that passes on only decrypted packets.

    Args:
        inner: moves the records; this transport owns it.
        view: the host around it.
        context: key and certificate, see :func:`~godot_enet.core.dtls.contexts.server_context`.
        limit: maximum sessions, the number of the host's peers.
        gate: whether new ones may start.
    """

    def __init__(self, inner: Transport, view: HostView, context: SSL.Context, limit: int, gate: Gate) -> None:
        self._gate = gate
        super().__init__(inner)
        self._view = view
        self._context = context
        self._limit = limit
        self._cookies = CookieJar()
        self._queue = HandshakeQueue()
        self._pending: dict[Address, Session] = {}
        """Sessions without an ENet peer, and those about to replace another, oldest first."""
        self._bound: dict[Address, Session] = {}
        self._ready: list[Datagram] = []
        self._out: list[Datagram] = []
        self._sweep_at = 0
        self._starts = 0
        """Sessions started in this pass."""
        self._turns: Counter[Address] = Counter()
        """Datagrams of unfinished sessions in this pass."""
        self._process = os.getpid()
        self._closed = False

    # Transport

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` packets that have arrived, decrypted."""
        self._starts = 0
        self._turns.clear()
        if self._is_busy():
            self._handle_timers(now)
        ready, bound, pending = self._ready, self._bound, self._pending
        for datagram in self._inner.receive(limit, now) if len(ready) < limit else ():
            data, address = datagram
            session = bound.get(address)
            if session is None or address in pending or not is_record(data) or data[0] != APPLICATION_DATA:
                self._receive_other(data, address, now)
                continue
            ready += [Datagram(packet, address) for packet in session.take(data, now)]
            if session.out or session.ended is not None:
                self._flush_session(session, now)
        self._send_out(now)
        taken = ready[:limit]
        del ready[:limit]
        return taken

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Encrypt and send; packets to addresses without a session count as sent and are lost."""
        taken = 0
        bound, pending, out = self._bound, self._pending, self._out
        for packet, address in batch:
            taken += len(packet)
            session = bound.get(address) or pending.get(address)
            if session is not None and session.established:
                record = session.seal(packet)
                if record is not None:
                    out.append(Datagram(record, address))
        self._send_out(now)
        return taken

    def poll_timeout(self) -> int | None:
        """When a handshake, the next sweep or the wrapped transport needs attention."""
        moments = [session.due for session in self._pending.values()]
        moments.append(self._inner.poll_timeout())
        if self._is_busy():
            moments += [self._sweep_at, self._queue.next_time(self._pending.values())]
        if self._ready or (self._starts >= MAX_STARTS and self._queue):
            moments.append(0)
        return min((moment for moment in moments if moment is not None), default=None)

    def failed(self) -> bool:
        """Never: the failure of one client does not affect the others."""
        return False

    def close(self) -> None:
        """Close all sessions and the wrapped transport. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if os.getpid() == self._process:  # after fork() the sessions are the parent's
            for session in [*self._pending.values(), *self._bound.values()]:
                session.close(0)
                self._flush_session(session, 0)
            self._send_out(0)
        self._pending.clear()
        self._bound.clear()
        self._inner.close()

    # Sessions

    @property
    def session_count(self) -> int:
        """The number of sessions, unfinished ones included."""
        return len(self._pending) + len(self._bound)

    def _receive_other(self, data: bytes, address: Address, now: int) -> None:
        """Handle a datagram that is not a packet of an established session."""
        if not is_record(data):
            self._view.note(
                "dtls: plain",
                f"Ignored a datagram from {address} that is not DTLS: a client that uses plain ENet?",
                now,
            )
            return
        session = self._pending.get(address)
        hello = parse_client_hello(data)
        if hello is not None:
            known = session or self._bound.get(address)
            if known is None or known.random != hello.random:
                self._answer(hello, address, now)
                return
        if session is not None:
            if not session.established:
                self._turns[address] += 1
                if self._turns[address] > MAX_TURNS:
                    return
            packets = session.take(data, now)
            self._ready += [Datagram(packet, address) for packet in packets]
            self._flush_session(session, now)
            if session.established and address in self._bound:
                # The client has restarted and finished its handshake: now its new session replaces the old one.
                self._bind(session)
            if packets or session.established:
                return
        old = self._bound.get(address)
        if old is not None:
            self._ready += [Datagram(packet, address) for packet in old.take(data, now)]
            self._flush_session(old, now)

    def _answer(self, hello: Hello, address: Address, now: int) -> None:
        """Start a session for a hello, or reply with a cookie to be sent back. Until then nothing is stored."""
        if self._gate.refusing:
            return
        if not self._cookies.accepts(address, hello, now):
            answer = hello_verify_request(hello, self._cookies.make(address, hello, now))
            if len(answer) <= len(hello.record):
                self._out.append(Datagram(answer, address))
            return
        if not self._queue and self._starts < MAX_STARTS and self._has_room(address):
            self._start(hello, address, now)
            return
        self._queue.wait(address, hello, now)
        self._admit(now)

    def _start(self, hello: Hello, address: Address, now: int) -> None:
        self._starts += 1
        self._cookies.use(address, hello, now)
        connection = SSL.Connection(self._context, None)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(FLIGHT_MTU)
        connection.bio_write(hello.record)
        try:
            connection.DTLSv1_listen()
        except SSL.Error:
            return  # OpenSSL rejected the ClientHello.
        session = Session(connection, address, now, random=hello.random, first=sequence_of(hello.record))
        if not self._is_busy():
            self._sweep_at = now + SWEEP
        self._pending.pop(address, None)
        self._pending[address] = session
        session.advance(now)
        self._flush_session(session, now)

    def _admit(self, now: int) -> None:
        """Start waiting sessions as far as there is room."""
        queue = self._queue
        while self._starts < MAX_STARTS and (address := queue.first(now)) is not None:
            if not self._has_room(address) and now >= self._sweep_at - SWEEP + FULL_SWEEP:
                self._sweep(now)
            if not self._has_room(address):
                victim = queue.victim(self._pending.values(), now)
                if victim is None:
                    break
                del self._pending[victim.address]
                if not self._has_room(address):
                    break
            self._start(queue.take(address), address, now)
        if queue and (self._gate.refusing or len(self._bound) >= self._limit):
            if not self._gate.refusing:
                text = f"No room for a DTLS session with {address}: all {self._limit} are in use."
                self._view.note("dtls: full", text, now)
            queue.clear()

    def _is_busy(self) -> bool:
        return bool(self._pending or self._bound or self._queue)

    def _has_room(self, address: Address) -> bool:
        if address in self._pending:
            return True
        crowded = self.session_count >= self._limit and address not in self._bound
        return not crowded and len(self._pending) < MAX_PENDING

    def _handle_timers(self, now: int) -> None:
        for session in list(self._pending.values()):
            if session.due is not None and now >= session.due:
                session.handle_timeout(now)
                self._flush_session(session, now)
        if now >= self._sweep_at:
            self._sweep(now)
        if self._queue:
            self._admit(now)

    def _sweep(self, now: int) -> None:
        """Find the sessions that have become peers, and end those that did not in time or no longer are."""
        self._sweep_at = now + SWEEP
        peers = set(self._view.peers().values())
        for address, session in list(self._bound.items()):
            if address not in peers:
                session.close(now)
                self._flush_session(session, now)
        for address, session in list(self._pending.items()):
            if session.established and address in peers:
                self._bind(session)
            elif now - session.started >= HANDSHAKE_TIME:
                self._view.note(
                    "dtls: slow",
                    f"The DTLS session with {address} ended: no ENet connection within {HANDSHAKE_TIME // 1000} s.",
                    now,
                    expected=True,
                )
                session.close(now)
                self._flush_session(session, now)

    def _bind(self, session: Session) -> None:
        """Make a session the one of its peer."""
        # No call between these, so that it is in one of the tables whenever a signal handler raises.
        session.bound = True
        self._bound[session.address] = session
        del self._pending[session.address]

    def _flush_session(self, session: Session, now: int) -> None:
        """Collect a session's output, and drop it if it has ended."""
        if session.out:
            self._out += [Datagram(data, session.address) for data in session.out]
            session.out.clear()
        if session.ended is not None:
            if session.ended:
                what = "session" if session.established else "handshake"
                text = f"The DTLS {what} with {session.address} failed: {session.ended}."
                self._view.note(f"dtls: {session.ended}", text, now)
            table = self._bound if session.bound else self._pending
            if table.get(session.address) is session:
                del table[session.address]

    def _send_out(self, now: int) -> None:
        if self._out:
            self._inner.send(self._out, now)
            self._out.clear()


if TYPE_CHECKING:
    _check: type[Transport] = DtlsServerTransport
