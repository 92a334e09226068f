"""The numbers that are this package's own: budgets, half-open connections, loss recovery. ENet has none of them.

What each mechanism does with its numbers is explained there. Units: milliseconds, bytes.
"""

from __future__ import annotations

__all__ = [
    "CALL_GAP",
    "CALL_SILENCE",
    "CODED_BYTES",
    "CONNECT_RATE_INTERVAL",
    "CONTROL_WINDOW",
    "EARLIER_COPIES",
    "EXCESS_PAUSE",
    "EXCESS_TIME",
    "FEW_LOSSES",
    "HALF_OPEN_LIFE",
    "KEPT_OVERHEAD",
    "LEAST_REORDERING",
    "LEAST_SPARE_GAP",
    "LOSS_MEMORY",
    "MANY_LOSSES",
    "MAXIMUM_BACKOFF",
    "MAXIMUM_EARLY_UNRELIABLE",
    "MAXIMUM_HELD_COMMANDS",
    "MAXIMUM_SPARE_COPIES",
    "MOST_SPARE_GAP",
    "NUMBER_LOOKS",
    "PACKET_THRESHOLD",
    "PRESENT_BACKOFF",
    "RANGE_CODED_BYTES",
    "RECEIVE_BATCH",
    "REMEMBERED_ANSWERS",
    "REORDERING_MEMORY",
    "SPARED_COMMANDS",
    "SPARED_PART",
    "STAND_BACK",
    "STRANGER_LIMIT",
    "TRIAL_RESERVE",
    "UNDECODABLE_COMMANDS",
    "WAIT_PIECE",
    "YIELD",
]

RECEIVE_BATCH = 256
"""Datagrams taken from the socket in one receive pass."""
STAND_BACK = 2
"""How long after a call of ``service`` the network thread leaves the socket to the program.

A program that calls in a tight loop does all the work itself then, without fighting for the interpreter.
"""
YIELD = 10
"""How often the network thread looks whether a program that blocks inside ``service`` still does."""
WAIT_PIECE = 50
"""How long a ``service`` in C waits before it looks for signals."""
STRANGER_LIMIT = 128
"""Bytes of commands in a compressed datagram from nobody we know, coded or not. All it can say is CONNECT (48)."""

# budget
KEPT_OVERHEAD = 256
"""What keeping a packet or a fragment costs beside its bytes, roughly, with either engine and in either direction."""
EXCESS_TIME = 5000
"""How long a peer may be over its budget."""
EXCESS_PAUSE = 1000
"""After so long without, it begins anew."""
UNDECODABLE_COMMANDS = 256
"""The price of a datagram of a peer that does not decode or has a wrong checksum, in commands: it costs much to find
out."""
RANGE_CODED_BYTES = 2
"""The price of decompressing with the range coder, in bytes that come out for a command: in Python, and of bytes that
are chosen to be slow. The native engine is faster by far, but has the same one."""
CODED_BYTES = 32
"""The same for the other codecs, in bytes that go in or come out: zlib and zstd read tables that stand for nothing."""
MAXIMUM_EARLY_UNRELIABLE = 1024
"""Unreliable commands of a channel that wait for an earlier reliable one. Each looks for its place."""
MAXIMUM_HELD_COMMANDS = 131072
"""Received commands one peer may make us hold, whatever their size.

The reference charges only payload bytes, so empty commands are free there and a remote can pile up millions.
"""
CONTROL_WINDOW = 128
"""How far the numbers of a remote's control commands may be from the highest one that came."""
TRIAL_RESERVE = 1024
"""Bytes of a trial that are kept for control commands; half of them are not for acknowledgements, either."""
EARLIER_COPIES = 64
"""Of how many copies of a command it is known when they left: those of many round trips."""

# half_open, handshake, connect_rate
HALF_OPEN_LIFE = 15_000
"""How long a record is good."""
NUMBER_LOOKS = 8
"""Half-open connections of one address that are looked at for a number: more than half of all numbers would have to be
theirs before a good record goes."""
CONNECT_RATE_INTERVAL = 1000
"""For how long the connections of one network are counted together."""

# recovery
PACKET_THRESHOLD = 3
"""Later datagrams after whose acknowledgement a command counts as lost at once, while nothing comes out of order."""
LEAST_REORDERING = 4
"""Lateness that is always forgiven otherwise."""
REORDERING_MEMORY = 60_000
"""How long a link counts as one that reorders."""
MAXIMUM_BACKOFF = 16
PRESENT_BACKOFF = 2
"""The same while datagrams come."""
MAXIMUM_SPARE_COPIES = 2
SPARED_COMMANDS = 64
"""With more under way there are no spare copies: later acknowledgements come soon enough."""
SPARED_PART = 4
"""Nor with more bytes than this part of the window: what is much must not become two or three times as much."""
LEAST_SPARE_GAP = 2
MOST_SPARE_GAP = 25
FEW_LOSSES = 100
MANY_LOSSES = 16
"""One command of so many that was not acknowledged for its first copy, for one spare copy, and for two."""
REMEMBERED_ANSWERS = 2 * FEW_LOSSES
"""Of a time without losses no more counts, so that the next ones are soon many."""
CALL_SILENCE = 1000
"""How long after the first command that nobody acknowledged a peer is called."""
CALL_GAP = 100
"""How often it is called."""
LOSS_MEMORY = 30_000
"""So long after the first loss all are forgotten, and there are no spare copies until the next: if a narrow link lost
what it did because of them, it loses no more."""
