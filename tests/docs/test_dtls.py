"""docs/dtls.md: its programs run, and its words are those that are logged."""

from __future__ import annotations

import os
from pathlib import Path

from godot_enet.core.dtls.verify import problem_text
from tests.demos.program import ROOT, Program, free_port
from tests.docs.snippets import page, programs

PAGE = "docs/dtls.md"


def test_the_first_set_up(tmp_path: Path) -> None:
    port = str(free_port())
    environment = dict(os.environ)
    files = {}
    for name, code in programs(PAGE).items():
        if name.endswith(".py"):
            files[name] = tmp_path / name
            files[name].write_text(f"import os\nos.chdir({str(tmp_path)!r})\n" + code.replace("7777", port))
    assert set(files) == {"make_certificate.py", "server.py", "client.py"}
    with Program(files["make_certificate.py"], environment=environment) as maker:
        assert maker.finish() == 0, maker.output
    with Program(files["server.py"], environment=environment) as server:
        server.wait_for("listening")
        with Program(files["client.py"], environment=environment) as client:
            assert client.finish() == 0, client.output
        server.wait_for("nobody else can read this")
        with Program(files["make_certificate.py"], environment=environment) as maker:
            assert maker.finish() == 0
        with Program(files["client.py"], environment=environment) as client:
            assert client.finish() == 1
        assert "not the server we know" in client.lines


def test_its_words_are_those_of_the_log() -> None:
    text = page(PAGE)
    for number in (18, 20):
        assert f"`{problem_text(number, None)}`" in text
    source = "".join(path.read_text() for path in (ROOT / "godot_enet" / "core" / "dtls").glob("*.py"))
    for words in ("did not answer the DTLS handshake", "that is not DTLS: a client that uses plain ENet?"):
        assert f"`{words}`" in text
        assert words in source
