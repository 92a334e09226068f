"""The client side: one session, which starts with the first packet sent.

Owns: that session. Must not know: ENet, beyond the addresses of its peers.
Units: milliseconds, bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from godot_enet.core.dtls.contexts import ClientContext
from godot_enet.core.dtls.records import is_record
from godot_enet.core.dtls.session import Session
from godot_enet.core.dtls.settings import ClientTrust
from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.interface import Address, Datagram, HostView, Transport
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["ClientStage", "DtlsClientTransport"]

SWEEP = 250
"""Interval of checks whether the session still has an ENet peer."""


class ClientStage:
    """Makes the transport of a client around another transport."""

    def __init__(self, trust: ClientTrust) -> None:
        self._context = ClientContext(trust)

    def __call__(self, inner: Transport, view: HostView) -> DtlsClientTransport:
        return DtlsClientTransport(inner, view, self._context)


class DtlsClientTransport(ForwardingTransport):
    """A :class:`~godot_enet.core.interface.Transport` to one server at a time, encrypted.

    During the handshake only the latest packet is kept, and sent at the end; earlier ones are lost, as all are in
    Godot. The session ends with its ENet peer. Meanwhile, packets to other addresses are lost.

    Args:
        inner: moves the records; this transport owns it.
        view: the host around it.
        context: the accepted certificates.
    """

    def __init__(self, inner: Transport, view: HostView, context: ClientContext) -> None:
        super().__init__(inner)
        self._view = view
        self._context = context
        self._session: Session | None = None
        self._peer: PeerHandle | None = None
        """The peer whose packets the session carries; None until it is known."""
        self._waiting: bytes | None = None
        self._begun = False
        self._failed = True  # nothing can be received before something was sent; Godot reports that as an error
        self._ready: list[Datagram] = []
        self._sweep_at = 0
        self._process = os.getpid()
        self._closed = False

    # Transport

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` packets that have arrived, decrypted."""
        if self._session is not None:
            self._handle_timers(self._session, now)
        ready = self._ready
        for data, address in self._inner.receive(limit, now) if len(ready) < limit else ():
            session = self._session
            if session is None or address != session.address:
                continue
            if not is_record(data):
                self._view.note("dtls: plain", f"Ignored a datagram from {address} that is not DTLS.", now)
                continue
            ready += [Datagram(packet, address) for packet in session.take(data, now)]
            if session.out or session.ended is not None or self._waiting is not None:
                self._flush_session(session, now)
        taken = ready[:limit]
        del ready[:limit]
        return taken

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Encrypt and send, after a handshake if there is no session."""
        taken = 0
        out: list[Datagram] = []
        if self._peer is not None and not self._view.has_peer(self._peer):
            self._replace_stale_session(now)
        for packet, address in batch:
            taken += len(packet)
            session = self._session
            if session is None or session.address != address:
                session = self._begin(address, now)
                if session is None or session.ended is not None:
                    continue
            if session.established:
                record = session.seal(packet)
                if record is not None:
                    out.append(Datagram(record, address))
            else:
                self._waiting = packet
        if out:
            self._inner.send(out, now)
        return taken

    def poll_timeout(self) -> int | None:
        """When the handshake, the next sweep or the wrapped transport needs attention."""
        moments = [self._inner.poll_timeout()]
        if self._session is not None:
            moments += [self._session.due, self._sweep_at]
        if self._ready:
            moments.append(0)
        return min((moment for moment in moments if moment is not None), default=None)

    def failed(self) -> bool:
        """Whether the session failed since the last call, or was never started."""
        failed = self._failed
        if failed and self._begun:
            self._failed = False
        return failed

    def close(self) -> None:
        """Close the session and the wrapped transport. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if os.getpid() == self._process:  # after fork() the session is the parent's
            self._end(0)
        self._session = None
        self._inner.close()

    # The session

    def _begin(self, address: Address, now: int) -> Session | None:
        if self._session is not None:
            if self._find_peer(self._session) is not None:
                return None
            self._end(now)
        if not self._begun:
            self._begun = True
            self._failed = False
        session = self._session = Session(self._context.connection(), address, now)
        self._peer = self._find_peer(session)
        self._sweep_at = now + SWEEP
        session.advance(now)
        self._flush_session(session, now)
        return session

    def _replace_stale_session(self, now: int) -> None:
        """End the session of a peer that no longer exists if there is another peer with the same address.

        The server may be about to close its side. The last packets of the old peer still use it.
        """
        if self._session is not None and self._find_peer(self._session) is not None:
            self._end(now)

    def _find_peer(self, session: Session) -> PeerHandle | None:
        """The peer that the session is for; None if there is none."""
        return next((peer for peer, address in self._view.peers().items() if address == session.address), None)

    def _end(self, now: int) -> None:
        """Close and drop the session, if there is one."""
        session = self._session
        self._session = self._peer = self._waiting = None
        if session is not None:
            session.close(now)
            self._send_out(session, now)

    def _flush_session(self, session: Session, now: int) -> None:
        """Send the session's output and handle its state."""
        self._send_out(session, now)
        if session.ended is not None:
            self._lose(session, now)
        elif session.established and self._waiting is not None:
            self._failed = False
            packet, self._waiting = self._waiting, None
            self.send([Datagram(packet, session.address)], now)

    def _lose(self, session: Session, now: int) -> None:
        """The session broke, or the server closed it."""
        address = session.address
        is_missed = not session.established or (self._peer is not None and self._view.has_peer(self._peer))
        self._session = self._peer = self._waiting = None
        self._failed |= is_missed
        if self._context.problem is not None and not session.established:
            text = f"The certificate of {address} was not accepted: {self._context.problem}."
        elif session.ended:
            what = "connection" if session.established else "handshake"
            text = f"The DTLS {what} with {address} failed: {session.ended}."
        else:
            text = f"The server at {address} closed the DTLS connection."
        self._view.note(f"dtls: {session.ended}", text, now, expected=not is_missed)

    def _handle_timers(self, session: Session, now: int) -> None:
        if session.due is not None and now >= session.due:
            session.handle_timeout(now)
            self._flush_session(session, now)
        if now >= self._sweep_at and self._session is session:
            self._sweep_at = now + SWEEP
            peer = self._find_peer(session)
            if self._peer is None:
                self._peer = peer
            elif peer is None:
                if not session.established:
                    text = (
                        f"{session.address} did not answer the DTLS handshake. "
                        "Is a server running there, does it use DTLS, and does it accept new connections?"
                    )
                    self._view.note("dtls: silence", text, now)
                self._end(now)

    def _send_out(self, session: Session, now: int) -> None:
        if session.out:
            self._inner.send([Datagram(data, session.address) for data in session.out], now)
            session.out.clear()


if TYPE_CHECKING:
    _check: type[Transport] = DtlsClientTransport
