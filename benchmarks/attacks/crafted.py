"""Attacks that need few bytes. Each attacks a server and returns the effects. See ``__main__``."""

from __future__ import annotations

import math
import random
import socket
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from benchmarks.attacks import wire
from benchmarks.attacks.attackers import Server, close, forgers, intruder
from benchmarks.attacks.programs import GREETINGS

__all__ = [
    "Outcome",
    "claims",
    "colliding_keys",
    "false_acknowledgements",
    "forged_checksums",
    "gathered_fragments",
    "guesses",
    "noise_of_many",
    "replayed_hellos",
    "stuffed_relay",
    "tiny_compressed",
    "untaken",
]

Outcome = dict[str, float]
"""``bytes`` sent, and the effects on the server: ``longest`` call in CPU seconds, ``memory`` gained ..."""
GUESSES = 25_000
"""A second."""
OLD_HASH = 0x9E3779B1
"""Formerly used by the native engine to find fragments."""
GATHERED = 130_000
"""Fragments: 3.25 MB."""
TIMEOUT = 20.0


def _seen(server: Server, before: dict[str, float], sent: int) -> Outcome:
    after = server.look()
    return {
        "bytes": sent,
        "longest": after["longest"],
        "work": after["work"] - before["work"],
        "memory": after["memory"],
        "joined": after["joined"] - before["joined"],
        "peers": after["peers"],
    }


def _rest(server: Server, seconds: float, quiet: float = 0.5) -> None:
    """Wait until the server has finished, at most for some seconds."""
    begin, done = time.monotonic(), -math.inf
    while time.monotonic() - begin < seconds and (work := server.look_on()["work"]) > done:
        done = work
        time.sleep(quiet)


def _post(plain: socket.socket, server: Server, datagrams: Sequence[bytes], pause: float = 0.0005) -> int:
    """Send datagrams slowly enough for the server's socket buffer. Returns the number of bytes."""
    for number, data in enumerate(datagrams):
        with suppress(BlockingIOError, ConnectionRefusedError):
            plain.sendto(data, server.address)
        if number % 16 == 15:
            time.sleep(pause)
    return sum(map(len, datagrams))


@contextmanager
def _trusted(server: Server, seconds: float = 0.6) -> Iterator[tuple[socket.socket, int, int]]:
    """An attacker that acknowledges only control commands for a while, so that it is sent all queued data."""
    with intruder(server) as (plain, slot, session):
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            with suppress(BlockingIOError):
                wanted = [answer for answer in wire.answers(plain.recv(4096)) if answer[1] == wire.CONTROL]
                if wanted:
                    plain.sendto(wire.to_peer(slot, session, 0, *wanted), server.address)
                continue
            time.sleep(0.001)
        yield plain, slot, session


def guesses(server: Server, seconds: float, count: int = 32) -> Outcome:
    """Forged CONNECTs, and acknowledgements that guess their proof. The attacker knows everything else."""
    before, chance = server.look(), random.Random(1)
    sockets, goals, sent = forgers(count), [], 0
    try:
        for plain in sockets:
            plain.setblocking(True)
            plain.settimeout(TIMEOUT)
            sent += plain.sendto(wire.connect(chance.getrandbits(32)), server.address)
            answer = wire.read_verify(plain.recv(4096))
            assert answer is not None
            goals.append((plain, *answer[:2]))
        begin, tried = time.monotonic(), 0
        while (now := time.monotonic()) - begin < seconds:
            while tried < (now - begin) * GUESSES:
                plain, slot, session = goals[tried % count]
                guess = wire.acknowledge(chance.getrandbits(16), chance.getrandbits(16))
                sent += plain.sendto(wire.to_peer(slot, session, 0, guess), server.address)
                tried += 1
            time.sleep(0.001)
    finally:
        close(sockets)
    return {**_seen(server, before, sent), "guesses": tried}


def claims(server: Server, seconds: float) -> Outcome:
    """Four peers; each packet consists of two fragments of one byte, and claims a size of 32 MB."""
    before, sent = server.look(), 0
    with ExitStack() as stack:
        sources = [stack.enter_context(intruder(server)) for _ in range(4)]
        for start in range(1, 51, 2):
            for plain, slot, session in sources:
                pieces = [wire.piece(start, number, 2, 32 << 20, number) for number in range(2)]
                sent += plain.sendto(wire.to_peer(slot, session, 0, *pieces), server.address)
            time.sleep(0.01)
        _rest(server, seconds)
        return _seen(server, before, sent)


def false_acknowledgements(server: Server, seconds: float) -> Outcome:
    """65 KB of acknowledgements of unsent commands, while many packets of the server wait to be resent."""
    with _trusted(server, 2.0) as (plain, slot, session):
        before = server.look()
        commands = [wire.acknowledge(40_000 + number, 0, channel=1) for number in range(8_125)]
        datagrams = [wire.to_peer(slot, session, 0, *commands[at : at + 500]) for at in range(0, len(commands), 500)]
        sent = _post(plain, server, datagrams)
        _rest(server, seconds)
        return {**_seen(server, before, sent), "waiting": GREETINGS}


def _home(number: int) -> int:
    return (number * OLD_HASH & 0xFFFFFFFF) >> 5 & 0x1FFFF


def gathered_fragments(server: Server, seconds: float, count: int = GATHERED) -> Outcome:
    """3.25 MB of fragments whose numbers had neighbouring positions in a table of the native engine."""
    numbers = sorted(range(1 << 20), key=_home)[:count]
    before = server.look()
    with intruder(server) as (plain, slot, session):
        pieces = [wire.piece(1, number, 1 << 20, 1 << 20, number) for number in numbers]
        datagrams = [wire.to_peer(slot, session, 0, *pieces[at : at + 50]) for at in range(0, count, 50)]
        sent = _post(plain, server, datagrams, 0.01)
        _rest(server, seconds)
        return _seen(server, before, sent)


def colliding_keys(server: Server, seconds: float) -> Outcome:
    """A Dictionary of 192 KB; all its keys have the same hash in Python, because hash(-1.0) == hash(-2.0)."""
    from godot_enet.compat.variant import Projection, Vector4, encode_variant

    def key(number: int) -> Projection:
        parts = [-1.0 - (number >> bit & 1) for bit in range(16)]
        return Projection(*(Vector4(*parts[at : at + 4]) for at in range(0, 16, 4)))

    data = encode_variant({key(number): None for number in range(2_660)})
    size, count = 1000, math.ceil(len(data) / 1000)
    before = server.look()
    with intruder(server) as (plain, slot, session):
        pieces = [
            wire.piece(1, number, count, len(data), number * size, data[number * size : number * size + size])
            for number in range(count)
        ]
        sent = _post(plain, server, [wire.to_peer(slot, session, 0, piece) for piece in pieces])
        _rest(server, seconds)
        return _seen(server, before, sent)


def tiny_compressed(server: Server, seconds: float) -> Outcome:
    """256 datagrams of a few bytes that decompress to 4 KB each."""
    from godot_enet.core.compression import RangeCoder

    coder = RangeCoder()

    def unpack(data: bytes) -> bytes:
        if not data[0] & 0x40:
            return data
        return data[:4] + (coder.decompress(data[4:], 4096) or b"")

    with intruder(server, unpack) as (plain, slot, session):
        before = server.look()
        packed = coder.compress(wire.reliable(1, bytes(3900)), 4096)
        assert packed is not None
        sent = _post(plain, server, [struct.pack(">HH", 0xC000 | session << 12 | slot, 0) + packed] * 256)
        _rest(server, seconds)
        return _seen(server, before, sent)


def noise_of_many(server: Server, seconds: float, count: int = 31) -> Outcome:
    """Eight datagrams from each of 31 peers, with the maximum decompression time."""
    from godot_enet.core.compression import RangeCoder

    coder, chance = RangeCoder(), random.Random(1)

    def unpack(data: bytes) -> bytes:
        if not data[0] & 0x40:
            return data
        return data[:4] + (coder.decompress(data[4:], 4096) or b"")

    with ExitStack() as stack:
        sources = [stack.enter_context(intruder(server, unpack)) for _ in range(count)]
        time.sleep(1)
        before, sent = server.look(), 0
        for _ in range(8):
            for plain, slot, session in sources:
                packed = coder.compress(wire.reliable(1, bytes(chance.choices(range(4), k=3900))), 4096)
                assert packed is not None
                sent += _post(plain, server, [struct.pack(">HH", 0xC000 | session << 12 | slot, 0) + packed])
        _rest(server, seconds)
        return _seen(server, before, sent)


def forged_checksums(server: Server, seconds: float) -> Outcome:
    """Datagrams with a wrong checksum from a player's address, 50 KB a second for seven seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.bind(("127.0.0.1", 0))
        plain.settimeout(TIMEOUT)
        slot, session, key = _join_checked(plain, server)
        before, sent, begin = server.look(), 0, time.monotonic()
        wrong = struct.pack(">HHI", 0x8000 | session << 12 | slot, 0, 0xBAD) + wire.ping(1) * 300
        last = 0.0
        while (now := time.monotonic()) - begin < max(seconds, 0.5):
            if now - last > 0.02:
                last = now
                for _ in range(64):
                    sent += plain.sendto(wrong, server.address)
            with suppress(BlockingIOError):
                plain.setblocking(False)
                data = plain.recv(4096)
                if answers := wire.answers(data[:4] + data[8:]):
                    plain.sendto(_checked(slot, session, key, *answers), server.address)
            time.sleep(0.001)
        return _seen(server, before, sent)


def _checked(slot: int, session: int, key: bytes, *commands: bytes) -> bytes:
    head, body = struct.pack(">HH", 0x8000 | session << 12 | slot, 0), b"".join(commands)
    return head + struct.pack(">I", zlib.crc32(head + key + body)) + body


def _join_checked(plain: socket.socket, server: Server) -> tuple[int, int, bytes]:
    """Connect by hand to a server with checksums: slot, session and connect id."""
    key = b"\x11\x22\x33\x44"
    request = wire.connect(int.from_bytes(key, "big"))
    plain.sendto(_checked_head(request), server.address)
    data = plain.recv(4096)
    answer = wire.read_verify(data[:4] + data[8:])
    assert answer is not None
    slot, session, number, sent_time = answer
    plain.sendto(_checked(slot, session, key, wire.acknowledge(number, sent_time)), server.address)
    return slot, session, key


def _checked_head(request: bytes) -> bytes:
    head, body = request[:4], request[4:]
    return head + struct.pack(">I", zlib.crc32(head + bytes(4) + body)) + body


def untaken(server: Server, seconds: float) -> Outcome:
    """Packets for a program that reads its events and takes no packets, as fast as they are acknowledged."""
    from godot_enet import ENetConnection, ENetPacketPeer

    before, sent, begin = server.look(), 0, time.monotonic()
    clients = [ENetConnection(threaded=False) for _ in range(2)]
    peers: list[ENetPacketPeer] = []
    for client in clients:
        client.create_host(1)
        peer = client.connect_to_host("127.0.0.1", server.port, 1)
        assert peer is not None
        peers.append(peer)
    while time.monotonic() - begin < seconds:
        for client, peer in zip(clients, peers, strict=True):
            while client.service().type != ENetConnection.EVENT_NONE:
                continue
            if peer.get_state() == ENetPacketPeer.STATE_CONNECTED:
                for _ in range(40):
                    sent += 1000 * (peer.send(0, bytes(1000), ENetPacketPeer.FLAG_UNSEQUENCED) == 0)
    outcome = _seen(server, before, sent)
    for client in clients:
        client.destroy()
    return outcome


def stuffed_relay(server: Server, seconds: float) -> Outcome:
    """Two clients have a SceneMultiplayer relay packets to a third one, which takes nothing."""
    from godot_enet import ENetMultiplayerPeer, MultiplayerPeer

    before, sent, begin = server.look(), 0, time.monotonic()
    victim = ENetMultiplayerPeer(threaded=False)
    senders = [ENetMultiplayerPeer(threaded=False) for _ in range(2)]
    for peer in (victim, *senders):
        peer.create_client("127.0.0.1", server.port)
    while server.look_on()["peers"] < 3 and time.monotonic() - begin < TIMEOUT:
        for peer in (victim, *senders):
            peer.poll()
        time.sleep(0.001)
    packet = struct.pack("<BBi", 7, 3, victim.get_unique_id()) + b"\x03" + bytes(1100)
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        for peer in senders:
            peer.poll()
            if peer.get_connection_status() != MultiplayerPeer.CONNECTION_CONNECTED:
                continue
            peer.set_target_peer(1)
            for _ in range(60):
                sent += len(packet) * (peer.put_packet(packet) == 0)
    outcome = _seen(server, before, sent)
    for peer in (victim, *senders):
        peer.close()
    return outcome


def replayed_hellos(server: Server, seconds: float, rate: int = 3000) -> Outcome:
    """DTLS ClientHellos with valid cookies, the same three hundred repeatedly, from one host."""
    from benchmarks.dtls import hello_record, with_cookie

    record = hello_record()
    with ExitStack() as stack:
        shown = []
        for _ in range(300):
            plain = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            plain.settimeout(TIMEOUT)
            plain.connect(server.address)
            plain.send(record)
            shown.append((plain, with_cookie(record, plain.recv(200)[-32:])))
        before, begin, told, sent = server.look(), time.monotonic(), 0, 0
        while (now := time.monotonic()) - begin < seconds:
            while told < (now - begin) * rate:
                plain, hello = shown[told % len(shown)]
                with suppress(OSError):
                    sent += plain.send(hello)
                told += 1
            time.sleep(0.001)
        return _seen(server, before, sent)
