"""``python -m godot_enet ping`` against servers of ours, on each engine, and against what is no server.

``tests/interop/test_ping.py`` has real ones.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet import ENetConnection, Error
from godot_enet.__main__ import main
from godot_enet.core.compression import Codec, CodecUnavailable, make_compressor
from godot_enet.core.dtls.settings import DtlsUnavailable
from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.interface import Address, Datagram
from godot_enet.recording import datagrams
from godot_enet.tools import probe
from godot_enet.tools.bad_network import BadNetwork
from godot_enet.tools.wire_tap import WireTap
from tests.demos.program import free_port

LOOPBACK = "127.0.0.1"
QUICK = ["--count", "2", "--interval", "0.01"]
SOON = ["--timeout", "1"]
MODES = {mode.name.removeprefix("COMPRESS_").lower(): mode for mode in ENetConnection.CompressionMode}

pytestmark = pytest.mark.usefixtures("host_engine")


def ping(capsys: pytest.CaptureFixture[str], port: int, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and what ``--json`` prints."""
    code = main(["ping", LOOPBACK, str(port), "--json", *arguments])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


@pytest.fixture
def server() -> Iterator[ENetConnection]:
    """Its network thread does all that a ping needs."""
    server = ENetConnection()
    assert server.create_host_bound(LOOPBACK, 0) == Error.OK
    yield server
    server.destroy()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes everything and answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind((LOOPBACK, 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("mode", MODES)
def test_each_compression_is_found_out(mode: str, server: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
    server.compress(MODES[mode])
    code, found = ping(capsys, server.get_local_port(), *QUICK)
    assert code == 0
    assert (found["outcome"], found["compression"], found["dtls"]) == ("connected", mode, False)
    assert found["pings_sent"] >= 2
    assert 0 < found["round_trip_ms"]["min"] <= found["round_trip_ms"]["average"] <= found["round_trip_ms"]["max"]
    assert (found["channels"], found["mtu"]) == (255, 1392)


def test_the_text_says_the_same(server: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
    server.compress(ENetConnection.COMPRESS_FASTLZ)
    assert main(["ping", LOOPBACK, str(server.get_local_port()), *QUICK]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{LOOPBACK}:{server.get_local_port()}"
    found = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}
    assert found["encryption"] == "none"
    assert found["compression"] == "FastLZ (COMPRESS_FASTLZ)"
    assert found["pings"].endswith(" lost")
    assert lines[-1].endswith(" ms (min / average / max)")


def test_the_server_sees_a_player_come_and_go(server: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
    assert ping(capsys, server.get_local_port(), *QUICK)[0] == 0
    kind, _, number, _ = server.service(5000)
    assert kind == ENetConnection.EVENT_CONNECT
    assert number >= 2  # an id as ENetMultiplayerPeer wants it
    assert server.service(5000).type == ENetConnection.EVENT_DISCONNECT


def test_delay_and_loss_are_measured(server: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
    BadNetwork(server, latency=20, loss=0.3, seed=1)
    code, found = ping(capsys, server.get_local_port(), "--count", "30", "--interval", "0.01", "--timeout", "30")
    assert code == 0
    assert found["round_trip_ms"]["min"] >= 38  # the delays are whole milliseconds
    assert 0 < found["pings_lost"] < found["pings_sent"]


def test_a_port_without_an_answer(silent_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = ping(capsys, silent_port, *SOON)
    assert (code, found["outcome"], found["compression"], found["server_guess"]) == (1, "no answer", None, None)


def test_a_port_without_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = ping(capsys, free_port())
    assert (code, found["outcome"]) == (3, "port unreachable")


def test_a_refusal(server: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
    server.on_connect_request(lambda *_: ENetConnection.ConnectVerdict.DENY)
    code, found = ping(capsys, server.get_local_port())
    assert (code, found["outcome"]) == (4, "refused")


def test_a_server_that_drops_the_connection(server: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
    def reset_it() -> None:
        kind, peer, *_ = server.service(30_000)
        if kind == ENetConnection.EVENT_CONNECT and peer is not None:
            peer.reset()

    thread = threading.Thread(target=reset_it)
    thread.start()
    code, found = ping(capsys, server.get_local_port(), *SOON, "--count", "1000", "--interval", "0.001")
    thread.join()
    assert (code, found["outcome"]) == (4, "dropped")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["0"], "argument PORT: must be a whole number from 1 to 65535, not '0'"),
        (["pong"], "argument PORT: must be a whole number from 1 to 65535, not 'pong'"),
        (["7777", "--count", "0"], "argument --count: must be a whole number from 1 to "),
        (["7777", "--channels", "256"], "argument --channels: must be a whole number from 1 to 255, not '256'"),
        (["7777", "--timeout", "nan"], "argument --timeout: must be a number from 0.1 to 3600, not 'nan'"),
        (["7777", "--interval", "-1"], "argument --interval: must be a number from 0 to 3600, not '-1'"),
    ],
)
def test_arguments_that_make_no_sense(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["ping", LOOPBACK, *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_zstandard_without_its_package(
    server: ENetConnection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(codec: Codec) -> object:
        if codec is Codec.ZSTD:
            raise CodecUnavailable("pip install zstandard")
        return make_compressor(codec)

    server.compress(ENetConnection.COMPRESS_ZSTD)
    monkeypatch.setattr(datagrams, "make_compressor", make)
    code, found = ping(capsys, server.get_local_port(), *SOON)
    assert (code, found["outcome"], found["hint"]) == (5, "locked", "pip install zstandard")


class TestDtls:
    @pytest.fixture
    def encrypted(self, server: ENetConnection) -> ENetConnection:
        pytest.importorskip("OpenSSL")
        from tests.dtls.certificates import localhost
        from tests.dtls.conftest import server_options

        assert server.dtls_server_setup(server_options(localhost())) == Error.OK
        return server

    def test_it_is_found_out_and_used(self, encrypted: ENetConnection, capsys: pytest.CaptureFixture[str]) -> None:
        encrypted.compress(ENetConnection.COMPRESS_ZLIB)
        code, found = ping(capsys, encrypted.get_local_port(), *QUICK)
        assert (code, found["outcome"], found["dtls"], found["compression"]) == (0, "connected", True, "zlib")

    def test_it_is_found_out_without_openssl(
        self, encrypted: ENetConnection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def unavailable(_trust: object) -> None:
            raise DtlsUnavailable("pip install pyOpenSSL")

        monkeypatch.setattr(probe, "client_stage", unavailable)
        code, found = ping(capsys, encrypted.get_local_port())
        assert (code, found["outcome"], found["hint"]) == (5, "locked", "pip install pyOpenSSL")
        assert found["dtls"] is True


class _Nowhere(ForwardingTransport):
    """Receives what a test gives it."""

    def __init__(self, data: bytes) -> None:  # there is nothing inside
        self.arrived = [Datagram(data, Address(LOOPBACK, 1))]

    def receive(self, limit: int, now: int) -> list[Datagram]:
        return self.arrived


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    tap = WireTap(_Nowhere(data))
    received = tap.receive(1, 0)
    if not data[0] & 0x40:  # not compressed
        assert received == [Datagram(data, Address(LOOPBACK, 1))]


def test_unknown_compression_is_told() -> None:
    tap = WireTap(_Nowhere(b"\x40\x00" + bytes(range(200, 255))))
    assert tap.receive(1, 0) == []
    assert tap.undecodable == "compressed with none of Godot's codecs"
