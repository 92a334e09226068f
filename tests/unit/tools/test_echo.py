"""``python -m godot_enet echo``: what comes back, from a program that runs by itself."""

from __future__ import annotations

import time

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.__main__ import main
from godot_enet.core.compression import CodecUnavailable
from godot_enet.tools import echo
from tests.demos.program import PATIENCE, Program


@pytest.mark.parametrize("compression", ["none", "range-coder"])
def test_packets_come_back_as_they_went(compression: str) -> None:
    with Program("-m", "godot_enet", "echo", "0", "--bind", "127.0.0.1", "--compress", compression) as server:
        server.wait_for("listening on port")
        port = int(server.lines[-1].split()[3].rstrip(","))
        client = ENetConnection()
        assert client.create_host(1) == Error.OK
        client.compress(ENetConnection.CompressionMode["COMPRESS_" + compression.upper().replace("-", "_")])
        peer = client.connect_to_host("127.0.0.1", port, 3, 42)
        assert peer is not None
        got: list[tuple[int, int, bytes]] = []
        deadline = time.monotonic() + PATIENCE
        while len(got) < 2 and time.monotonic() < deadline:
            event = client.service(100)
            if event.type == ENetConnection.EVENT_CONNECT:
                peer.send(2, b"surely", ENetPacketPeer.FLAG_RELIABLE)
                peer.send(1, b"maybe", ENetPacketPeer.FLAG_UNSEQUENCED)
            elif event.type == ENetConnection.EVENT_RECEIVE:
                flags = peer.get_packet_flags()
                got.append((event.channel, flags, peer.get_packet()))
        assert sorted(got) == [
            (1, ENetPacketPeer.FLAG_UNSEQUENCED, b"maybe"),
            (2, ENetPacketPeer.FLAG_RELIABLE, b"surely"),
        ]
        server.wait_for("connected, data 42")
        peer.peer_disconnect_now(7)
        server.wait_for("disconnected, data 7")
        client.destroy()


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    taken = ENetConnection()
    assert taken.create_host_bound("127.0.0.1", 0) == Error.OK
    assert main(["echo", str(taken.get_local_port()), "--bind", "127.0.0.1"]) == 1
    taken.destroy()


@pytest.mark.parametrize("arguments", [["--key", "file"], ["--dtls", "--certificate", "file"]])
def test_options_that_need_another_one(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["echo", "0", *arguments])
    assert caught.value.code == 2
    assert f"{arguments[-2]} needs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["70000"], "argument PORT: must be a whole number from 0 to 65535, not '70000'"),
        (["0", "--peers", "0"], "argument --peers: must be a whole number from 1 to "),
        (["0", "--peers", "5000"], "a shard has at most 4095 clients: --peers 5000 needs more --shards"),
        (["0", "--shards", "65"], "argument --shards: must be a whole number from 1 to 64, not '65'"),
    ],
)
def test_numbers_that_no_server_can_have(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["echo", *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_compression_without_its_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise CodecUnavailable("pip install zstandard")

    monkeypatch.setattr(echo, "Zstd", refuse)
    assert main(["echo", "0", "--compress", "zstd"]) == 1
    assert capsys.readouterr().err == "echo: pip install zstandard\n"
