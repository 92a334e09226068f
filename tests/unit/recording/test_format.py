"""The file of a recording: what is written comes back, and no file can do harm."""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core import Address
from godot_enet.core.compression import CodecUnavailable, Zstd
from godot_enet.recording import Moment, RecordedDatagram, Recording, RecordingError, format
from godot_enet.recording.format import MAGIC, RecordingWriter

ONE, OTHER = Address("10.0.0.1", 7777), Address("fe80::1%2", 50000)
HEAD = b"godot_enet recording 1\n"

ADDRESSES = st.builds(Address, st.ip_addresses().map(str), st.integers(0, 65535))
DATAGRAMS = st.lists(
    st.builds(
        RecordedDatagram,
        st.integers(0, 2**64 - 1),
        st.sampled_from([Moment.SENT, Moment.ARRIVED]),
        ADDRESSES,
        ADDRESSES,
        st.binary(max_size=100),
    )
)


class _Kept(io.BytesIO):
    """Has its content after it was closed."""

    kept = b""

    def close(self) -> None:
        if not self.closed:
            self.kept = self.getvalue()
        super().close()


def written(datagrams: list[RecordedDatagram], limit: int = format.DEFAULT_LIMIT) -> bytes:
    file = _Kept()
    writer = RecordingWriter(file, limit)
    writer.note("game", "Pong=2")
    for datagram in datagrams:
        writer.datagram(datagram)
    writer.close()
    return file.kept


def datagram(number: int, data: bytes = b"data") -> RecordedDatagram:
    return RecordedDatagram(number, Moment.SENT, ONE, OTHER, data)


def block(content: bytes, *, codec: int = 0, size: int | None = None, checksum: int | None = None) -> bytes:
    checksum = crc32(content) if checksum is None else checksum
    return struct.pack("<BIII", codec, len(content), len(content) if size is None else size, checksum) + content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.enetrec"


def refusal(file: Path, content: bytes, *, partial: bool = False) -> str:
    file.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        Recording(file, partial=partial)
    text = str(caught.value)
    assert "\n" not in text
    return text.removeprefix(f"{file}: ")


@pytest.mark.parametrize("compressed", [True, False])
@given(datagrams=DATAGRAMS)
def test_what_is_written_comes_back(
    compressed: bool, datagrams: list[RecordedDatagram], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("recordings") / "a"
    with pytest.MonkeyPatch.context() as patch:
        if not compressed:
            patch.setattr(format, "Zstd", _no_zstd)
        file.write_bytes(written(datagrams))
        recording = Recording(file)
        assert list(recording) == datagrams == list(recording)
    assert recording.notes == {"game": "Pong=2"}
    assert recording.count == len(datagrams)
    assert recording.duration == max((each.time for each in datagrams), default=0)
    assert recording.is_closed
    assert not recording.damage


def _no_zstd() -> Zstd:
    raise CodecUnavailable("pip install zstandard")


def test_it_is_compressed_where_zstandard_is_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [datagram(number, bytes(100)) for number in range(2000)]
    packed = written(many)
    assert len(packed) < 20_000
    file.write_bytes(packed)
    assert list(Recording(file)) == many

    monkeypatch.setattr(format, "Zstd", _no_zstd)
    assert len(written(many)) > 200_000
    assert refusal(file, packed) == "pip install zstandard"


def test_the_limit_ends_a_recording(file: Path) -> None:
    out = _Kept()
    writer = RecordingWriter(out, 1000)
    count = 0
    while not writer.is_full:
        writer.datagram(datagram(count, bytes(85)))  # 100 bytes each
        count += 1
    writer.datagram(datagram(count, b""))
    writer.close()
    file.write_bytes(out.kept)
    recording = Recording(file)
    assert recording.count == count - 1 == 9
    assert recording.is_closed


def test_more_addresses_than_have_numbers_end_a_recording(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format, "_MAX_ADDRESSES", 3)
    file.write_bytes(
        written([RecordedDatagram(0, Moment.ARRIVED, Address("10.0.0.2", port), ONE, b"") for port in range(5)])
    )
    assert [each.source.port for each in Recording(file)] == [0, 1]


def test_a_killed_program_loses_a_second(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    writer = RecordingWriter(out)
    writer.datagram(datagram(0))
    assert out.getvalue() == HEAD
    now += 1.0
    writer.datagram(datagram(1))
    writer.datagram(datagram(2))
    file.write_bytes(out.getvalue())
    recording = Recording(file)
    assert [each.time for each in recording] == [0, 1]
    assert not recording.is_closed


def test_a_file_that_is_cut_off_anywhere(file: Path) -> None:
    whole = written([datagram(number) for number in range(3)])
    assert len(HEAD) < len(whole) < 200
    for length in range(len(whole)):
        if length < len(MAGIC):
            assert refusal(file, whole[:length]) == "not a recording of godot_enet"
        elif length != len(HEAD):
            assert refusal(file, whole[:length]).startswith("damaged: cut off")
            assert list(Recording(file, partial=True)) == []


def test_what_comes_before_a_damage_can_be_read(file: Path) -> None:
    first, second = written([datagram(0)]), written([datagram(1)])[len(HEAD) :]
    file.write_bytes(first + second[:-1] + bytes([second[-1] ^ 1]))
    recording = Recording(file, partial=True)
    assert [each.time for each in recording] == [0]
    assert recording.damage == f"{file}: damaged: the content of a block does not match its checksum"
    assert refusal(file, file.read_bytes()) == "damaged: the content of a block does not match its checksum"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not a recording of godot_enet"),
        (b"\x7fELF" * 100, "not a recording of godot_enet"),
        (b"godot_enet recording 2\n", "a recording of version '2'; this godot_enet reads version 1"),
        (
            b"godot_enet recording " + b"9" * 1000,
            "a recording of version '9999999999'; this godot_enet reads version 1",
        ),
        (HEAD + block(b"\x07"), "damaged: an unknown kind of entry, 7"),
        (HEAD + block(b"\x00\xff\xff"), "damaged: an entry does not fit into its block"),
        (HEAD + block(b"\x02" + bytes(14)), "damaged: an entry does not fit into its block"),
        (HEAD + block(b"\x01\x00\x00\x03abc"), "damaged: an entry does not fit into its block"),
        (HEAD + block(b"\x00\x01\x00\xff"), "damaged: an entry does not fit into its block"),
        (HEAD + block(b"\x04", codec=2), "damaged: a block of 1 bytes in 1, of codec 2"),
        (HEAD + block(b"\x04", size=2), "damaged: the content of a block does not match its checksum"),
        (HEAD + block(b"\x04", checksum=0), "damaged: the content of a block does not match its checksum"),
        (HEAD + block(b"\x04", codec=1), "damaged: the content of a block does not match its checksum"),
        (HEAD + block(b""), "damaged: a block of 0 bytes in 0, of codec 0"),
    ],
)
def test_files_that_are_refused(file: Path, content: bytes, text: str) -> None:
    assert refusal(file, content) == text


class TestBombs:
    def test_a_block_that_says_to_be_small_and_is_not(self, file: Path) -> None:
        bomb = Zstd().compress(bytes(64 << 20), 64 << 20)
        assert bomb is not None
        head = struct.pack("<BIII", 1, len(bomb), 100_000, 0)
        assert "checksum" in refusal(file, HEAD + head + bomb)

    def test_a_block_that_is_large(self, file: Path) -> None:
        head = struct.pack("<BIII", 1, 100, 1 << 30, 0)
        assert refusal(file, HEAD + head + bytes(100)) == "damaged: a block of 1073741824 bytes in 100, of codec 1"

    def test_many_blocks(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(format, "MAX_LIMIT", 1000)
        content = HEAD + block(b"\x04" * 100) * 11
        assert refusal(file, content) == "more than 1000 bytes of content"
        assert refusal(file, content, partial=True) == "more than 1000 bytes of content"

    def test_many_notes(self, file: Path) -> None:
        note = b"\x00\xff\xff" + bytes(0xFFFF)
        content = HEAD + block(note * 2) * 9
        assert refusal(file, content, partial=True) == "more than 1048576 bytes of notes"

    def test_many_addresses(self, file: Path) -> None:
        content = HEAD + block(b"\x01\x00\x00\x02::" * 30_000) * 3
        assert refusal(file, content, partial=True) == "more than 65536 addresses"


@given(st.binary(max_size=300))
def test_any_block_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("recordings") / "a"
    file.write_bytes(HEAD + block(content))
    try:
        assert Recording(file).count < 300
    except RecordingError:
        assert Recording(file, partial=True).damage or not content


def test_notes_that_are_repeated_or_too_many_leave_a_file_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    with file.open("wb") as opened:
        writer = RecordingWriter(opened)
        for number in range(40):
            for _ in range(40):
                writer.note(f"methods.{number}", "0:score," * 5000)
        writer.datagram(datagram(1))
        writer.close()
    recording = Recording(file)
    assert recording.is_closed
    assert recording.count == 1
    assert list(recording.notes) == [f"methods.{number}" for number in range(26)]  # of 40 KB each; 1 MiB in all
