"""The end of a program, and a program that doubles itself, with live connections."""

from __future__ import annotations

import os
import sys
import time

import pytest

from tests.isolated.launch import run

pytestmark = pytest.mark.usefixtures("host_engine")


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("return", 0, ""),
        ("exit", 3, ""),
        ("error", 1, "SystemError: on purpose"),
        ("interrupt", -2, "KeyboardInterrupt"),
    ],
)
def test_a_program_can_end_at_any_time(ending: str, code: int, said: str) -> None:
    """Within seconds, and with nothing on stderr but what is its own: no hang, crash, warning or traceback of ours."""
    began = time.monotonic()
    ended = run("exit_early.py", ending)
    assert time.monotonic() - began < 30
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr.strip().split("\n")[-1] == said
    assert "Exception ignored" not in ended.stderr
    assert ended.stderr.count("Traceback") == (1 if said else 0)


if hasattr(os, "fork"):

    @pytest.mark.parametrize("driver", ["threaded", "inline"])
    @pytest.mark.parametrize(
        ("ending", "passing"),
        [("destroy", "plain"), ("leave", "plain"), ("exit", "plain"), ("destroy", "zlib"), ("destroy", "encrypted")],
    )
    def test_the_child_of_a_fork_has_no_hosts_and_the_parent_goes_on(driver: str, ending: str, passing: str) -> None:
        if passing == "encrypted":
            pytest.importorskip("OpenSSL")
        forked = run("fork.py", driver, ending, passing)
        assert (forked.returncode, forked.stdout, forked.stderr) == (0, "", "")

    @pytest.mark.parametrize("ending", ["destroy", "leave", "exit"])
    def test_the_child_of_a_fork_has_no_shards(ending: str, host_engine: str) -> None:
        if host_engine == "python" or sys.platform != "linux":
            pytest.skip("a host has several shards with the native engine on Linux only")
        forked = run("fork.py", "sharded", ending, "plain")
        assert (forked.returncode, forked.stdout, forked.stderr) == (0, "", "")

    def test_the_child_of_a_fork_has_no_hosts_on_a_loop() -> None:
        forked = run("fork_loop.py")
        assert (forked.returncode, forked.stdout, forked.stderr) == (0, "", "")
