"""Puts measured tables and figures into the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["DOCS", "write"]

DOCS = Path(__file__).parents[1] / "docs"


def write(page: Path, tables: Mapping[str, str], pictures: Mapping[str, str]) -> None:
    """Replace the tables between a page's marks, and write the pictures beside it.

    Args:
        page: A file of ``DOCS``.
        tables: By the name in ``<!-- measured: name -->``.
        pictures: By the name of the file in ``docs/images``.

    Raises:
        SystemExit: The page has no marks for one of the tables. Nothing is written.
    """
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        begin, end = f"<!-- measured: {name} -->\n", "\n<!-- end -->"
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise SystemExit(f"{page} has no place for the table of {name}")
        text = f"{before}{begin}{table}{end}{after}"
    page.write_text(text, encoding="utf-8")
    for name, picture in pictures.items():
        (DOCS / "images" / name).write_text(picture, encoding="utf-8")
