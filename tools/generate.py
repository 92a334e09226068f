"""Generates files from ``godot_enet/core/protocol`` and ``gde.h``, so that each definition is written once.

- ``native/src/gde_generated.h``: the numbers, enums and structs of the C library;
- ``native/src/wire.h``: a record for each command, with functions to parse and build it;
- ``native/generated.py``: the functions of the library for ctypes, and the fingerprint by which the loader detects
  a library built from other sources;
- tables in the documentation, between ``<!-- generated: ... -->`` and ``<!-- end -->``.

``--check`` writes nothing, and exits with 1 if a file is stale.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
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
    # Stand-ins for the packages, which would import files that are generated here.
    _package = ModuleType(_name)
    _package.__path__ = [str(ROOT.joinpath(*_name.split(".")))]
    sys.modules[_name] = _package

from godot_enet.core.native.structs import STRUCTS, HostFlag, Result  # noqa: E402
from godot_enet.core.protocol import constants, packing, tuning  # noqa: E402
from godot_enet.core.protocol.config import HostConfig  # noqa: E402
from godot_enet.core.protocol.constants import Command, PeerState  # noqa: E402
from godot_enet.core.protocol.drops import Drop  # noqa: E402
from godot_enet.core.protocol.events import DisconnectReason, EventType  # noqa: E402
from godot_enet.core.protocol.states import DATA, STATES, TRANSITIONS  # noqa: E402
from godot_enet.core.protocol.wire import HEAD_LAYOUT, LAYOUTS, Layout  # noqa: E402

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
"""By the prefix of their names in C."""
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


def c_list(name: str, values: Iterable[int]) -> str:
    """A macro for the initializer of an array, in the order of its values."""
    return f"#define {name} {{ {', '.join(map(str, values))} }}\n"


def c_rows(name: str, prefix: str, rows: Mapping[PeerState, frozenset[Any]]) -> str:
    """A macro for an array of sets of bits, by state."""
    return c_array(
        f"STATE_{name}",
        {
            f"STATE_{state.name}": " | ".join(f"1u << {prefix}_{one.name}" for one in sorted(members)) or "0"
            for state, members in rows.items()
        },
    )


def numbers(module: ModuleType) -> dict[str, int]:
    """The numbers that a module exports, in its order."""
    return {name: value for name, value in vars(module).items() if name in module.__all__ and isinstance(value, int)}


def members(prefix: str, kind: type[IntEnum] | type[IntFlag]) -> dict[str, int]:
    """The members of an enum, and their count if they start from 0."""
    made = {f"{prefix}_{member.name}": int(member) for member in kind}
    if list(made.values()) == list(range(len(made))):
        made[f"{prefix}_COUNT"] = len(made)
    return made


_ON_THE_WIRE = {
    "B": ("uint8_t", "at[{0}]", "at[{0}] = {1}"),
    "H": ("uint16_t", "read16(at + {0})", "write16(at + {0}, {1})"),
    "I": ("uint32_t", "read32(at + {0})", "write32(at + {0}, {1})"),
    "4s": ("uint32_t", "read32_little(at + {0})", "write32_little(at + {0}, {1})"),
}
"""Of each ``struct`` code: its type in C, how it is read, and how written."""


def c_record(name: str, layout: Layout, begin: int) -> str:
    """The fields of a command, which start at ``begin``: the struct, and the functions that parse and build it."""
    fields, reads, writes = [], [], []
    codes = ">"
    for field, code in layout:
        kind, read, write = _ON_THE_WIRE[code]
        place = begin + calcsize(codes)
        fields.append(f"    {kind} {field};\n")
        reads.append(f"        .{field} = {read.format(place)},\n")
        writes.append(f"    {write.format(place, f'fields->{field}')};\n")
        codes += code
    return (
        f"typedef struct {{\n{''.join(fields)}}} {name}_fields;\n"
        f"static inline {name}_fields parse_{name}(const uint8_t *at) {{\n"
        f"    return ({name}_fields){{\n{''.join(reads)}    }};\n}}\n"
        f"static inline void build_{name}(uint8_t *at, const {name}_fields *fields) {{\n{''.join(writes)}}}\n"
    )


def wire_header() -> str:
    """wire.h."""
    sizes = {
        f"{command.name}_SIZE": calcsize(">" + "".join(code for _, code in layout))
        for command, layout in LAYOUTS.items()
    }
    head_size = calcsize(">" + "".join(code for _, code in HEAD_LAYOUT))
    own = {command: layout[len(HEAD_LAYOUT) :] for command, layout in LAYOUTS.items()}
    parts = [
        f"/* {MARK}\n * The commands of godot_enet/core/protocol/wire.py. `at` is the first byte of a command. */\n"
        '#ifndef GDE_WIRE_H\n#define GDE_WIRE_H\n\n#include "basics.h"\n',
        c_enum({"HEAD_SIZE": head_size, **sizes}),
        c_array("COMMAND_SIZES", {f"COMMAND_{command.name}": f"{command.name}_SIZE" for command in LAYOUTS}),
        c_record("head", HEAD_LAYOUT, 0),
        *(c_record(command.name.lower(), layout, head_size) for command, layout in own.items() if layout),
        "#endif\n",
    ]
    return "\n".join(parts)


def struct(name: str, record: type[ctypes.Structure]) -> str:
    """A struct as C declares it."""
    lines = []
    for field, kind, *_ in record._fields_:
        if issubclass(kind, ctypes.Structure):
            lines.append(f"{next(key for key, value in STRUCTS.items() if value is kind)} {field}")
        elif issubclass(kind, ctypes.Array):
            lines.append(f"{_SCALARS[kind._type_]} {field}[{kind._length_}]")
        elif kind is ctypes.c_void_p:
            lines.append(f"const uint8_t *{field}")
        else:
            lines.append(f"{_SCALARS[kind]} {field}")
    return "typedef struct {\n" + "".join(f"    {line};\n" for line in lines) + f"}} {name};\n"


def without_comments(file: str) -> str:
    """A file of the library."""
    return re.sub(r"/\*.*?\*/", "", (SOURCES / file).read_text(encoding="utf-8"), flags=re.DOTALL)


def prototypes(file: str) -> list[str]:
    """The functions that a file exports, a line each."""
    found = re.findall(r"^GDE_API ([^;{]+?)\s*[;{]", without_comments(file), flags=re.MULTILINE)
    return [re.sub(r"\s+", " ", one) for one in found]


def hot_abi() -> list[str]:
    """What C and Python must agree on for the C methods: names, formats of arguments, and objects in their order."""
    files = sorted(path.name for path in SOURCES.glob("hot*.[ch]"))
    texts = [found for file in files for found in re.findall(r'"(?:[^"\\\n]|\\.)*"', without_comments(file))]
    return [*texts, *re.findall(r"X\([^()]* (Py\w+)\)", without_comments("python_abi.h"))]


def header() -> str:
    """gde_generated.h, without the fingerprint."""
    parts = [
        f"/* {MARK}\n * The numbers are explained in godot_enet/core/protocol, the structs in native/structs.py. */\n"
        "#ifndef GDE_GENERATED_H\n#define GDE_GENERATED_H\n\n#include <stddef.h>\n#include <stdint.h>\n",
        c_enum(numbers(constants)),
        c_enum(numbers(tuning)),
        c_enum(numbers(packing)),
        c_list("ROUND_TRIP_BOUNDS", constants.ROUND_TRIP_BOUNDS),
        *(c_enum(members(prefix, kind)) for prefix, kind in ENUMS.items()),
        "/* Bit n of a state's row: state n may follow. */\n" + c_rows("TRANSITIONS", "STATE", TRANSITIONS),
        "/* Bit n of a state's row: what becomes of command n, see states.py. */\n"
        + "\n".join(
            c_rows(name.upper(), "COMMAND", {state: getattr(rules, name) for state, rules in STATES.items()})
            for name in ("takes", "ignores", "acknowledges", "sends")
        ),
        *(struct(name, record) for name, record in STRUCTS.items()),
        "#define GDE_DEFAULT_CONFIG \\\n    ((gde_config){ \\\n"
        + "".join(f"        .{name} = {value}, \\\n" for name, value in DEFAULTS.items())
        + "    })\n",
        "/* Where the fields of each struct begin, and its size. */\n#define GDE_LAYOUT \\\n    { \\\n"
        + "".join(
            "        "
            + " ".join(f"offsetof({name}, {field})," for field, *_ in record._fields_)
            + f" sizeof({name}), \\\n"
            for name, record in STRUCTS.items()
        )
        + "    }\n",
    ]
    return "\n".join(parts)


def fingerprint() -> int:
    """64 bits that change with anything that both sides share."""
    shared = [header(), wire_header(), *prototypes("gde.h"), *prototypes("hot_types.c"), *hot_abi()]
    return int.from_bytes(sha256("\n".join(shared).encode()).digest()[:8], "big")


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
    """A default, formatted for the tables."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    return f"{number:,}"


def drops_table() -> str:
    """Causes and their meanings."""
    rows = [
        f"| `{cause.name}` | {'not sent: ' * cause.outgoing}{'connecting: ' * cause.connecting}{cause.explanation} |"
        for cause in Drop
    ]
    return "\n".join(["| cause | meaning |", "|---|---|", *rows])


def limits_table() -> str:
    """The settings with limits."""
    rows = [
        f"| {one.metadata['limits']} | {amount(DEFAULTS[one.name])} | `{one.name}` |"
        for one in fields(HostConfig)
        if one.metadata.get("limits")
    ]
    return "\n".join(["| limit | default | `HostConfig` |", "|---|---|---|", *rows])


def commands(some: frozenset[Command]) -> str:
    """A set of commands, formatted for the tables."""
    if some == frozenset(Command) - {Command.NONE}:
        return "all"
    named = [command.name for command in sorted(some - DATA)]
    return ", ".join(["packets"] * (some >= DATA) + named) or "-"


def states_table() -> str:
    """The states of a peer as a diagram, and a table of their commands."""

    def place(state: PeerState) -> str:
        return "[*]" if state is PeerState.DISCONNECTED else state.name

    arrows = [
        f"    {place(state)} --> {place(after)}" for state, rules in STATES.items() for after in sorted(rules.following)
    ]
    rows = [
        f"| {state.name} | {commands(rules.takes)} | {commands(rules.ignores)} | {commands(rules.acknowledges)} "
        f"| {commands(rules.sends)} |"
        for state, rules in STATES.items()
    ]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            *arrows,
            "```",
            "",
            "| state | takes from the remote | ignores | acknowledges | queues for the remote |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


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
    """Each file with its generated text."""
    yield SOURCES / "gde_generated.h", c_header()
    yield SOURCES / "wire.h", wire_header()
    yield CORE / "native" / "generated.py", python_table()
    for file, (name, table) in TABLES.items():
        yield ROOT / file, page(ROOT / file, name, table())


def main() -> int:
    """Write the files, or with ``--check`` report stale ones."""
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
