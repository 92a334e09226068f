"""What a peer that acknowledges only what suits it makes this host send again."""

from __future__ import annotations

from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import Stage

WINDOW = 65_536
ROUNDS = 20


def test_one_acknowledgement_has_at_most_a_window_sent_again(engine_factory: EngineFactory) -> None:
    """It tells that all that left before was lost; no more leaves than to a peer that takes everything."""
    stage = Stage(engine_factory, early_retransmit=True, redundant_copies=0)
    peer = stage.joined(window=WINDOW)
    peer.hush()
    for _ in range(200):
        peer.send(0, bytes(1300))
    seen = peer.take()
    sent = [sum(map(len, seen))]
    for _ in range(ROUNDS):
        stage.wait(20)
        assert not peer.take()
        last = raw.read(seen[-1])
        assert last.time is not None
        seen = peer.exchange(raw.acknowledge(0, last.commands[-1].number, last.time), time=None)
        sent.append(sum(map(len, seen)))
    assert max(sent) <= WINDOW
    assert sum(sent) > ROUNDS * WINDOW // 2  # once a round trip it is a window
