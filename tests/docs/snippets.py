"""The code blocks of a Markdown page."""

from __future__ import annotations

import re

from tests.demos.program import ROOT

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of a page, by its path in the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def programs(name: str) -> dict[str, str]:
    """The Python programs of a page, by the file name in the comment of their first line."""
    blocks = [code for language, code in FENCE.findall(page(name)) if language == "python"]
    return {code.partition("\n")[0].removeprefix("# "): code for code in blocks}


def commands(name: str) -> list[str]:
    """The shell commands of a page, without their comments."""
    blocks = [code for language, code in FENCE.findall(page(name)) if language == "sh"]
    return [line.partition("#")[0].strip() for code in blocks for line in code.splitlines() if line.strip()]
