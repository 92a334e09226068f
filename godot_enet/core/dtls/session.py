"""One DTLS association: datagrams in, datagrams and plain packets out. Never raises.

Owns: the OpenSSL connection. Must not know: sockets, peers, or which of the two sides it is.
Units: milliseconds. OpenSSL's retransmission timer uses the system clock, so :attr:`Session.due` is an estimate
in the caller's time; being early only costs a check.
"""

from __future__ import annotations

import contextlib
import re

from OpenSSL import SSL

from godot_enet.core.dtls.records import APPLICATION_DATA, is_one_record, pack, plain_alert, renumber, sequence_of, sift
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import MAXIMUM_DATAGRAM

__all__ = ["CLOCK_SET", "FLIGHT_MTU", "REFUSAL", "Session"]

FLIGHT_MTU = 1400
"""Maximum datagram of a handshake, in bytes."""
REFUSAL = 3000
"""How long the remote must be silent after an unencrypted alert before the alert is accepted: two resends."""
_MAX_TIMEOUT = 61.0
"""Seconds; OpenSSL doubles its timeout up to 60."""
_RECORD_MTU = MAXIMUM_DATAGRAM + 128
"""Maximum record after the handshake, in bytes: the longest ENet datagram plus encryption."""
_MAX_RECORD = 16_384 + 2048
"""Bytes; no record is longer."""
_BUFFER = 65_536
_MIN_RECORD, _MIN_RECORD_AES = 17, 25
"""Bytes of an encrypted record: one of content, 16 of authentication, and 8 of nonce with AES-GCM. RFC 7905, 5288."""


class Session:
    """Wraps a new connection with memory buffers; call :meth:`advance` first."""

    __slots__ = (
        "_alert",
        "_alert_at",
        "_connection",
        "_first",
        "_min_record",
        "_shift",
        "address",
        "bound",
        "due",
        "ended",
        "established",
        "heard",
        "out",
        "random",
        "started",
    )

    def __init__(
        self, connection: SSL.Connection, address: Address, now: int, *, random: bytes = b"", first: int | None = None
    ) -> None:
        self._connection = connection
        self._first = first
        """The minimum number of the first record: the reply to a repeated hello must not reuse the number of a
        HelloVerifyRequest. OpenSSL always starts with 1. RFC 6347, 4.2.1."""
        self._shift = 0
        self._alert: int | None = None
        """An unencrypted alert of the remote, which anyone may have forged."""
        self._alert_at = 0
        self._min_record = _MIN_RECORD
        self._connection.set_ciphertext_mtu(FLIGHT_MTU)
        self.address = address
        self.random = random
        """The random bytes of the client's hello, on the server."""
        self.started = now
        self.established = False
        """Whether packets can be exchanged."""
        self.heard = False
        """Whether the remote has continued the handshake."""
        self.bound = False
        """Whether a server has seen an ENet peer at this address."""
        self.ended: str | None = None
        """Why it ended; ``""`` if the remote closed it normally."""
        self.due: int | None = None
        """When :meth:`handle_timeout` is needed next; None if never."""
        self.out: list[bytes] = []
        """Datagrams to send; the sender clears the list."""

    def advance(self, now: int) -> None:
        """Continue the handshake as far as possible."""
        try:
            self._shake_hands()
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self.ended = _reason(error)
        self._collect(now)

    def take(self, data: bytes, now: int) -> list[bytes]:
        """Process one datagram from the remote. Returns its packets."""
        if self.ended is not None or len(data) > _MAX_RECORD:
            return []
        is_simple = len(data) >= self._min_record + 13 and data[0] == APPLICATION_DATA and is_one_record(data)
        if not is_simple:
            if not self.established and self._alert is None:
                self._alert, self._alert_at = plain_alert(data), now
            data = sift(data, self._min_record)
            if not data:
                self._collect(now)
                return []
        connection = self._connection
        packets: list[bytes] = []
        try:
            connection.bio_write(data)
            if self.established:
                packets.append(connection.recv(_BUFFER))
                if is_simple:
                    return packets
            else:
                state = connection.get_state_string()
                try:
                    self._shake_hands()
                finally:
                    if connection.get_state_string() != state:
                        self.heard = True
                        self._alert = None
            # Read until OpenSSL asks for more: it would merge two datagrams in its buffer.
            while True:
                packets.append(connection.recv(_BUFFER))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.close(now)
            self.ended = ""
        except SSL.Error as error:
            self.ended = _reason(error)
        self._collect(now)
        return packets

    def seal(self, packet: bytes) -> bytes | None:
        """The record with this packet; None if it cannot be sent."""
        try:
            self._connection.send(packet)
            return self._connection.bio_read(_BUFFER)
        except SSL.Error:
            return None

    def handle_timeout(self, now: int) -> None:
        """Resend unanswered handshake messages that are due."""
        if self._alert is not None and now - self._alert_at >= REFUSAL and not self.established:
            self.ended = _alert_text(self._alert)
            self._collect(now)
            return
        try:
            self._connection.DTLSv1_handle_timeout()
            if (self._connection.DTLSv1_get_timeout() or 0) > _MAX_TIMEOUT:
                # OpenSSL uses the wall clock, and would not resend until it is as late again.
                self.ended = CLOCK_SET
        except SSL.Error:
            self.ended = NO_ANSWER
        self._collect(now)

    def close(self, now: int) -> None:
        """Send the remote a close notification."""
        if self.ended is None:
            self.ended = ""
            if self.established:
                try:
                    self._connection.shutdown()
                except SSL.Error:
                    return
                self._collect(now)

    def _shake_hands(self) -> None:
        self._connection.do_handshake()
        self.established = True
        if "CHACHA20" not in (self._connection.get_cipher_name() or ""):
            self._min_record = _MIN_RECORD_AES
        self._connection.set_ciphertext_mtu(_RECORD_MTU)

    def _collect(self, now: int) -> None:
        """Collect OpenSSL's output and its next timeout."""
        with contextlib.suppress(SSL.Error):
            stream = self._connection.bio_read(_BUFFER)
            if self._first is not None:
                self._shift = max(0, self._first - sequence_of(stream))
                self._first = None
            if self._shift:
                stream = renumber(stream, self._shift)
            self.out += pack(stream, FLIGHT_MTU)
        wait = None
        if self.ended is None and not self.established:
            wait = self._connection.DTLSv1_get_timeout()
        self.due = None if wait is None else now + max(1, int(wait * 1000) + 1)
        if self.due is not None and self._alert is not None:
            self.due = min(self.due, self._alert_at + REFUSAL)


NO_ANSWER = "no answer"
CLOCK_SET = "the clock of this machine was set back"

_REASONS = {
    "no shared cipher": "the two sides have no cipher suite in common",
    "unsupported protocol": "the other side does not offer DTLS 1.2",
    "wrong version number": "the other side does not support DTLS 1.2",
    "certificate verify failed": "the certificate was not accepted",
}
_UNTRUSTED = "the other side does not accept our certificate"
_ALERTS = {
    "handshake failure": "the other side has no cipher suite in common with us",
    "protocol version": "the other side does not support DTLS 1.2",
    "unknown ca": _UNTRUSTED,
    "bad certificate": _UNTRUSTED,
    "unsupported certificate": _UNTRUSTED,
    "certificate expired": _UNTRUSTED,
    "certificate unknown": _UNTRUSTED,
}
_ALERT = re.compile(r"(?:ssl/tls|tls|sslv3|tlsv\d+) (?:alert )?(.+)")
"""OpenSSL's name of an alert; the prefix depends on its version."""


_ALERT_NUMBERS = {
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    45: "certificate expired",
    46: "certificate unknown",
    48: "unknown ca",
    70: "protocol version",
    80: "internal error",
}
"""RFC 5246, 7.2."""


def _alert_text(number: int) -> str:
    name = _ALERT_NUMBERS.get(number, f"alert {number}")
    return _ALERTS.get(name, f'the other side sent the alert "{name}"')


def _reason(error: SSL.Error) -> str:
    """OpenSSL's error as readable text."""
    if isinstance(error, SSL.SysCallError) or not error.args or not error.args[0]:
        return "the connection was interrupted"
    text = str(error.args[0][0][-1])
    alert = _ALERT.fullmatch(text)
    if alert is not None:
        return _ALERTS.get(alert[1], f'the other side sent the alert "{alert[1]}"')
    return _REASONS.get(text, text or "OpenSSL gives no reason")
