"""Fixtures for demos that run inside the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demos.window import Keys


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    """Dummy video, and keys to press."""
    keys = Keys(monkeypatch)
    yield keys
    keys.pygame.quit()
