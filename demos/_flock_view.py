"""What flock.py shows: the field and all that this player may see of it, or the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _stage
from ._flock_pieces import FIELD, FOLD, LAIR, SIGHT, Player, Sheep
from ._stage import BACKGROUND, BLUE, FAINT, LINE, PANEL, RED, TEXT, Stage, pygame

if TYPE_CHECKING:
    from .flock import Flock

FOOT = 30  # pixels below the field
GRASS, DEN, SEEN = "#24402f", "#40262a", "#27303e"
WOOL = "#d5dbe6", _stage.GREEN, "#8a4a4a"  # of a sheep that is loose, saved, eaten


def draw(stage: Stage, flock: Flock, address: str) -> None:
    screen, me = stage.screen, flock.me()
    screen.fill(PANEL)
    if me and not me.is_wolf:
        pygame.draw.circle(screen, SEEN, (me.position.x, me.position.y), SIGHT)
    for place, color, name in ((FOLD, GRASS, "fold"), (LAIR, DEN, "lair")):
        pygame.draw.rect(screen, color, (*place.position, *place.size), border_radius=8)
        stage.text(name, (place.get_center().x, place.position.y - 6), FAINT, anchor="midbottom")
    for player in flock.players():
        if player.visible:
            draw_player(screen, player)
            if player is me:
                pygame.draw.circle(screen, TEXT, (player.position.x, player.position.y), 17, 1)
    for sheep in flock.sheep():
        draw_sheep(screen, sheep)
    screen.fill(BACKGROUND, (0, FIELD.y, FIELD.x, FOOT))
    if not flock.playing:
        stage.text("H: host a game", (FIELD.x / 2, 160), TEXT, 32, "center")
        stage.text(f"J: join {address}", (FIELD.x / 2, 205), TEXT, 32, "center")
        stage.text("type another address, if you like", (FIELD.x / 2, 235), FAINT, anchor="center")
    stage.text(flock.message, (12, FIELD.y + FOOT / 2), TEXT, anchor="midleft")
    stage.text("arrows: move   ESC: quit", (FIELD.x - 12, FIELD.y + FOOT / 2), FAINT, anchor="midright")


def draw_player(screen: pygame.Surface, player: Player) -> None:
    """A wolf has ears, and a shepherd a hat."""
    x, y = player.position
    pygame.draw.circle(screen, RED if player.is_wolf else BLUE, (x, y), 11)
    if player.is_wolf:
        for side in (-1, 1):
            pygame.draw.polygon(screen, RED, ((x + side * 3, y - 9), (x + side * 13, y - 15), (x + side * 11, y)))
    else:
        pygame.draw.ellipse(screen, LINE, (x - 10, y - 5, 20, 8))
        pygame.draw.circle(screen, FAINT, (x, y - 2), 4)


def draw_sheep(screen: pygame.Surface, sheep: Sheep) -> None:
    x, y = sheep.position
    for dx, dy in ((-5, 0), (0, -3), (4, 1), (-1, 3)):
        pygame.draw.circle(screen, WOOL[sheep.home], (x + dx, y + dy), 5)
    pygame.draw.circle(screen, FAINT, (x + 8, y - 2), 3.5)
