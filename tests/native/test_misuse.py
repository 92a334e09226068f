"""Whatever Python code does to connections, peers and handles: an error, a wrong answer, but never wild memory.

A mistake here ends the interpreter, or is seen by AddressSanitizer.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import gc
import pickle
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.compat.enet_service import ServiceMethods
from godot_enet.core import PeerHandle
from godot_enet.core.native import NativeHost, hot_types
from godot_enet.core.native.structs import CConfig
from tests.native.native_connections import HANDLES, fill, needs_hot
from tests.rows import each_row
from tests.unit.compat.stage import Link, Stage

NONSENSE: list[Any] = [0, 1, -1, "handle", b"handle", 1.5, [], {}, object(), type, Error.OK]


class Replacement:
    """A method that is no function, and so does not get its object."""

    def __call__(self, timeout: int = 0) -> str:
        assert timeout == 0
        return "replaced"


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.link()


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Garbage is collected where a test says so."""
    gc.collect()
    thresholds = gc.get_threshold()
    gc.disable()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()


def peer_calls(peer: ENetPacketPeer) -> list[Callable[[], object]]:
    """Everything a peer can do."""
    return [
        lambda: peer.send(0, b"x", 1),
        lambda: peer.send(0, bytearray(b"x"), 1),
        lambda: peer.send(300, b"x", 1),
        peer.get_packet,
        peer.get_packet_flags,
        peer.get_available_packet_count,
        peer._take_packet,
        lambda: peer.put_packet(b"x"),
        peer.ping,
        lambda: peer.peer_disconnect(1),
        lambda: peer.get_statistic(3),
        peer.get_state,
        peer.get_channels,
        peer.is_active,
        lambda: repr(peer),
    ]


@needs_hot
class TestHotObjects:
    """The C classes under their own names."""

    def test_only_real_handles_are_taken(self, link: Link) -> None:
        for thing in NONSENSE:
            with pytest.raises(TypeError):
                link.at_client._native(thing)
            with pytest.raises(TypeError):
                link.client._native(thing, {}, [], [])
        for arguments in ((), (None, 1)):
            with pytest.raises(TypeError):
                link.at_client._native(*arguments)
        containers: list[tuple[Any, Any, Any]] = [([], [], []), ({}, {}, []), ({}, [], {})]
        for wrong in containers:
            with pytest.raises(TypeError):
                link.client._native(link.client._host, *wrong)
        link.fence()

    @each_row("number", [*HANDLES, -1, 1 << 70])
    def test_a_peer_with_another_number(self, link: Link, number: int) -> None:
        own = link.at_client._handle
        with contextlib.suppress(OverflowError, RuntimeWarning):  # which Python 3.13 gives for -1
            link.at_client._handle = PeerHandle(number)
        for call in peer_calls(link.at_client)[:8]:
            call()
        link.at_client._handle = own
        link.stage.run(lambda: not link.stage.peek(link.client))

    def test_a_peer_of_another_host(self, link: Link) -> None:
        """Its packets are those of the first host, its sends go to the second."""
        fill(link, [b"a", b"b", b"c"])
        other = link.stage.link()
        host = other.server._host
        assert isinstance(host, NativeHost)
        link.at_server._native(host)
        link.at_server._handle = other.at_server._handle
        assert link.at_server.get_packet() == b"a"
        link.at_server.send(0, b"to the other", 1)
        link.stage.run(other.at_client.get_available_packet_count)
        assert other.at_client.get_packet() == b"to the other"
        other.server.destroy()
        assert link.at_server.get_packet() == b"b"
        del other, host
        gc.collect()
        assert link.at_server._take_packet() == (Error.OK, b"c")

    def test_without_a_host(self) -> None:
        peer = ENetPacketPeer.__new__(ENetPacketPeer)
        for call in peer_calls(peer):
            with pytest.raises(AttributeError):
                call()
        connection = ENetConnection.__new__(ENetConnection)
        with pytest.raises(AttributeError):
            connection.service()

    def test_bare_ones(self) -> None:
        hot = hot_types()
        assert hot is not None
        peer, connection = hot.peer(), hot.connection()
        for name in ("get_packet", "get_packet_flags", "get_available_packet_count", "_take_packet"):
            with pytest.raises(AttributeError):
                getattr(peer, name)()
        for arguments in ((), (0, b"x", 1), (0, b"x", 1, 2), ("a", "b", "c")):
            with pytest.raises(AttributeError):
                peer.send(*arguments)
        with pytest.raises(AttributeError):
            connection.service()
        connection._register_peer(0, None)
        connection._register_peer(0xFFFFFFFF, peer)
        with pytest.raises(TypeError):
            connection._register_peer(0, connection)

    def test_handles_made_by_hand(self) -> None:
        hot = hot_types()
        assert hot is not None
        size = ctypes.sizeof(CConfig)
        for arguments in (
            (),
            (b"", None, 0),
            (b"x" * (size - 1), None, 0),
            (b"x" * (size + 1), None, 0),
            (bytes(size), b"x", 0),
        ):
            with pytest.raises((ValueError, TypeError)):
                hot.host()._create(*arguments)
        for config in (bytes(size), b"\xff" * size):  # no peers; four thousand million of them
            with pytest.raises(OSError, match=r"12|22"):
                hot.host()._create(config, None, 0)

    def test_seats(self, link: Link) -> None:
        fill(link, [b"a"])
        for slot in (0, 31, 32, 4095, 0xFFFFFFFF):
            link.server._register_peer(slot, None)
        link.at_client.send(0, b"found", 1)
        link.client.flush()
        for _ in range(100):
            if link.server.service(20).type is ENetConnection.EVENT_RECEIVE:
                break
        assert [link.at_server.get_packet() for _ in range(2)] == [b"a", b"found"]  # by its handle

    def test_places(self, link: Link) -> None:
        host = link.server._host
        assert isinstance(host, NativeHost)
        link.server._native(host, {}, [], [])
        for place in (0, 4095, 4096, (1 << 18) - 1, 1 << 18, 0xFFFFFFFF):
            link.server._register_peer(place, link.at_client)
        link.at_client.send(0, b"x", 1)
        link.client.flush()
        for _ in range(3):
            link.server.service(20)

    @pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_no_copies(self, link: Link, make: Callable[[object], object]) -> None:
        for thing in (link.client, link.at_client):
            with pytest.raises(TypeError):
                make(thing)
        link.fence()

    def test_a_subclass(self, stage: Stage) -> None:
        class Server(ENetConnection):
            """As a program would write it."""

            def __init__(self) -> None:
                super().__init__(threaded=False)
                self.seen: list[int] = []

            def service(self, timeout: int = 0) -> Any:
                event = super().service(timeout)
                self.seen.append(event.type)
                return event

        server = Server()
        assert server.create_host_bound("127.0.0.1", 0) is Error.OK
        client = stage.client()
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        stage.run(lambda: server.service() and stage.peek(client))
        peer.send(0, b"x", 1)
        client.flush()
        stage.run(lambda: server.service().type == ENetConnection.EVENT_RECEIVE)
        assert server.get_peers()[0].get_packet() == b"x"
        assert set(server.seen) >= {0, 1, 3}
        server.destroy()


class TestPassingOn:
    """What C leaves to Python goes where ``super()`` would find it, here for connections without a host."""

    def test_to_a_class_between_ours(self) -> None:
        class Between(ServiceMethods):
            def service(self, timeout: int = 0) -> Any:
                return "between"

        class Connection(ENetConnection, Between):
            pass

        for _ in range(2):
            assert Connection().service() == "between"
            assert ENetConnection().service().type == ENetConnection.EVENT_ERROR

    @each_row("method", [lambda self, timeout=0: "replaced", Replacement(), staticmethod(Replacement())])
    def test_to_a_replaced_method(self, monkeypatch: pytest.MonkeyPatch, method: Any) -> None:
        connection = ENetConnection()
        assert connection.service().type == ENetConnection.EVENT_ERROR
        monkeypatch.setattr(ServiceMethods, "service", method)
        results: list[Any] = [connection.service(), connection.service(timeout=0), connection.service(0)]
        assert results == ["replaced"] * 3
        monkeypatch.undo()

    def test_an_error_of_the_method(self) -> None:
        with pytest.raises(TypeError, match="2 positional arguments but 3 were given"):
            ENetConnection().service(0, 1)  # type: ignore[call-arg]


class TestInactivePeers:
    @pytest.mark.parametrize("end", ["destroy", "reset", "now"])
    def test_every_call(self, link: Link, end: str) -> None:
        fill(link, [b"queued"])
        peer = link.at_server
        {"destroy": link.server.destroy, "reset": peer.reset, "now": peer.peer_disconnect_now}[end]()
        for call in peer_calls(peer):
            call()
        assert peer.send(0, b"x", 1) is Error.ERR_UNCONFIGURED
        assert (peer.get_packet(), peer.get_packet_error()) == (b"", Error.ERR_UNCONFIGURED)

    def test_peers_outlive_everything(self, link: Link) -> None:
        fill(link, [b"queued"])
        peers = [link.at_client, link.at_server]
        link.stage.close()
        del link
        gc.collect()
        for peer in peers:
            for call in peer_calls(peer):
                call()


class TestCodeThatRunsInTheMiddle:
    """Finalizers and log handlers may use the very objects whose method is at work."""

    @pytest.mark.refcounts
    def test_a_finalizer_inside_get_packet(self, link: Link) -> None:
        peer = link.at_server
        assert peer.get_packet() == b""

        class Thief:
            """Takes packets when the attribute that holds it is set to something else."""

            def __del__(self) -> None:
                stolen.extend(peer.get_packet() for _ in range(2))

        stolen: list[bytes] = []
        fill(link, [b"a", b"b", b"c"])
        peer._packet_error = Thief()  # type: ignore[assignment]
        assert peer.get_packet() == b"c"
        assert stolen == [b"a", b"b"]

    @pytest.mark.refcounts
    def test_a_finalizer_that_takes_the_last_packet(self, link: Link) -> None:
        peer = link.at_server
        assert peer.get_packet() == b""

        class Thief:
            def __del__(self) -> None:
                stolen.append(peer.get_packet())

        stolen: list[bytes] = []
        fill(link, [b"a"])
        peer._packet_error = Thief()  # type: ignore[assignment]
        assert peer.get_packet() == b""
        assert stolen == [b"a"]

    @pytest.mark.refcounts
    def test_a_finalizer_that_destroys_inside_get_packet(self, link: Link) -> None:
        peer, server = link.at_server, link.server
        assert peer.get_packet() == b""

        class Destroyer:
            def __del__(self) -> None:
                server.destroy()

        fill(link, [b"a"])
        peer._packet_error = Destroyer()  # type: ignore[assignment]
        assert peer.get_packet() in (b"", b"a")
        assert not peer.is_active()

    @pytest.mark.refcounts
    @pytest.mark.usefixtures("no_collection")
    def test_a_collection_inside_take_packet(self, stage: Stage) -> None:
        """The connection was garbage, and its finalizer ends the peer whose packet is being taken."""
        link = stage.link()
        fill(link, [b"a", b"b"])
        server, peer = link.server, link.at_server
        seen = weakref.ref(server)
        vars(server)["self"] = server
        stage._events.pop(server)
        take = peer._take_packet
        del server, link
        collect_at_the_next_tuple(2)
        error, packet = take()
        gc.disable()
        gc.collect()
        assert (error, packet) in [(Error.OK, b"a"), (Error.ERR_UNCONFIGURED, b"")]
        assert seen() is None
        assert not peer.is_active()

    @pytest.mark.refcounts
    @pytest.mark.usefixtures("no_collection")
    def test_a_collection_inside_service(self, stage: Stage) -> None:
        """A finalizer destroys the connection while it makes the result of a packet."""
        link = stage.link()
        server = link.server
        assert link.at_client.send(0, b"x", 1) is Error.OK
        link.client.flush()
        link.stage.events(server)

        class Destroyer:
            def __init__(self) -> None:
                self.me = self

            def __del__(self) -> None:
                server.destroy()

        def service() -> Any:
            return server.service(1000)

        link.at_server = link.at_client  # nobody but the connection holds the server's peer
        Destroyer()
        collect_at_the_next_tuple(4)
        event = service()
        gc.disable()
        gc.collect()
        assert event.type in (ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_ERROR)
        if event.peer is not None:
            assert not event.peer.is_active()
        assert server.engine_name == ""

    def test_service_inside_service(self, link: Link) -> None:
        """A list of ended peers that is not ours, cleared while it is looked at."""
        fill(link, [b"a"])
        link.at_client.peer_disconnect()
        link.client.flush()

        def service_more() -> bool:
            link.server.service()
            return not link.at_server.is_active()

        link.stage.run(service_more)
        link.at_server.get_packet()


def collect_at_the_next_tuple(size: int) -> None:
    """From now on the interpreter collects whenever it allocates; its free tuples of this size are used up."""
    _held[:] = [None] * 6000
    gc.set_threshold(1)
    for index in range(len(_held)):
        _held[index] = (index,) * size
    gc.enable()


_held: list[object] = []
