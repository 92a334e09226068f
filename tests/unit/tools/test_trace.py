"""``python -m godot_enet trace``: one line a command, filters, JSON, and files of strangers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godot_enet import (
    ENetMultiplayerPeer,
    Error,
    Node,
    PackedByteArray,
    SceneTree,
    Vector2,
    rpc,
)
from godot_enet.__main__ import main
from godot_enet.core import Address
from godot_enet.recording import Moment
from godot_enet.recording.decoder import Line
from godot_enet.recording.scene_packets import Packet
from godot_enet.testing import Network
from godot_enet.tools.trace_lines import as_object, as_text
from tests.demos.program import PATIENCE

ONE, OTHER = Address("10.0.0.1", 7777), Address("fd00::2", 50000)


class Board(Node):
    @rpc("any_peer", "reliable")
    def score(self, points: int, where: Vector2) -> None: ...


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client scores once."""
    file = tmp_path_factory.mktemp("trace") / "game.enetrec"
    network = Network(seed=1)
    there, here = network.machine(), network.machine()
    peers: list[ENetMultiplayerPeer] = [there.multiplayer_peer(), here.multiplayer_peer(unique_id=42)]
    with network.record(file):
        assert peers[0].create_server(7777) is Error.OK
        assert peers[1].create_client(there.ip, 7777) is Error.OK
        games = []
        for peer in peers:
            tree = SceneTree()
            tree.root.add_child(Board("Board"))
            tree.get_multiplayer().multiplayer_peer = peer
            games.append(tree)

        def step() -> bool:
            for tree in games:
                tree.get_multiplayer().poll()
            return all(tree.get_multiplayer().get_peers() for tree in games)

        network.run_until(step)
        board = games[1].root.get_child(0)
        assert isinstance(board, Board)
        board.score.rpc_id(1, 5, Vector2(1, 2))
        for _ in range(10):
            step()
            network.run(100)
    return file


def trace(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> list[str]:
    assert main(["trace", *map(str, arguments)]) == code
    out, err = capsys.readouterr()
    assert not err or code
    return out.splitlines()


def test_text(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = trace(capsys, recording, "--kind", "rpc", "--methods", "tests.unit.tools.test_trace:Board")
    assert [line.split(maxsplit=1)[1] for line in found] == [
        f"{moment}  10.0.0.2:49152 > 10.0.0.1:7777  SEND_RELIABLE 0#2  27 bytes  RPC Board.score(5, Vector2(1.0, 2.0))"
        for moment in ("sent    ", "arrived ")
    ]


def test_json(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found, _) = map(json.loads, trace(capsys, recording, "--kind", "RPC", "--json"))
    time = found.pop("time")
    assert 0 <= time < 1
    assert found == {
        "moment": "sent",
        "source": "10.0.0.2:49152",
        "destination": "10.0.0.1:7777",
        "command": "SEND_RELIABLE",
        "channel": 0,
        "sequence": 2,
        "again": False,
        "fields": {"length": 27},
        "packet": {"kind": "RPC", "node": "Board", "method": "method#0", "arguments": [5, "Vector2(1.0, 2.0)"]},
    }


def test_filters(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def count(*arguments: object) -> int:
        return len(trace(capsys, recording, *arguments))

    everything = count()
    assert everything > 20
    assert count("--peer", "10.0.0.2") == count("--peer", "10.0.0.1:7777") == everything
    assert count("--peer", "10.0.0.9") == count("--peer", "10.0.0.2:1") == 0
    assert count("--channel", "255") + count("--channel", "0") == everything
    assert count("--channel", "255", "--channel", "0") == everything
    assert count("--since", "0.1") + count("--until", "0.0999") == everything
    assert count("--kind", "ping", "--kind", "verify-connect") == count("--kind", "PING") + 2
    assert count("--kind", "RPC", "--packets", "bytes") == 0
    assert count("--kind", "bytes", "--packets", "bytes") > 0


def test_names_of_a_script(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "board.gd"
    script.write_text('extends Node\n\n@rpc("any_peer")\nfunc score(points, where):\n\tpass\n', encoding="utf-8")
    assert "RPC Board.score(" in trace(capsys, recording, "--kind", "RPC", "--methods", script)[0]


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (None, 2, "a: No such file or directory"),
        (b"MZ" * 50, 2, "not a recording of godot_enet"),
        (b"godot_enet recording 7\n", 2, "a recording of version '7'; this godot_enet reads version 1"),
        (b"godot_enet recording 1\nx", 1, "damaged: cut off after 0 bytes of content"),
        (b"\xd4\xc3\xb2\xa1", 1, "damaged"),
    ],
)
def test_files_of_strangers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, code: int, text: str
) -> None:
    file = tmp_path / "a"
    if content is not None:
        file.write_bytes(content)
    assert main(["trace", str(file)]) == code
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("trace: ")
    assert text in err
    assert err.count("\n") == 1


def test_what_comes_before_a_damage_is_printed(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a"
    file.write_bytes(recording.read_bytes() + b"more")
    expected = trace(capsys, recording)
    assert trace(capsys, file, code=1) == expected


def test_methods_that_cannot_be_read(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(recording), "--methods", "no.such:Thing"]) == 2
    assert capsys.readouterr().err.startswith("trace: --methods: ")


def test_a_reader_that_has_seen_enough(recording: Path) -> None:
    """As ``trace FILE | head -1``."""
    program = subprocess.Popen(
        [sys.executable, "-m", "godot_enet", "trace", str(recording)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    program.stdout.close()
    assert program.wait(PATIENCE) == 0
    assert program.stderr is not None
    assert program.stderr.read() == b""
    program.stderr.close()


def test_a_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("dpkt")
    from tests.unit.recording.test_capture import LINKS, V4, capture, packet

    number, wrap = LINKS["ethernet"]
    ping = b"\x80\x00\x00\x01\x85\xff\x00\x02"
    file = tmp_path / "a.pcapng"
    file.write_bytes(capture([wrap(packet(*V4, data)) for data in (b"\x01 query", ping)], number, "pcapng"))
    (line,) = trace(capsys, file)
    assert line == "     0.250  captured  10.0.0.2:50000 > 10.0.0.1:7777  PING 255#2"
    (line,) = trace(capsys, file, "--kind", "unreadable")
    assert line.endswith("UNREADABLE  size=7 reason=not ENet")


def line(packet: Packet | None = None, **fields: Any) -> Line:
    return Line(1_500_000, Moment.SENT, ONE, OTHER, "SEND_FRAGMENT", 2, 7, True, fields, packet)


def test_lines_have_no_control_characters() -> None:
    text = as_text(line(Packet("SIMPLIFY_PATH", {"number": 1, "path": "\x1b[2J\nBoard\u202e"}), length=9))
    assert text.endswith("SEND_FRAGMENT 2#7 (again)  9 bytes  SIMPLIFY_PATH number=1 path='\\x1b[2J\\nBoard\\u202e'")
    call = Packet("RPC", {"node": "a\x07b", "method": "c", "arguments": []})
    assert as_text(line(call, length=9)).endswith("RPC a\\x07b.c()")


def test_long_values_are_shortened() -> None:
    text = as_text(line(Packet("BYTES", {"bytes": b"x" * 10_000}), fragment_number=4, fragment_count=5))
    assert text.endswith(f"fragment 5 of 5, the last to arrive  BYTES bytes={b'x' * 32!r}... (10000 bytes)")
    text = as_text(line(Packet("VARIANT", {"value": [{"deep": ["y" * 1000] * 1000}] * 1000}), length=9))
    assert len(text) < 1200
    assert text.endswith(" ...")


def test_values_that_json_does_not_have() -> None:
    values = [
        float("nan"),
        float("inf"),
        1.5,
        b"\x01\xff",
        bytearray(b"a"),
        {1: None, "a": True},
        PackedByteArray(b"z"),
    ]
    found = as_object(line(Packet("RPC", {"arguments": values}), length=9))["packet"]
    assert found is not None
    assert found["arguments"][:6] == ["nan", "inf", 1.5, "01ff", "61", {"1": None, "a": True}]
    json.loads(json.dumps(found, allow_nan=False))


def test_relayed_packets_and_deltas_in_one_line() -> None:
    call = Packet("RPC", {"node": "Board", "method": "score", "arguments": [1]})
    assert as_text(line(Packet("RELAY", {"peer": 3}, call), length=9)).endswith("RELAY 3: RPC Board.score(1)")
    elements = [
        {"synchronizer": "Argo#2", "values": [8, "x"], "properties": [0, 3]},
        {"synchronizer": "#9", "values": [1]},
    ]
    text = as_text(line(Packet("DELTA", {"elements": elements}), length=9))
    assert text.endswith("DELTA Argo#2 [0: 8, 3: 'x'], #9 [1]")


def test_a_capture_without_the_package_that_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "dpkt", None)
    file = tmp_path / "a"
    file.write_bytes(b"\xd4\xc3\xb2\xa1")
    assert main(["trace", str(file)]) == 2
    assert "needs the package dpkt" in capsys.readouterr().err
