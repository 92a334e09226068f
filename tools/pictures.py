"""Make the pictures of the demos in docs/images again: ``python tools/pictures.py [NAME ...]``, with the extras demos
and docs. The demos play by themselves, without a display. The picture with Godot in it needs Xvfb and a Godot that can
draw: GODOT names it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

try:
    from PIL import Image, ImageDraw, ImageFont, ImageGrab
except ModuleNotFoundError:
    sys.exit("pictures: pip install -e '.[demos,docs]'")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

IMAGES = ROOT / "docs" / "images"
PORT = "8915"
EVERY, FRAME = 3, 50  # of the demo's frames one is filmed; milliseconds that it is shown
COLORS = 64
SCREEN = "1952x464x24"  # Godot's window and two of pygame's, below their titles
TITLES = {"0,34": "Godot joins", "656,34": "Python hosts", "1312,34": "Python joins, with pygame"}  # by their corners


class Picture(NamedTuple):
    """A still of the last frame, or a film from ``first`` on."""

    demo: Sequence[str]
    frames: int
    first: int = 0
    others: Sequence[Sequence[str]] = ()
    """Demos that run beside it, in processes of their own."""
    keys: dict[int, str] = {}  # noqa: RUF012
    """By the frame in which they are pressed."""
    height: int = 0
    """Pixels from the top that are filmed; 0 for all."""
    width: int = 0
    """Pixels of the picture; 0 as filmed."""
    godot: Sequence[str] = ()
    """Godot's project and arguments; it is on the left of the picture, the other demo in the middle."""


JOIN = "--host", "127.0.0.1", "--auto"
PICTURES = {
    "arena.png": Picture(("arena", "--auto", "--latency", "100", "--loss", "5"), 600),
    "match.png": Picture(("match", "--seconds", "60"), 1000),
    "match.gif": Picture(("match", "--seconds", "60"), 600, 240, keys={390: "1", 391: "2"}, height=398, width=780),
    "hockey.png": Picture(("hockey", "--link", "bad"), 430),
    "hockey.gif": Picture(("hockey", "--link", "awful"), 640, 400, height=376, width=720),
    "pong.png": Picture(("pong", *JOIN), 500, others=[("pong", "--server", "--auto")]),
    "flock.png": Picture(("flock", "--server", "--auto"), 1300, others=[("flock", *JOIN), ("flock", *JOIN)]),
    "lobby.png": Picture(
        ("lobby", "--server", "--name", "ann"),
        420,
        others=[("lobby", "--host", "127.0.0.1", "--name", name) for name in ("bob", "eve")],
        keys={**dict(enumerate("who is ready for a match?", 300)), 330: "return", 332: "tab"},
    ),
    "raw.png": Picture(("raw", "--auto"), 240),
    "godot.gif": Picture(
        ("flock", *JOIN), 540, 180, others=[("flock", "--server", "--auto")], width=990, godot=("flock", *JOIN)
    ),
}


def shoot(picture: Picture) -> list[Any]:
    """Run the demo; its frames as pictures of Pillow's."""
    from demos._stage import Stage, pygame

    stages: Any = Stage
    found: list[Any] = []
    tick = stages.tick

    def tick_and_shoot(stage: Stage) -> None:
        tick(stage)
        if key := picture.keys.get(stage.frame):
            code, text = pygame.key.key_code("space" if key == " " else key), key if len(key) == 1 else ""
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=code, unicode=text))
        if stage.frame == picture.frames or (stage.frame >= picture.first > 0 and stage.frame % EVERY == 0):
            if picture.godot:
                found.append(ImageGrab.grab(xdisplay=os.environ["DISPLAY"]))
                for corner, title in TITLES.items():
                    x, y = map(int, corner.split(","))
                    place, font = (x + 320, y // 2), ImageFont.load_default(22)
                    ImageDraw.Draw(found[-1]).text(place, title, "#d5dbe6", font, anchor="mm")
            else:
                found.append(Image.frombytes("RGB", stage.screen.get_size(), pygame.image.tobytes(stage.screen, "RGB")))

    name, *arguments = picture.demo
    port = () if name == "match" else ("--port", PORT)
    module = "demos.arena.__main__" if name == "arena" else f"demos.{name}"
    stages.tick = tick_and_shoot
    try:
        code = importlib.import_module(module).main([*arguments, *port, "--frames", str(picture.frames)])
    finally:
        stages.tick = tick
    if code or not found:
        raise SystemExit(f"pictures: {name} ended with {code}")
    return found


def save(images: Sequence[Any], picture: Picture, file: Path) -> None:
    """All with one palette, without ringing and dithering: what stays the same costs nothing."""
    width, height = images[0].width, picture.height or images[0].height
    size = picture.width or width, round(height * (picture.width or width) / width)
    images = [each.crop((0, 0, width, height)).resize(size, Image.Resampling.BOX) for each in images]
    sheet = Image.new("RGB", (size[0], size[1] * 8))
    for row in range(8):
        sheet.paste(images[row * len(images) // 8], (0, row * size[1]))
    colors = sheet.quantize(COLORS if len(images) > 1 else 256)
    first, *others = (each.quantize(palette=colors, dither=Image.Dither.NONE) for each in images)
    if others:
        first.save(file, save_all=True, append_images=others, duration=FRAME, loop=0)
    else:
        first.save(file, optimize=True)
    print(f"{file.relative_to(ROOT)}: {size[0]} x {size[1]}, {len(images)} frames, {file.stat().st_size / 1000:.0f} kB")


@contextmanager
def running(command: Sequence[str | Path]) -> Iterator[None]:
    program = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        program.wait()


def start_others(picture: Picture, stack: ExitStack) -> None:
    for other in picture.others:
        stack.enter_context(running([sys.executable, "-m", "godot_enet", "demo", *other, "--port", PORT]))


def make(name: str) -> None:
    picture = PICTURES[name]
    with ExitStack() as stack:
        if picture.godot:
            executable = os.environ.get("GODOT", "")
            if not executable or not shutil.which("Xvfb"):
                print(f"pictures: {name} stays as it is: it needs Xvfb, and GODOT")
                return
            display = f":{90 + os.getpid() % 400}"
            stack.enter_context(running(["Xvfb", display, "-screen", "0", SCREEN]))
            left, middle, right = TITLES
            os.environ |= {"DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_VIDEO_WINDOW_POS": middle}
            project = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "project"
            shutil.copytree(ROOT / "demos" / "godot" / picture.godot[0], project)
            subprocess.run(
                [executable, "--headless", "--path", project, "--import"], stdout=subprocess.DEVNULL, check=True
            )
            start_others(picture, stack)
            time.sleep(6.0)  # until it listens
            drawing = ("--rendering-driver", "opengl3", "--audio-driver", "Dummy", "--position", left)
            arguments = (*picture.godot[1:], "--port", PORT)
            stack.enter_context(running([executable, "--path", project, *drawing, "--", *arguments]))
            time.sleep(6.0)  # until it has joined
            os.environ["SDL_VIDEO_WINDOW_POS"] = right
        else:
            os.environ["SDL_VIDEODRIVER"] = "dummy"
            start_others(picture, stack)
        save(shoot(picture), picture, IMAGES / name)


def main(names: Sequence[str]) -> None:
    unknown = set(names) - set(PICTURES)
    if unknown:
        raise SystemExit(f"pictures: there are {', '.join(PICTURES)}; not {', '.join(sorted(unknown))}")
    for name in names or PICTURES:
        make(name)


if __name__ == "__main__":
    main(sys.argv[1:])
