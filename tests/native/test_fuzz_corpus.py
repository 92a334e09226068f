"""What the fuzzers have found, on both engines; ``.ci/sanitize`` plays files of the same kind in C."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.compression import Codec
from tests.fuzz import fuzz_compression, fuzz_states
from tests.fuzz.fuzz_engine import check
from tests.rows import each_row

FUZZ = Path(__file__).parent.parent / "fuzz"
CORPUS = sorted((FUZZ / "corpus_engine").iterdir())
STATES = sorted((FUZZ / "corpus_states").iterdir())
CODECS = sorted((FUZZ / "corpus_codecs").iterdir())


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_corpus(file: Path) -> None:
    check(file.read_bytes())


@each_row("file", STATES, ids=lambda file: file.name)
def test_corpus_of_states(file: Path) -> None:
    fuzz_states.check(file.read_bytes())


@pytest.mark.parametrize("file", CODECS, ids=lambda file: file.name)
def test_corpus_of_codecs(file: Path) -> None:
    """The programs in C and Python choose codec and limit by other numbers: each of them is tried."""
    data = file.read_bytes()
    for choice in range(len(Codec) * len(fuzz_compression.LIMITS)):
        fuzz_compression.check(bytes([choice]) + data[1:])


def test_there_is_one() -> None:
    assert min(len(CORPUS), len(STATES), len(CODECS)) > 20


def test_every_state_is_in_it() -> None:
    states = {file.read_bytes()[1] % fuzz_states.STATES for file in STATES}
    assert states == set(range(fuzz_states.STATES))


@given(data=st.binary(max_size=300))
def test_any_program(data: bytes) -> None:
    check(data)


@given(data=st.binary(max_size=300))
def test_any_datagrams_in_any_state(data: bytes) -> None:
    fuzz_states.check(data)
