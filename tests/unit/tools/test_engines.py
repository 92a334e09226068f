"""``python -m godot_enet engines``: one line for each situation."""

from __future__ import annotations

import sys

import pytest

from godot_enet.__main__ import main
from godot_enet.core import host

WITH_ALL, WITHOUT_METHODS, WITHOUT_LIBRARY = ("", ""), ("", "other objects"), ("not built", "not built")


@pytest.mark.parametrize(
    ("missing", "implementation", "line"),
    [
        (WITH_ALL, "cpython", "Using the native engine with its C methods."),
        (WITHOUT_METHODS, "cpython", "Using the native engine without its C methods, which is slower: other objects. "),
        (WITHOUT_LIBRARY, "cpython", "Using the Python engine, which is slower: the native one is not available (not "),
        (WITHOUT_METHODS, "pypy", "Using the Python engine, which is the faster one on pypy."),
        (WITHOUT_LIBRARY, "pypy", "Using the Python engine, which is the faster one on pypy."),
    ],
)
def test_the_line(
    missing: tuple[str, str],
    implementation: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    library, methods = missing
    monkeypatch.setattr(host, "why_unavailable", lambda: library)
    monkeypatch.setattr(host, "why_no_hot_types", lambda: methods)
    monkeypatch.setattr(sys.implementation, "name", implementation)
    assert main(["engines"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(line)
    assert out.count("\n") == 1
