"""Demos whose other side is not there, or dies without a word. All at the same time: each waits for some seconds."""

from __future__ import annotations

import pytest

from tests.demos.program import Demo, free_port


@pytest.mark.long
def test_nobody_answers_and_remotes_that_die() -> None:
    ports = [str(free_port()) for _ in range(4)]
    here = ("--host", "127.0.0.1", "--port")
    with (
        Demo("arena", *here, ports[0]) as lonely_arena,
        Demo("raw", *here, ports[0]) as lonely_raw,
        Demo("arena", "--server", "--port", ports[1]) as dying_arena,
        Demo("raw", "--server", "--port", ports[2]) as dying_raw,
        Demo("arena", "--server", "--port", ports[3]) as arena,
    ):
        arena.wait_for("is open")
        dying_arena.wait_for("is open")
        dying_raw.wait_for("listening")
        with (
            Demo("arena", *here, ports[1]) as left_arena,
            Demo("raw", *here, ports[2]) as left_raw,
            Demo("arena", *here, ports[3]) as dying_player,
        ):
            for program, text in ((left_arena, "You are player"), (left_raw, "CONNECT"), (dying_player, "You are")):
                program.wait_for(text)
            for program in (dying_arena, dying_raw, dying_player):
                program.kill()
            assert left_arena.finish() == 0, left_arena.output
            left_raw.wait_for("DISCONNECT data 0: our request, or a timeout")
            arena.wait_for("timed out")
        assert lonely_arena.finish() == 1, lonely_arena.output
        lonely_raw.wait_for("DISCONNECT no answer; press C to try again")
    assert "The server timed out." in left_arena.lines
    assert f"No server answered at 127.0.0.1:{ports[0]}." in lonely_arena.lines
    assert "Traceback" not in left_arena.output + arena.output + lonely_arena.output
