"""Seats: a disconnected player keeps a place for a while, and returns to it from any address with a token.

The token is given and shown in the authentication phase of a ``SceneMultiplayer``. The bytes, all inside ``send_auth``:

- client to server: ``seat1``, then the 16 bytes of its token, or nothing;
- server to client: ``seat1``, a byte that is 1 if the seat was resumed, the seat's number as 32 bits (little-endian),
  and the 16 bytes of the next token.

Then both complete. A client without ``auth_callback`` sends nothing, and is a newcomer whose seat is not held.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from hashlib import blake2s
from struct import Struct
from typing import Any, NamedTuple

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.errors import rate_limited
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.signal import SignalProperty

__all__ = ["Seat", "SeatTicket", "Seats"]

_log = logging.getLogger("godot_enet.ops")
_HELLO = b"seat1"
_TOKEN_SIZE = 16
_REPLY = Struct(f"<{len(_HELLO)}s?I{_TOKEN_SIZE}s")


class Seat:
    """The place of one player. Its ``data`` is for the program."""

    def __init__(self, number: int) -> None:
        self.number = number
        """Counts the seats of this server from 1; it stays when the player returns."""
        self.peer = 0
        """The id of the peer that sits here; 0 while the player is away."""
        self.data: Any = None
        self._keys: tuple[bytes, ...] = ()
        """The hashes of the tokens that resume it; none if it is not held. Two while its player was sent the next one
        and is not admitted: nobody knows whether it has arrived."""
        self._away_since = 0.0

    def __repr__(self) -> str:
        return f"<Seat {self.number} of {f'peer {self.peer}' if self.peer else 'a player who is away'}>"


class _Claim(NamedTuple):
    """The seat that a peer gets when it is admitted."""

    seat: Seat
    key: bytes
    """The hash of its next token."""
    resumed: bool


class Seats:
    """The seats of a server. Make it before the program connects to the signals of the multiplayer.

    It sets ``auth_callback`` and ``auth_grace``. A token is valid once, until its player is admitted again with the
    next one. A peer with a wrong, used or expired token is a newcomer. When the transport ends or is replaced, all
    seats are held.

    Args:
        multiplayer: the multiplayer of a server.
        hold_seconds: the time for which a seat is held.
        max_away: seats that are held at the same time; beyond that the one held for the longest time is released.
        grace: seconds after which a silent client counts as one without a token; any other packet of it shows that at
            once.
        clock: a monotonic clock in seconds.
    """

    taken = SignalProperty[[int, Seat]]("peer", "seat")
    """A newcomer was admitted; emitted before the program's handlers of ``peer_connected``."""
    resumed = SignalProperty[[int, Seat]]("peer", "seat")
    """A player has returned to a seat, perhaps with another id."""
    left = SignalProperty[[Seat]]("seat")
    """A player has dropped, and the seat is held; emitted before the program's handlers of ``peer_disconnected``."""
    released = SignalProperty[[Seat]]("seat")
    """A seat was released: its player did not return in time, was kicked, or had no token."""

    def __init__(
        self,
        multiplayer: SceneMultiplayer,
        hold_seconds: float = 60.0,
        *,
        max_away: int = 1024,
        grace: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hold_seconds = hold_seconds
        self._multiplayer = multiplayer
        self._max_away = max_away
        self._clock = clock
        self._count = 0
        self._by_peer: dict[int, Seat] = {}
        self._by_key: dict[bytes, Seat] = {}
        self._away: dict[int, Seat] = {}
        """By number, in the order in which their players left."""
        self._claims: dict[int, _Claim] = {}
        """The claims of peers that are being authenticated."""
        self._session: tuple[object, int, bool] = None, 0, False
        """The transport of the peers, its session, and whether that is over."""
        multiplayer.auth_callback = self._on_hello
        multiplayer.auth_grace = grace
        multiplayer.peer_connected.connect(self._on_connected)
        multiplayer.peer_disconnected.connect(self._on_disconnected)
        multiplayer.peer_authentication_failed.connect(self._on_failed)

    def seat_of(self, peer: int) -> Seat | None:
        """Return the seat of a connected peer."""
        return self._by_peer.get(peer)

    def away(self) -> list[Seat]:
        """Return the seats that are held, those held for the longest time first."""
        return list(self._away.values())

    def reserve(self, data: Any = None) -> tuple[Seat, bytes]:
        """Hold a seat for a player who arrives from elsewhere, such as another server.

        Args:
            data: the :attr:`Seat.data` of the seat, such as the player's state from there.

        Returns:
            The seat and its token. The player who shows it within ``hold_seconds`` is :attr:`resumed`.
        """
        token = secrets.token_bytes(_TOKEN_SIZE)
        seat = self._new_seat()
        seat.data = data
        self._set_keys(seat, _key(token))
        self._hold(seat)
        self.update()
        return seat, token

    def release(self, peer: int | Seat) -> None:
        """Release a held seat, or do not hold that of a connected peer when it leaves."""
        seat = self._by_peer.get(peer) if isinstance(peer, int) else peer
        if seat is None:
            return
        if seat.number in self._away:
            self._release(seat)
        else:
            self._set_keys(seat)

    def update(self) -> None:
        """Release the seats whose time has expired. Call it once a frame, unless a :class:`Server` has these seats."""
        self._follow_transport()
        latest = self._clock() - self.hold_seconds
        while self._away:
            seat = next(iter(self._away.values()))
            if seat._away_since > latest and len(self._away) <= self._max_away:
                return
            self._release(seat)

    def _on_hello(self, peer: int, data: bytes) -> None:
        token = data[len(_HELLO) :]
        if peer in self._claims or not data.startswith(_HELLO) or len(token) not in (0, _TOKEN_SIZE):
            _warn_of_remote(f"Peer {peer} sent authentication data that is not for a seat.", peer=peer)
            self._claims.pop(peer, None)
            self._multiplayer.disconnect_peer(peer)
            return
        self.update()
        key, following = _key(token), secrets.token_bytes(_TOKEN_SIZE)
        seat = self._by_key.get(key) if token else None
        if seat is None and token:
            line = rate_limited("token of no seat", f"Peer {peer} sent an unknown or expired token.")
            if line:
                _log.info("%s", line, extra={"peer": peer})
        if seat is not None:
            self._end_claim(seat)
            self._set_keys(seat, key, _key(following))
            if self._away.pop(seat.number, None) is not None:
                self._hold(seat)  # restart: it is not released while the player connects
        claim = _Claim(seat or self._new_seat(), _key(following), seat is not None)
        self._claims[peer] = claim
        self._multiplayer.send_auth(peer, _REPLY.pack(_HELLO, claim.resumed, claim.seat.number, following))
        self._multiplayer.complete_auth(peer)

    def _new_seat(self) -> Seat:
        self._count += 1
        return Seat(self._count)

    def _end_claim(self, seat: Seat) -> None:
        """Disconnect an earlier attempt of the player that is not admitted yet: it may be dead."""
        for peer, claim in list(self._claims.items()):
            if claim.seat is seat:
                del self._claims[peer]
                self._multiplayer.disconnect_peer(peer)

    def _follow_transport(self) -> None:
        """Hold the seats of a transport that has ended or was replaced, which emits no signals for its peers."""
        transport = self._multiplayer.get_multiplayer_peer()
        session: tuple[object, int, bool] = None, 0, False
        if transport is not None:
            is_over = transport.get_connection_status() is MultiplayerPeer.CONNECTION_DISCONNECTED
            session = transport, transport._session, is_over
        if session != self._session:
            self._session = session
            self._claims.clear()
            for peer in list(self._by_peer):
                self._on_disconnected(peer)

    def _on_connected(self, peer: int) -> None:
        self._follow_transport()
        claim = self._claims.pop(peer, None)
        seat = self._new_seat() if claim is None else claim.seat
        resumed = claim is not None and claim.resumed and bool(seat._keys)
        self._set_keys(seat, *(() if claim is None else (claim.key,)))
        self._away.pop(seat.number, None)
        before, seat.peer = seat.peer, peer
        self._by_peer[peer] = seat
        if before:
            # The old connection has not timed out yet: the player's address has changed.
            self._by_peer.pop(before, None)
            self._multiplayer._peers.leave(before)  # with peer_disconnected for the program, unlike disconnect_peer()
            transport = self._multiplayer.get_multiplayer_peer()
            if transport is not None:
                transport.disconnect_peer(before, True)
        if resumed:
            self.resumed.emit(peer, seat)
        else:
            self.taken.emit(peer, seat)

    def _on_disconnected(self, peer: int) -> None:
        seat = self._by_peer.pop(peer, None)
        if seat is None:
            return
        seat.peer = 0
        if not seat._keys:
            self.released.emit(seat)
            return
        self._hold(seat)
        self.left.emit(seat)
        self.update()

    def _on_failed(self, peer: int) -> None:
        self._claims.pop(peer, None)

    def _release(self, seat: Seat) -> None:
        self._away.pop(seat.number, None)
        self._set_keys(seat)
        self.released.emit(seat)

    def _hold(self, seat: Seat) -> None:
        seat._away_since = self._clock()
        self._away[seat.number] = seat

    def _set_keys(self, seat: Seat, *keys: bytes) -> None:
        for key in seat._keys:
            del self._by_key[key]
        seat._keys = keys
        for key in keys:
            self._by_key[key] = seat


class SeatTicket:
    """The client's half: shows its token when it connects, and keeps the next one.

    It sets the ``auth_callback`` of the multiplayer, so the server must have :class:`Seats`.

    Args:
        multiplayer: the multiplayer of a client. It may have several transports in turn.
        token: the token of an earlier ticket, such as before a restart of the program.

    Attributes:
        token: the token that resumes the seat; empty before the first connection. Anyone who has it can take the seat.
        number: the number of the seat; 0 before the first connection.
        resumed: whether the last connection has resumed a seat.
    """

    def __init__(self, multiplayer: SceneMultiplayer, token: bytes = b"") -> None:
        self.token = token
        self.number = 0
        self.resumed = False
        self._multiplayer = multiplayer
        self._id = 0
        """The id of the last connection, which the next one requests once."""
        multiplayer.auth_callback = self._on_reply
        multiplayer.peer_authenticating.connect(self._on_authenticating)
        multiplayer.connected_to_server.connect(self._on_connected)

    def transport(self, **options: Any) -> ENetMultiplayerPeer:
        """Return a new transport for ``create_client``, which requests the id of the last connection.

        The server gives it unless a peer with that id is connected, such as the old connection. Then this transport
        fails to connect, and the next one of this method has a new id.

        Args:
            options: those of :class:`~godot_enet.ENetMultiplayerPeer`.
        """
        wanted, self._id = self._id, 0
        return _SameId(wanted, **options)

    def _on_authenticating(self, peer: int) -> None:
        self._multiplayer.send_auth(peer, _HELLO + self.token)

    def _on_reply(self, peer: int, data: bytes) -> None:
        if len(data) != _REPLY.size or not data.startswith(_HELLO):
            _warn_of_remote("The server has sent authentication data that is not for a seat.")
            return
        _, self.resumed, self.number, self.token = _REPLY.unpack(data)
        self._multiplayer.complete_auth(peer)

    def _on_connected(self) -> None:
        self._id = self._multiplayer.get_unique_id()


class _SameId(ENetMultiplayerPeer):
    """Connects with a given id instead of a random one, unless that is 0."""

    def __init__(self, unique_id: int, **options: Any) -> None:
        super().__init__(**options)
        self._wanted = unique_id

    def generate_unique_id(self) -> int:
        """Return the id."""
        return self._wanted or super().generate_unique_id()


def _warn_of_remote(text: str, **about: object) -> None:
    """Log an error of a remote, at most once in ten seconds."""
    line = rate_limited("authentication data of no seat", text)
    if line:
        _log.warning("%s", line, extra=about)


def _key(token: bytes) -> bytes:
    """The hash that is stored of a token, so that the time of a lookup reveals nothing about the token."""
    return blake2s(token).digest()
