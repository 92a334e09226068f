"""Metrics of a server, for Prometheus and OpenTelemetry."""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.metrics.families import Family, Histogram, gather
from godot_enet.metrics.serving import Serving

__all__ = ["FRAME_BOUNDS", "Metrics"]

FRAME_BOUNDS = (0.001, 0.002, 0.004, 0.008, 0.0167, 0.025, 0.0334, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper bounds of the classes of frame times, in seconds: 0.0167 is a frame at 60 Hz."""


class Metrics:
    """The metrics of a server. They cause no work until they are read.

    Any thread may read them while the program runs.

    Args:
        serving: the outermost class, or its namesake of ``godot_enet.aio``; of a ``SceneMultiplayer`` there are
            numbers of its transport, too.
        profile: set ``SceneMultiplayer.profiling``, for the bytes of each RPC method and synchronizer.
        per_peer: also numbers of each peer. With thousands of peers this is slow, and fills a database.
        max_age: seconds for which :meth:`render` returns the same page, so that many scrapes cost little.
    """

    def __init__(
        self, serving: Serving, *, profile: bool = False, per_peer: bool = False, max_age: float = 1.0
    ) -> None:
        self.serving = serving
        self._per_peer = per_peer
        self._max_age = max_age
        self._names: set[tuple[str, str]] = set()
        self._frame_counts = [0] * (len(FRAME_BOUNDS) + 1)
        self._frame_time = 0.0
        self._frame_listeners: list[Callable[[float], object]] = []
        self._lock = threading.Lock()
        self._page: tuple[bytes, str] = b"", ""
        self._rendered: float | None = None
        if profile and isinstance(serving, SceneMultiplayer):
            serving.profiling = True

    def observe_frame(self, seconds: float) -> None:
        """Count a frame of this length; :meth:`Server.frames <godot_enet.ops.Server.frames>` does so by itself.

        Raises:
            ValueError: it is negative, infinite or NaN, which would permanently spoil the sum.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"seconds must be a finite number from 0 on, not {seconds}")
        self._frame_counts[bisect_left(FRAME_BOUNDS, seconds)] += 1
        self._frame_time += seconds
        for listener in self._frame_listeners:
            listener(seconds)

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Count the ``with`` block as a frame."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.observe_frame(time.perf_counter() - start)

    def families(self) -> list[Family]:
        """Return all metrics as they are now."""
        found = list(gather(self.serving, self._names, per_peer=self._per_peer))
        counts = tuple(self._frame_counts)
        if any(counts):
            frames = Histogram(FRAME_BOUNDS, counts, self._frame_time)
            help = "Duration of the program's frames."
            found.append(Family("godot_enet_frame_seconds", "histogram", help, "seconds", [], frames))
        return found

    def collector(self) -> Any:
        """Return a ``Collector`` for a registry of ``prometheus_client``.

        Raises:
            ImportError: the extra ``metrics`` is not installed.
        """
        from godot_enet.metrics.prometheus import make_collector

        return make_collector(self.families)

    def render(self) -> tuple[bytes, str]:
        """Return the page for Prometheus and its content type; the same page within ``max_age``.

        Raises:
            ImportError: the extra ``metrics`` is not installed.
        """
        from godot_enet.metrics.prometheus import render

        with self._lock:
            now = time.monotonic()
            if self._rendered is None or now - self._rendered >= self._max_age:
                self._page, self._rendered = render(self.families()), now
            return self._page
