"""Waiting in gevent's hub, in a process of its own: there other greenlets run meanwhile."""

from __future__ import annotations

import pytest

from tests.demos.program import Program

pytest.importorskip("gevent")

PROGRAM = """
import os, time
import gevent
from godot_enet.load.gevent_waiter import GeventWaiter

waiter = GeventWaiter()
reader, writer = os.pipe()
waiter.watch(reader, "pipe")

assert waiter.wait(0.0) == []
began = time.monotonic()
assert waiter.wait(0.05) == []
assert time.monotonic() - began >= 0.04

gevent.spawn_later(0.01, os.write, writer, b"x")  # which runs while this greenlet waits
assert waiter.wait(30.0) == ["pipe"]
assert waiter.wait(30.0) == ["pipe"], "until it is read"
os.read(reader, 1)
waiter.wait(0.0)
assert waiter.wait(0.05) == []

gevent.spawn_later(0.01, waiter.wake)
began = time.monotonic()
assert waiter.wait(30.0) == []
assert time.monotonic() - began < 20

counted = []
def count():
    while True:
        counted.append(1)
        gevent.sleep(0)
other = gevent.spawn(count)
for _ in range(100):
    waiter.wait(0.0)
assert len(counted) >= 50, "a busy crowd lets others run"
other.kill()

waiter.unwatch(reader)
os.write(writer, b"x")
assert waiter.wait(0.05) == []
print("all is well")
"""


def test_the_waiter() -> None:
    with Program("-c", PROGRAM) as program:
        assert program.finish() == 0, program.output
        assert program.lines == ["all is well"]
