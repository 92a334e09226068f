"""What the pages for those who come from Godot and from pyenet show is what happens."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import variant as benchmark
from tests.demos.program import ROOT, Program, free_port
from tests.docs.snippets import FENCE, page, programs

PAGES = ["docs/coming-from-godot.md", "docs/coming-from-pyenet.md", "docs/lobby.md"]
SHOWN = re.compile(r"^(\S.*?)  # (.+)$")


def blocks(name: str) -> list[str]:
    return [code for language, code in FENCE.findall(page(name)) if language == "python"]


def run(code: str, names: dict[str, Any]) -> int:
    """Run a block; every ``expression  # value`` in it must give that value. Returns how many there were."""
    found = 0
    tree = ast.parse(code)
    lines = code.splitlines()
    for statement in tree.body:
        shown = SHOWN.match(lines[(statement.end_lineno or 0) - 1])
        source = ast.get_source_segment(code, statement) or ""
        if isinstance(statement, ast.Expr) and shown:
            assert repr(eval(source, names)) == shown[2], source
            found += 1
        else:
            exec(source, names)
    return found


@pytest.mark.usefixtures("host_engine")
def test_what_godot_users_are_shown_is_so() -> None:
    names: dict[str, Any] = {"__name__": "shown"}
    assert [run(code, names) for code in blocks("docs/coming-from-godot.md")] == [11, 4, 5, 4, 4]


def write(name: str, folder: Path) -> dict[str, Path]:
    port = str(free_port())
    files = {}
    for file, code in programs(name).items():
        files[file] = folder / file
        files[file].write_text(code.replace("7777", port), encoding="utf-8")
    return files


def pairs() -> list[tuple[str, str]]:
    """Ours with ours, and with pyenet where that can be installed."""
    servers, clients = ["server.py"], ["client.py"]
    if importlib.util.find_spec("enet"):
        servers.append("pyenet_server.py")
        clients.append("pyenet_client.py")
    return [(server, client) for server in servers for client in clients]


@pytest.mark.parametrize(("server", "client"), pairs())
def test_each_server_serves_each_client(tmp_path: Path, server: str, client: str) -> None:
    files = write("docs/coming-from-pyenet.md", tmp_path)
    with Program(files[server]) as serving:
        serving.wait_for("listening")
        with Program(files[client]) as joining:
            assert joining.finish() == 0, joining.output
        serving.wait_for("goodbye")
    assert joining.lines == ["echo: hello"]
    assert serving.lines == ["listening", "hello", "goodbye"]


def test_two_lobbies_meet(tmp_path: Path) -> None:
    lobby = write("docs/lobby.md", tmp_path)["lobby.py"]
    with Program(lobby, "--server") as server, Program(lobby) as client:
        for program in (server, client):
            program.wait_for("Python is here, in #ffd700")
            program.wait_for("everyone meets at -320.0, -180.0")


def test_the_lobby_is_as_long_as_the_page_says() -> None:
    code = dict(FENCE.findall(page("docs/lobby.md")))
    assert all(len(code[language].splitlines()) <= 70 for language in ("gdscript", "python"))


@pytest.mark.parametrize("name", PAGES)
def test_their_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page(name))
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


def test_the_cost_of_variants_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.main(["--quick"])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0].removeprefix("| ") for row in rows] == [case.title for case in benchmark.CASES]
    assert all(float(row[2].replace(",", "")) > 0 for row in rows)
    shown = page("docs/coming-from-godot.md")
    assert [case.title for case in benchmark.CASES if f"| {case.title} |" not in shown] == []
