"""Check the types of the programs of docs/in-your-engine.md, and run each against a server that moves its mark and then
leaves (.ci/engines)."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from godot_enet import ENetConnection, ENetPacketPeer

FENCE = "```python\n# "
FRAMES = 16
SECONDS = 60.0

NEEDS = {
    "in_pygame.py": "pygame",
    "in_panda3d.py": "panda3d",
    "in_pyglet.py": "pyglet",
    "in_arcade.py": "arcade",
    "in_raylib.py": "pyray",
    "in_ursina.py": "ursina",
    "in_kivy.py": "kivy",
    "in_moderngl.py": "moderngl_window",
    "in_tkinter.py": "tkinter",
    "in_fastapi.py": "fastapi",
    "in_gymnasium.py": "gymnasium",
}
BEFORE = {
    "in_panda3d.py": "from panda3d.core import load_prc_file_data\n"
    "load_prc_file_data('', 'win-size 320 240\\nload-display p3tinydisplay\\naudio-library-name null')\n",
    "in_ursina.py": "from panda3d.core import load_prc_file_data\nload_prc_file_data('', 'audio-library-name null')\n",
}
"""What takes the place of sound, and of a graphics card."""
AFTER = {
    "in_fastapi.py": """
import time
from fastapi.testclient import TestClient
with TestClient(app) as client:
    while not client.get("/x").json()["x"]:
        time.sleep(0.01)
""",
    "in_gymnasium.py": """
environment = Remote()
seen, _ = environment.reset(seed=1)
over = False
while not over:
    seen, _, over, _, _ = environment.step(1)
""",
}
"""What uses the programs that are parts of another one."""


def recipes() -> dict[str, str]:
    """The clients of the page, by name."""
    text = (Path(__file__).parents[1] / "docs/in-your-engine.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in text.split(FENCE)[1:]]
    return {block.split("\n", 1)[0]: block.split("\n", 1)[1] for block in blocks if block.startswith("in_")}


def check_types(files: list[Path]) -> str:
    """What mypy finds; an engine without types is Any to it."""
    options = ["--strict", "--ignore-missing-imports", "--allow-subclassing-any", "--allow-untyped-decorators"]
    command = [sys.executable, "-m", "mypy", *options, *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def take_picture(file: Path) -> None:
    """Of the screen, unless the program has no window."""
    grab = importlib.import_module("PIL.ImageGrab").grab
    picture = grab(xdisplay=os.environ["DISPLAY"])
    if picture.getbbox() is not None:
        picture.quantize(32).save(file, optimize=True)


def play(name: str, code: str, folder: Path, pictures: Path | None) -> str:
    """Run one, and return what is wrong; empty if it has seen all packets and ended by itself."""
    with ENetConnection() as server:
        server.create_host_bound("127.0.0.1", 0)
        code = code.replace("7777", str(server.get_local_port()))
        file = folder / name
        file.write_text(BEFORE.get(name, "") + code + AFTER.get(name, ""), encoding="utf-8")
        environment = {**os.environ, "SDL_AUDIODRIVER": "dummy", "KIVY_NO_ARGS": "1"}
        log = folder / f"{name}.log"
        with (
            log.open("w") as output,
            subprocess.Popen([sys.executable, file], env=environment, stdout=output, stderr=output) as program,
        ):
            peers: list[ENetPacketPeer] = []
            sent = 0
            for _ in range(int(SECONDS * 60)):
                event = server.service(16)
                if event.type == ENetConnection.EVENT_CONNECT:
                    peers.append(event.peer)
                if peers and sent < FRAMES:
                    sent += 1
                    peers[0].put_var(10.0 * sent)
                elif peers and sent == FRAMES:
                    sent += 1
                    if pictures is not None:
                        for _ in range(100):
                            server.service(16)
                        take_picture(pictures / f"{name.removesuffix('.py')}.png")
                    peers[0].peer_disconnect_later()
                if program.poll() is not None:
                    break
            program.kill()
            status = program.wait()
        ended = sent > FRAMES or name == "in_fastapi.py"
        return "" if status == 0 and ended else f"status {status}, {sent} packets\n{log.read_text()[-2000:]}"


def main() -> int:
    failed = False
    checked = []
    pictures = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        for name, code in recipes().items():
            if importlib.util.find_spec(NEEDS[name]) is None:
                print(f"LEFT OUT {name}: {NEEDS[name]} is not installed")
                continue
            checked.append(Path(folder) / f"types/{name}")
            checked[-1].parent.mkdir(exist_ok=True)
            checked[-1].write_text(code, encoding="utf-8")
            problem = play(name, code, Path(folder), pictures)
            failed = failed or bool(problem)
            print(f"{'FAILED' if problem else 'ok'} {name} {problem}", flush=True)
        problem = check_types(checked)
        failed = failed or bool(problem)
        print(f"{'FAILED' if problem else 'ok'} types {problem}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
