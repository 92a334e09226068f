"""What Godot 4.6.3 sent and received, packet by packet, is what this package sends and receives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.variant import Array, EncodedObjectAsID, VariantType, Vector2
from tests.unit.compat.scene.party import Party

GOLDEN = json.loads((Path(__file__).parents[3] / "vectors" / "scene_multiplayer.json").read_text(encoding="utf-8"))
CALLS = GOLDEN["rpc_and_relay"]
C, D = CALLS["peer_ids"]["C"], CALLS["peer_ids"]["D"]
NAMES = {"S": 1, "C": C, "D": D}


class Main(Node):
    """The node of the recording, which also has two methods with a configuration."""

    def __init__(self) -> None:
        self.called: list[tuple[Any, ...]] = []
        options = {"rpc_mode": 1}
        self.rpc_config("native_two", options)
        self.rpc_config("native_one", options)

    @rpc("any_peer")
    def beta(self, x: Any) -> None:
        self.called.append(("beta", x))

    @rpc("any_peer")
    def alpha(self) -> None:
        self.called.append(("alpha",))

    @rpc("any_peer", "call_local", "unreliable", 3)
    def gamma(self, x: Any, y: Any) -> None:
        self.called.append(("gamma", x, y, self.multiplayer.get_remote_sender_id()))

    @rpc("authority", "unreliable_ordered")
    def Zeta(self, x: Any) -> None:
        self.called.append(("Zeta", x))

    @rpc("any_peer")
    def many(self, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
        self.called.append(("many", a, b, c, d, e, f))

    @rpc("any_peer")
    def _under(self, x: Any) -> None:
        self.called.append(("_under", x))

    def native_one(self, x: Any) -> None:
        self.called.append(("native_one", x))

    def native_two(self) -> None:
        self.called.append(("native_two",))


def recorded(scenario: str) -> list[tuple[int, int, str, int, int]]:
    """The packets of a scenario: from, to, bytes, mode, channel."""
    [found] = [each for each in CALLS["scenarios"] if each["scenario"] == scenario]
    packets = [event for event in found["events"] if "packet" in event]
    return [(NAMES[p["from"]], NAMES[p["to"]], p["packet"], p["mode"], p["channel"]) for p in packets]


def sent(party: Party) -> list[tuple[int, int, str, int, int]]:
    party.settle()
    log = list(party.network.log)
    party.network.log.clear()
    return [(packet.sender, packet.to, packet.data.hex(), packet.mode, packet.channel) for packet in log]


def test_the_whole_recording_in_order() -> None:
    party = Party(C, D, make_node=Main)
    s, c, d = (party[number] for number in (1, C, D))
    main, client = s.node, c.node
    assert isinstance(main, Main)
    assert isinstance(client, Main)
    assert sent(party) == recorded("second client connects (server_relay on)")
    assert s.take() == [("peer_connected", C), ("peer_connected", D)]
    assert c.take() == [("connected_to_server",), ("peer_connected", 1), ("peer_connected", D)]
    assert d.take() == [("connected_to_server",), ("peer_connected", 1), ("peer_connected", C)]

    s.api.send_bytes(b"\1\2\3", C)
    assert sent(party) == recorded("server send_bytes to C reliable")
    s.api.send_bytes(b"\1\2\3", 0, 0, 2)
    assert sent(party) == recorded("server send_bytes to all, unreliable, channel 2")
    c.api.send_bytes(b"\4\5", 1, 1)
    assert sent(party) == recorded("C send_bytes to server unreliable_ordered")
    for to, data, channel, scenario in [
        (D, "0405", 1, "C send_bytes to D (relay), channel 1"),
        (0, "06", 0, "C send_bytes to all (relay broadcast)"),
        (-1, "07", 0, "C send_bytes to all but server"),
        (-D, "08", 0, "C send_bytes to all but D"),
        (99, "09", 0, "C send_bytes to unknown peer 99"),
    ]:
        c.api.send_bytes(bytes.fromhex(data), to, 2, channel)
        assert sent(party) == recorded(scenario), scenario
    assert s.take() == [("peer_packet", C, b"\4\5"), ("peer_packet", C, b"\6"), ("peer_packet", C, b"\x08")]
    assert c.take() == [("peer_packet", 1, b"\1\2\3")] * 2
    assert [heard[2] for heard in d.take()] == [b"\1\2\3", b"\4\5", b"\6", b"\7"]

    main.alpha.rpc_id(C)
    assert sent(party) == recorded("RPC S->C alpha() first use")
    main.alpha.rpc_id(C)
    assert sent(party) == recorded("RPC S->C alpha() second use")
    main.alpha.rpc()
    assert sent(party) == recorded("RPC S->all alpha() (C knows path, D does not)")
    main.alpha.rpc()
    assert sent(party) == recorded("RPC S->all alpha() again")
    arguments: list[Any] = [5, -1, 127, 128, -129, 32768, 2147483648, -(2**63), True, False, None, 1.5, 0.1, "hi"]
    arguments += [b"\1\2\3", b"", [1, True], Array([1], VariantType.TYPE_INT), Vector2(1, 2)]
    arguments += [EncodedObjectAsID(0x2E2F0023BC)]
    for argument in arguments:
        main.beta.rpc_id(C, argument)
    assert sent(party) == recorded("RPC beta(x) argument encodings")
    main.many.rpc_id(C, 1, True, "x", b"\x09", None, {"k": 1})
    assert sent(party) == recorded("RPC many")
    main.gamma.rpc(1, 2)
    assert sent(party) == recorded("RPC gamma call_local unreliable channel 3")
    assert main.called == [("gamma", 1, 2, 1)]
    main.Zeta.rpc(1)
    assert sent(party) == recorded("RPC Zeta authority unreliable_ordered")
    client.Zeta.rpc_id(1, 1)
    assert sent(party) == recorded("RPC C->S Zeta not authority")
    client._under.rpc_id(1, 7)
    assert sent(party) == recorded("RPC C->S _under first")
    client.beta.rpc_id(D, 7)
    assert sent(party) == recorded("RPC C->D beta via relay first")
    client.beta.rpc_id(D, 8)
    assert sent(party) == recorded("RPC C->D beta via relay second")
    client.beta.rpc(9)
    assert sent(party) == recorded("RPC C->all beta")
    main.rpc("native_one", 3)
    main.rpc("native_two")
    assert sent(party) == recorded("RPC native (node rpc_config) ids")
    main.rpc_id(C, "alpha", 1)
    assert sent(party) == recorded("arity")
    assert main.called == [("gamma", 1, 2, 1), ("_under", 7), ("beta", 9)]
    got = [call for call in client.called if call[0] == "beta"]
    assert [call[1] for call in got] == [*arguments[:15], *arguments[16:]]  # no bytes are no argument
    assert client.called[-2:] == [("native_one", 3), ("native_two",)]

    s.api.disconnect_peer(C)
    assert sent(party) == recorded("S disconnect_peer(C)")
    assert s.take() == []
    assert c.take() == [("peer_disconnected", 1), ("server_disconnected",)]
    assert d.take() == [("peer_disconnected", C)]
    d.transport.close()
    party.settle()
    assert s.take() == [("peer_disconnected", D)]
    s.transport.close()
    party.settle()
    assert s.take() == [("server_disconnected",)]
