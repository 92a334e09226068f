"""Plays the remotes of a recording on a virtual network, against a server or a client of the program under test.

What a remote sent arrives again: the same commands in the same datagrams, at the same times, with the same losses. Only
the numbers that both ends agreed on are replaced by those of the new connection, and the acknowledgements of the
recording by new ones, because the program may send something else this time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from godot_enet.core.compression import Codec
from godot_enet.core.interface import Address, Compressor, Datagram
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    COMMAND_MASK,
    HEADER_SENT_TIME,
    MAXIMUM_PEER_ID,
    Command,
)
from godot_enet.core.protocol.wire import ACKNOWLEDGE, HEAD, Connect, Head, VerifyConnect
from godot_enet.recording import Moment, RecordedDatagram, Recording
from godot_enet.recording.datagrams import Unpacker, body_of, header_size, split_commands
from godot_enet.testing.network import Network, VirtualTransport

__all__ = ["Replay"]

_ANY = ("0.0.0.0", "::")
_Commands = list[tuple[Head, bytes]]


class _Contents(NamedTuple):
    """A datagram taken apart."""

    number: int
    sent_time: bytes
    """As it is in the header; empty if it is not."""
    commands: _Commands

    def first(self, kind: Command) -> bytes | None:
        """The first command of a kind."""
        return next((data for head, data in self.commands if head.command & COMMAND_MASK == kind), None)


def _parse(unpacker: Unpacker, data: bytes) -> _Contents | None:
    """The contents of a datagram; None if it is not one of ENet."""
    plain = unpacker.unpack(data)
    body, has_checksum = body_of(plain) if len(plain) >= 2 else (b"", False)
    if not body:
        return None
    if has_checksum:
        raise ValueError("datagrams with checksums cannot be replayed")
    return _Contents((plain[0] << 8 | plain[1]) & MAXIMUM_PEER_ID, plain[2 : header_size(plain)], split_commands(body))


class _Step(NamedTuple):
    """Something to send."""

    time: int
    """Milliseconds from the beginning of the recording."""
    contents: _Contents
    raw: bytes
    """The datagram, for one that is sent as it is: of a connection request, or not of ENet."""


class _Session:
    """One connection of a remote."""

    def __init__(self, own_number: int, base: int | None) -> None:
        self.own_number = own_number
        """The number of the connection at the remote."""
        self.base = base
        """The time of the network at which the recording begins; None until the program connects."""
        self.steps: deque[_Step] = deque()
        self.number = -1
        """The number of the connection at the program; -1 until it is known."""
        self.session = 0
        self.connect_id = 0
        """The id of the new connection, where the program chooses it."""
        self.to: Address | None = None

    def due(self) -> int | None:
        """When the next step is to be sent; None if that depends on the program."""
        if self.base is None or not self.steps or (self.number < 0 and not self.steps[0].raw):
            return None
        return self.base + self.steps[0].time

    def pack(self, contents: _Contents) -> bytes:
        """The datagram for the new connection; empty if nothing is left of it."""
        commands = [
            self._renewed(head, data)
            for head, data in contents.commands
            if head.command & COMMAND_MASK != Command.ACKNOWLEDGE
        ]
        return self.seal(contents.sent_time, commands) if commands else b""

    def seal(self, sent_time: bytes, commands: list[bytes]) -> bytes:
        """A datagram of the new connection."""
        word = self.number | self.session << 12 | (HEADER_SENT_TIME if sent_time else 0)
        return word.to_bytes(2, "big") + sent_time + b"".join(commands)

    def _renewed(self, head: Head, data: bytes) -> bytes:
        if head.command & COMMAND_MASK != Command.VERIFY_CONNECT:
            return data
        return data[: HEAD.size] + VerifyConnect.parse(data)._replace(connect_id=self.connect_id).build()


class _Remote:
    """One address of the recording."""

    def __init__(self, address: Address, to: Address, start: int, codecs: dict[Codec, Compressor]) -> None:
        self.address = address
        self.to = to
        self.start = start
        self.transport: VirtualTransport | None = None
        self.unpacker = Unpacker(codecs)
        """For what the program sends now."""
        self.recorded = Unpacker(codecs)
        self.recorded_answers = Unpacker(codecs)
        self.accepting: dict[int, _Session] = {}
        """Connections of this remote to the program, by their ids."""
        self.offered: deque[_Session] = deque()
        """Connections of the program to this remote that it has not made yet, in the order of the recording."""
        self.taken: dict[int, _Session] = {}
        """Those that it has made, by their new ids."""
        self.by_recorded_number: dict[int, _Session] = {}
        """By the number that the program had given, or that it had chosen."""
        self.noise = _Session(-1, start)
        """What is not ENet."""
        self.is_skipped = False

    def sessions(self) -> list[_Session]:
        return [*self.accepting.values(), *self.offered, *self.taken.values(), self.noise]

    # Reading the recording

    def note_answer(self, data: bytes) -> int:
        """Look at what the program sent to this remote. Returns the number in its CONNECT; 0 without one."""
        contents = _parse(self.recorded_answers, data)
        verify = contents.first(Command.VERIFY_CONNECT) if contents else None
        if verify is not None:
            parsed = VerifyConnect.parse(verify)
            if parsed.connect_id in self.accepting:
                self.by_recorded_number[parsed.peer_id] = self.accepting[parsed.connect_id]
        connect = contents.first(Command.CONNECT) if contents else None
        return 0 if connect is None else Connect.parse(connect).data

    def add(self, time: int, data: bytes) -> None:
        """Plan what this remote sent."""
        contents = _parse(self.recorded, data)
        if contents is None:
            self.noise.steps.append(_Step(time, _Contents(0, b"", []), data))
            return
        connect, verify = contents.first(Command.CONNECT), contents.first(Command.VERIFY_CONNECT)
        raw = b""
        if connect is not None:
            request = Connect.parse(connect)
            if request.connect_id not in self.accepting:
                self.accepting[request.connect_id] = _Session(request.peer_id, self.start)
            session = self.accepting[request.connect_id]
            session.to = self.to
            raw = self.recorded.unpack(data)
        elif verify is not None and contents.number not in self.by_recorded_number:
            session = self.by_recorded_number[contents.number] = _Session(VerifyConnect.parse(verify).peer_id, None)
            session.session = VerifyConnect.parse(verify).incoming_session & 3
            self.offered.append(session)
        elif contents.number in self.by_recorded_number:
            session = self.by_recorded_number[contents.number]
        else:
            self.is_skipped = True
            return
        session.steps.append(_Step(time, contents, raw))

    # Playing it

    def waiting(self) -> bool:
        return self.transport is not None and self.transport.waiting

    def serve(self, now: int) -> None:
        """Answer what has arrived, and send what is due."""
        assert self.transport is not None
        for data, source in self.transport.receive(1 << 16, now):
            self._answer(data, source, now)
        for session in self.sessions():
            while (due := session.due()) is not None and due <= now:
                step = session.steps.popleft()
                self._send(session.to or self.to, step.raw or session.pack(step.contents), now)

    def _answer(self, data: bytes, source: Address, now: int) -> None:
        contents = _parse(self.unpacker, data)
        if contents is None:
            return
        connect, verify = contents.first(Command.CONNECT), contents.first(Command.VERIFY_CONNECT)
        if connect is not None:
            request = Connect.parse(connect)
            if request.connect_id not in self.taken and self.offered:
                session = self.taken[request.connect_id] = self.offered.popleft()
                session.base = now - session.steps[0].time
                session.number, session.connect_id, session.to = request.peer_id, request.connect_id, source
            return
        if verify is not None:
            answer = VerifyConnect.parse(verify)
            accepted = self.accepting.get(answer.connect_id)
            if accepted is not None:
                accepted.number, accepted.session = answer.peer_id, answer.outgoing_session
        for session in self.sessions():
            if session.own_number == contents.number and session.number >= 0:
                self._acknowledge(session, contents, source, now)

    def _acknowledge(self, session: _Session, contents: _Contents, source: Address, now: int) -> None:
        sent_time = int.from_bytes(contents.sent_time, "big")
        acks = [
            ACKNOWLEDGE.pack(Command.ACKNOWLEDGE, head.channel, head.sequence, head.sequence, sent_time)
            for head, _ in contents.commands
            if head.command & COMMAND_FLAG_ACKNOWLEDGE
        ]
        if acks:
            self._send(source, session.seal(b"", acks), now)

    def _send(self, to: Address, data: bytes, now: int) -> None:
        if data and self.transport is not None:
            self.transport.send([Datagram(data, to)], now)


class _Remotes:
    """The remotes as the background work of a network."""

    closed = False

    def __init__(self, network: Network, remotes: Collection[_Remote]) -> None:
        self._network = network
        self._remotes = remotes

    def due(self) -> int | None:
        if any(remote.waiting() for remote in self._remotes):
            return self._network.now
        moments = [session.due() for remote in self._remotes for session in remote.sessions()]
        return min((moment for moment in moments if moment is not None), default=None)

    def look_after(self, now: int) -> None:
        for remote in self._remotes:
            remote.serve(now)


class Replay:
    """The remotes of a recording, as machines on a network. They send what they sent then, while time passes.

    The program under test runs on ``machine``. A server listens on the port of :attr:`address` before time passes;
    a client connects to one of :attr:`servers`. Clients of the recording connect when they did then, counted from now;
    what a server of the recording sends is counted from the moment when the program's client connects.

    Acknowledgements come at once, so round trips are shorter than they were. Connections that existed when the
    recording began are left out: see :attr:`skipped`.

    Args:
        network: a network whose links are perfect, since the recording has the losses and delays of its own.
        path: the recording.
        host: whose place the program takes, as ``"IP:port"``; needed if the recording is one of a whole network.

    Raises:
        RecordingError: the file is no recording, or damaged.
        OSError: the file cannot be read.
        ValueError: no such host, or a recording with checksums or without a connection that could be replayed.
    """

    def __init__(self, network: Network, path: str | Path, host: str | None = None) -> None:
        recording = Recording(path)
        recorded = _find_host(recording, host)
        self._network = network
        self._remotes: dict[Address, _Remote] = {}
        self._codecs: dict[Codec, Compressor] = {}
        self.unique_id = 0
        """The number that the host sent when it connected: the id of a client in ENetMultiplayerPeer; 0 for a server.

        ``machine.multiplayer_peer(unique_id=...)`` uses it again.
        """
        machines = network._machines
        for each in sorted({end.host for datagram in recording for end in datagram[2:4]} - {recorded.host}):
            if each not in machines:
                network.machine(each)
        if recorded.host in _ANY:
            self.machine = network.machine()
        else:
            self.machine = machines.get(recorded.host) or network.machine(recorded.host)
        """Where the program under test opens its connection."""
        self.address = Address(self.machine.ip, recorded.port)
        """The address that the host had; the IP differs if the host was bound to all addresses."""
        for datagram in recording:
            self._add(datagram, recorded)
        self.skipped = [remote.address for remote in self._remotes.values() if remote.is_skipped]
        """Remotes with datagrams of connections whose beginning was not recorded."""
        self.servers = [remote.address for remote in self._remotes.values() if remote.offered]
        """Remotes that the host connected to."""
        if not any(remote.accepting or remote.offered for remote in self._remotes.values()):
            raise ValueError(f"{recording.path}: no connection of {recorded} begins in it")
        for remote in self._remotes.values():
            remote.transport = machines[remote.address.host].bind(remote.address.port)
        network._background.append(_Remotes(network, self._remotes.values()))

    def __repr__(self) -> str:
        return f"<Replay of {len(self._remotes)} remotes for {self.address}, {'done' if self.done else 'running'}>"

    @property
    def done(self) -> bool:
        """Whether everything was sent. The remotes continue to acknowledge."""
        return not any(session.steps for remote in self._remotes.values() for session in remote.sessions())

    def _add(self, datagram: RecordedDatagram, recorded: Address) -> None:
        if datagram.moment is Moment.SENT and datagram.source == recorded:
            self.unique_id = self._remote(datagram.destination).note_answer(datagram.data) or self.unique_id
        elif datagram.moment is Moment.ARRIVED and datagram.destination == recorded:
            self._remote(datagram.source).add(datagram.time // 1000, datagram.data)

    def _remote(self, address: Address) -> _Remote:
        if address not in self._remotes:
            self._remotes[address] = _Remote(address, self.address, self._network.now, self._codecs)
        return self._remotes[address]


def _find_host(recording: Recording, wanted: str | None) -> Address:
    hosts = {datagram.source if datagram.moment is Moment.SENT else datagram.destination for datagram in recording}
    if wanted is None and len(hosts) == 1:
        return hosts.pop()
    for address in hosts:
        if str(address) == wanted:
            return address
    listed = ", ".join(sorted(map(str, hosts))) or "none"
    raise ValueError(f"{recording.path}: host={wanted!r} must be one of those recorded: {listed}")
