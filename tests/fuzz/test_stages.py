"""What the fuzzers of the stages around a transport have found, and what Hypothesis makes up; see README.md."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import fuzz_admission, fuzz_dtls
from tests.rows import each_row

FUZZ = Path(__file__).parent
ADMISSION = sorted((FUZZ / "corpus_admission").iterdir())
DTLS = sorted((FUZZ / "corpus_dtls").iterdir())


@each_row("file", ADMISSION, ids=lambda file: file.name)
def test_corpus_of_admission(file: Path) -> None:
    fuzz_admission.check(file.read_bytes())


@each_row("file", DTLS, ids=lambda file: file.name)
def test_corpus_of_dtls(file: Path) -> None:
    fuzz_dtls.check(file.read_bytes())


def test_there_is_one() -> None:
    assert min(len(ADMISSION), len(DTLS)) > 20


def test_it_begins_everywhere() -> None:
    """With each codec, checksums or not, a limit or none, a hook or none; and with each state of a handshake."""
    rules = {file.read_bytes()[0] for file in ADMISSION}
    for mask, kinds in ((1, 2), (6, 3), (24, 2), (32, 2)):
        assert len({rule & mask for rule in rules}) >= kinds
    assert {(file.read_bytes() or b"\0")[0] >> 2 & 3 for file in DTLS} == set(range(4))


@given(data=st.binary(max_size=300))
def test_any_connect_requests(data: bytes) -> None:
    fuzz_admission.check(data)


@given(data=st.binary(max_size=300))
def test_any_weather_for_dtls(data: bytes) -> None:
    fuzz_dtls.check(data)
