"""A few of the programs that ``python -m tests.equivalence`` plays by the thousand."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.core.interface import Address
from godot_enet.core.protocol.config import HostConfig
from tests.equivalence.__main__ import main
from tests.equivalence.lockstep import Divergence, Lockstep
from tests.equivalence.random_calls import run


@pytest.mark.parametrize("seed", range(10))
def test_program(seed: int) -> None:
    run(seed, longest=40)


class TestTheComparison:
    """What it would be worth if it let things pass."""

    def test_another_answer_is_seen(self) -> None:
        both = Lockstep(HostConfig())
        both.call("connect", Address("10.0.0.1", 1), 1, 0)
        both.native.connect(Address("10.0.0.1", 1), 1, 0)
        with pytest.raises(Divergence, match=r"peers\(\) \(lengths\)\n  python: 1\n  native: 2"):
            both.compare()

    def test_one_error_alone_is_seen(self) -> None:
        both = Lockstep(HostConfig(peer_count=1))
        both.native.connect(Address("10.0.0.1", 1), 1, 0)
        with pytest.raises(Divergence, match=r"native: <class .*NoFreePeer"):
            both.call("connect", Address("10.0.0.1", 1), 1, 0)

    def test_one_byte_of_a_datagram_is_seen(self) -> None:
        both = Lockstep(HostConfig())
        both.python.connect(Address("10.0.0.1", 1), 1, 5)
        both.native.connect(Address("10.0.0.1", 1), 1, 6)
        with pytest.raises(Divergence, match=r"poll_transmit.*\[0\]"):
            both.call("poll_transmit", 0)

    def test_another_cause_of_a_drop_is_seen(self) -> None:
        both = Lockstep(HostConfig())
        both.python.receive([(b"x", Address("10.0.0.1", 1))], 0)  # type: ignore[list-item]
        with pytest.raises(Divergence, match="drops"):
            both.compare()

    def test_the_runner_names_the_seed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def part(seed: int) -> Any:
            if seed == 3:
                raise Divergence("here")

        monkeypatch.setattr("tests.equivalence.__main__.run", part)
        assert main(["--seeds", "0", "3"]) == 0
        assert main(["--seeds", "2", "9"]) == 1
        assert "seed 3: Divergence: here\npython -m tests.equivalence --seeds 3 4\n" in capsys.readouterr().out
