"""``ping``: says whether a server answers, how fast, and what it needs a client to be set to."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from godot_enet.compat.addresses import find_target
from godot_enet.core.compression import Codec
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import HOST_DEFAULT_MTU, MAXIMUM_MTU
from godot_enet.tools.command_line import number, whole_number
from godot_enet.tools.probe import Answer, Outcome, probe

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to"]

_DESCRIPTION = """\
Connect to a server once, as a Godot client does, and disconnect again. The server takes this for a player: a Godot
server emits peer_connected and peer_disconnected. Finds out by itself which of the compression modes the server uses,
and whether it uses DTLS, whose certificate is not checked. Exit code: 0 if the server answers pings, 1 if nothing
answers, 2 for wrong arguments and unknown names, 3 if the port is unreachable, 4 if the server refuses or drops the
connection, 5 if it uses what needs a package that is not installed, or does not let this client in."""

_CODES = {
    Outcome.CONNECTED: 0,
    Outcome.SILENT: 1,
    Outcome.UNREACHABLE: 3,
    Outcome.REFUSED: 4,
    Outcome.DROPPED: 4,
    Outcome.LOCKED: 5,
}
_EXPLANATIONS = {
    Outcome.SILENT: "Nothing answers. There is no server, or a firewall drops the packets, or the server is full: most "
    "are silent then.",
    Outcome.UNREACHABLE: "The port is unreachable: the machine is there, and no program listens on this UDP port.",
    Outcome.REFUSED: "The server refuses the connection, with the number {data}. It is full, or refuses this client.",
    Outcome.DROPPED: "The server answers, and drops the connection without a word. A Godot server with "
    "refuse_new_connections does this.",
    Outcome.LOCKED: "The server answers, but cannot be talked to: {hint}.",
}
_MODES = {
    None: "none (COMPRESS_NONE)",
    Codec.RANGE_CODER: "range coder (COMPRESS_RANGE_CODER)",
    Codec.FASTLZ: "FastLZ (COMPRESS_FASTLZ)",
    Codec.ZLIB: "zlib (COMPRESS_ZLIB)",
    Codec.ZSTD: "Zstandard (COMPRESS_ZSTD)",
}
_OLD_MTUS = (1400, MAXIMUM_MTU)
"""The default before ENet 1.3.18; and ours, which those versions take over."""
_MAX_SLOT_NUMBER = 64
"""From here on a number is more likely random than ENet's own, which counts up from 0 with the peers."""


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser(
        "ping", help="find out whether a server answers, how fast, and what it uses", description=_DESCRIPTION
    )
    parser.add_argument("host", metavar="HOST", help="a name or an IP address")
    parser.add_argument("port", metavar="PORT", type=whole_number(1, 65535), help="a UDP port")
    parser.add_argument(
        "--count", type=whole_number(1, 1_000_000), default=5, metavar="N", help="pings to send (default 5)"
    )
    parser.add_argument(
        "--interval", type=number(0, 3600), default=0.2, metavar="S", help="seconds between them (default 0.2)"
    )
    parser.add_argument(
        "--timeout", type=number(0.1, 3600), default=5.0, metavar="S", help="seconds to wait (default 5)"
    )
    parser.add_argument(
        "--channels", type=whole_number(1, 255), default=255, metavar="N", help="channels to ask for (default 255)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    found = find_target(options.host, options.port)
    if isinstance(found, str):
        sys.stderr.write(f"ping: {found}\n")
        return 2
    target = found.address
    try:
        answer = probe(
            target,
            count=options.count,
            interval=options.interval,
            timeout=options.timeout,
            channels=options.channels,
        )
    except OSError as error:
        sys.stderr.write(f"ping: {target} cannot be reached from here: {error.strerror or error}\n")
        return 3
    sys.stdout.write(json.dumps(_as_json(target, answer)) + "\n" if options.json else _as_text(target, answer))
    return _CODES[answer.outcome]


def _as_text(target: Address, answer: Answer) -> str:
    lines = [f"{target}"]
    if answer.outcome is not Outcome.CONNECTED:
        lines.append(_EXPLANATIONS[answer.outcome].format(data=answer.data, hint=answer.hint))
    if answer.encrypted or answer.reply is not None:
        lines.append(f"encryption   {'DTLS' if answer.encrypted else 'none'}")
    if answer.codec is not None or answer.outcome is Outcome.CONNECTED:
        lines.append(f"compression  {_MODES[answer.codec]}")
    if answer.reply is not None:
        lines += [
            f"server       {_guess(answer)}",
            f"channels     {answer.reply.channel_count}",
            f"MTU          {answer.reply.mtu} bytes",
        ]
    if answer.outcome is Outcome.CONNECTED:
        lines.append(f"pings        {answer.sent} sent, {answer.lost / (answer.sent or 1):.0%} lost")
        if times := answer.round_trips:
            average = sum(times) / len(times)
            lines.append(f"round trip   {min(times):.1f} / {average:.1f} / {max(times):.1f} ms (min / average / max)")
    return "\n".join(lines) + "\n"


def _as_json(target: Address, answer: Answer) -> dict[str, object]:
    reply, times = answer.reply, answer.round_trips
    return {
        "host": target.host,
        "port": target.port,
        "outcome": answer.outcome.value,
        "hint": answer.hint,
        "refused_with": answer.data if answer.outcome is Outcome.REFUSED else None,
        "dtls": answer.encrypted,
        "compression": answer.codec.value if answer.codec else "none" if answer.outcome is Outcome.CONNECTED else None,
        "server_guess": _guess(answer) if reply else None,
        "channels": reply.channel_count if reply else None,
        "mtu": reply.mtu if reply else None,
        "incoming_bandwidth": reply.incoming_bandwidth if reply else None,
        "outgoing_bandwidth": reply.outgoing_bandwidth if reply else None,
        "pings_sent": answer.sent,
        "pings_lost": answer.lost,
        "round_trip_ms": {"min": min(times), "average": sum(times) / len(times), "max": max(times)} if times else None,
    }


def _guess(answer: Answer) -> str:
    """What the server may be made of. Godot's ENet and libenet are the same on the wire."""
    reply = answer.reply
    if reply is None:
        return "unknown"
    if answer.encrypted or answer.codec not in (None, Codec.RANGE_CODER):
        return "Godot 4 or godot_enet (libenet has no such encryption or compression)"
    if reply.mtu in _OLD_MTUS:
        return "probably ENet 1.3.17 or older"
    if reply.peer_id >= _MAX_SLOT_NUMBER:
        return "probably godot_enet, which numbers its peers at random"
    if reply.mtu == HOST_DEFAULT_MTU:
        return "probably ENet 1.3.18: libenet or Godot 4"
    return "an ENet with an MTU of its own"
