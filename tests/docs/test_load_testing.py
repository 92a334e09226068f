"""The programs of docs/load-testing.md play against a server, with few bots."""

from __future__ import annotations

from pathlib import Path

import pytest

from godot_enet.__main__ import main
from tests.demos.program import Program
from tests.docs.snippets import FENCE, page

PROGRAMS = {
    code.partition("\n")[0].removeprefix("# "): code
    for language, code in FENCE.findall(page("docs/load-testing.md"))
    if language == "python" and code.startswith("# ")
}
GAME = """
import sys
sys.path.insert(0, sys.argv[1])
from shop import Customer, Shop
from godot_enet import ENetMultiplayerPeer, SceneTree, rpc

class Selling(Shop):
    @rpc("any_peer")
    def buy(self, thing):
        self.bought.rpc_id(self.multiplayer.get_remote_sender_id(), 10)

tree, peer = SceneTree(), ENetMultiplayerPeer()
tree.root.add_child(Selling("Shop"))
peer.create_server(0)
tree.root.multiplayer.multiplayer_peer = peer
print("listening on port", peer.host.get_local_port())
tree.run(60)
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with those that have names."""
    for name, code in PROGRAMS.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    return tmp_path


def load(file: Path, host: str, *arguments: str) -> int:
    return main(["load", str(file), "--host", host, "--bots", "5", "--rate", "1000", *arguments])


def test_the_page_has_these() -> None:
    assert list(PROGRAMS) == ["bot.py", "shop.py", "travellers.py"]


def test_bots_and_travellers_play(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Program("-m", "godot_enet", "echo", "0", "--bind", "127.0.0.1") as server:
        server.wait_for("listening on port")
        host = "127.0.0.1:" + server.lines[-1].split()[3].rstrip(",")
        assert load(programs / "bot.py", host, "--seconds", "4") == 0, capsys.readouterr().out
        output = capsys.readouterr().out
        assert "PACKET buy" in output
        assert load(programs / "travellers.py", host, "--seconds", "1.5") == 0, capsys.readouterr().out


def test_customers_buy(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Program("-c", GAME, programs) as game:
        game.wait_for("listening on port")
        host = "127.0.0.1:" + game.lines[-1].split()[-1]
        assert load(programs / "shop.py", host, "--seconds", "1.5") == 0, capsys.readouterr().out
    assert "RPC buy" in capsys.readouterr().out
