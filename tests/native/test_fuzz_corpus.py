"""What the fuzzer has found, on both engines; ``.ci/sanitize`` plays the same files in C."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.fuzz_engine import check

CORPUS = sorted((Path(__file__).parent.parent / "fuzz" / "corpus_engine").iterdir())


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_corpus(file: Path) -> None:
    check(file.read_bytes())


def test_there_is_one() -> None:
    assert len(CORPUS) > 20


@given(data=st.binary(max_size=300))
def test_any_program(data: bytes) -> None:
    check(data)
