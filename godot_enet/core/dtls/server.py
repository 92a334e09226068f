"""The server's side: one session per remote address, none before the remote has shown that it receives there.

Owns: sessions and cookies. Must not know: ENet, beyond the addresses of its peers.
Units: milliseconds, bytes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from OpenSSL import SSL

from godot_enet.core.dtls.admission import Admission
from godot_enet.core.dtls.contexts import server_context
from godot_enet.core.dtls.cookie import CookieJar
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
from godot_enet.core.interface import Address, Datagram, HostView, Transport

__all__ = ["HANDSHAKE_TIME", "MAXIMUM_PENDING", "STARTS", "TURNS", "DtlsServerTransport", "Gate", "ServerStage"]

MAXIMUM_PENDING = 16
"""Sessions that no ENet peer has yet. Godot has that number, too."""
HANDSHAKE_TIME = 8000
"""From the start of a session to its ENet peer. Godot pull request 114834."""
STARTS = 8
"""Sessions that begin in one receive pass, each with a signature; other hellos wait."""
TURNS = 16
"""Datagrams of an unfinished session that are read in one receive pass; the rest is lost and comes again."""
SWEEP = 250
"""Between looks which sessions have a peer."""
ENOUGH = 10
"""Between such looks when there is no room."""


class ServerStage:
    """Makes the transport of a server; call it with what it wraps."""

    def __init__(self, credentials: ServerCredentials, sessions: int) -> None:
        self._context = server_context(credentials)
        self._sessions = sessions
        self.gate = Gate()

    def __call__(self, inner: Transport, view: HostView) -> DtlsServerTransport:
        return DtlsServerTransport(inner, view, self._context, self._sessions, self.gate)


class Gate:
    """Whether new sessions may begin; may be set from any thread."""

    refusing = False
    """Whether hellos are ignored; sessions that exist go on."""


class DtlsServerTransport:
    """A :class:`~godot_enet.core.interface.Transport` that passes on only what came encrypted.

    Args:
        inner: moves the records; this transport owns it.
        view: the host around it.
        context: key and certificate, see :func:`~godot_enet.core.dtls.contexts.server_context`.
        limit: sessions at a time, the number of the host's peers.
        gate: whether new ones may begin.
    """

    def __init__(self, inner: Transport, view: HostView, context: SSL.Context, limit: int, gate: Gate) -> None:
        self._gate = gate
        self._inner = inner
        self._view = view
        self._context = context
        self._limit = limit
        self._cookies = CookieJar()
        self._admission = Admission()
        self._pending: dict[Address, Session] = {}
        """Sessions without an ENet peer, and those about to take the place of another, oldest first."""
        self._bound: dict[Address, Session] = {}
        self._ready: list[Datagram] = []
        self._out: list[Datagram] = []
        self._sweep_at = 0
        self._starts = 0
        """Sessions that have begun in this pass."""
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
            self._keep_house(now)
        ready, bound, pending = self._ready, self._bound, self._pending
        for datagram in self._inner.receive(limit, now) if len(ready) < limit else ():
            data, address = datagram
            session = bound.get(address)
            if session is None or address in pending or not is_record(data) or data[0] != APPLICATION_DATA:
                self._welcome(data, address, now)
                continue
            ready += [Datagram(packet, address) for packet in session.take(data, now)]
            if session.out or session.ended is not None:
                self._attend(session, now)
        self._send_out(now)
        taken = ready[:limit]
        del ready[:limit]
        return taken

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Encrypt and send; what goes where no session is counts as sent and is lost."""
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
            moments += [self._sweep_at, self._admission.next_time(self._pending.values())]
        if self._ready or (self._starts >= STARTS and self._admission):
            moments.append(0)
        return min((moment for moment in moments if moment is not None), default=None)

    def failed(self) -> bool:
        """Never: what goes wrong with one client does not concern the others."""
        return False

    def fileno(self) -> int:
        """The descriptor of the wrapped transport."""
        return self._inner.fileno()

    def local_address(self) -> Address | None:
        """Where the wrapped transport is bound."""
        return self._inner.local_address()

    def close(self) -> None:
        """Say goodbye to everybody and close the wrapped transport. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if os.getpid() == self._process:  # after fork() the sessions are the parent's
            for session in [*self._pending.values(), *self._bound.values()]:
                session.close(0)
                self._attend(session, 0)
            self._send_out(0)
        self._pending.clear()
        self._bound.clear()
        self._inner.close()

    # Sessions

    @property
    def session_count(self) -> int:
        """Sessions there are, unfinished ones included."""
        return len(self._pending) + len(self._bound)

    def _welcome(self, data: bytes, address: Address, now: int) -> None:
        """A datagram of somebody who is not simply a peer with a session."""
        if not is_record(data):
            self._view.note(
                "dtls: plain", f"Ignored what {address} sent, since it is not DTLS: a client that uses plain ENet?", now
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
                if self._turns[address] > TURNS:
                    return
            packets = session.take(data, now)
            self._ready += [Datagram(packet, address) for packet in packets]
            self._attend(session, now)
            if session.established and address in self._bound:
                # The client has started anew, and finished its handshake: only now does the old session end.
                self._bound[address] = self._pending.pop(address)
                session.bound = True
            if packets or session.established:
                return
        old = self._bound.get(address)
        if old is not None:
            self._ready += [Datagram(packet, address) for packet in old.take(data, now)]
            self._attend(old, now)

    def _answer(self, hello: Hello, address: Address, now: int) -> None:
        """A hello that begins a session, or is told to come again with a cookie. Until then nothing is kept."""
        if self._gate.refusing:
            return
        if not self._cookies.accepts(address, hello, now):
            answer = hello_verify_request(hello, self._cookies.bake(address, hello, now))
            if len(answer) <= len(hello.record):
                self._out.append(Datagram(answer, address))
            return
        if not self._admission and self._starts < STARTS and self._has_room(address):
            self._start(hello, address, now)
            return
        self._admission.wait(address, hello, now)
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
            return  # Not a hello to OpenSSL's taste.
        session = Session(connection, address, now, random=hello.random, first=sequence_of(hello.record))
        if not self._is_busy():
            self._sweep_at = now + SWEEP
        self._pending.pop(address, None)
        self._pending[address] = session
        session.advance(now)
        self._attend(session, now)

    def _admit(self, now: int) -> None:
        """Let those begin who wait, as far as there is room for them."""
        admission = self._admission
        while self._starts < STARTS and (address := admission.first(now)) is not None:
            if not self._has_room(address) and now >= self._sweep_at - SWEEP + ENOUGH:
                self._sweep(now)
            if not self._has_room(address):
                victim = admission.victim(self._pending.values(), now)
                if victim is None:
                    break
                del self._pending[victim.address]
                if not self._has_room(address):
                    break
            self._start(admission.take(address), address, now)
        if admission and (self._gate.refusing or len(self._bound) >= self._limit):
            if not self._gate.refusing:
                text = f"No room for a DTLS session with {address}: all {self._limit} are in use."
                self._view.note("dtls: full", text, now)
            admission.clear()

    def _is_busy(self) -> bool:
        return bool(self._pending or self._bound or self._admission)

    def _has_room(self, address: Address) -> bool:
        if address in self._pending:
            return True
        crowded = self.session_count >= self._limit and address not in self._bound
        return not crowded and len(self._pending) < MAXIMUM_PENDING

    def _keep_house(self, now: int) -> None:
        for session in list(self._pending.values()):
            if session.due is not None and now >= session.due:
                session.handle_timeout(now)
                self._attend(session, now)
        if now >= self._sweep_at:
            self._sweep(now)
        if self._admission:
            self._admit(now)

    def _sweep(self, now: int) -> None:
        """Find out which sessions have become peers, and end those that have not, or are not any more."""
        self._sweep_at = now + SWEEP
        peers = set(self._view.peers().values())
        for address, session in list(self._bound.items()):
            if address not in peers:
                session.close(now)
                self._attend(session, now)
        for address, session in list(self._pending.items()):
            if session.established and address in peers:
                session.bound = True
                self._bound[address] = self._pending.pop(address)
            elif now - session.started >= HANDSHAKE_TIME:
                self._view.note(
                    "dtls: slow",
                    f"The DTLS session with {address} ended: no ENet connection within {HANDSHAKE_TIME // 1000} s.",
                    now,
                    expected=True,
                )
                session.close(now)
                self._attend(session, now)

    def _attend(self, session: Session, now: int) -> None:
        """Send what a session has to say, and forget it if it is over."""
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
