"""Two network namespaces for attacks with forged addresses: a server, and the attackers.

Linux, as root, with iproute2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["CLIENT", "SERVER", "Namespaces", "namespaces", "why_not"]

SERVER, CLIENT = "10.9.1.1", "198.51.100.77"


def why_not() -> str:
    """The reason why namespaces are not available; empty if they are."""
    if sys.platform != "linux" or not shutil.which("ip"):
        return "needs Linux with iproute2"
    if os.geteuid() != 0:
        return "needs root for network namespaces"
    probe = subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True)
    return "" if probe.returncode == 0 else "network namespaces are not allowed here"


class Namespaces:
    """Their names."""

    def __init__(self, stem: str) -> None:
        self.server, self.world = f"{stem}-server", f"{stem}-world"

    def inside(self, name: str, *command: str) -> list[str]:
        """The command, in that namespace."""
        return ["ip", "netns", "exec", name, *command]


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Two connected namespaces, deleted at the end of the block."""
    here = Namespaces(f"gde-{os.getpid()}")
    try:
        for name in (here.server, here.world):
            _run("ip", "netns", "add", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        _run("ip", "-n", here.server, "link", "add", "s0", "type", "veth", "peer", "name", "w0", "netns", here.world)
        for name, device, address in ((here.server, "s0", f"{SERVER}/24"), (here.world, "w0", "10.9.1.2/24")):
            _run("ip", "-n", name, "address", "add", address, "dev", device)
            _run("ip", "-n", name, "link", "set", device, "up")
        _run("ip", "-n", here.server, "route", "add", "default", "via", "10.9.1.2")
        # Answers to forged addresses are discarded; only the client's address exists.
        _run("ip", "-n", here.world, "route", "add", "blackhole", "default")
        _run("ip", "-n", here.world, "address", "add", f"{CLIENT}/32", "dev", "lo")
        yield here
    finally:
        for name in (here.server, here.world):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
