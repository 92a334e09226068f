"""The programs of README and docs pass two type checkers, and so does what they promise about events."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demos.program import ROOT
from tests.docs.snippets import FENCE, page, programs

PAGES = sorted(str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PAGES.remove("docs/in-your-engine.md")  # its engines are not installed here; .ci/engines runs it
SECONDS = 280
pytestmark = pytest.mark.types
OTHERS = "import enet"
"""Programs that use another library, which has no types."""
BEGINNINGS = {
    "docs/compression.md": "from godot_enet import ENetConnection\n\nhost = ENetConnection()\n",
    "docs/dtls.md": (
        "from godot_enet import ENetConnection, TLSOptions, X509Certificate\n\n"
        "host, certificate = ENetConnection(), X509Certificate()\n"
    ),
    "docs/load-testing.md": (
        "from godot_enet import SceneTree\n\n\ndef make_tree() -> SceneTree:\n    return SceneTree()\n\n\n"
    ),
    "docs/join-a-game.md": (
        "import random\nimport time\nfrom typing import Any\n\n"
        "from godot_enet import ENetMultiplayerPeer, MultiplayerSpawner, Node, SceneTree, Vector2, rpc\n"
        "from godot_enet.scenes import Game, script\n\n"
        'game, tree, peer = Game("."), SceneTree(), ENetMultiplayerPeer()\n'
    ),
}
"""What the pages with fragments have told before them."""
EVENTS = """
from __future__ import annotations

from godot_enet import (
    ConnectEvent,
    DisconnectEvent,
    ENetConnection,
    ENetPacketPeer,
    ErrorEvent,
    NoEvent,
    Node,
    ReceiveEvent,
    ServiceResult,
    Signal,
    SignalProperty,
)


def by_type(event: ServiceResult, connection: ENetConnection) -> ENetPacketPeer | None:
    if event.type == ENetConnection.EVENT_CONNECT or event.type == connection.EVENT_DISCONNECT:
        return event.peer
    if event.type is ENetConnection.EVENT_RECEIVE:
        return event.peer
    nobody: None = event.peer
    return nobody


def by_match(event: ServiceResult) -> int:
    match event.type:
        case ENetConnection.EVENT_RECEIVE:
            return len(event.peer.get_packet())
        case ENetConnection.EVENT_CONNECT | ENetConnection.EVENT_DISCONNECT:
            return event.peer.get_remote_port()
        case _:
            nobody: None = event.peer
            return 0 if nobody is None else 1


def by_class(event: ServiceResult) -> int:
    match event:
        case ReceiveEvent(peer=peer, channel=channel):
            return len(peer.get_packet()) + channel
        case ConnectEvent(peer=peer) | DisconnectEvent(peer=peer):
            return peer.get_remote_port()
        case NoEvent() | ErrorEvent():
            return 0


class Player(Node):
    died = SignalProperty()
    hit = SignalProperty("damage")
    healed = SignalProperty[[int]]("health")

    def on_number(self, number: int) -> None: ...

    def _ready(self) -> None:
        self.died.connect(lambda: None)
        self.died.emit()
        self.hit.connect(self.on_number)
        self.hit.emit(3)
        self.healed.connect(self.on_number)
        self.healed.emit(3)
        without: Signal[[]] = self.died
        typed: Signal[[int]] = self.healed
        without.connect(typed.get_name)


def by_index(event: ServiceResult) -> int:
    match event:
        case [ENetConnection.EVENT_RECEIVE, peer, _, channel]:
            return len(peer.get_packet()) + channel
    kind, someone, data, channel = event
    return kind + data + channel + (someone is None)
"""


def parts(name: str) -> list[str]:
    """The modules that the code blocks of a page make up: programs by themselves, the others one after the other.

    A program that imports another one of its page contains that instead.
    """
    texts = {Path(file).stem: code for file, code in programs(name).items()}
    blocks = [code for language, code in FENCE.findall(page(name)) if language == "python" and OTHERS not in code]
    whole = [
        re.sub(r"^from (\w+) import \w+\n", lambda found: texts.get(found[1], found[0]), code, flags=re.MULTILINE)
        for code in blocks
        if code.startswith("# ")
    ]
    fragments = [code for code in blocks if not code.startswith("# ")]
    return [*whole, BEGINNINGS.get(name, "") + "\n".join(fragments)] if fragments else whole


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them in a folder."""
    folder = tmp_path_factory.mktemp("snippets")
    for name in PAGES:
        for number, code in enumerate(parts(name)):
            stem = Path(name).stem.lower().replace("-", "_")
            (folder / f"{stem}_{number}.py").write_text(code, encoding="utf-8")
    (folder / "events.py").write_text(EVENTS, encoding="utf-8")
    assert len(list(folder.iterdir())) >= 20
    return folder


def check(module: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} cannot be installed here: see pyproject.toml")
    command = [sys.executable, "-m", module, *options, *sorted(map(str, folder.glob("*.py")))]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_mypy_accepts_them(modules: Path) -> None:
    ran = check("mypy", modules, "--strict", "--explicit-package-bases", "--config-file=")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_pyright_accepts_them(modules: Path) -> None:
    ran = check("pyright", modules, f"--pythonpath={sys.executable}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
