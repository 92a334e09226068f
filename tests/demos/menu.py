"""The menu that demos with a window share: J joins, H hosts, and an address is typed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from tests.demos.window import Keys

__all__ = ["check_menu"]


def check_menu(keys: Keys, demo: Any, status_of: Callable[[Any], str]) -> None:
    """J reaches nobody; the address is typed; H hosts, in vain while the port is taken."""
    seen: dict[int, str] = {}
    draw = demo.draw

    def watch(stage: Any, game: Any, address: str) -> None:
        draw(stage, game, address)
        seen[stage.frame] = f"{status_of(game)} | {address}"

    keys.patch(demo, "draw", watch)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        keys.press = {2: "backspace", 3: "2", 5: "h", 8: "j"}
        assert demo.main(["--frames", "12", "--port", port]) == 0
    assert seen[1] == " | 127.0.0.1"
    assert seen[4] == " | 127.0.0.2"
    assert seen[7].startswith(f"Cannot listen on port {port}")
    assert seen[11] == f"Connecting to 127.0.0.2:{port} ... | 127.0.0.2"
