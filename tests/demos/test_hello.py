"""demos/hello.py tells its story and ends."""

from __future__ import annotations

from tests.demos.program import ROOT, Demo

HELLO = ROOT / "demos" / "hello.py"


def test_both_messages_go_there_and_back() -> None:
    with Demo("hello") as hello:
        assert hello.finish() == 0, hello.output
    for line in (
        "server: 127.0.0.1 connected and said 7",
        "client: connected",
        "server: got 'I may get lost' on channel 1",
        "server: got 'I always arrive' on channel 0",
        "client: got 'you said I may get lost' on channel 1",
        "client: got 'you said I always arrive' on channel 0",
        "server: the client left and said 42",
    ):
        assert hello.lines.count(line) == 1, hello.output
    assert hello.lines[0].startswith("server: listening on port ")
    assert hello.lines[-1] == "both sides are closed"


def test_it_fits_on_a_page() -> None:
    assert len(HELLO.read_text().splitlines()) < 60
