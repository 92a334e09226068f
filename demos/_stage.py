"""The window of the demos, or SDL's dummy video: frames, text, ways to quit, a screenshot of the last frame."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping

from ._buttons import DOWN, LEFT, RIGHT, UP
from ._options import PICTURE_FRAMES, DemoError

try:
    import pygame
except ModuleNotFoundError:
    sys.exit("This demo draws with pygame: pip install pygame (or pygame-ce)")

__all__ = ["FPS", "Stage", "held_buttons", "pygame"]

FPS = 60
FINE, KEPT = 4, 500  # letters are drawn that much larger, and scaled down: small ones are uneven; texts that are kept
BACKGROUND, PANEL, LINE, TEXT, FAINT = "#14181f", "#1e2530", "#3a4556", "#d5dbe6", "#8793a6"
BLUE, ORANGE, GREEN, RED, PINK, VIOLET = "#5ec8ff", "#ffb454", "#7bd88f", "#ff5d5d", "#f08fc0", "#b58cff"
WASD = {pygame.K_a: LEFT, pygame.K_d: RIGHT, pygame.K_w: UP, pygame.K_s: DOWN}
ARROWS = {pygame.K_LEFT: LEFT, pygame.K_RIGHT: RIGHT, pygame.K_UP: UP, pygame.K_DOWN: DOWN}


def held_buttons(keys: Mapping[int, int]) -> int:
    """The buttons whose keys are held down."""
    held = pygame.key.get_pressed()
    return sum({button for key, button in keys.items() if held[key]})


class Stage:
    """The window and its frames. ``running`` ends with ESC, with the window, and after ``frames`` frames."""

    def __init__(self, title: str, size: tuple[int, int], frames: int | None, screenshot: str | None = None) -> None:
        displays = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
        if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in displays):
            os.environ["SDL_VIDEODRIVER"] = "dummy"
            print("No display found: drawing into memory (SDL_VIDEODRIVER=dummy). Press Ctrl-C to quit.")
        try:
            pygame.display.init()
            pygame.font.init()
            pygame.display.set_caption(f"godot_enet: {title}")
            self.screen = pygame.display.set_mode(size)
        except pygame.error as reason:
            raise DemoError(f"Cannot open a window: {reason}.") from None
        self.frame = 0
        self._began = time.monotonic()
        self._frames = PICTURE_FRAMES if screenshot and frames is None else frames
        self._screenshot = screenshot
        self._quit = False
        self._clock = pygame.time.Clock()
        self._fonts: dict[int, pygame.font.Font] = {}
        self._texts: dict[tuple[str, str, int], pygame.Surface] = {}

    @property
    def running(self) -> bool:
        """Whether there is a next frame."""
        return not self._quit and self.frame != self._frames

    def events(self) -> Iterator[pygame.event.Event]:
        """The events since the last frame; ``running`` reports quitting."""
        for event in pygame.event.get():
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                self._quit = True
            else:
                yield event

    def pressed(self) -> list[str]:
        """The names of the keys that were pressed since the last frame, such as "a" and "space"."""
        return [pygame.key.name(event.key) for event in self.events() if event.type == pygame.KEYDOWN]

    def clear(self, keys: str, foot: int) -> None:
        """Begin to draw a frame. The keys are named in the middle of the last ``foot`` pixels."""
        self.screen.fill(BACKGROUND)
        width, height = self.screen.get_size()
        self.text(keys, (width / 2, height - foot / 2), FAINT, anchor="center", width=width - 24)

    def text(
        self,
        text: str,
        at: tuple[float, float],
        color: str = TEXT,
        size: int = 20,
        anchor: str = "topleft",
        width: float = 0,
    ) -> pygame.Rect:
        """Draw a line of text; ``anchor`` is the corner, side or ``center`` of the text that is placed ``at``.

        Text wider than ``width`` pixels is cut; 0 means unlimited. (pygame-ce's letters are wider than pygame's.)
        """
        if size not in self._fonts:
            self._fonts[size] = pygame.font.Font(None, FINE * size)
        font, whole = self._fonts[size], text
        while width and text and font.size(text)[0] > FINE * width:
            whole = whole[:-1]
            text = whole.rstrip() + "..."
        image = self._texts.pop((text, color, size), None)
        if image is None:
            large = font.render(text, True, color)
            image = pygame.transform.smoothscale(large, (large.get_width() // FINE, large.get_height() // FINE))
            if len(self._texts) == KEPT:
                del self._texts[next(iter(self._texts))]  # the one that was not drawn for the longest time
        self._texts[text, color, size] = image
        place = image.get_rect()
        setattr(place, anchor, (round(at[0]), round(at[1])))
        return self.screen.blit(image, place)

    def switch(self, at: tuple[float, float], key: str, name: str, value: bool | str) -> float:
        """Draw a key, what it switches, and its state; ``at`` is the left end. Returns the place of the next one."""
        cap = pygame.Rect(at[0], at[1] - 9, 20, 18)
        pygame.draw.rect(self.screen, LINE, cap, border_radius=4)
        self.text(key, cap.center, TEXT, 18, "center")
        x = self.text(name, (cap.right + 6, at[1]), anchor="midleft").right + 6
        if isinstance(value, bool):
            value, color = ("on", GREEN) if value else ("off", RED)
        else:
            color = ORANGE
        return self.text(value, (x, at[1]), color, anchor="midleft").right + 18

    def tick(self) -> None:
        """Show the frame, and wait for the next one."""
        pygame.display.flip()
        self.frame += 1
        if self._screenshot and not self.running:
            self.save(self._screenshot)
        self._clock.tick(FPS)

    def save(self, file: str) -> None:
        """Save the frame as a picture."""
        try:
            pygame.image.save(self.screen, file)
        except (pygame.error, OSError) as reason:
            raise DemoError(f"Cannot save {file}: {reason}.") from None
        print(f"saved {file}")

    def rate(self) -> float:
        """Average frames per second so far."""
        return self.frame / max(0.001, time.monotonic() - self._began)

    @staticmethod
    def close() -> None:
        """Close the window, if there is one."""
        pygame.quit()
