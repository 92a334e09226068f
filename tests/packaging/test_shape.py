"""The engine has the same shape in both languages: a file for each mechanism, in the same layers."""

from __future__ import annotations

import re
from ast import literal_eval
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "godot_enet" / "core" / "engine"
C = ROOT / "godot_enet" / "core" / "native" / "src"

ONLY_IN_PYTHON = {"__init__", "peer", "repair"}
"""Of these, ``peer`` is a struct in state.h; and no exception ends a call of C."""
ONLY_IN_C = {"pool", "group", "codec", "rangecoder", "fastlz", "crc32", "blake2s"}
"""Memory, hosts of several shards, and what Python has elsewhere or in its library."""
AROUND_THE_ENGINE = {
    path.stem for pattern in ("host*.c", "hot*.c", "platform*.c", "udp*.c") for path in C.glob(pattern)
}


def layer_of() -> dict[str, int]:
    """How deep each file lies, by the contract of lint-imports."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'id = "engine"\n.*?layers = (\[.*?\])', text, flags=re.DOTALL)
    assert found is not None
    layers: list[str] = literal_eval(found[1])
    return {name: depth for depth, layer in enumerate(layers) for name in layer.split(" | ")}


def functions() -> dict[str, str]:
    """The file of each function that internal.h declares."""
    text = (C / "internal.h").read_text(encoding="utf-8")
    owner: dict[str, str] = {}
    for file, declarations in re.findall(
        r"^/\* (\w+)\.c\b(.*?)(?=^/\* \w+\.c\b|\Z)", text, flags=re.DOTALL | re.MULTILINE
    ):
        plain = re.sub(r"/\*.*?\*/", "", declarations, flags=re.DOTALL)
        for name in re.findall(r"^[a-z][\w ]*[ *](\w+)\(", plain, flags=re.MULTILINE):
            owner[name] = file
    return owner


def test_each_mechanism_has_the_same_file_in_both_languages() -> None:
    python = {path.stem for path in PYTHON.glob("*.py")} - ONLY_IN_PYTHON
    c = {path.stem for path in C.glob("*.c")} - ONLY_IN_C - AROUND_THE_ENGINE
    assert python == c


def test_internal_h_names_the_file_that_has_a_function() -> None:
    owner = functions()
    assert len(owner) > 80
    for name, file in owner.items():
        if file not in ("rangecoder", "half_open"):
            text = (C / f"{file}.c").read_text(encoding="utf-8")
            assert re.search(rf"\b{name}\(", text) or name == "clamp_mtu", f"{name} is not in {file}.c"


def test_a_file_in_c_calls_only_what_lies_below_it() -> None:
    depth, owner = layer_of(), functions()
    seen = 0
    for path in sorted(C.glob("*.c")):
        if path.stem in ONLY_IN_C | AROUND_THE_ENGINE:
            continue
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for name in set(re.findall(r"\b(\w+)\(", code)):
            file = owner.get(name)
            if file is None or file == path.stem or file in ONLY_IN_C:
                continue
            seen += 1
            assert depth[path.stem] < depth[file], f"{path.name} calls {name} of {file}.c"
    assert seen > 150
