"""What is read and written without OpenSSL."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.dtls.records import (
    Hello,
    hello_verify_request,
    is_one_record,
    is_record,
    pack,
    parse_client_hello,
    plain_alert,
    renumber,
    sequence_of,
    sift,
)
from tests.dtls.memory_net import SERVER, Net
from tests.rows import each_row


def record(content: bytes, kind: int = 22) -> bytes:
    return bytes([kind]) + b"\xfe\xfd" + bytes(8) + len(content).to_bytes(2, "big") + content


def hello_bytes(with_cookie: bytes = b"", with_extensions: bytes | None = None, **wrong: bytes) -> bytes:
    """A ClientHello by the book; ``wrong`` replaces parts of it."""
    parts = {
        "version": b"\xfe\xfd",
        "random": bytes(range(32)),
        "session": b"\0",
        "cookie": bytes([len(with_cookie)]) + with_cookie,
        "suites": b"\0\2\xc0\x2b",
        "compressions": b"\1\0",
        "extensions": b"" if with_extensions is None else len(with_extensions).to_bytes(2, "big") + with_extensions,
    }
    body = b"".join((parts | wrong).values())
    length = len(body).to_bytes(3, "big")
    return record(b"\1" + length + bytes(5) + length + body)


def hello_of_openssl() -> bytes:
    net = Net()
    client = net.client()
    client.send(SERVER, b"x")
    return client.port.sent[0].data


class TestHello:
    def test_openssl_s(self) -> None:
        data = hello_of_openssl()
        hello = parse_client_hello(data + b"more in the same datagram")
        assert hello is not None
        assert hello.record == data
        assert hello.cookie == b""
        assert len(hello.random) == 32
        assert hello.random in hello.parameters

    def test_the_shortest(self) -> None:
        assert len(hello_bytes()) == 67
        assert parse_client_hello(hello_bytes()) == Hello(
            hello_bytes(), bytes(range(32)), b"", b"\xfe\xfd" + bytes(range(32)) + b"\0\0\2\xc0\x2b\1\0"
        )

    def test_parameters_are_the_same_with_and_without_cookie_and_extensions(self) -> None:
        without, with_cookie = parse_client_hello(hello_bytes()), parse_client_hello(hello_bytes(b"c" * 32, b"ext"))
        assert without is not None
        assert with_cookie is not None
        assert with_cookie.cookie == b"c" * 32
        assert with_cookie.parameters == without.parameters

    @each_row(
        "data",
        [
            b"",
            hello_bytes(version=b"\x03\x03"),
            hello_bytes(session=b"\x21" + bytes(10)),
            hello_bytes(cookie=b"\x50" + bytes(20)),
            hello_bytes(suites=b"\0\0"),
            hello_bytes(suites=b"\0\3\1\2\3"),
            hello_bytes(suites=b"\xff\xff\0\0"),
            hello_bytes(compressions=b"\0"),
            hello_bytes(compressions=b""),
            hello_bytes(extensions=b"\0\5abc"),
            hello_bytes(extensions=b"\0"),
            hello_bytes()[:-1],
            record(hello_bytes()[13:], kind=23),
            hello_bytes()[:3] + b"\0\1" + hello_bytes()[5:],
            hello_bytes()[:5] + b"\0\1" + hello_bytes()[7:],
            hello_bytes()[:1] + b"\x03" + hello_bytes()[2:],
            hello_bytes()[:19] + b"\0\0\1" + hello_bytes()[22:],
            hello_bytes()[:22] + b"\0\0\1" + hello_bytes()[25:],
            hello_bytes()[:13] + b"\2" + hello_bytes()[14:],
        ],
    )
    def test_not_by_the_book(self, data: bytes) -> None:
        assert parse_client_hello(data) is None

    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        parse_client_hello(data)
        parse_client_hello(b"\x16\xfe\xfd" + bytes(8) + data)
        is_record(data)
        assert len(sift(data, 17)) <= len(data)
        assert b"".join(pack(data, 50)) == data

    @given(st.data())
    def test_any_damage(self, data: st.DataObject) -> None:
        good = bytearray(hello_bytes(b"c" * 32, b"\0\1\0\0"))
        for _ in range(data.draw(st.integers(1, 5))):
            good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
        hello = parse_client_hello(bytes(good[: data.draw(st.integers(0, len(good)))]))
        assert hello is None or len(hello.record) >= 67


class TestHelloVerifyRequest:
    def test_its_bytes(self) -> None:
        data = hello_bytes()
        hello = parse_client_hello(data[:5] + b"\0\0\0\0\0\7" + data[11:])
        assert hello is not None
        request = hello_verify_request(hello, b"c" * 32)
        assert request == (
            b"\x16\xfe\xff\0\0\0\0\0\0\0\7\x00\x2f" + b"\3\0\0\x23\0\0\0\0\0\0\0\x23" + b"\xfe\xff\x20" + b"c" * 32
        )


class TestPacking:
    def test_records_stay_whole_and_share_datagrams(self) -> None:
        records = [record(bytes(size)) for size in (100, 200, 300, 1, 500)]
        assert pack(b"".join(records), 700) == [b"".join(records[:4]), records[4]]
        assert pack(b"".join(records), 5000) == [b"".join(records)]
        assert pack(b"".join(records), 1) == records
        assert pack(b"", 100) == []

    def test_numbers_of_epoch_0_can_be_moved(self) -> None:
        plain = record(b"a")[:10] + b"\xff" + record(b"a")[11:]
        encrypted = plain[:4] + b"\1" + plain[5:]
        moved = renumber(plain + encrypted, 3)
        assert [sequence_of(plain), sequence_of(moved)] == [255, 258]
        assert moved == plain[:9] + b"\1\2" + plain[11:] + encrypted

    def test_what_may_be_genuine(self) -> None:
        plain, secret = record(b"x"), record(bytes(17), 23)[:4] + b"\1" + record(bytes(17), 23)[5:]
        short = secret[:12] + b"\x10" + secret[13:-1]
        assert sift(plain + short + secret, 17) == plain + secret
        assert sift(secret + plain[:-1], 17) == secret
        assert sift(secret + b"\x18" + secret[1:], 17) == secret
        assert sift(secret, 18) == b""
        assert sift(b"", 17) == b""

    def test_packets_and_alerts_without_encryption_are_not(self) -> None:
        hello = record(b"x")
        assert sift(record(b"\2\x28", 21) + hello + record(bytes(40), 23), 17) == hello

    def test_fatal_alerts_can_be_read(self) -> None:
        assert plain_alert(record(b"\2\x28", 21)) == 40
        for other in (record(b"\1\0", 21), record(b"\2", 21), record(b"\2\x28", 22), record(b"\2\x28x", 21), b""):
            assert plain_alert(other) is None

    def test_one_record_or_more(self) -> None:
        assert is_one_record(record(b"abc"))
        assert not is_one_record(record(b"abc") * 2)
        assert not is_one_record(record(b"abc")[:-1])
        assert is_record(record(b"", 23) + b"x")
        assert not is_record(record(b"x", 24))
        assert not is_record(b"\x16\x03\x03" + bytes(40))
        assert not is_record(b"\x16")
