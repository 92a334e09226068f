"""Handles that name nothing, or nothing any more, and hosts that were closed: errors, and nothing changes."""

from __future__ import annotations

import pytest

from godot_enet.core.clock import SystemClock
from godot_enet.core.errors import EnetError, HostClosed, UnknownPeer
from godot_enet.core.interface import Address
from godot_enet.core.native import NativeEngine, NativeHost
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, HostStatistic, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import PeerHandle
from tests.native.native_connections import HANDLES
from tests.rows import each_row

ABSENT = Address("127.0.0.1", 9)


class TestHandles:
    """Numbers that name no peer: of another host, of an ended connection, or of nothing."""

    @each_row("handle", HANDLES)
    def test_an_engine(self, handle: int) -> None:
        self.refuses(NativeEngine(HostConfig(peer_count=4)), handle)

    @each_row("handle", HANDLES)
    def test_a_host(self, handle: int) -> None:
        host = NativeHost(HostConfig(peer_count=4), SystemClock(), threaded=False)
        number = PeerHandle(handle)
        for call in (
            lambda: host.send(number, 0, b"x", 1),
            lambda: host.disconnect(number, 1),
            lambda: host.ping(number),
            lambda: host.peer_info(number),
            lambda: host.peer_statistic(number, PeerStatistic.ROUND_TRIP_TIME),
            lambda: host.configure(number, PeerOption.PING_INTERVAL, 1),
        ):
            with pytest.raises(UnknownPeer):
                call()
        assert host.peer_state(number) is PeerState.DISCONNECTED
        host.close()

    def test_stale_and_foreign_ones(self) -> None:
        engine, other = NativeEngine(HostConfig(peer_count=2)), NativeEngine(HostConfig(peer_count=2))
        stale = engine.connect(ABSENT, 1, 0)
        engine.disconnect(stale, 0, DisconnectMode.RESET, 0)
        self.refuses(engine, stale)
        engine.connect(ABSENT, 1, 0)
        self.refuses(engine, stale)  # the slot has another peer now
        for _ in range(3):
            foreign = other.connect(ABSENT, 1, 0)
            other.disconnect(foreign, 0, DisconnectMode.RESET, 0)
        self.refuses(engine, other.connect(ABSENT, 1, 0))

    def refuses(self, engine: NativeEngine, handle: int) -> None:
        peer = PeerHandle(handle)
        before = engine.peers()
        for call in (
            lambda: engine.send(peer, 0, b"x", 1),
            lambda: engine.disconnect(peer, 1, DisconnectMode.NOW, 0),
            lambda: engine.ping(peer),
            lambda: engine.peer_info(peer),
            lambda: engine.peer_statistic(peer, PeerStatistic.ROUND_TRIP_TIME),
            lambda: engine.configure(peer, PeerOption.TIMEOUT, 1, 2, 3),
        ):
            with pytest.raises(UnknownPeer):
                call()
        assert engine.peer_state(peer) is PeerState.DISCONNECTED
        assert engine.peers() == before

    def test_statistics_and_options_that_there_are_not(self) -> None:
        engine = NativeEngine(HostConfig())
        peer = engine.connect(ABSENT, 1, 0)
        for number in (14, 15, 1 << 31, 0xFFFFFFFF):
            with pytest.raises(EnetError):
                engine.peer_statistic(peer, number)  # type: ignore[arg-type]
            with pytest.raises(EnetError):
                engine.configure(peer, number, 1)  # type: ignore[arg-type]


class TestClosedHost:
    @pytest.mark.parametrize("threaded", [True, False])
    def test_every_call(self, threaded: bool) -> None:
        host = NativeHost(HostConfig(), SystemClock(), bind="127.0.0.1", threaded=threaded)
        peer = host.connect(ABSENT)
        host.close()
        host.close()
        for call in (
            lambda: host.service(0),
            lambda: host.service(1000),
            lambda: host.connect(ABSENT),
            lambda: host.send(peer, 0, b"x", 1),
            lambda: host.broadcast(0, b"x", 1),
            lambda: host.ping(peer),
            lambda: host.disconnect(peer),
            lambda: host.configure(peer, PeerOption.PING_INTERVAL, 1),
            lambda: host.set_bandwidth_limit(1, 1),
            lambda: host.set_channel_limit(1),
            lambda: host.set_compressor(None),
            lambda: host.socket_send(b"x", ABSENT),
            lambda: host.detach_to(lambda *_: None),
        ):
            with pytest.raises(HostClosed):
                call()
        host.flush()
        assert (host.fileno(), host.poll_timeout(), host.local_address(), host.peers()) == (-1, None, None, [])
        assert host.counters() == dict.fromkeys(Drop, 0)
        assert host.pop_statistic(HostStatistic.TOTAL_SENT_DATA) == 0
