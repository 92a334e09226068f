"""``python -m godot_enet load``: bots of a file against a server in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from godot_enet.__main__ import main
from tests.demos.program import Program, free_port

BOT = """\
from godot_enet.load import ENetUser, GodotUser

class Player(ENetUser):
    frame_rate = 2.0

    def on_connected(self):
        self.send(b"buy", request="buy")

    def on_packet(self, packet, channel):
        self.end_request("buy", size=len(packet))
        self.answered = True

class Broken(Player):
    weight = 0.25

    def on_frame(self, delta):
        raise ValueError("a bug in the bot")
"""


class EchoServer(Program):
    """Started once for all tests here."""

    def __init__(self) -> None:
        super().__init__("-m", "godot_enet", "echo", "0", "--bind", "127.0.0.1", "--peers", "100")
        self.wait_for("listening on port")
        self.address = "127.0.0.1:" + self.lines[-1].split()[3].rstrip(",")


@pytest.fixture(scope="module")
def server() -> Iterator[EchoServer]:
    echo = EchoServer()
    with echo:
        yield echo


@pytest.fixture
def bots(tmp_path: Path) -> str:
    file = tmp_path / "bot.py"
    file.write_text(BOT, encoding="utf-8")
    return str(file)


def row(output: str, name: str) -> list[str]:
    """The fields of a line of the summary: requests, failed, per second, median, ..."""
    found = re.search(rf"^{name} +(.*)$", output, re.MULTILINE)
    assert found is not None, output
    return found[1].split()


@pytest.mark.usefixtures("host_engine")
def test_bots_play_and_a_summary_says_how(bots: str, server: EchoServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Answers are measured when they arrive, not at the next frame, which is half a second later."""
    arguments = ["--bots", "20", "--rate", "1000", "--seconds", "1.2", "--class", "Player"]
    code = main(["load", bots, "--host", server.address, *arguments])
    output = capsys.readouterr().out
    assert code == 0, output
    assert row(output, "ENET connect")[:2] == ["20", "0"]
    assert row(output, "PACKET buy")[:2] == ["20", "0"]
    assert float(row(output, "PACKET buy")[3]) < 250
    assert "20 of 20 bots connected" in output
    assert "failures" not in output


def test_what_fails_is_told_and_is_the_exit_code(
    bots: str, server: EchoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["load", bots, "--bots", "10", "--seconds", "1.2", "--rate", "1000", "--host", server.address])
    output = capsys.readouterr().out
    assert code == 1
    count = row(output, "METHOD Broken.on_frame")[0]
    assert int(count) >= 2  # two bots of ten, by their weight
    assert f"{count}  METHOD Broken.on_frame: ValueError: a bug in the bot" in output
    assert output.count('raise ValueError("a bug in the bot")') == 1
    assert row(output, "PACKET buy")[:2] == ["10", "0"]


def test_a_server_that_is_not_there(bots: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(bots).read_text(encoding="utf-8") + "\nPlayer.connect_timeout = 0.2\n"
    Path(bots).write_text(text, encoding="utf-8")
    host = f"127.0.0.1:{free_port()}"
    assert main(["load", bots, "--bots", "3", "--seconds", "60", "--host", host, "--class", "Player"]) == 1
    assert "3  ENET connect: no answer within 0.2 s" in capsys.readouterr().out


def test_on_start_runs_first_and_its_exception_leaves_the_bot_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bot.py"
    file.write_text(BOT + "    def on_start(self):\n        raise OSError('no login')\n", encoding="utf-8")
    assert main(["load", str(file), "--bots", "2", "--host", "127.0.0.1:1", "--class", "Broken"]) == 1
    output = capsys.readouterr().out
    assert "2  METHOD Broken.on_start: OSError: no login" in output
    assert "connect" not in output.replace("connected", "")


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (None, [], "there is no such file"),
        ("import nothing_like_it", [], "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("from godot_enet.load import ENetUser", [], "there is no class that derives from ENetUser or GodotUser"),
        (BOT, [], "the host of a bot must be ADDRESS:PORT, not ''"),
        (BOT, ["--host", "127.0.0.1"], "the host of a bot must be ADDRESS:PORT, not '127.0.0.1'"),
        (BOT, ["--host", "127.0.0.1:1", "--class", "Wizard"], "there is no class 'Wizard' of bots; there are Player, "),
        (BOT + "    weight = 0", ["--class", "Broken"], "the weight of Broken is not greater than 0"),
    ],
)
def test_what_cannot_be_run(
    text: str | None, arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bot.py"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main(["load", str(file), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_class_without_a_weight_rests(tmp_path: Path, server: EchoServer, capsys: pytest.CaptureFixture[str]) -> None:
    """As under Locust, which leaves it out."""
    file = tmp_path / "bot.py"
    file.write_text(BOT + "    weight = 0\n", encoding="utf-8")
    arguments = ["--host", server.address, "--bots", "4", "--rate", "1000", "--seconds", "0.5"]
    assert main(["load", str(file), *arguments]) == 0, capsys.readouterr().out
    assert row(capsys.readouterr().out, "ENET connect")[:2] == ["4", "0"]


@pytest.mark.parametrize("option", ["--bots", "--seconds", "--rate"])
def test_numbers_that_are_too_small(option: str, bots: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["load", bots, option, "0"])
    assert caught.value.code == 2
    assert f"{option} must be greater than 0" in capsys.readouterr().err


def test_ctrl_c_ends_it_with_the_summary(bots: str, server: EchoServer) -> None:
    arguments = ["--bots", "5", "--seconds", "600", "--host", server.address, "--class", "Player"]
    with Program("-m", "godot_enet", "load", bots, *arguments) as load:
        load.wait_for("5 of 5 bots connected")
        load.interrupt()
        assert load.finish() == 0, load.output
        assert row(load.output, "ENET connect")[:2] == ["5", "0"]
    server.wait_for("disconnected")
