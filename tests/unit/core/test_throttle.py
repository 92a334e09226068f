"""The packet throttle, the loss statistic and the arithmetic of bandwidth limits."""

from __future__ import annotations

import pytest

from godot_enet.core.engine import throttle
from godot_enet.core.engine.peer import Peer
from godot_enet.core.protocol.events import PeerHandle
from tests.rows import each_row
from tests.unit.core.bare_engine import ADDRESS, add_peer, make_engine


@pytest.fixture
def peer() -> Peer:
    return add_peer(make_engine())


def crowd(count: int, **attributes: list[int] | int) -> list[Peer]:
    """Peers with the given attributes, one value for all or one each."""
    peers = [Peer(PeerHandle(4096 + slot), ADDRESS, 1392, (0, 0), None) for slot in range(count)]
    for name, values in attributes.items():
        for peer, value in zip(peers, [values] * count if isinstance(values, int) else values, strict=True):
            setattr(peer, name, value)
    return peers


@pytest.mark.parametrize(
    ("sample", "throttle_after"),
    [(50, 18), (100, 18), (101, 16), (140, 16), (141, 14), (1000, 14)],
)
def test_good_round_trips_open_it_and_bad_ones_close_it(peer: Peer, sample: int, throttle_after: int) -> None:
    peer.last_rtt, peer.last_rtt_variance, peer.packet_throttle = 100, 20, 16
    throttle.adapt_throttle(peer, sample)
    assert peer.packet_throttle == throttle_after


@pytest.mark.parametrize(
    ("start", "sample", "after"), [(31, 1, 32), (32, 1, 32), (19, 1, 20), (1, 500, 0), (0, 500, 0)]
)
def test_it_stays_between_0_and_the_limit(peer: Peer, start: int, sample: int, after: int) -> None:
    peer.last_rtt, peer.last_rtt_variance, peer.packet_throttle = 100, 20, start
    peer.packet_throttle_limit = 20 if start == 19 else 32
    throttle.adapt_throttle(peer, sample)
    assert peer.packet_throttle == after


def test_it_opens_fully_where_the_round_trip_is_all_variance(peer: Peer) -> None:
    peer.last_rtt = peer.last_rtt_variance = 50
    peer.packet_throttle, peer.packet_throttle_limit = 3, 25
    throttle.adapt_throttle(peer, 10_000)
    assert peer.packet_throttle == 25


def test_loss_is_an_eighth_of_the_new_and_seven_of_the_old(peer: Peer) -> None:
    throttle.measure_loss(peer, 5)
    assert peer.loss.epoch == 5
    peer.loss.sent, peer.loss.lost = 100, 25
    throttle.measure_loss(peer, 10_004)
    assert peer.loss.mean == 0  # not yet ten seconds
    throttle.measure_loss(peer, 10_005)
    assert (peer.loss.mean, peer.loss.variance) == (16384 // 8, 16384 // 4)
    assert (peer.loss.sent, peer.loss.lost, peer.loss.epoch) == (0, 0, 10_005)
    throttle.measure_loss(peer, 30_000)  # nothing was sent
    assert (peer.loss.mean, peer.loss.epoch) == (2048, 10_005)
    peer.loss.sent = 10
    throttle.measure_loss(peer, 30_001)
    assert (peer.loss.mean, peer.loss.variance) == (2048 * 7 // 8, (4096 * 3 + 2048) // 4)


@each_row(
    ("outgoing", "incoming", "window"),
    [
        (0, 0, 65536),
        (65536, 0, 4096),
        (0, 65536 * 5, 20480),
        (65536 * 9, 65536 * 3, 12288),
        (65536 * 2, 65536 * 3, 8192),
        (1000, 0, 4096),
        (0, 2**32 - 1, 65536),
        (65536 * 3 - 1, 0, 8192),
    ],
)
def test_the_window_follows_the_narrower_limit(outgoing: int, incoming: int, window: int) -> None:
    assert throttle.window_for(outgoing, incoming) == window


@pytest.mark.parametrize(("size", "clamped"), [(0, 4096), (4095, 4096), (5000, 5000), (65537, 65536), (2**32, 65536)])
def test_windows_have_bounds(size: int, clamped: int) -> None:
    assert throttle.clamp_window(size) == clamped


def limits(peers: list[Peer]) -> list[int]:
    return [peer.packet_throttle_limit for peer in peers]


class TestOutgoing:
    def test_what_fits_is_not_limited(self) -> None:
        peers = crowd(3, outgoing_data_total=1000, packet_throttle_limit=4)
        throttle.limit_peers(peers, 3000, False, 1000, 5)
        assert limits(peers) == [32, 32, 32]
        assert [peer.outgoing_data_total for peer in peers] == [0, 0, 0]

    def test_all_share_alike(self) -> None:
        peers = crowd(2, outgoing_data_total=[3000, 1000])
        throttle.limit_peers(peers, 1000, False, 1000, 5)
        assert limits(peers) == [8, 8]
        assert [peer.packet_throttle for peer in peers] == [8, 8]

    def test_the_time_since_the_last_look_counts(self) -> None:
        peers = crowd(1, outgoing_data_total=4000)
        throttle.limit_peers(peers, 1000, False, 2000, 5)
        assert limits(peers) == [16]

    def test_nobody_gets_more_than_he_can_take_and_the_others_share_the_rest(self) -> None:
        peers = crowd(3, outgoing_data_total=1000, incoming_bandwidth=[100, 0, 0])
        throttle.limit_peers(peers, 2100, True, 1000, 5)
        assert limits(peers) == [100 * 32 // 1000, 32 * 2000 // 2900, 32 * 2000 // 2900]

    def test_a_limit_is_at_least_1_where_the_peer_set_it(self) -> None:
        peers = crowd(1, outgoing_data_total=1_000_000, incoming_bandwidth=1)
        throttle.limit_peers(peers, 0, True, 1000, 5)
        assert limits(peers) == [1]

    def test_but_0_where_the_hosts_own_limit_is_that_narrow(self) -> None:
        peers = crowd(2, outgoing_data_total=1_000_000)
        throttle.limit_peers(peers, 10, False, 1000, 5)
        assert limits(peers) == [0, 0]

    def test_without_limits_all_are_open(self) -> None:
        peers = crowd(2, outgoing_data_total=9, incoming_data_total=9, packet_throttle_limit=1)
        throttle.unlimit_peers(peers)
        assert limits(peers) == [32, 32]
        assert {(peer.outgoing_data_total, peer.incoming_data_total) for peer in peers} == {(0, 0)}


class TestIncoming:
    def test_no_limit_is_no_limit(self) -> None:
        assert throttle.share_incoming(crowd(3), 0, 5) == 0

    def test_those_who_could_send_more_get_an_equal_share(self) -> None:
        peers = crowd(4, outgoing_bandwidth=100_000)
        assert throttle.share_incoming(peers, 10_000, 5) == 2500
        assert all(peer.incoming_bandwidth_throttle_epoch != 5 for peer in peers)

    def test_what_one_cannot_use_the_others_get(self) -> None:
        peers = crowd(3, outgoing_bandwidth=[1000, 100_000, 100_000])
        assert throttle.share_incoming(peers, 9000, 5) == 4000
        assert [peer.incoming_bandwidth_throttle_epoch for peer in peers] == [5, 0, 0]

    def test_one_without_a_limit_of_its_own_is_left_alone(self) -> None:
        peers = crowd(2, outgoing_bandwidth=[0, 100_000])
        assert throttle.share_incoming(peers, 9000, 5) == 9000
        assert [peer.incoming_bandwidth_throttle_epoch for peer in peers] == [5, 0]
