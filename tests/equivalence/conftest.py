"""Every test here compares the engines, so it needs both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Without the native one there is nothing to compare."""
    item.add_marker("native")
