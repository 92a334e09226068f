"""A whole game by its scenes: a Godot that hosts it and one that joins it, with Python at the other end."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from godot_enet import SceneTree
from godot_enet.__main__ import main
from godot_enet.scenes import Project
from godot_enet.tools.scene_skeleton import skeleton
from tests.demos.program import Program, free_port
from tests.docs.snippets import FENCE, page
from tests.unit.scenes.conftest import write_files

from .conftest import need_godot
from .game_project import FILES, start_game

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("host_engine")]

PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project, as it is to be read by both."""
    return write_files(tmp_path / "project", FILES)


@pytest.fixture
def start(folder: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts the game in Godot, once its unique ids are known."""
    executable = need_godot()
    places = {name: str(tmp_path / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    command = [executable, "--headless", "--path", str(folder)]
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as output:

        def run(*arguments: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [*command, *arguments], env=os.environ | places, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            started.append(process)
            return process

        run("--import").wait(PATIENCE)
        yield run
        for process in started:
            process.kill()
            process.wait()
        output.seek(0)
        print(output.read().decode(errors="replace"))  # noqa: T201 - shown where a test has failed


def run_until(tree: SceneTree, happened: Callable[[], bool]) -> None:
    """Frames until it has happened."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        tree.process(1 / 60)
        time.sleep(1 / 120)


def expected(id: int, hp: int = 70) -> str:
    lines = [
        f"Players/{id} {hp} at 3,4",
        f"Arena/Pit/Bombs/Bomb{id} fuse 2.5",
        f"Arena/Enemies/Boss{id} 500 at 0,0, rage 9",
        "scores 12 a,b, wave 3",
    ]
    return "\n".join(lines)


def test_python_joins_a_game_that_godot_hosts(folder: Path, start: Callable[..., subprocess.Popen[bytes]]) -> None:
    port = free_port()
    godot = start("--", "server", str(port))
    tree, peer = start_game(folder, port, serves=False)
    main, network = tree.root.get_node("Main"), tree.root.get_node("Network")
    id = peer.get_unique_id()
    run_until(tree, lambda: main.described() == expected(id))
    assert [
        type(node).__name__ for node in (main.get_node(f"Players/{id}"), main.get_node(f"Arena/Enemies/Boss{id}"))
    ] == [
        "Player",
        "Boss",
    ]
    main.get_node(f"Players/{id}").hit.rpc_id(1, 5)
    run_until(tree, lambda: main.described() == expected(id, hp=65))
    network.ask.rpc_id(1)
    run_until(tree, lambda: bool(network.heard))
    assert network.heard == [expected(id, hp=65)]
    network.finish.rpc_id(1)
    run_until(tree, lambda: godot.poll() is not None)
    peer.close()


def test_godot_joins_a_game_that_python_hosts(folder: Path, start: Callable[..., subprocess.Popen[bytes]]) -> None:
    port = free_port()
    tree, peer = start_game(folder, port, serves=True)
    main, network = tree.root.get_node("Main"), tree.root.get_node("Network")
    godot = start("--", "client", str(port))
    run_until(tree, lambda: bool(main.multiplayer.get_peers()))
    (id,) = main.multiplayer.get_peers()
    main.get_node(f"Players/{id}").hit(5)
    answers: list[Any] = network.heard
    deadline = time.monotonic() + PATIENCE
    while expected(id, hp=65) not in answers and time.monotonic() < deadline:
        network.ask.rpc_id(id)
        asked = len(answers)
        run_until(tree, lambda count=asked: len(answers) > count)  # type: ignore[misc]
    assert answers[-1] == expected(id, hp=65)
    peer.close()
    godot.wait(PATIENCE)


def test_a_skeleton_joins_a_game_that_godot_hosts(
    folder: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    port = free_port()
    start("--", "server", str(port))
    member = tmp_path / "member.py"
    member.write_text(skeleton(Project(folder)), encoding="utf-8")
    with Program(member, "--port", str(port)) as program:
        program.wait_for("peer 1 connected")


PLAYING = """


class Playing(Bot):
    \"\"\"Waits for its player, has it hit, and leaves once the server has told so.\"\"\"

    host = "127.0.0.1:{port}"

    def on_connected(self) -> None:
        self.begin_request("spawn")
        self.asked = False

    def on_frame(self, delta: float) -> None:
        root = self.tree.root
        player = root.get_node_or_null(f"Main/Players/{{self.multiplayer.get_unique_id()}}")
        if player is None:
            return
        if not self.asked:
            self.asked = True
            assert (player.hp, player.position) == (70, Vector2(3, 4))
            self.end_request("spawn")
            self.request(root.get_node("Network").ask, reply="answer")
            self.begin_request("hit")
            player.hit.rpc_id(1, 5)
        elif player.hp == 65:
            self.end_request("hit")
            self.quit()
"""


def test_a_crowd_of_skeletons_plays_a_game_that_godot_hosts(
    folder: Path,
    tmp_path: Path,
    start: Callable[..., subprocess.Popen[bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As docs/load-testing.md says: each bot has a tree of its own, with what the server spawns and synchronizes."""
    port = free_port()
    start("--", "server", str(port))
    (bot,) = [code for _, code in FENCE.findall(page("docs/load-testing.md")) if "return make_tree()" in code]
    file = tmp_path / "crowd.py"
    text = skeleton(Project(folder)) + "\n\n" + bot + PLAYING.format(port=port)
    file.write_text(text.replace("import annotations\n", "import annotations\n\nfrom godot_enet import Vector2\n", 1))
    code = main(["load", str(file), "--class", "Playing", "--bots", "20", "--seconds", str(PATIENCE)])
    output = capsys.readouterr().out
    assert code == 0, output
    for request in ("ENET connect", "PACKET spawn", "PACKET hit", "RPC ask"):
        assert re.search(rf"^{request} +20 +0 ", output, re.MULTILINE), output
