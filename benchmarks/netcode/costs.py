"""The processor's time for messages of changes, without a network: 64 clients, each with 23 players around it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from time import thread_time
from typing import NamedTuple

from benchmarks.netcode.match import MAP, PLACES, RATE, Place
from godot_enet.netcode import DeltaReceiver, DeltaSender

__all__ = ["Costs", "measure"]

CLIENTS, SEEN, TICKS, ROUNDS = 64, 23, 60, 5
LATE = 4
"""Ticks until an acknowledgement arrives: 200 ms."""
LOSS = 0.05


class Costs(NamedTuple):
    """Microseconds, and states in a message."""

    encoding: float
    """Of the server, for each client and tick: quantizing, messages, acknowledgements."""
    decoding: float
    """Of a client, for each message."""
    states: float


def measure() -> Costs:
    """The best of some rounds, since other programs only add to it."""
    return min((_round(seed) for seed in range(ROUNDS)), key=lambda costs: costs.encoding + costs.decoding)


def _world(random: Random) -> Iterator[dict[int, Place]]:
    """Players that run straight on, as fast as those of the arena on average."""
    places = [(random.uniform(0, MAP.width), random.uniform(0, MAP.height)) for _ in range(CLIENTS)]
    speeds = [(random.uniform(-200, 200) / RATE, random.uniform(-200, 200) / RATE) for _ in range(CLIENTS)]
    for tick in range(TICKS):
        yield {
            number: Place((x + vx * tick) % MAP.width, (y + vy * tick) % MAP.height)
            for number, ((x, y), (vx, vy)) in enumerate(zip(places, speeds, strict=True))
        }


def _round(seed: int) -> Costs:
    random = Random(seed)
    sender: DeltaSender[int, Place] = DeltaSender(PLACES)
    receivers = [DeltaReceiver(PLACES) for _ in range(CLIENTS)]
    around = [[(client + number) % CLIENTS for number in range(1, SEEN + 1)] for client in range(CLIENTS)]
    acks: list[list[bytes]] = []
    encoding = decoding = 0.0
    received = states = 0
    for tick, world in enumerate(_world(random)):
        began = thread_time()
        if len(acks) > LATE:
            for client, ack in enumerate(acks.pop(0)):
                sender.acknowledge(client, ack)
        sender.update(tick, world)
        messages = [sender.message(client, around[client]) for client in range(CLIENTS)]
        encoding += thread_time() - began
        arrived = [client for client in range(CLIENTS) if random.random() >= LOSS]
        began = thread_time()
        for client in arrived:
            receivers[client].receive(messages[client].data)
        decoding += thread_time() - began
        received += len(arrived)
        states += sum(len(message.sent) for message in messages)
        acks.append([receiver.ack() for receiver in receivers])
    sent = TICKS * CLIENTS
    return Costs(1e6 * encoding / sent, 1e6 * decoding / received, states / sent)
