"""demos/dtls_chat.py: a certificate on the first run, then words, and what happens when something is wrong."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from godot_enet import ENetConnection
from tests.demos.program import ROOT, Demo, free_port

CHAT = ROOT / "demos" / "dtls_chat.py"


def test_words_arrive_encrypted_and_only_trusted_servers_are_spoken_to(tmp_path: Path) -> None:
    port = str(free_port())
    place: list[str | Path] = ["--port", port, "--folder", tmp_path]
    with Demo("dtls_chat", "--server", *place) as server:
        server.wait_for(f"listening on port {port}, encrypted")
        assert server.lines[0] == "creating a key and a certificate"
        if os.name == "posix":
            assert stat.S_IMODE((tmp_path / "dtls_chat.key").stat().st_mode) == 0o600
        with Demo("dtls_chat", "--host", "127.0.0.1", *place, "--say", "hello", "--say", "a\x1b[2Jb") as client:
            assert client.finish() == 0, client.output
        server.wait_for("guest 1 left")
        assert "guest 1: hello" in server.lines
        assert "guest 1: a[2Jb" in server.lines
        assert client.lines[0] == "connected, encrypted"

        (tmp_path / "else").mkdir()
        elsewhere: list[str | Path] = ["--port", port, "--folder", tmp_path / "else"]
        with Demo("dtls_chat", "--host", "127.0.0.1", *elsewhere, "--say", "x") as lost:
            assert lost.finish() == 1
        assert "start the server here first" in lost.output
        with Demo("dtls_chat", "--host", "127.0.0.1", *elsewhere, "--unsafe", "--say", "careless") as careless:
            assert careless.finish() == 0, careless.output
        server.wait_for("guest 2: careless")

        other = str(free_port())
        with Demo("dtls_chat", "--server", "--port", other, "--folder", tmp_path / "else") as impostor:
            impostor.wait_for("listening")
            with Demo(
                "dtls_chat", "--host", "127.0.0.1", "--port", other, "--folder", tmp_path, "--say", "x"
            ) as client:
                assert client.finish() == 1
            assert "The encrypted connection failed." in client.lines
            assert "was not accepted: it is self-signed and not among the trusted certificates" in client.output
    with Demo("dtls_chat", "--server", *place) as again:
        again.wait_for("listening")
        assert len(again.lines) == 1  # the same certificate as before


def test_a_server_without_encryption_is_refused(tmp_path: Path) -> None:
    plain = ENetConnection()
    plain.create_host_bound("127.0.0.1", 0)
    try:
        port = str(plain.get_local_port())
        with Demo("dtls_chat", "--host", "127.0.0.1", "--port", port, "--unsafe", "--say", "x") as client:
            assert client.finish() == 1
        assert client.lines == ["No answer: no server is running there, or it does not use DTLS."]
    finally:
        plain.destroy()


def test_it_is_short() -> None:
    assert len(CHAT.read_text(encoding="utf-8").splitlines()) <= 250
