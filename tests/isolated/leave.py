"""A client that ends without ``close()``. Arguments: the server's port, "threaded" or "inline", and how it ends.

"return", "exit" and "error" end the program; "fork" has a child end in two ways, then sends a packet, then vanishes.
"""

from __future__ import annotations

import os
import sys
import time
import warnings

from godot_enet import ENetMultiplayerPeer, Error

kept: list[ENetMultiplayerPeer] = []


def main() -> None:
    client = ENetMultiplayerPeer(threaded=sys.argv[2] == "threaded")
    assert client.create_client("127.0.0.1", int(sys.argv[1])) is Error.OK
    while client.get_connection_status() != ENetMultiplayerPeer.CONNECTION_CONNECTED:
        client.poll()
        time.sleep(0.001)
    kept.append(client)
    if sys.argv[3] == "exit":
        sys.exit(0)
    if sys.argv[3] == "error":
        raise SystemError("on purpose")
    if sys.argv[3] == "fork":
        # Later Pythons warn of a fork while there are threads, which is what this is about.
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
        for ending in ("exit", "drop"):
            child = os.fork()
            if child == 0:
                if ending == "exit":
                    sys.exit(0)
                kept.clear()
                del client
                os._exit(0)
            os.waitpid(child, 0)
        client.put_packet(b"still here")
        time.sleep(0.2)
        os._exit(0)


if __name__ == "__main__":
    main()
