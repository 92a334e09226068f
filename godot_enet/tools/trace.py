"""``trace``: prints what a recording or a capture contains, one line a command."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from godot_enet.compat.scene.rpc_config import RpcTable
from godot_enet.recording import RecordedDatagram, Recording, RecordingError
from godot_enet.recording.capture import is_capture, read_capture
from godot_enet.recording.decoder import Decoder, Line, Packets
from godot_enet.recording.recorder import METHODS_NOTE, SCENE_NOTE
from godot_enet.tools.command_line import explain, whole_number
from godot_enet.tools.rpc_check import methods_of_class, methods_of_scripts
from godot_enet.tools.trace_lines import as_object, as_text

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to"]

_DESCRIPTION = """\
Print a recording made by record(), or a capture of your own traffic (pcap, pcapng; needs the extra trace): one line a
command, with the packet that it carries or completes. Exit code: 0, 1 if the file is damaged, after what comes before
the damage, 2 if it cannot be read at all."""


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser("trace", help="print a recording or a capture, decoded", description=_DESCRIPTION)
    parser.add_argument("file", metavar="FILE", help="a recording, or a capture")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--peer", action="append", metavar="ADDRESS", help="only from or to this IP address, or IP:PORT; repeatable"
    )
    parser.add_argument(
        "--channel", action="append", type=whole_number(0, 255), metavar="N", help="only this channel; repeatable"
    )
    parser.add_argument(
        "--kind",
        action="append",
        metavar="KIND",
        help="only this kind of command or packet, such as PING, RPC, SYNC; repeatable",
    )
    parser.add_argument("--since", type=float, default=0.0, metavar="S", help="only from this second on")
    parser.add_argument("--until", type=float, metavar="S", help="only up to this second")
    parser.add_argument(
        "--packets",
        choices=[each.value for each in Packets],
        default="auto",
        help="what the packets are; auto: those of SceneMultiplayer where clients connect with an id, else bytes",
    )
    parser.add_argument(
        "--methods",
        action="append",
        default=[],
        metavar="SCRIPT.gd|MODULE:CLASS",
        help="take the names of RPC methods from here; repeatable",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        methods = dict(map(_table, options.methods))
    except (OSError, ValueError, ImportError, AttributeError, TypeError) as error:
        return _fail(f"--methods: {explain(error)}", 2)
    try:
        is_foreign = is_capture(options.file)
        recording = None if is_foreign else Recording(options.file, partial=True)
        datagrams: Iterable[RecordedDatagram] = recording or read_capture(options.file)
    except (OSError, RecordingError) as error:
        return _fail(explain(error), 2)
    packets = Packets(options.packets)
    if recording is not None:
        methods |= _noted_methods(recording.notes)
        if packets is Packets.AUTO and SCENE_NOTE in recording.notes:
            packets = Packets.SCENE
    show = _json if options.json else as_text
    try:
        _print(datagrams, Decoder(packets, methods), _filter(options, hide_unreadable=is_foreign), show)
    except (OSError, RecordingError) as error:
        if isinstance(error, BrokenPipeError):  # such as head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _fail(explain(error), 1)
    return _fail(recording.damage, 1) if recording is not None and recording.damage else 0


def _print(
    datagrams: Iterable[RecordedDatagram],
    decoder: Decoder,
    is_wanted: Callable[[Line], bool],
    show: Callable[[Line], str],
) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for datagram in datagrams:
        for line in decoder.lines(datagram):
            if is_wanted(line):
                sys.stdout.write(show(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()


def _json(line: Line) -> str:
    return json.dumps(as_object(line))


def _filter(options: argparse.Namespace, *, hide_unreadable: bool) -> Callable[[Line], bool]:
    """Whether a line is to be printed. A capture may have other traffic, which is hidden unless asked for."""
    kinds = {kind.upper().replace("-", "_") for kind in options.kind or ()}
    until = float("inf") if options.until is None else options.until

    def is_wanted(line: Line) -> bool:
        if not options.since <= line.time / 1e6 <= until:
            return False
        if options.channel and line.channel not in options.channel:
            return False
        if options.peer and not any(
            name in (end.host, str(end)) for end in (line.source, line.destination) for name in options.peer
        ):
            return False
        if kinds:
            return bool(kinds & _kinds_of(line))
        return not (hide_unreadable and line.command == "UNREADABLE")

    return is_wanted


def _kinds_of(line: Line) -> set[str]:
    found, packet = {line.command}, line.packet
    while packet is not None:
        found.add(packet.kind)
        packet = packet.inner
    return found


def _table(source: str) -> tuple[str, dict[int, str]]:
    """The checksum of the RPC methods of a script or a class, and their names by number."""
    is_script = source.endswith(".gd") or ".gd:" in source
    found = methods_of_scripts([source]) if is_script else methods_of_class(source)
    table = RpcTable({}, {name: (method.config, _nothing) for name, method in found.items()})
    return table.checksum, {number: entry.name for number, entry in table.entries.items()}


def _nothing() -> None:
    """In place of the methods, which are not called."""


def _noted_methods(notes: dict[str, str]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for name, value in notes.items():
        if name.startswith(METHODS_NOTE):
            pairs = (entry.partition(":") for entry in value.split(","))
            found[name.removeprefix(METHODS_NOTE)] = {
                int(number): text for number, _, text in pairs if len(number) < 6 and number.isdecimal()
            }
    return found


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"trace: {text}\n")
    return code
