"""Records the datagrams of a connection, and reads recordings. ``python -m godot_enet trace`` shows them.

    with record(connection, "bug.enetrec"):
        play()

:class:`godot_enet.testing.Replay` feeds a recording to a server or a client on a virtual network.
"""

from __future__ import annotations

from godot_enet.recording.format import DEFAULT_LIMIT, MAX_LIMIT, Moment, RecordedDatagram, Recording, RecordingError
from godot_enet.recording.recorder import Recorder, record

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "Moment",
    "RecordedDatagram",
    "Recorder",
    "Recording",
    "RecordingError",
    "record",
]
