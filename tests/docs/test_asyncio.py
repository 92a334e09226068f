"""The programs of the page on event loops."""

from __future__ import annotations

from pathlib import Path

from tests.demos.program import Program, free_port
from tests.docs.snippets import programs


def written(folder: Path) -> dict[str, Path]:
    """The programs as files, on a free port."""
    port = str(free_port())
    found = {}
    for name, code in programs("docs/asyncio.md").items():
        found[name] = folder / name
        found[name].write_text(code.replace("7777", port), encoding="utf-8")
    return found


def test_a_client_talks_to_a_server(tmp_path: Path) -> None:
    files = written(tmp_path)
    with Program(files["server.py"]) as server:
        server.wait_for("serving on port")
        with Program(files["client.py"]) as client:
            assert client.finish() == 0, client.output
        assert server.finish() == 0, server.output
    assert client.lines == ["HELLO"]


def test_both_ends_of_a_multiplayer(tmp_path: Path) -> None:
    with Program(written(tmp_path)["multiplayer.py"]) as program:
        assert program.finish() == 0, program.output
    assert program.lines == ["the server got hello from the client"]


def test_a_program_that_selects(tmp_path: Path) -> None:
    files = written(tmp_path)
    with Program(files["waiting.py"]) as program:
        program.wait_for("serving on port")
        with Program(files["client.py"]) as client:
            assert client.finish() == 0, client.output
        assert program.finish() == 0, program.output
    assert client.lines == ["HELLO"]
    assert program.lines[1:] == ["EVENT_CONNECT", "EVENT_RECEIVE", "EVENT_DISCONNECT"]
