"""A thousand bots say the same once."""

from __future__ import annotations

import logging

import pytest  # noqa: TC002 - as in all tests

from godot_enet.load import log_limit
from godot_enet.load.log_limit import limited_log


def test_a_line_is_logged_once_in_ten_seconds_with_its_count(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(log_limit, "monotonic", lambda: now)
    log = logging.getLogger("godot_enet.network")
    with limited_log():
        for port in range(100):
            log.warning("Connecting to %s: no answer", f"127.0.0.1:{port}")
        log.warning("%s", "Something else")
        now += 11
        log.warning("Connecting to %s: no answer", "127.0.0.1:100")
    texts = [record.getMessage() for record in caplog.records]
    assert texts[:2] == ["Connecting to 127.0.0.1:0: no answer", "Something else"]
    assert texts[2].startswith("Connecting to 127.0.0.1:100: no answer (")
    assert "99" in texts[2]
    assert len(texts) == 3


def test_outside_of_the_block_every_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with limited_log():
        pass
    for _ in range(3):
        logging.getLogger("godot_enet").warning("again")
    assert [record.getMessage() for record in caplog.records] == ["again"] * 3
