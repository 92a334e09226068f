"""Constants of this package that ENet does not have: budgets, half-open connections, loss recovery.

Each mechanism explains how it uses its constants. ENet's own names have MAXIMUM_; these have MAX_.
Units: milliseconds, bytes.
"""

from __future__ import annotations

__all__ = [
    "BLOCKED_POLL_MS",
    "BUFFER_OVERHEAD",
    "CODEC_BYTES_PER_COMMAND",
    "CONNECT_RATE_INTERVAL",
    "CONTROL_WINDOW",
    "HALF_OPEN_LIFETIME",
    "HOST_BUDGET_FACTOR",
    "LOSS_FREE_SAMPLES",
    "LOSS_MEMORY",
    "MAX_BACKOFF",
    "MAX_COPY_GAP",
    "MAX_EARLIER_COPIES",
    "MAX_EARLY_UNRELIABLE",
    "MAX_HELD_COMMANDS",
    "MAX_LIVE_BACKOFF",
    "MAX_NUMBER_PROBES",
    "MAX_REDUNDANT_COPIES",
    "MIN_COPY_GAP",
    "MIN_REORDERING_WINDOW",
    "NO_ANSWER_AFTER",
    "ONE_COPY_LOSS",
    "OVER_BUDGET_PAUSE",
    "OVER_BUDGET_TIME",
    "PACKET_THRESHOLD",
    "PROBE_INTERVAL",
    "PROBE_SILENCE",
    "RANGE_CODER_BYTES_PER_COMMAND",
    "RECEIVE_ALL_LIMIT",
    "RECEIVE_BATCH",
    "REDUNDANCY_COMMANDS",
    "REDUNDANCY_WINDOW_PART",
    "REORDERING_MEMORY",
    "SERVICE_GRACE_MS",
    "SIGNAL_POLL_MS",
    "TURN_FRACTION",
    "TWO_COPY_LOSS",
    "UNDECODABLE_COST",
    "UNVALIDATED_BODY_LIMIT",
    "VALIDATION_RESERVE",
]

RECEIVE_BATCH = 256
"""Datagrams taken from the socket in one receive pass."""
RECEIVE_ALL_LIMIT = 10_000
"""Packets that ``receive_all`` returns at most, unless it is told another limit."""
SERVICE_GRACE_MS = 2
"""How long after a call of ``service`` the network thread leaves the socket to the program.

A program that calls it in a tight loop then does all the work itself, without contention for the GIL.
"""
BLOCKED_POLL_MS = 10
"""How often the network thread checks whether the program is still blocked inside ``service``."""
SIGNAL_POLL_MS = 50
"""How often a ``service`` that waits in C checks for signals."""
UNVALIDATED_BODY_LIMIT = 128
"""Maximum body of a compressed datagram from an unknown sender, before and after decompression. It can only carry a
CONNECT (48 bytes)."""

NO_ANSWER_AFTER = 3000
"""How long a server may be silent before the log names it."""

# budget
BUFFER_OVERHEAD = 256
"""Approximate memory overhead of a buffered packet or fragment, with either engine and in either direction."""
HOST_BUDGET_FACTOR = 4
"""The work budget of all peers together in a pass, as a multiple of one peer's."""
TURN_FRACTION = 5
"""A peer's turn at the backlog ends after this fraction of its budget: less than one range-coded datagram can cost, so
that a peer gets one expensive datagram per turn, or many cheap ones."""
OVER_BUDGET_TIME = 5000
"""How long a peer may be over its budget before it is disconnected."""
OVER_BUDGET_PAUSE = 1000
"""A pause of this length ends a streak over budget."""
UNDECODABLE_COST = 256
"""The cost in commands of a datagram that does not decode or has a wrong checksum, which is expensive to find out."""
RANGE_CODER_BYTES_PER_COMMAND = 2
"""Range coder output that counts as one command: measured in Python with worst-case input. The native engine is far
faster but uses the same number."""
CODEC_BYTES_PER_COMMAND = 32
"""Input or output of the other codecs that counts as one command: zlib and zstd read tables without output."""
MAX_EARLY_UNRELIABLE = 1024
"""Unreliable commands of a channel that may wait for an earlier reliable one. Each insertion is a search."""
MAX_HELD_COMMANDS = 131072
"""Received commands of one peer that may be held, whatever their size.

The reference counts only payload bytes, so a remote can make it hold millions of empty commands.
"""
CONTROL_WINDOW = 128
"""How far the number of a control command may be from the highest one received."""
VALIDATION_RESERVE = 1024
"""Bytes of the validation credit reserved for control commands; acknowledgements may use half of them."""
MAX_EARLIER_COPIES = 64
"""Remembered sent times of earlier copies of a command: enough for many round trips."""

# half_open, handshake, connect_rate
HALF_OPEN_LIFETIME = 15_000
"""How long a record is valid."""
MAX_NUMBER_PROBES = 8
"""Half-open connections of one address that are probed for a free number: they would have to use more than half of
all numbers before a valid record is evicted."""
CONNECT_RATE_INTERVAL = 1000
"""The interval over which the connections of one network are counted."""

# recovery
PACKET_THRESHOLD = 3
"""A command counts as lost at once when this many later datagrams are acknowledged and the link does not reorder."""
MIN_REORDERING_WINDOW = 4
"""The smallest lateness that is tolerated otherwise."""
REORDERING_MEMORY = 60_000
"""How long a link counts as one that reorders."""
MAX_BACKOFF = 16
MAX_LIVE_BACKOFF = 2
"""The same while datagrams arrive."""
MAX_REDUNDANT_COPIES = 2
REDUNDANCY_COMMANDS = 64
"""No redundant copies while more commands than this are in flight: acknowledgements of later ones arrive soon."""
REDUNDANCY_WINDOW_PART = 4
"""No redundant copies while more than this part of the window is in flight: heavy traffic must not double or triple."""
MIN_COPY_GAP = 2
MAX_COPY_GAP = 25
ONE_COPY_LOSS = 100
TWO_COPY_LOSS = 16
"""A loss of one command in this many asks for one redundant copy, or for two."""
LOSS_FREE_SAMPLES = 2 * ONE_COPY_LOSS
"""Commands counted at most before the first loss, so that new losses weigh enough."""
PROBE_SILENCE = 1000
"""Time from the first unacknowledged command to the first probe."""
PROBE_INTERVAL = 100
LOSS_MEMORY = 30_000
"""Time from the first loss until all are forgotten, which stops redundant copies until the next loss: if a narrow link
lost data because of the copies, it recovers."""
