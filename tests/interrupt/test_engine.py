"""The laws of any link hold while calls of both engines are interrupted at any instruction."""

from __future__ import annotations

from random import Random

from godot_enet.core.interface import Engine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.interrupt.interruption import FragileEngine, FragileNativeEngine, FragilePythonEngine
from tests.property.links import converse, random_link

FRAGILE: dict[str, type[FragilePythonEngine] | type[FragileNativeEngine]] = {
    "python": FragilePythonEngine,
    "native": FragileNativeEngine,
}
SEEDS = 20


def play(factory: EngineFactory, seed: int) -> None:
    """One conversation, on a perfect link as often as on another."""
    random = Random(seed)
    FragileEngine.dice = Random(seed)
    perfect = LinkConfig(delay=random.choice((0, 5)))
    links = (random_link(random), random_link(random)) if seed % 2 else (perfect, perfect)
    converse(EnginePair(factory, factory), links, random, 12, seed, modern=seed % 3 > 0)


def test_nothing_is_lost_doubled_or_stuck(engine_factory: EngineFactory) -> None:
    name = engine_factory(HostConfig()).name

    def make(config: HostConfig) -> Engine:
        return FRAGILE[name](config)

    before = FragileEngine.interruptions
    for seed in range(SEEDS):
        play(make, seed)
    assert FragileEngine.interruptions - before > 10 * SEEDS
