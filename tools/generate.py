"""Writes what follows from ``godot_enet/core/protocol`` and from ``gde.h``, so that nothing of it is written twice.

- ``native/src/gde_generated.h``: the numbers, enums, layouts and structs of the C library;
- ``native/generated.py``: the functions of the library as ctypes wants them, and the fingerprint by which the loader
  recognises a library of other sources;
- tables in the documentation, between ``<!-- generated: ... -->`` and ``<!-- end -->``.

With ``--check`` nothing is written, and the exit code is 1 if something is not as it would be.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import IntEnum, IntFlag
from hashlib import sha256
from pathlib import Path
from struct import calcsize
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "godot_enet" / "core"
SOURCES = CORE / "native" / "src"

for _name in ("godot_enet", "godot_enet.core", "godot_enet.core.native"):
    # In the place of the packages themselves: those would load what is only made here.
    _package = ModuleType(_name)
    _package.__path__ = [str(ROOT.joinpath(*_name.split(".")))]
    sys.modules[_name] = _package

from godot_enet.core.native.records import RECORDS, HostFlag, Result  # noqa: E402
from godot_enet.core.protocol import constants, tuning  # noqa: E402
from godot_enet.core.protocol.config import HostConfig  # noqa: E402
from godot_enet.core.protocol.drops import Drop  # noqa: E402
from godot_enet.core.protocol.events import DisconnectReason, EventType  # noqa: E402
from godot_enet.core.protocol.states import TRANSITIONS  # noqa: E402
from godot_enet.core.protocol.wire import HEAD, LAYOUTS, Layout  # noqa: E402

MARK = "Written by scripts/generate; changes here are lost."
ENUMS: dict[str, type[IntEnum] | type[IntFlag]] = {
    "COMMAND": constants.Command,
    "STATE": constants.PeerState,
    "PACKET": constants.PacketFlag,
    "MODE": constants.DisconnectMode,
    "OPTION": constants.PeerOption,
    "CODEC": constants.NativeCodec,
    "STATISTIC": constants.PeerStatistic,
    "HOST": constants.HostStatistic,
    "EVENT": EventType,
    "REASON": DisconnectReason,
    "DROP": Drop,
    "GDE": Result,
    "GDE_HOST": HostFlag,
}
"""By what their names begin with in C."""
DEFAULTS: dict[str, int] = {one.name: int(one.default) for one in fields(HostConfig) if one.name != "seed"}  # type: ignore[arg-type]
_SCALARS: dict[Any, str] = {
    ctypes.c_uint8: "uint8_t",
    ctypes.c_uint16: "uint16_t",
    ctypes.c_uint32: "uint32_t",
    ctypes.c_uint64: "uint64_t",
}


def c_enum(members: Mapping[str, int]) -> str:
    """An enum without a name."""
    return "enum {\n" + "".join(f"    {name} = {int(value)},\n" for name, value in members.items()) + "};\n"


def c_array(name: str, rows: Mapping[str, str]) -> str:
    """A macro for the initializer of an array."""
    lines = [f"    [{place}] = {value}," for place, value in rows.items()]
    return f"#define {name} \\\n    {{ \\\n" + "".join(f"    {line} \\\n" for line in lines) + "    }\n"


def numbers(module: ModuleType) -> dict[str, int]:
    """What a module exports as numbers, in its order."""
    return {name: value for name, value in vars(module).items() if name in module.__all__ and isinstance(value, int)}


def members(prefix: str, kind: type[IntEnum] | type[IntFlag]) -> dict[str, int]:
    """An enum's, and how many they are where they count from 0."""
    made = {f"{prefix}_{member.name}": int(member) for member in kind}
    if list(made.values()) == list(range(len(made))):
        made[f"{prefix}_COUNT"] = len(made)
    return made


def places(name: str, layout: Layout) -> dict[str, int]:
    """Where the fields of a command begin that only it has, and its size."""
    begins = {}
    codes = ">"
    for field, code in layout:
        begins[f"{name}_{field.upper()}"] = calcsize(codes)
        codes += code
    own = list(begins.items())[0 if layout is HEAD else len(HEAD) :]
    return {**dict(own), f"{name}_SIZE": calcsize(codes)}


def struct(name: str, record: type[ctypes.Structure]) -> str:
    """A struct as C declares it."""
    lines = []
    for field, kind, *_ in record._fields_:
        if issubclass(kind, ctypes.Structure):
            lines.append(f"{next(key for key, value in RECORDS.items() if value is kind)} {field}")
        elif issubclass(kind, ctypes.Array):
            lines.append(f"{_SCALARS[kind._type_]} {field}[{kind._length_}]")
        elif kind is ctypes.c_void_p:
            lines.append(f"const uint8_t *{field}")
        else:
            lines.append(f"{_SCALARS[kind]} {field}")
    return "typedef struct {\n" + "".join(f"    {line};\n" for line in lines) + f"}} {name};\n"


def prototypes(file: str) -> list[str]:
    """The functions that a file exports, a line each."""
    text = re.sub(r"/\*.*?\*/", "", (SOURCES / file).read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"^GDE_API ([^;{]+?)\s*[;{]", text, flags=re.MULTILINE)
    return [re.sub(r"\s+", " ", one) for one in found]


def header() -> str:
    """gde_generated.h, but for the fingerprint."""
    parts = [
        f"/* {MARK}\n * The numbers are explained in godot_enet/core/protocol, the structs in native/records.py. */\n"
        "#ifndef GDE_GENERATED_H\n#define GDE_GENERATED_H\n\n#include <stddef.h>\n#include <stdint.h>\n",
        c_enum(numbers(constants)),
        c_enum(numbers(tuning)),
        *(c_enum(members(prefix, kind)) for prefix, kind in ENUMS.items()),
        "/* Bit n of a state's row: state n may follow. */\n"
        + c_array(
            "STATE_TRANSITIONS",
            {
                f"STATE_{state.name}": " | ".join(f"1u << STATE_{after.name}" for after in sorted(following))
                for state, following in TRANSITIONS.items()
            },
        ),
        "/* Where the fields of commands begin. */\n" + c_enum(places("HEAD", HEAD)),
        *(c_enum(places(command.name, layout)) for command, layout in LAYOUTS.items()),
        c_array("COMMAND_SIZES", {f"COMMAND_{command.name}": f"{command.name}_SIZE" for command in LAYOUTS}),
        *(struct(name, record) for name, record in RECORDS.items()),
        "#define GDE_DEFAULT_CONFIG \\\n    ((gde_config){ \\\n"
        + "".join(f"        .{name} = {value}, \\\n" for name, value in DEFAULTS.items())
        + "    })\n",
        "/* Where the fields of each struct begin, and its size. */\n#define GDE_LAYOUT \\\n    { \\\n"
        + "".join(
            "        "
            + " ".join(f"offsetof({name}, {field})," for field, *_ in record._fields_)
            + f" sizeof({name}), \\\n"
            for name, record in RECORDS.items()
        )
        + "    }\n",
    ]
    return "\n".join(parts)


def fingerprint() -> int:
    """64 bits that change with anything that the two sides must agree about."""
    return int.from_bytes(
        sha256("\n".join([header(), *prototypes("gde.h"), *prototypes("hot.c")]).encode()).digest()[:8], "big"
    )


def c_header() -> str:
    """gde_generated.h."""
    return f"{header()}\n#define GDE_FINGERPRINT UINT64_C(0x{fingerprint():016x})\n\n#endif\n"


def python_table() -> str:
    """generated.py."""
    rows = []
    for prototype in prototypes("gde.h"):
        made = re.fullmatch(r"(.*?)(gde_\w+)\((.*)\)", prototype)
        assert made is not None, prototype
        result, name, arguments = made.groups()
        kinds = [] if arguments == "void" else [re.sub(r"\w+$", "", one).strip() for one in arguments.split(",")]
        rows.append(f'    "{name}": "{result.strip()}({", ".join(kinds)})",\n'.replace("const ", ""))
    return (
        f'"""{MARK}\n\nWhat the C library of this version has.\n"""\n\n'
        'from __future__ import annotations\n\n__all__ = ["FINGERPRINT", "FUNCTIONS"]\n\n'
        f"FINGERPRINT = 0x{fingerprint():016X}\n"
        '"""Of the protocol, the structs and the functions, as the library has it, too."""\n'
        f"FUNCTIONS: dict[str, str] = {{\n{''.join(rows)}}}\n"
        '"""The type of each, as C has it but for ``const``."""\n'
    )


def amount(number: int) -> str:
    """A default for people."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    return f"{number:,}"


def drops_table() -> str:
    """Causes and what they mean."""
    rows = [f"| `{cause.name}` | {'not sent: ' * cause.outgoing}{cause.explanation} |" for cause in Drop]
    return "\n".join(["| cause | meaning |", "|---|---|", *rows])


def limits_table() -> str:
    """The settings that are limits."""
    rows = [
        f"| {one.metadata['limits']} | {amount(DEFAULTS[one.name])} | `{one.name}` |"
        for one in fields(HostConfig)
        if one.metadata.get("limits")
    ]
    return "\n".join(["| limit | default | `HostConfig` |", "|---|---|---|", *rows])


def states_table() -> str:
    """Which state may follow which."""
    rows = [
        f"| {state.name} | {', '.join(after.name for after in sorted(following))} |"
        for state, following in TRANSITIONS.items()
    ]
    return "\n".join(["| state | may be followed by |", "|---|---|", *rows])


TABLES = {
    "docs/hostile-networks.md": ("drops", drops_table),
    "SECURITY.md": ("limits", limits_table),
    "docs/architecture.md": ("states", states_table),
}


def page(path: Path, name: str, table: str) -> str:
    """A page with its table."""
    begin, end = f"<!-- generated: {name} -->\n", "\n<!-- end -->"
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise SystemExit(f"{path} has no place for the table of {name}")
    return f"{before}{begin}{table}{end}{after}"


def everything() -> Iterator[tuple[Path, str]]:
    """Each file, and what is to be in it."""
    yield SOURCES / "gde_generated.h", c_header()
    yield CORE / "native" / "generated.py", python_table()
    for file, (name, table) in TABLES.items():
        yield ROOT / file, page(ROOT / file, name, table())


def main() -> int:
    """Write, or with ``--check`` say what is stale."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for path, text in everything():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"generate: {path.relative_to(ROOT)} {'is stale: run scripts/generate' if check else 'written'}")
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
