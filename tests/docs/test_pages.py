"""What README and the quick start show is what happens: their programs run, their commands and links exist."""

from __future__ import annotations

import re
from pathlib import Path

import godot_enet
from benchmarks.scenarios import SCENARIOS
from godot_enet import ENetConnection
from tests.demos.program import PATIENCE, ROOT, Program, free_port
from tests.docs.snippets import commands, page, programs
from tests.rows import each_row

PAGES = [
    "README.md",
    "docs/asyncio.md",
    "docs/quickstart.md",
    "docs/compression.md",
    "docs/dtls.md",
    "SECURITY.md",
    "docs/hostile-networks.md",
    "docs/performance.md",
    "docs/testing.md",
    "docs/recording.md",
    "docs/changing.md",
    "docs/scenes.md",
    "docs/join-a-game.md",
    "docs/replication.md",
    "docs/netcode.md",
    "docs/platforms.md",
    "docs/ship-your-game.md",
    "docs/tools.md",
    "docs/scale.md",
    "docs/operations.md",
    "docs/in-your-engine.md",
]


def write_programs(name: str, folder: Path) -> dict[str, Path]:
    """The programs of a page as files; they use a free port in the place of theirs."""
    port = str(free_port())
    found = {}
    for file, code in programs(name).items():
        assert code.count("7777") == 1, file
        found[file] = folder / file
        found[file].write_text(code.replace("7777", port), encoding="utf-8")
    assert {"client.py", "server.py"} <= set(found)
    return found


def test_the_readme_echoes(tmp_path: Path) -> None:
    files = write_programs("README.md", tmp_path)
    with Program(files["server.py"]) as server:
        server.wait_for("listening on port")
        with Program(files["client.py"]) as client:
            assert client.finish() == 0, client.output
        server.wait_for("goodbye")
    assert client.lines == ["echo: hello"]
    assert server.lines[1:] == ["hello 127.0.0.1", "goodbye"]


def test_the_readme_is_short() -> None:
    assert all(len(code.splitlines()) <= 16 for code in programs("README.md").values())  # 15 and the file's name


def test_the_programs_for_engines_are_short() -> None:
    assert all(len(code.splitlines()) <= 26 for code in programs("docs/in-your-engine.md").values())


def test_the_server_for_engines_sends_numbers(tmp_path: Path) -> None:
    file, port = tmp_path / "server.py", free_port()
    file.write_text(programs("docs/in-your-engine.md")["server.py"].replace("7777", str(port)), encoding="utf-8")
    with Program(file), ENetConnection() as client:
        client.create_host(1)
        client.connect_to_host("127.0.0.1", port)
        assert client.service(int(PATIENCE * 1000)).type == ENetConnection.EVENT_CONNECT
        event = client.service(int(PATIENCE * 1000))
        assert event.type == ENetConnection.EVENT_RECEIVE
        assert 60 <= event.peer.get_var() <= 260


def test_the_quick_start_plays(tmp_path: Path) -> None:
    files = write_programs("docs/quickstart.md", tmp_path)
    with Program(files["server.py"]) as server:
        server.wait_for("serving on port")
        with Program(files["client.py"]) as client:
            assert client.finish() == 0, client.output
        server.wait_for("client disconnected")
    assert client.lines.count("chat: welcome") == client.lines.count("chat: hello") == 1, client.output
    assert "a client is at 1.5 2.5" in client.lines
    assert server.lines[1:] == ["client connected from 127.0.0.1", "client disconnected"]


@each_row("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page(name))
    assert links
    assert [
        link for link in links if not link.startswith("https://") and not (ROOT / name).parent.joinpath(link).exists()
    ] == []


@each_row("name", PAGES)
def test_programs_in_commands_exist(name: str) -> None:
    inline = re.findall(r"`((?:bash|python) [^`]+)`", page(name))
    for command in [*commands(name), *inline]:
        program, *arguments = command.split()
        if program == "bash" or (program == "python" and arguments[0] != "-m"):
            assert (ROOT / arguments[0]).is_file(), command
        assert all((ROOT / each).exists() for each in arguments if each.startswith("tests/")), command


def test_what_contributors_are_told_of_exists() -> None:
    named = re.findall(r"`((?:\.ci|scripts|\.github|tests|godot_enet)/[^` ]*)`", page("CONTRIBUTING.md"))
    assert len(named) >= 20
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_classes_said_to_work_are_there_and_others_are_not() -> None:
    rows = re.findall(r"^\| (`\w+`.*?) \| (.*?) \|$", page("README.md"), re.MULTILINE)
    assert len(rows) >= 4
    for names, state in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert hasattr(godot_enet, name) == state.startswith("works"), name


def test_the_performance_page_names_every_scenario() -> None:
    text = page("docs/performance.md")
    assert [scenario.name for scenario in SCENARIOS if f"`{scenario.name}`" not in text] == []
    assert [scenario.title for scenario in SCENARIOS if f"| {scenario.title} " not in text] == []
