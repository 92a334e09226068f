"""ENet from Python: this package with each engine, and pyenet."""

from __future__ import annotations

import os

from benchmarks import contenders
from benchmarks.peers.ends import TICK, join, run
from benchmarks.recovery import Ours, Theirs


class OursAtOnce(Ours):
    """Sends without waiting for the next poll."""

    def fileno(self) -> int:
        return self._connection.fileno()

    def send(self, packet: bytes) -> None:
        super().send(packet)
        self._connection.flush()


class TheirsAtOnce(Theirs):
    """Likewise."""

    def fileno(self) -> int:
        return int(self._host.socket.fileno())

    def send(self, packet: bytes) -> None:
        super().send(packet)
        self._host.flush()


def serve(variant: str, clients: int) -> None:
    [contender] = [contender for contender in contenders.CONTENDERS if contender.name == variant]
    end = contender.listen(clients)
    print(end.port(), flush=True)
    end.answer(int(TICK * 1000))


def clients(variant: str, count: int, port: int, rate: float) -> None:
    """Those of this package are without the network thread, which would be one for each."""
    if variant == contenders.PYENET.name:
        join([TheirsAtOnce(False) for _ in range(count)], port, rate)
    else:
        os.environ["GODOT_ENET_ENGINE"] = variant.partition(",")[0]
        join([OursAtOnce(False) for _ in range(count)], port, rate)


if __name__ == "__main__":
    run(serve, clients)
