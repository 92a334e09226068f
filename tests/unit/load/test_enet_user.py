"""Bots with a plain connection: their life, their requests, and what is said when they fail."""

from __future__ import annotations

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.load import ENetUser, NetworkProfile, NetworkTimeline
from godot_enet.load.user import parse_host
from godot_enet.testing import LinkConfig
from tests.unit.load.stage import Stage

pytestmark = pytest.mark.usefixtures("host_engine")


class Player(ENetUser):
    """Buys something with every tenth frame."""

    frame_rate = 20.0

    def on_start(self) -> None:
        self.log: list[str] = []

    def on_connected(self) -> None:
        self.frames = 0
        self.got: list[bytes] = []

    def on_frame(self, delta: float) -> None:
        self.frames += 1
        if self.frames % 10 == 0:
            self.send(b"buy", request="buy")

    def on_packet(self, packet: bytes, channel: int) -> None:
        self.got.append(packet)
        self.end_request("buy", size=len(packet))

    def on_disconnected(self, reason: str) -> None:
        self.reason = reason


class TestLife:
    def test_frames_come_at_their_rate_from_the_connection_on(self) -> None:
        stage = Stage()
        stage.echo_server()
        bot = stage.add(Player)
        stage.run_until(lambda: bot.is_connected)
        stage.run(5)
        assert bot.frames == pytest.approx(100, abs=2)
        assert bot.frames // 10 - 1 <= len(bot.got) <= bot.frames // 10

    def test_delta_adds_up_to_the_time(self) -> None:
        deltas = []

        class Counting(ENetUser):
            frame_rate = 7.0

            def on_frame(self, delta: float) -> None:
                deltas.append(delta)

        stage = Stage()
        stage.echo_server()
        stage.add(Counting)
        stage.run(4)
        assert sum(deltas) == pytest.approx(4, abs=0.3)
        assert len(deltas) == pytest.approx(28, abs=2)

    def test_the_end_tells_the_server(self) -> None:
        stage = Stage()
        server = stage.echo_server()
        bot = stage.add(Player)
        stage.run_until(lambda: bot.is_connected)
        stage.run(0.2)
        assert len(server.get_peers()) == 1
        stage.crowd.remove(bot)
        assert not bot.is_connected
        assert bot.has_ended
        stage.run(0.1)
        assert server.get_peers() == []
        assert not stage.failures()
        assert len(stage.crowd) == 0

    def test_quit_ends_without_a_failure(self) -> None:
        class Leaving(ENetUser):
            def on_connected(self) -> None:
                self.begin_request("never answered")
                self.quit()

        stage = Stage()
        server = stage.echo_server()
        bot = stage.add(Leaving)
        stage.run(1)
        assert bot.has_ended
        assert server.get_peers() == []
        assert not stage.failures()

    def test_sending_needs_a_connection(self) -> None:
        stage = Stage()
        bot = stage.add(Player)
        assert bot.send(b"early", request="early") is Error.ERR_UNCONFIGURED
        assert stage.counts() == {}

    def test_the_numbers_of_the_class_reach_the_server(self) -> None:
        stage = Stage()
        server = stage.machine.connection(threaded=False)
        server.create_host_bound("*", 7000, 100)
        seen: list[tuple[int, int]] = []
        stage.serve = lambda: seen.extend(
            (event.data, event.peer.get_channels()) for event in server.events() if event.type == server.EVENT_CONNECT
        )
        stage.add(Player, connect_data=77, channels=5)
        stage.run(1)
        assert seen == [(77, 5)]

    @pytest.mark.parametrize("mode", ["COMPRESS_RANGE_CODER", "COMPRESS_ZLIB"])
    def test_compression(self, mode: str) -> None:
        stage = Stage()
        server = stage.echo_server()
        server.compress(ENetConnection.CompressionMode[mode])
        bot = stage.add(Player, compression=ENetConnection.CompressionMode[mode])
        stage.run_until(lambda: bot.is_connected and len(bot.got) > 2)


class TestRequests:
    def test_requests_with_keys_are_told_apart(self) -> None:
        stage = Stage()
        stage.echo_server()
        bot = stage.add(Player)
        stage.run_until(lambda: bot.is_connected)
        bot.begin_request("trade", 1)
        stage.run(0.2)
        bot.begin_request("trade", 2)
        stage.run(0.1)
        bot.end_request("trade", 2, failure="wrong price")
        row = stage.results.rows["PACKET", "trade"]
        assert (row.count, row.failures) == (1, 1)
        bot.end_request("trade", 1)
        bot.end_request("trade", 1)  # nothing is open any more
        assert (row.count, row.failures) == (2, 1)
        longest = row.percentile(1.0)
        assert longest == pytest.approx(300, abs=20)
        assert stage.failures() == {("PACKET", "trade", "wrong price"): 1}

    def test_no_answer(self) -> None:
        stage = Stage()
        stage.echo_server()
        bot = stage.add(Player, reply_timeout=3.0)
        stage.run_until(lambda: bot.is_connected)
        bot.begin_request("lost")
        stage.run(2.5)
        assert not stage.failures()
        stage.run(2)
        assert stage.failures() == {("PACKET", "lost", "no answer within 3 s"): 1}

    def test_enet_round_trips_are_sampled(self) -> None:
        stage = Stage(LinkConfig(delay=50))
        stage.echo_server()
        bot = stage.add(Player, ping_interval=2.0)
        stage.run_until(lambda: bot.is_connected)
        stage.run(8)
        row = stage.results.rows["ENET", "round trip"]
        assert row.count == pytest.approx(4, abs=1)
        times = row.percentile(0.5)
        assert times is not None
        assert 100 <= times <= 200
        assert row.bytes > 0


class TestFailures:
    def test_no_server(self) -> None:
        stage = Stage()
        bot = stage.add(Player, connect_timeout=4.0)
        stage.run(6)
        assert bot.has_ended
        assert bot.reason == "no answer within 4 s"
        assert stage.failures() == {("ENET", "connect", "no answer within 4 s"): 1}

    def test_enets_own_timeout(self) -> None:
        stage = Stage()
        bot = stage.add(Player, connect_timeout=1000.0)
        stage.run_until(lambda: bot.has_ended, 100)
        assert bot.reason == "the server does not answer"

    def test_a_full_server(self) -> None:
        stage = Stage()
        server = stage.machine.connection(threaded=False)
        server.create_host_bound("*", 7000, 1)
        stage.serve = lambda: list(server.events())
        first = stage.add(Player)
        stage.run_until(lambda: first.is_connected)
        second = stage.add(Player)
        stage.run(2)
        assert second.has_ended
        assert second.reason == "refused by the server"
        assert first.is_connected

    def test_a_kick(self) -> None:
        stage = Stage()
        server = stage.echo_server()
        bot = stage.add(Player)
        stage.run_until(lambda: bot.is_connected)
        stage.run(0.2)
        bot.begin_request("lost")
        server.get_peers()[0].peer_disconnect_now(42)
        stage.run(1)
        assert bot.reason == "disconnected by the server, number 42"
        assert stage.failures() == {
            ("ENET", "connection", "disconnected by the server, number 42"): 1,
            ("PACKET", "lost", "disconnected: disconnected by the server, number 42"): 1,
        }
        assert len(stage.crowd) == 0

    def test_a_server_that_goes_silent(self) -> None:
        stage = Stage()
        server = stage.echo_server()
        bot = stage.add(Player)
        stage.run_until(lambda: bot.is_connected)
        server.destroy()
        stage.run_until(lambda: bot.has_ended, 100)
        assert bot.reason.startswith("timeout: the server no longer acknowledges (")

    @pytest.mark.parametrize("host", ["", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:x", "no such name:7000"])
    def test_a_host_that_is_none(self, host: str) -> None:
        stage = Stage()
        bot = stage.add(Player, host=host)
        stage.run(0.1)
        assert bot.has_ended
        assert [kind for kind, _, _ in stage.failures()] == ["ENET"]
        assert bot.reason.startswith("cannot connect: ")

    def test_a_frame_rate_that_is_none(self) -> None:
        stage = Stage()
        bot = stage.add(Player, frame_rate=0.0)
        stage.run(0.1)
        assert bot.reason == "cannot connect: frame_rate must be greater than 0, not 0.0"

    def test_failures_of_many_texts_are_bounded(self) -> None:
        stage = Stage()
        stage.echo_server()
        bot = stage.add(Player)
        stage.run_until(lambda: bot.is_connected)
        for number in range(1000):
            bot.begin_request("odd")
            bot.end_request("odd", failure=f"answer {number}")
        assert sum(stage.failures().values()) == 1000
        assert len(stage.failures()) <= 101
        assert stage.failures()["PACKET", "odd", "another failure"] >= 900


class TestExceptions:
    def test_they_are_counted_by_method_and_end_nothing(self) -> None:
        class Broken(Player):
            def on_connected(self) -> None:
                super().on_connected()
                raise OSError("at once")

            def on_frame(self, delta: float) -> None:
                super().on_frame(delta)
                raise ValueError("each frame")

            def on_packet(self, packet: bytes, channel: int) -> None:
                super().on_packet(packet, channel)
                raise KeyError(channel)

        stage = Stage()
        stage.echo_server()
        bot, other = stage.add(Broken), stage.add(Player)
        stage.run_until(lambda: bot.is_connected and other.is_connected)
        stage.run(5)
        assert bot.is_connected
        assert other.is_connected
        counted = {failure: count for (_, _, failure), count in stage.failures().items()}
        assert counted == {
            "OSError: at once": 1,
            "ValueError: each frame": bot.frames,
            "KeyError: 0": len(bot.got),
        }
        assert len(bot.got) >= 9
        names = [name for kind, name in stage.results.rows if kind == "METHOD"]
        assert sorted(name.rpartition(".")[2] for name in names) == ["on_connected", "on_frame", "on_packet"]
        text = "\n".join(stage.results.lines(5.0))
        assert text.count('raise ValueError("each frame")') == 1

    def test_one_that_cannot_be_shown_ends_nothing_either(self) -> None:
        class Odd(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no text")

        class Broken(Player):
            def on_connected(self) -> None:
                super().on_connected()
                raise Odd

            def on_frame(self, delta: float) -> None:
                super().on_frame(delta)
                raise ValueError("\x1b[2J")

        stage = Stage()
        stage.echo_server()
        bot = stage.add(Broken)
        stage.run_until(lambda: bot.is_connected)
        stage.run(2)
        assert bot.is_connected
        assert {failure for _, _, failure in stage.failures()} == {"Odd: (it has no text)", r"ValueError: \x1b[2J"}
        assert all(line.isprintable() for line in stage.results.lines(2.0))


class TestNetworks:
    def test_a_profile_slows_the_bot_down_and_no_other(self) -> None:
        stage = Stage()
        stage.echo_server()
        far, near = stage.add(Player, network=NetworkProfile("overseas")), stage.add(Player)
        stage.run_until(lambda: far.is_connected and near.is_connected)
        stage.run(10)
        rows = stage.results.rows["ENET", "connect"]
        fast, slow = rows.percentile(0.5), rows.percentile(1.0)
        assert fast is not None
        assert slow is not None
        assert fast < 100
        assert slow >= 220

    def test_a_timeline(self) -> None:
        """Two seconds without any network, and none is lost."""
        stage = Stage()
        stage.echo_server()
        timeline = NetworkTimeline([(0, "LAN"), (5, "offline"), (7, "LAN")])
        bot = stage.add(Player, network=timeline)
        stage.run(4.5)
        assert len(bot.got) >= 8
        stage.run(1.6)
        before = len(bot.got)
        stage.run(0.8)
        assert len(bot.got) == before
        stage.run(10)
        assert bot.is_connected
        assert len(bot.got) >= bot.frames // 10 - 1
        assert not stage.failures()


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1:7777", ("127.0.0.1", 7777)),
        ("enet://example.org:1/", ("example.org", 1)),
        ("[::1]:7777", ("::1", 7777)),
    ],
)
def test_hosts(text: str, parsed: tuple[str, int]) -> None:
    assert parse_host(text) == parsed
