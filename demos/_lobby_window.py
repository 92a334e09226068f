"""The window of lobby.py: chat, list of players, input line."""

from __future__ import annotations

from collections.abc import Sequence

from . import _stage
from ._lobby_lan import Found
from ._lobby_room import HELP, LINE, Room
from ._stage import FAINT, PANEL, TEXT, Stage, pygame

__all__ = ["Window"]

WIDTH, HEIGHT, SIDE = 760, 440, 220  # pixels; SIDE is the width of the list of players
HEAD, FOOT, INPUT, ROW, GAP = 36, 26, 34, 22, 8


class Window:
    """A window of lobby.py."""

    def __init__(self, frames: int | None, screenshot: str | None) -> None:
        self._stage = Stage("lobby", (WIDTH, HEIGHT), frames, screenshot)
        self._typing = ""
        pygame.key.start_text_input()
        pygame.key.set_repeat(400, 40)

    @property
    def running(self) -> bool:
        return self._stage.running

    def typed(self) -> list[str]:
        """The lines entered since the last call."""
        lines = []
        for event in self._stage.events():
            if event.type != pygame.KEYDOWN:
                continue
            if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
                lines.append(self._typing)
                self._typing = ""
            elif event.key == pygame.K_BACKSPACE:
                self._typing = self._typing[:-1]
            elif event.key == pygame.K_TAB:
                lines.append("/ready")
            elif event.unicode.isprintable():
                self._typing = (self._typing + event.unicode)[:LINE]
        return lines

    def draw(self, room: Room, lobbies: Sequence[Found] | None) -> None:
        """Draw the lobby, or the list of ``lobbies`` to choose from."""
        stage, screen = self._stage, self._stage.screen
        screen.fill(_stage.BACKGROUND)
        stage.text(room.player, (GAP + 6, HEAD / 2), TEXT, 24, "midleft")
        stage.text(room.status, (WIDTH - GAP - 6, HEAD / 2), _stage.ORANGE, anchor="midright")
        width, height = WIDTH - SIDE - 3 * GAP, HEIGHT - HEAD - INPUT - FOOT - GAP
        pygame.draw.rect(screen, PANEL, (GAP, HEAD, width, height), border_radius=6)
        pygame.draw.rect(screen, PANEL, (width + 2 * GAP, HEAD, SIDE, height), border_radius=6)
        if lobbies is None:
            self._draw_lines(room, height // ROW - 1, width)
            self._draw_roster(room, width + 2 * GAP)
            hint = f"TAB or {HELP}"
        else:
            self._draw_lobbies(lobbies)
            hint = "Enter the number of a lobby or an address to join, or h to host.   ESC: quit"
        box = pygame.Rect(GAP, HEAD + height + GAP, WIDTH - 2 * GAP, INPUT - GAP // 2)
        pygame.draw.rect(screen, _stage.LINE, box, 1, border_radius=6)
        cursor = "|" if stage.frame // 30 % 2 == 0 else ""
        shown = stage.text(self._typing[-80:], (box.x + 10, box.centery), TEXT, 22, "midleft")
        stage.text(cursor, (shown.right + 1, box.centery), _stage.BLUE, 22, "midleft")
        stage.text(hint, (GAP + 6, HEIGHT - FOOT / 2), FAINT, 18, "midleft")

    def tick(self) -> None:
        self._stage.tick()

    def close(self) -> None:
        Stage.close()

    def _draw_lines(self, room: Room, most: int, width: int) -> None:
        longest = width // 8
        pieces = [
            (line[start : start + longest], FAINT if line.startswith("*") else TEXT)
            for line in room.lines[-most:]
            for start in range(0, len(line), longest)
        ]
        for row, (text, color) in enumerate(pieces[-most:]):
            self._stage.text(text, (GAP + 12, HEAD + 20 + row * ROW), color, anchor="midleft", width=width - 24)

    def _draw_roster(self, room: Room, x: int) -> None:
        for row, (name, ready, here) in enumerate(room.roster):
            y = HEAD + 20 + row * ROW
            color = _stage.GREEN if ready and here else FAINT
            pygame.draw.circle(self._stage.screen, color, (x + 18, y), 6, 0 if ready and here else 2)
            self._stage.text(name, (x + 34, y), TEXT if here else FAINT, anchor="midleft", width=SIDE - 100)
            state = "away" if not here else "ready" if ready else ""
            self._stage.text(state, (x + SIDE - 12, y), FAINT, 18, "midright")

    def _draw_lobbies(self, lobbies: Sequence[Found]) -> None:
        title = "Lobbies on the local network" if lobbies else "No lobby found on the local network yet"
        self._stage.text(title, (GAP + 12, HEAD + 22), FAINT, anchor="midleft")
        for row, lobby in enumerate(lobbies):
            y = HEAD + 22 + (row + 1) * (ROW + 4)
            self._stage.text(f"{row + 1}   {lobby.title}", (GAP + 12, y), TEXT, 22, "midleft")
            detail = (
                f"{lobby.players} players   {lobby.address}:{lobby.port}{'   encrypted' if lobby.encrypted else ''}"
            )
            self._stage.text(detail, (WIDTH - SIDE - 2 * GAP - 12, y), FAINT, 18, "midright")
