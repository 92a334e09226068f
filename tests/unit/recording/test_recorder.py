"""record(): what is in the file is what went over the wire, and the connection does not notice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error, Node, SceneTree, aio, rpc
from godot_enet.core import Address
from godot_enet.recording import Moment, Recorder, Recording, record
from godot_enet.recording.decoder import Decoder, Line
from godot_enet.testing import Network
from tests.unit.tools.talking_pair import Pair, connections

RELIABLE = ENetPacketPeer.FLAG_RELIABLE
SECRET = b"a token of a player"


@pytest.fixture
def pair(host_engine: str) -> Iterator[Pair]:
    with connections() as pair:
        assert pair.client.engine_name == host_engine
        yield pair


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.enetrec"


def lines(file: Path) -> list[Line]:
    decoder = Decoder()
    return [line for datagram in Recording(file) for line in decoder.lines(datagram)]


def talk(pair: Pair) -> None:
    peer = pair.connect()
    peer.send(1, b"question", RELIABLE)
    pair.until(lambda: pair.at_server == [b"question"])
    pair.server.broadcast(0, b"answer", RELIABLE)
    pair.until(lambda: pair.arrived == [b"answer"])


def test_a_client_is_recorded(pair: Pair, file: Path, host_engine: str) -> None:
    with record(pair.client, file) as recorder:
        talk(pair)
        assert pair.client.engine_name == host_engine
        assert recorder.is_recording
    here, there = Address("127.0.0.1", pair.client.get_local_port()), Address("127.0.0.1", pair.port)
    recording = Recording(file)
    assert recording.is_closed
    assert recording.count == recorder.datagrams
    assert "started" in recording.notes
    found = lines(file)
    assert found[0].command == "CONNECT"
    for line in found:
        ends = line.source.port, line.destination.port
        assert ends == ((here.port, there.port) if line.moment is Moment.SENT else (there.port, here.port))
    packets = [(line.moment, line.packet.fields["bytes"]) for line in found if line.packet and not line.is_again]
    assert packets == [(Moment.SENT, b"question"), (Moment.ARRIVED, b"answer")]


def test_a_living_server_is_recorded_until_the_end(pair: Pair, file: Path) -> None:
    peer = pair.connect()
    recorder = record(pair.server, file)
    peer.send(1, b"recorded", RELIABLE)
    pair.until(lambda: pair.at_server == [b"recorded"])
    recorder.close()
    recorder.close()
    peer.send(1, b"not any more", RELIABLE)
    pair.until(lambda: len(pair.at_server) == 2)
    assert not recorder.is_recording
    packets = [line.packet.fields["bytes"] for line in lines(file) if line.packet and not line.is_again]
    assert packets == [b"recorded"]


def test_destroy_completes_the_file(pair: Pair, file: Path) -> None:
    recorder = record(pair.client, file)
    talk(pair)
    pair.client.destroy()
    assert not recorder.is_recording
    assert Recording(file).is_closed


def test_the_limit_ends_it_with_a_line(pair: Pair, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorder = record(pair.client, file, limit=500)
    peer = pair.connect()
    peer.send(1, bytes(600), RELIABLE)
    pair.until(lambda: len(pair.at_server) == 1)
    assert not recorder.is_recording
    assert [line.getMessage() for line in caplog.records] == [f"Recording stopped: {file} has reached its limit."]
    assert Recording(file).is_closed


def test_a_full_disk_ends_it_with_a_line(
    pair: Pair, file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = record(pair.client, file)
    assert recorder._writer is not None

    def full(_datagram: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder._writer, "datagram", full)
    talk(pair)
    assert not recorder.is_recording
    text = f"Recording stopped: cannot write {file}: No space left on device."
    assert [line.getMessage() for line in caplog.records] == [text]


def test_what_cannot_be_recorded(pair: Pair, file: Path) -> None:
    for inactive in (ENetConnection(), ENetMultiplayerPeer()):
        with pytest.raises(ValueError, match="call create_host first"):
            record(inactive, file)
    with pytest.raises(OSError, match="No such file"):
        record(pair.client, file / "in" / "no" / "folder")
    assert not file.exists()
    talk(pair)


@pytest.mark.native
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has several shards")
def test_several_shards_with_connections(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GODOT_ENET_ENGINE", "native")
    with connections() as pair:
        pair.server.destroy()
        pair.server = ENetConnection(shards=2)
        assert pair.server.create_host_bound("127.0.0.1", 0, 4) is Error.OK
        pair.port = pair.server.get_local_port()
        pair.connect()
        with pytest.raises(ValueError, match="before clients connect"):
            record(pair.server, file)
        assert [peer.get_state() for peer in pair.server.get_peers()] == [ENetPacketPeer.STATE_CONNECTED]


class TestDtls:
    @pytest.fixture
    def encrypted(self, pair: Pair) -> Pair:
        pytest.importorskip("OpenSSL")
        return pair

    @staticmethod
    def encrypt(pair: Pair) -> None:
        from godot_enet.compat.crypto import TLSOptions
        from tests.dtls.certificates import localhost
        from tests.dtls.conftest import certificate_of, server_options

        assert pair.server.dtls_server_setup(server_options(localhost())) is Error.OK
        assert pair.client.dtls_client_setup("localhost", TLSOptions.client(certificate_of(localhost()))) is Error.OK

    @staticmethod
    def tell(pair: Pair) -> None:
        pair.connect().send(0, SECRET, RELIABLE)
        pair.until(lambda: pair.at_server == [SECRET])

    def test_the_plain_side_is_not_recorded(self, encrypted: Pair, file: Path) -> None:
        self.encrypt(encrypted)
        with pytest.raises(ValueError, match="decrypted=True"):
            record(encrypted.client, file)
        assert not file.exists()

    def test_the_wire_is_recorded_encrypted(self, encrypted: Pair, file: Path) -> None:
        with record(encrypted.client, file, decrypted=True):
            self.encrypt(encrypted)
            self.tell(encrypted)
        assert {line.command for line in lines(file)} == {"DTLS"}
        assert all(SECRET not in datagram.data for datagram in Recording(file))

    def test_the_plain_side_is_recorded_on_request(self, encrypted: Pair, file: Path) -> None:
        self.encrypt(encrypted)
        with record(encrypted.client, file, decrypted=True):
            self.tell(encrypted)
        assert SECRET in [line.packet.fields["bytes"] for line in lines(file) if line.packet]


class Board(Node):
    @rpc("any_peer", "reliable")
    def score(self, points: int) -> None: ...


def test_names_of_methods_and_the_kind_of_packets_are_noted(file: Path, host_engine: str) -> None:
    network = Network()
    peer = network.machine().multiplayer_peer()
    assert peer.create_server(7777) is Error.OK
    tree = SceneTree()
    tree.root.add_child(Board("Board"))
    record(peer, file, methods=tree).close()
    notes = Recording(file).notes
    assert notes["multiplayer"] == "scene"
    assert notes["methods." + tree.root.get_child(0)._table().checksum] == "0:score"
    peer.close()


def test_equal_runs_of_a_network_give_equal_files(tmp_path: Path, host_engine: str) -> None:
    files = [tmp_path / "one", tmp_path / "other"]
    for file in files:
        network = Network(seed=3)
        there, here = network.machine(), network.machine()
        server, client = there.connection(), here.connection()
        with network.record(file) as recorder:
            assert server.create_host_bound("*", 7777) is Error.OK
            assert client.create_host(1) is Error.OK
            client.connect_to_host(there.ip, 7777)
            client.flush()
            network.run(1000)
        assert isinstance(recorder, Recorder)
        network.run(1000)
    one, other = (file.read_bytes() for file in files)
    assert one == other
    moments = [datagram.moment for datagram in Recording(files[0])]
    assert moments.count(Moment.SENT) == moments.count(Moment.ARRIVED) > 3


def test_an_asynchronous_connection_is_recorded(file: Path, host_engine: str) -> None:
    async def run() -> None:
        async with aio.ENetConnection() as server, aio.ENetConnection() as client:
            assert server.create_host_bound("127.0.0.1", 0) is Error.OK
            assert client.create_host(1) is Error.OK
            with record(client, file):
                client.connect_to_host("127.0.0.1", server.get_local_port())
                event = await asyncio.wait_for(client.__anext__(), 60)
            assert event.type is ENetConnection.EVENT_CONNECT

    asyncio.run(run())
    commands = [line.command for line in lines(file)]
    assert commands[:2] == ["CONNECT", "VERIFY_CONNECT"]
