"""The stage that looks at CONNECTs: what it lets pass, what it answers, and what it costs."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pytest

from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.engine.connect_rate import ConnectRate
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.constants import MAXIMUM_DATAGRAM
from godot_enet.core.protocol.events import PeerHandle
from godot_enet.core.reporting import DropReporter
from godot_enet.core.transports.admission import Admission, AdmissionTransport, Verdict, admission
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.raw import read

WHO = Address("10.1.2.3", 4567)
KEY = b"\x11\x22\x33\x44"
STRANGER = raw.UNKNOWN_PEER


class Wire:
    """A transport: what arrives is put into ``incoming``, what is sent is in ``sent``."""

    def __init__(self) -> None:
        self.incoming: list[Datagram] = []
        self.sent: list[Datagram] = []
        self.closed = False

    def receive(self, limit: int, now: int) -> list[Datagram]:
        taken, self.incoming = self.incoming[:limit], self.incoming[limit:]
        return taken

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        self.sent += (made := list(batch))
        return sum(len(each.data) for each in made)

    def poll_timeout(self) -> int | None:
        return 4711

    def failed(self) -> bool:
        return True

    def fileno(self) -> int:
        return 12

    def local_address(self) -> Address | None:
        return WHO

    def close(self) -> None:
        self.closed = True


class Owner:
    """What a stage knows of its host."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.reporter = DropReporter()
        self.connected: list[Address] = []
        self.looks = 0
        self.rate = ConnectRate()
        self.proves = True
        """Whether those whose CONNECT passes prove their address at once."""

    def peers(self) -> dict[PeerHandle, Address]:
        self.looks += 1
        return {PeerHandle(number): address for number, address in enumerate(self.connected)}

    def has_peer(self, peer: PeerHandle) -> bool:
        return False

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        self.rate.limit = per_second
        has_room = self.rate.has_room(address, now)
        if has_room and self.proves:
            self.rate.count(address)
        return has_room

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        self.notes.append(text)
        self.reporter.note(cause, text, now, expected=expected, error=error)


class Gate:
    """A stage with rules, and what its hook was asked."""

    def __init__(self, verdict: object = Verdict.ACCEPT, **rules: object) -> None:
        self.asked: list[tuple[Address, int]] = []
        self.verdict = verdict
        self.wire, self.owner = Wire(), Owner()
        self.rules = Admission(self.decide, **rules)  # type: ignore[arg-type]
        self.stage = AdmissionTransport(self.wire, self.owner, self.rules)

    def decide(self, address: Address, data: int) -> Verdict:
        self.asked.append((address, data))
        if isinstance(self.verdict, Exception):
            raise self.verdict.with_traceback(None)  # or it grows with each raise
        return self.verdict  # type: ignore[return-value]

    def pass_through(self, *datagrams: bytes, now: int = 0, source: Address = WHO) -> list[bytes]:
        """What of these comes out behind the stage."""
        self.wire.incoming += [Datagram(data, source) for data in datagrams]
        return [each.data for each in self.stage.receive(100, now)]


def request(
    data: int = 9, *, peer: int = 5, time: int | None = 100, session: int = 0, key: bytes | None = None
) -> bytes:
    """A stranger's datagram with a CONNECT."""
    command = raw.connect(peer=5, connect_id=KEY, data=data)
    return raw.datagram(command, peer=STRANGER, session=session, time=time, key=key)


class TestVerdicts:
    def test_an_accepted_one_passes_as_it_is(self) -> None:
        gate = Gate()
        assert gate.pass_through(request()) == [request()]
        assert gate.asked == [(WHO, 9)]
        assert gate.wire.sent == []

    def test_an_ignored_one_is_gone_without_a_word(self) -> None:
        gate = Gate(Verdict.IGNORE)
        assert gate.pass_through(request()) == []
        assert gate.wire.sent == []
        assert gate.asked == [(WHO, 9)]

    @pytest.mark.parametrize("time", [None, 100])
    @pytest.mark.parametrize("session", [0, 3])
    def test_a_denied_one_is_told_in_ten_bytes(self, time: int | None, session: int) -> None:
        gate = Gate(Verdict.DENY)
        assert gate.pass_through(request(time=time, session=session)) == []
        ((data, address),) = gate.wire.sent
        assert address == WHO
        assert len(data) == 10
        reading = read(data)
        assert int.from_bytes(data[:2], "big") & 0xFFF == 5
        (command,) = reading.commands
        assert (command.kind, command.channel, command.acknowledged) == (4, raw.CONTROL, False)

    def test_the_answer_is_never_longer_than_the_question(self) -> None:
        gate = Gate(Verdict.DENY, compressor=make_compressor(Codec.RANGE_CODER))
        compressor = gate.rules.compressor
        assert compressor is not None
        bomb = (STRANGER | 0x4000).to_bytes(2, "big") + b"\x93"
        plain = compressor.decompress(bomb[2:], 128)
        assert plain is not None
        assert plain[0] & 15 == 2
        assert gate.pass_through(bomb) == []
        assert len(gate.asked) == 1
        assert gate.wire.sent == []

    def test_each_copy_is_asked_about(self) -> None:
        gate = Gate(Verdict.DENY)
        gate.pass_through(request(), request())
        assert len(gate.asked) == len(gate.wire.sent) == 2

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_a_number_will_do(self, number: int) -> None:
        gate = Gate(number)
        assert (gate.pass_through(request()) != []) == (number == 0)

    def test_without_a_hook_everybody_may(self) -> None:
        gate = Gate()
        gate.rules.decide = None
        assert gate.pass_through(request()) == [request()]

    def test_rules_may_change_at_any_time(self) -> None:
        gate = Gate()
        gate.pass_through(request())
        gate.rules.decide = lambda address, data: Verdict.IGNORE
        assert gate.pass_through(request()) == []


class TestWhatIsLookedAt:
    @each_row(
        "data",
        [
            b"",
            b"\x8f",
            b"\x8f\xff",
            b"\x0f\xff\x00\x00",
            raw.datagram(raw.ping(1), peer=STRANGER, time=1),
            raw.datagram(raw.connect()[:47], peer=STRANGER, time=1),
            raw.datagram(raw.connect(), peer=3, time=1),
            raw.datagram(raw.acknowledge(255, 1, 1), raw.connect(), peer=STRANGER, time=1),
            raw.datagram(raw.verify(), peer=STRANGER, time=1),
            bytes(range(256)),
        ],
        ids=range(10),
    )
    def test_everything_else_passes_unseen(self, data: bytes) -> None:
        gate = Gate(Verdict.IGNORE, per_second=1)
        assert gate.pass_through(data, data, data) == [data] * 3
        assert gate.asked == []

    def test_order_is_kept(self) -> None:
        gate = Gate()
        others = [raw.datagram(raw.ping(number), peer=1, time=1) for number in range(3)]
        assert gate.pass_through(others[0], request(), *others[1:]) == [others[0], request(), *others[1:]]

    @pytest.mark.parametrize("codec", list(Codec))
    def test_compressed_ones(self, codec: Codec) -> None:
        compressor = make_compressor(codec)
        plain = raw.connect(peer=7, connect_id=KEY, data=99)
        coded = compressor.compress(plain, 1000)
        assert coded is not None
        data = (STRANGER | 0x4000 | 0x8000).to_bytes(2, "big") + b"\0\0" + coded
        gate = Gate(Verdict.DENY, compressor=compressor)
        assert gate.pass_through(data) == []
        assert gate.asked == [(WHO, 99)]
        assert int.from_bytes(gate.wire.sent[0].data[:2], "big") == 7, "the answer is not compressed"

    @pytest.mark.parametrize("noise", [b"", b"\0", b"\xff" * 60, bytes(range(200))])
    def test_what_cannot_be_decoded_is_the_engines_business(self, noise: bytes) -> None:
        data = (STRANGER | 0x4000).to_bytes(2, "big") + noise
        for compressor in (None, *map(make_compressor, Codec)):
            gate = Gate(Verdict.IGNORE, compressor=compressor)
            assert gate.pass_through(data) == [data]
            assert gate.asked == []

    def test_with_checksums(self) -> None:
        gate = Gate(Verdict.DENY, checksum=True)
        assert gate.pass_through(request(key=bytes(4))) == []
        assert gate.asked == [(WHO, 9)]
        sent = gate.wire.sent[0].data
        assert len(sent) == 14
        expected = raw.datagram(raw.disconnect(1, 0, 0x44), peer=5, key=KEY)
        assert sent == expected

    @pytest.mark.parametrize("damaged", [request(key=KEY), request(key=bytes(4))[:-1] + b"\x55"], ids=["key", "data"])
    def test_one_with_a_wrong_checksum_is_none(self, damaged: bytes) -> None:
        gate = Gate(Verdict.DENY, checksum=True, per_second=1)
        assert gate.pass_through(damaged, damaged) == [damaged] * 2
        assert gate.asked == []
        assert gate.wire.sent == []

    def test_one_that_is_longer_than_a_datagram_is_none(self) -> None:
        gate = Gate(Verdict.DENY)
        longest = request().ljust(MAXIMUM_DATAGRAM, b"\0")
        assert gate.pass_through(longest) == []
        assert gate.pass_through(longest + b"\0") == [longest + b"\0"]
        assert len(gate.asked) == len(gate.wire.sent) == 1

    def test_any_bytes_behind_a_strangers_header(self) -> None:
        gate = Gate(Verdict.DENY, compressor=make_compressor(Codec.RANGE_CODER))
        for number in range(256):
            for flags in (0x0F, 0x4F, 0x8F, 0xCF, 0x3F):
                gate.pass_through(bytes([flags, 0xFF]) + bytes([number]) * (number % 60))
        assert all(len(each.data) == 10 for each in gate.wire.sent)


class TestLimit:
    def test_so_many_a_second_from_one_network(self) -> None:
        gate = Gate(per_second=3)
        near = [Address(f"10.1.2.{number}", number) for number in range(1, 6)]
        passed = [len(gate.pass_through(request(), now=1000 + number, source=who)) for number, who in enumerate(near)]
        assert passed == [1, 1, 1, 0, 0]
        assert len(gate.asked) == 3, "the hook is not asked about what is too much"
        assert gate.pass_through(request(), now=1500, source=Address("10.1.3.1", 1)) == [request()]
        assert gate.pass_through(request(), now=2000, source=near[0]) == [request()], "another second"
        assert gate.owner.notes == [
            "Too many connections per second from the network of 10.1.2.4:4.",
            "Too many connections per second from the network of 10.1.2.5:5.",
        ]

    def test_requests_that_nobody_proves_close_no_network(self) -> None:
        gate = Gate(per_second=1)
        gate.owner.proves = False
        assert len(gate.pass_through(*[request()] * 100)) == 100
        gate.owner.proves = True
        assert len(gate.pass_through(*[request()] * 100)) == 1

    def test_a_network_of_ipv6(self) -> None:
        gate = Gate(per_second=1)
        sources = ("2001:db8:7::1", "2001:db8:7:9::2", "2001:db8:8::1", "2001:db8:7:ffff::3")
        assert [len(gate.pass_through(request(), source=Address(ip, 1))) for ip in sources] == [1, 0, 1, 0]

    def test_peers_of_one_address(self) -> None:
        gate = Gate(per_address=2)
        gate.owner.connected = [Address("10.1.2.3", 1), Address("10.1.2.4", 1)]
        assert gate.pass_through(request(), now=0) == [request()]
        gate.owner.connected.append(Address("10.1.2.3", 2))
        assert gate.pass_through(request(), request(), now=1000) == []
        assert len(gate.asked) == 1, "the hook is not asked about what is too much"
        assert gate.owner.notes == [f"Too many peers from the IP address of {WHO}."] * 2
        assert gate.pass_through(request(), now=1001, source=Address("10.1.2.4", 5)) == [request()]
        other = raw.datagram(raw.ping(1), peer=1, time=1)
        assert gate.pass_through(other, now=1002) == [other], "those who are connected go on"
        del gate.owner.connected[0]
        assert gate.pass_through(request(), now=2000) == [request()]

    def test_a_flood_does_not_have_the_peers_counted_each_time(self) -> None:
        gate = Gate(per_address=1)
        for now in range(1000):
            gate.pass_through(request(), request(), now=now)
        assert gate.owner.looks == 5

    def test_none(self) -> None:
        gate = Gate()
        assert len(gate.pass_through(*[request()] * 100)) == 100


class TestFailingHook:
    @pytest.mark.parametrize("verdict", [ZeroDivisionError("mistake"), None, True, False, "yes", 3, -1])
    def test_nobody_comes_in_by_mistake(self, verdict: object, caplog: pytest.LogCaptureFixture) -> None:
        gate = Gate(verdict)
        assert gate.pass_through(request()) == []
        assert gate.wire.sent == []
        assert caplog.records == []  # the host is locked; its log handlers may call it
        gate.owner.reporter.log_lines()
        (record,) = caplog.records
        assert "hook" in record.getMessage()
        assert (record.levelno, record.exc_info is not None) == (logging.ERROR, True)

    def test_it_is_told_once_in_ten_seconds(self) -> None:
        gate = Gate(ValueError())
        for now in range(0, 30_000, 10):
            gate.pass_through(request(), now=now)
        assert len(gate.owner.reporter.lines) == 3

    def test_others_go_on(self) -> None:
        gate = Gate(ValueError())
        other = raw.datagram(raw.ping(1), peer=1, time=1)
        assert gate.pass_through(other, request(), other) == [other, other]
        gate.verdict = Verdict.ACCEPT
        assert gate.pass_through(request()) == [request()]


def test_the_rest_is_the_transports() -> None:
    wire, owner = Wire(), Owner()
    stage = admission(Admission())(wire, owner)
    assert (stage.poll_timeout(), stage.failed(), stage.fileno(), stage.local_address()) == (4711, True, 12, WHO)
    assert stage.send([Datagram(b"abc", WHO)], 0) == 3
    assert wire.sent == [Datagram(b"abc", WHO)]
    stage.close()
    assert wire.closed


def test_what_it_takes_away_and_answers_is_counted() -> None:
    gate = Gate(Verdict.DENY)
    other = raw.datagram(raw.ping(1), peer=1, time=1)
    gate.pass_through(other, request(), request())
    assert gate.stage.pop_traffic() == (2, 2 * len(request()), 2, 20)
    gate.verdict = Verdict.IGNORE
    gate.pass_through(request())
    gate.verdict = Verdict.ACCEPT
    gate.pass_through(request(), other)
    assert gate.stage.pop_traffic() == (1, len(request()), 0, 0)
    assert gate.stage.pop_traffic() == (0, 0, 0, 0)
