"""A network thread in a process whose wall clock is set back: see ``astray.c``, which must have been preloaded.

Says how often the thread alone acknowledged, just after a ``service`` of the program, when it stands back for a moment.
"""

from __future__ import annotations

import ctypes
import sys
import time

from godot_enet.core import PacketFlag, PeerState
from godot_enet.core.host import Host
from godot_enet.core.interface import Address

_ROUNDS = 10
_PATIENCE = 20.0


def main() -> None:
    wall = ctypes.CDLL(None)
    before = wall.astray_asked()
    assert time.time() > 0
    assert wall.astray_asked() > before, "the clock is not preloaded"
    server, client = Host.open(bind="127.0.0.1"), Host.open(threaded=False)
    address = server.local_address()
    assert address is not None
    peer = client.connect(Address("127.0.0.1", address.port), 1)
    ends = time.monotonic() + _PATIENCE
    while client.peer_state(peer) is not PeerState.CONNECTED and time.monotonic() < ends:
        client.service(1)
        server.service(1)
    acknowledged = 0
    ends = time.monotonic() + _PATIENCE
    while acknowledged < _ROUNDS and time.monotonic() < ends:
        server.service(0)  # now the thread leaves the socket alone for a moment
        client.send(peer, 0, b"x", PacketFlag.RELIABLE)
        client.flush()
        while client.peer_info(peer).reliable_data_in_transit and time.monotonic() < ends:
            client.service(1)
        acknowledged += not client.peer_info(peer).reliable_data_in_transit
    sys.stdout.write(f"{acknowledged} of {_ROUNDS}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
