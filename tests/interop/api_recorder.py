"""Has a real Godot tell its interface: ``python -m tests.interop.api_recorder`` writes that of nodes and trees."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.contract.api import NODES_FILE
from tests.interop.programs import godot_or_exit

__all__ = ["record"]

CLASSES = ("Object", "Node", "SceneTree", "SceneTreeTimer", "Timer")
SECONDS = 60


def record(executable: str) -> dict[str, Any]:
    """The classes, in the form of the contract."""
    with tempfile.TemporaryDirectory() as home:
        command = [executable, "--headless", "--dump-extension-api"]
        subprocess.run(command, cwd=home, capture_output=True, timeout=SECONDS, check=True)
        dump = json.loads(Path(home, "extension_api.json").read_text(encoding="utf-8"))
    version = dump["header"]
    number = ".".join(str(version[f"version_{part}"]) for part in ("major", "minor", "patch"))
    classes = {each["name"]: _reduced(each) for each in dump["classes"] if each["name"] in CLASSES}
    source = f"dumped from Godot {number} with --dump-extension-api; reduced to nodes and trees"
    return {"source": source, "classes": classes}


def _reduced(described: dict[str, Any]) -> dict[str, Any]:
    return {
        "inherits": described.get("inherits", ""),
        "methods": {
            method["name"]: {
                "arguments": [_argument(argument) for argument in method.get("arguments", [])],
                "returns": method.get("return_value", {"type": "void"})["type"],
                "static": method["is_static"],
                "vararg": method["is_vararg"],
            }
            for method in described.get("methods", [])
        },
        "enums": {
            enum["name"]: {value["name"]: value["value"] for value in enum["values"]}
            for enum in described.get("enums", [])
        },
        "constants": {constant["name"]: constant["value"] for constant in described.get("constants", [])},
        "signals": {
            signal["name"]: [argument["name"] for argument in signal.get("arguments", [])]
            for signal in described.get("signals", [])
        },
        "properties": {
            each["name"]: {key: each[key] for key in ("type", "getter", "setter") if key in each}
            for each in described.get("properties", [])
        },
    }


def _argument(argument: dict[str, Any]) -> dict[str, Any]:
    default = {"default": argument["default_value"]} if "default_value" in argument else {}
    return {"name": argument["name"], "type": argument["type"]} | default


def main() -> None:
    """Write the contract."""
    executable = godot_or_exit()
    NODES_FILE.write_text(json.dumps(record(executable)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
