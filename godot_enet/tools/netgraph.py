"""A net graph for any pygame game: the state of a connection in numbers and scrolling bars. F3 changes the detail.

    graph = NetGraph(connection)
    ...
    graph.handle(event)     # for each pygame event
    graph.update()          # once per frame, after service()
    graph.draw(screen)      # last, over the game

Works with pygame and pygame-ce, and needs no font file. Units: milliseconds, bytes, pixels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from godot_enet.tools.netstats import ENET, NetStats, Sample

if TYPE_CHECKING:
    import pygame

    from godot_enet.compat import ENetConnection, ENetPacketPeer

__all__ = ["LEVELS", "NetGraph"]

LEVELS = 4
"""Nothing, one line, the round trip and the traffic, everything."""

WIDTH = 272
MARGIN, LINE, BARS, GAP = 8, 15, 30, 5
TOP, ROW = MARGIN + LINE + GAP, LINE + BARS + GAP
COLUMN = 2  # one sample
FONT_SIZE = 17
FINE = 3  # letters are drawn that much larger, and scaled down: small ones are uneven
EVERY = 5  # samples between updates of the numbers, so that they are readable
STEPS = (1, 2, 5)

BACK, FIELD, TITLE, VALUE = "#10141b", "#1b222d", "#93a0b4", "#eef2f8"
ROUND_TRIP, VARIANCE, LOSS, THROTTLE, QUEUED, WAITING, STALL = (
    "#5ec8ff",
    "#2f6f93",
    "#ff5d5d",
    "#ffb454",
    "#b58cff",
    "#6e5a99",
    "#f08fc0",
)
PROTOCOL = "#66758c"
KINDS = ("#7bd88f", "#5ec8ff", "#ffb454", "#f08fc0", "#b58cff", "#e8e06a")

_colors = {ENET: PROTOCOL}
"""Colours of the kinds of packets, in all graphs of the process."""

Parts = Sequence[tuple[float, str]]
"""One column: heights, from the bottom up, and their colours."""


def color_of(kind: str) -> str:
    """The colour of a kind of packet: the same in every graph, and in other programs while there are enough colours."""
    if kind not in _colors:
        first = crc32(kind.encode()) % len(KINDS)
        used = list(_colors.values())
        _colors[kind] = min(KINDS[first:] + KINDS[:first], key=used.count)
    return _colors[kind]


def _pygame() -> Any:
    try:
        import pygame
    except ModuleNotFoundError:
        raise ModuleNotFoundError("NetGraph draws with pygame: pip install pygame (or pygame-ce)") from None
    return pygame


class NetGraph:
    """Samples a connection and draws it; see the module. Costs a tenth of a millisecond a frame.

    Args:
        connection: the connection; it need not be active yet.
        peer: the peer to show; None for all connected ones: their worst round trip, loss and throttle.
        level: amount of detail, 0 to 3.
        key: the pygame key for the next level; None for F3.

    Raises:
        ModuleNotFoundError: pygame is missing.
    """

    def __init__(
        self,
        connection: ENetConnection,
        peer: ENetPacketPeer | None = None,
        *,
        level: int = 1,
        key: int | None = None,
    ) -> None:
        self._pygame = _pygame()
        self._pygame.font.init()
        self.stats = NetStats(connection, peer)
        """The samples. They pop the connection's traffic totals, so read them here."""
        self.level = level
        self.key = self._pygame.K_F3 if key is None else key
        self._font = self._pygame.font.Font(None, FINE * FONT_SIZE)
        self._kinds: set[str] = set()
        self._rows = [
            _Row("round trip", 20, 2, _round_trip, _round_trip_text),
            _Row("received", 1000, 2, lambda one: self._by_kind(one.received), lambda one: _kilo(one.bytes_received)),
            _Row("sent", 1000, 2, lambda one: self._by_kind(one.sent), lambda one: _kilo(one.bytes_sent)),
            _Row("lost, held back", 10, 3, _loss, _loss_text),
            _Row("queued, untaken", 5, 3, _queues, _queues_text),
            _Row("longest gap in service", 20, 3, lambda one: [(one.gap, STALL)], _gap_text),
        ]
        self._words: dict[tuple[str, str], pygame.Surface] = {}
        """Texts that stay."""
        self._face: pygame.Surface | None = None
        self._shown = 0  # level that the face was made for
        self._age = 0  # samples since the numbers were written

    def __repr__(self) -> str:
        return f"<NetGraph level {self.level} of {self.stats.connection!r}>"

    def count(self, kind: str, size: int, *, received: bool = False, packets: int = 1) -> None:
        """Report the kind of a sent or received packet, so that its bytes get their own colour."""
        self.stats.count(kind, size, received=received, packets=packets)

    def handle(self, event: pygame.event.Event) -> bool:
        """Handle the key that changes the level. Returns whether it was that key."""
        if event.type != self._pygame.KEYDOWN or event.key != self.key:
            return False
        self.level = (self.level + 1) % LEVELS
        return True

    def update(self) -> None:
        """Call once per frame, after ``service``."""
        face = self._face if self._shown == self.level else None
        if self.stats.update():
            for row in self._rows:
                row.push(self.stats.history[-1])
            self._age += 1
            if face is not None:
                self._paint_bars(face)
        elif face is not None and self._age >= EVERY:
            # In a frame without a sample, so that no frame has the work of both.
            self._paint_numbers(face)

    def draw(
        self,
        target: pygame.Surface,
        topleft: tuple[int, int] = (8, 8),
        *,
        bottomright: tuple[int, int] | None = None,
    ) -> pygame.Rect:
        """Draw the graph with a corner at a position. Returns its area; an empty rectangle at level 0."""
        if not self.level:
            return target.get_rect(topleft=topleft, size=(0, 0))
        if self._face is None or self._shown != self.level:
            self._face, self._shown = self._make_face(), self.level
        if bottomright is not None:
            topleft = (bottomright[0] - self._face.get_width(), bottomright[1] - self._face.get_height())
        where: pygame.Rect = target.blit(self._face, topleft)
        return where

    def _visible(self) -> list[_Row]:
        return [row for row in self._rows if row.level <= self.level]

    def _legend_lines(self) -> int:
        return (self.level >= 2) + (self.level >= 3)

    def _make_face(self) -> pygame.Surface:
        height = MARGIN + LINE + GAP + len(self._visible()) * ROW + self._legend_lines() * LINE
        face: pygame.Surface = self._pygame.Surface((WIDTH, height if self.level > 1 else 2 * MARGIN + LINE - 4))
        face.fill(BACK)
        for row in self._visible():
            row.make(self._pygame)
        self._paint_bars(face)
        self._paint_numbers(face)
        return face

    def _paint_bars(self, face: pygame.Surface) -> None:
        for index, row in enumerate(self._visible()):
            row.draw(face, TOP + index * ROW + LINE)

    def _paint_numbers(self, face: pygame.Surface) -> None:
        recent = self.stats.recent()
        if recent is None:
            return
        self._age = 0
        self._write(face, MARGIN, [(_summary(recent), VALUE)])
        rows = self._visible()
        for index, row in enumerate(rows):
            self._write(face, TOP + index * ROW, [(row.title, TITLE)], right=row.text(recent))
        y = TOP + len(rows) * ROW
        if self.level >= 2:
            # What passed lately, in the colours of the bars.
            self._write(face, y, [(kind, color_of(kind)) for kind in [*sorted(self._kinds - {ENET}), ENET]])
        if self.level >= 3:
            packets = f"datagrams {recent.received[ENET].packets:.0f} in {recent.sent[ENET].packets:.0f} out /s"
            self._write(face, y + LINE, [(packets, TITLE)], right=f"{recent.dropped} dropped, {recent.peers} peers")

    def _write(self, face: pygame.Surface, y: int, texts: Sequence[tuple[str, str]], right: str = "") -> None:
        face.fill(BACK, (0, y, WIDTH, LINE))
        x = MARGIN
        for text, color in texts:
            x = face.blit(self._render(text, color), (x, y)).right + MARGIN
        if right:
            image = self._render(right, VALUE)
            face.blit(image, (WIDTH - MARGIN - image.get_width(), y))

    def _render(self, text: str, color: str) -> pygame.Surface:
        image = self._words.get((text, color))
        if image is None:
            large = self._font.render(text, True, color)
            size = large.get_width() // FINE, large.get_height() // FINE
            image = self._pygame.transform.smoothscale(large, size)
            if color != VALUE:
                self._words[text, color] = image
        return image

    def _by_kind(self, rates: dict[str, Any]) -> Parts:
        self._kinds.update(rates)
        kinds = sorted(rates, key=lambda kind: (kind == ENET, kind))
        return [(rates[kind].bytes, color_of(kind)) for kind in kinds]


class _Row:
    """One quantity: a title, its value, and scrolling bars that rescale by themselves."""

    def __init__(
        self, title: str, floor: float, level: int, parts: Callable[[Sample], Parts], text: Callable[[Sample], str]
    ) -> None:
        self.title = title
        self.level = level
        self.text = text
        self._parts = parts
        self._floor = floor
        self._top = floor
        self._columns: deque[Parts] = deque(maxlen=(WIDTH - 2 * MARGIN) // COLUMN)
        self._heights: deque[float] = deque(maxlen=self._columns.maxlen)
        self._bars: pygame.Surface | None = None

    def make(self, pygame: Any) -> None:
        if self._bars is None:
            self._bars = pygame.Surface((WIDTH - 2 * MARGIN, BARS))
            self._redraw(self._bars)

    def push(self, sample: Sample) -> None:
        parts = self._parts(sample)
        self._columns.append(parts)
        self._heights.append(sum([height for height, _ in parts]))
        top = _scale(max(self._heights), self._floor)
        if self._bars is None:
            self._top = top
        elif top != self._top:
            self._top = top
            self._redraw(self._bars)
        else:
            self._bars.scroll(-COLUMN, 0)
            self._column(self._bars, self._bars.get_width() - COLUMN, parts)

    def draw(self, face: pygame.Surface, y: int) -> None:
        if self._bars is not None:
            face.blit(self._bars, (MARGIN, y))

    def _redraw(self, bars: pygame.Surface) -> None:
        bars.fill(FIELD)
        x = bars.get_width() - COLUMN * len(self._columns)
        for parts in self._columns:
            self._column(bars, x, parts)
            x += COLUMN

    def _column(self, bars: pygame.Surface, x: int, parts: Parts) -> None:
        bars.fill(FIELD, (x, 0, COLUMN, BARS))
        total, y = 0.0, BARS
        for height, color in parts:
            total += height
            top = BARS - min(BARS, round(total / self._top * BARS))
            bars.fill(color, (x, top, COLUMN, y - top))
            y = top


def _scale(highest: float, floor: float) -> float:
    """The least of 1, 2, 5, 10, ... times the floor that holds the highest bar."""
    power = 1
    while True:
        for step in STEPS:
            if highest <= floor * step * power:
                return floor * step * power
        power *= 10


def _kilo(number: float) -> str:
    return f"{number / 1000:.1f} kB/s"


def _summary(one: Sample) -> str:
    if not one.peers:
        return "not connected"
    trip = f"{one.round_trip:.0f} ms" if one.round_trip else "... ms"
    loss = f"{100 * one.loss:.1f} % lost"
    return f"{trip}   {loss}   in {one.bytes_received / 1000:.1f}  out {one.bytes_sent / 1000:.1f} kB/s"


def _round_trip(one: Sample) -> Parts:
    return [(one.round_trip, ROUND_TRIP), (one.variance, VARIANCE)]


def _round_trip_text(one: Sample) -> str:
    return f"{one.round_trip:.0f} ms, +-{one.variance:.0f}"


def _loss(one: Sample) -> Parts:
    return [(100 * one.loss, LOSS), (100 * (1 - one.throttle), THROTTLE)]


def _loss_text(one: Sample) -> str:
    return f"{100 * one.loss:.1f} %, {100 * (1 - one.throttle):.0f} %"


def _queues(one: Sample) -> Parts:
    return [(one.queued, QUEUED), (one.waiting, WAITING)]


def _queues_text(one: Sample) -> str:
    return f"{one.queued}, {one.waiting}; {one.in_transit} B in transit"


def _gap_text(one: Sample) -> str:
    return f"{one.gap:.0f} ms"
