"""What is compared, and what each one needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from benchmarks.libenet import build
from benchmarks.peers.over_gns import LIBRARY, library
from godot_enet import available_engines

__all__ = ["CONTENDERS", "OURS", "Contender"]

OURS = "godot_enet"


@dataclass(frozen=True, slots=True)
class Contender:
    """A transport, with a program that has both of its ends; ``ends.py`` says how it is called."""

    name: str
    missing: Callable[[], str]
    """What to do about its absence; empty if it is installed."""
    program: Callable[[], list[str]]
    """The command, up to the role. Only if it is not missing."""
    package: str = ""
    """Whose version is shown."""


@cache
def _libenet() -> Path | None:
    return build("libenet-peer", [Path(__file__).parent / "libenet.c"], ["-lenet"])


def _python(module: str, variant: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.peers.{module}", variant]


def _from_pip(name: str, package: str, module: str, *, imported: str = "", variant: str = "-") -> Contender:
    return Contender(
        name,
        lambda: "" if find_spec(imported or package) else f"pip install {package}",
        lambda: _python(module, variant),
        package,
    )


def _ours(name: str, variant: str, engine: str) -> Contender:
    return Contender(
        name,
        lambda: "" if engine in available_engines() else "pip install godot_enet, with a C compiler",
        lambda: _python("over_enet", variant),
    )


CONTENDERS: tuple[Contender, ...] = (
    _ours(OURS, "native", "native"),
    _ours(f"{OURS}, network thread", "native, thread", "native"),
    _ours(f"{OURS}, Python engine", "python", "python"),
    _from_pip("pyenet", "pyenet", "over_enet", imported="enet", variant="pyenet"),
    Contender(
        "libenet in C",
        lambda: "" if _libenet() else "apt-get install gcc libenet-dev",
        lambda: [str(_libenet()), "-"],
    ),
    _from_pip("KCP (siokcp)", "siokcp", "over_kcp"),
    _from_pip("RakNet (raknet)", "raknet", "over_raknet"),
    _from_pip("QUIC streams (aioquic)", "aioquic", "over_quic", variant="streams"),
    _from_pip("QUIC datagrams (aioquic)", "aioquic", "over_quic", variant="datagrams"),
    Contender(
        "GameNetworkingSockets",
        lambda: "" if library() else f"no package has it: build it; {LIBRARY}=PATH names the library",
        lambda: _python("over_gns", "-"),
    ),
    Contender("UDP sockets", lambda: "", lambda: _python("over_udp", "-")),
)
