"""What real Godots recorded of scene replication happens here: packet by packet, signal by signal, error by error."""

from __future__ import annotations

import json
import re
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compat.scene.replication.rig import DECODER, Rig
from tests.unit.compat.scene.replication.scenarios import SCENARIOS

VECTORS = Path(__file__).parents[4] / "vectors" / "replication"
_DECODERS = ("marshalls.cpp", "multiplayer_api.cpp:decode_and_decompress_variant")


def recorded(name: str) -> list[dict[str, Any]]:
    """The trace of a recording."""
    trace: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["trace"]
    return trace


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    """Without what differs in words only: how a decoder calls a fault."""
    entry = dict(entry)
    where = entry.pop("where", "")
    if where.split(":")[0] == _DECODERS[0] or where == _DECODERS[1]:
        entry["text"] = DECODER
    return entry


def replay(name: str, monkeypatch: pytest.MonkeyPatch, *, exact: bool) -> list[dict[str, Any]]:
    rig = Rig(exact=exact)
    with rig.listening(monkeypatch):
        SCENARIOS[name](rig, recorded(name))
    return rig.trace


def differences(name: str, monkeypatch: pytest.MonkeyPatch, *, exact: bool) -> list[str]:
    """Where the two traces differ, as lines of a diff."""
    theirs = [comparable(entry) for entry in recorded(name)]
    ours = replay(name, monkeypatch, exact=exact)
    return [line for line in ndiff(_lines(theirs), _lines(ours)) if line[0] in "+-"]


def _lines(trace: list[dict[str, Any]]) -> list[str]:
    """As text. The numbers of unnamed nodes count all that this process has made."""
    texts = [json.dumps(entry, sort_keys=True, ensure_ascii=False) for entry in trace]
    return [re.sub(r"@Node2D@\d+", "@Node2D@2", text) for text in texts]


@pytest.mark.parametrize("name", SCENARIOS)
def test_with_exact_everything_is_as_recorded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert differences(name, monkeypatch, exact=True) == []


KINDER = {
    "10-limits-edge": ["an empty packet is not sent, and so not refused"] * 4,
    "28-renumber": [
        "a renamed node is introduced anew, under the next number",
        "so this call goes by its path",
        "and not by the number of the old path",
        "under which another node was called",
        "the new path leads nowhere there",
        "as Godot says in two lines",
        "nor does the call",
    ],
}
"""Where we differ unless ``exact`` is set: the reason of each line."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_exact_each_difference_has_a_reason(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = differences(name, monkeypatch, exact=False)
    assert len(found) == len(KINDER.get(name, [])), found


def test_an_empty_packet_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    found = differences("10-limits-edge", monkeypatch, exact=False)
    assert all(line.startswith("- ") for line in found)
    packets = [json.loads(line[2:])["hex"] for line in found if '"packet"' in line]
    assert packets == ["060200", "16"]


def test_a_renamed_node_is_introduced_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    found = differences("28-renumber", monkeypatch, exact=False)
    ours = [json.loads(line[2:]).get("hex", "") for line in found if line.startswith("+ ")]
    assert bytes.fromhex(ours[0]).endswith(b"\3\0\0\0Main/E3\0")
    assert bytes.fromhex(ours[1]).endswith(b"Main/E3\0")
    assert [json.loads(line[2:])["t"] for line in found if line.startswith("- ")] == ["packet", "signal"]
