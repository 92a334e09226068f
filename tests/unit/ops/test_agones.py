"""The client of Agones' REST API, against a stand-in that follows its public description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from godot_enet.ops import Agones, AgonesCounter, AgonesError, AgonesList
from tests.unit.ops.agones_stand_in import StandIn


@pytest.fixture
def sidecar() -> Iterator[StandIn]:
    with StandIn() as sidecar:
        yield sidecar


@pytest.fixture
def agones(sidecar: StandIn) -> Agones:
    return Agones(sidecar.port)


def refusal(call: object, *arguments: object) -> int:
    assert callable(call)
    with pytest.raises(AgonesError) as error:
        call(*arguments)
    return error.value.status


def test_a_life(agones: Agones, sidecar: StandIn) -> None:
    states = []
    for step in (agones.ready, agones.allocate, lambda: agones.reserve(30), agones.health, agones.shutdown):
        step()
        states.append(agones.game_server()["status"]["state"])
    assert states == ["Ready", "Allocated", "Reserved", "Reserved", "Shutdown"]
    assert (sidecar.health, sidecar.reserved) == (1, 30)


def test_metadata(agones: Agones, sidecar: StandIn) -> None:
    agones.set_label("map", "arena")
    agones.set_annotation("note", "ä")
    meta = agones.game_server()["object_meta"]
    assert meta["labels"] == {"agones.dev/sdk-map": "arena"}
    assert meta["annotations"] == {"agones.dev/sdk-note": "ä"}


def test_counters(agones: Agones) -> None:
    assert agones.counter("rounds") == AgonesCounter(0, 3)
    assert agones.add_to_counter("rounds", 2) == AgonesCounter(2, 3)
    assert agones.add_to_counter("rounds", -1) == AgonesCounter(1, 3)
    assert refusal(agones.add_to_counter, "rounds", 3) == 400
    assert refusal(agones.add_to_counter, "rounds", -2) == 400
    assert agones.set_counter("rounds", 3) == AgonesCounter(3, 3)
    assert agones.set_counter("rounds", capacity=9) == AgonesCounter(3, 9)
    assert refusal(agones.set_counter, "rounds", 10) == 400
    assert refusal(agones.counter, "no such one") == 404
    assert agones.counter("rounds").count == 3


def test_lists(agones: Agones) -> None:
    assert agones.list("players") == AgonesList([], 3)
    assert agones.add_to_list("players", "7") == AgonesList(["7"], 3)
    assert refusal(agones.add_to_list, "players", "7") == 409
    agones.add_to_list("players", "8")
    agones.add_to_list("players", "9")
    assert refusal(agones.add_to_list, "players", "10") == 400
    assert agones.remove_from_list("players", "8") == AgonesList(["7", "9"], 3)
    assert refusal(agones.remove_from_list, "players", "8") == 404
    assert agones.set_list("players", ["1", "2"]) == AgonesList(["1", "2"], 3)
    assert agones.set_list("players", capacity=5) == AgonesList(["1", "2"], 5)
    assert refusal(agones.set_list, "players", None, 1001) == 400
    assert refusal(agones.add_to_list, "no/such", "7") == 404


@pytest.mark.parametrize(
    "answer",
    [b'{"capacity": "x"}', b'{"capacity": [1]}', b'{"capacity": Infinity}', b'{"values": 7}', b"[" * 100_000, b"7"],
    ids=["text", "array", "infinite", "no list", "nested", "number"],
)
def test_answers_of_something_else(agones: Agones, sidecar: StandIn, answer: bytes) -> None:
    sidecar.garbage = answer
    assert refusal(agones.list, "players") == 0


def test_the_port_comes_from_the_environment(sidecar: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGONES_SDK_HTTP_PORT", str(sidecar.port))
    Agones().ready()
    assert sidecar.state == "Ready"
    monkeypatch.delenv("AGONES_SDK_HTTP_PORT")
    assert Agones().port == 9358


def test_nobody_there(sidecar: StandIn) -> None:
    sidecar.close()
    assert refusal(Agones(sidecar.port, timeout=5).ready) == 0


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_something_else_there(sidecar: StandIn, body: bytes) -> None:
    sidecar.garbage = body
    assert refusal(Agones(sidecar.port).game_server) == 0
