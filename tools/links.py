"""Links of the Markdown pages, which are paths within the checkout, for other places: the site, the package index.

The public address is written once, as ``Repository`` in ``[project.urls]`` of pyproject.toml. Without it the package's
description keeps its relative links, and the site has copies of the files that its pages link to.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Provider", "address_of", "rewrite_links"]

ROOT = Path(__file__).resolve().parent.parent

_LINK = re.compile(
    r"^```.*?^```|`[^`\n]+`"  # code has no links
    r"|(?P<open>\[(?P<text>[^\[\]]*))?\]\((?!https?:|mailto:|#)(?P<path>[^)#\s]+)(?P<fragment>#[^)\s]*)?\)",
    re.MULTILINE | re.DOTALL,
)


def rewrite_links(text: str, page: str, resolve: Callable[[str], str | None]) -> str:
    """The text with another target in each relative link and picture.

    Args:
        text: Markdown.
        page: its path in the checkout.
        resolve: takes the path of a target in the checkout; returns the new target, or None to leave no link.
    """

    def rewrite(match: re.Match[str]) -> str:
        if match["path"] is None:
            return match[0]
        target = resolve(posixpath.normpath(posixpath.join(posixpath.dirname(page), match["path"])))
        if target is None:
            return match["text"] or match[0]
        return f"{match['open'] or ''}]({target}{match['fragment'] or ''})"

    return _LINK.sub(rewrite, text)


def address_of(path: str, repository: str, revision: str) -> str:
    """The address of a file or folder of the checkout, as GitHub's addresses are made."""
    view = "raw" if path.endswith((".gif", ".png", ".svg")) else "tree" if (ROOT / path).is_dir() else "blob"
    return f"{repository.rstrip('/')}/{view}/{revision}/{path}"


class Provider:
    """Gives the build the package's description: README, with links that work outside the checkout.

    Named in ``[[tool.dynamic-metadata]]`` of pyproject.toml.
    """

    @staticmethod
    def dynamic_metadata(settings: Mapping[str, Any], project: Mapping[str, Any]) -> dict[str, Any]:
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        repository = project.get("urls", {}).get("Repository")
        if repository is not None:
            revision = f"v{project['version']}"
            text = rewrite_links(text, "README.md", lambda path: address_of(path, repository, revision))
        return {"readme": {"content-type": "text/markdown", "text": text}}
