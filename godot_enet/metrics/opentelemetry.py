"""Metrics as OpenTelemetry instruments."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import accumulate

from godot_enet.metrics.families import Family
from godot_enet.metrics.metrics import FRAME_BOUNDS, Metrics

try:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter
except ImportError as error:
    raise ImportError("Metrics for OpenTelemetry need: pip install 'godot_enet[metrics]'") from error

__all__ = ["instrument"]

_UNITS = {"bytes": "By", "seconds": "s", "ratio": "1"}
_MAX_AGE = 0.5
"""Seconds for which one measurement serves the callbacks of all instruments, which an export calls one by one."""
_OBSERVED = (
    "godot_enet_active",
    "godot_enet_peers",
    "godot_enet_half_open_connections",
    "godot_enet_round_trip_time_seconds",
    "godot_enet_packet_loss_ratio",
    "godot_enet_packet_throttle_ratio",
    "godot_enet_queued_commands",
    "godot_enet_queued_bytes",
    "godot_enet_in_transit_bytes",
    "godot_enet_unread_bytes",
    "godot_enet_service_age_seconds",
    "godot_enet_peer_round_trip_time_seconds",
    "godot_enet_peer_packet_loss_ratio",
)
_COUNTED = (
    "godot_enet_sent_bytes",
    "godot_enet_sent_datagrams",
    "godot_enet_received_bytes",
    "godot_enet_received_datagrams",
    "godot_enet_drops",
    "godot_enet_scene_drops",
    "godot_enet_scene_operations",
    "godot_enet_scene_messages",
    "godot_enet_scene_message_bytes",
)


def instrument(metrics: Metrics, meter: Meter | None = None) -> None:
    """See :func:`godot_enet.metrics.instrument`."""
    meter = meter or get_meter("godot_enet")
    snapshot = _Snapshot(metrics)
    for names, create in ((_OBSERVED, meter.create_observable_gauge), (_COUNTED, meter.create_observable_counter)):
        for name in names:
            short, unit = _short(name)
            create(short, callbacks=[partial(_observe, snapshot, name)], unit=unit)
    short, unit = _short("godot_enet_frame_seconds")
    frames = meter.create_histogram(short, unit=unit, explicit_bucket_boundaries_advisory=FRAME_BOUNDS)
    metrics._frame_listeners.append(frames.record)


def _short(name: str) -> tuple[str, str]:
    """The name and unit as OpenTelemetry writes them."""
    name = name.replace("godot_enet_", "godot_enet.", 1)
    base, _, unit = name.rpartition("_")
    return (base, _UNITS[unit]) if unit in _UNITS else (name, "")


class _Snapshot:
    """The latest measurement."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._taken = -_MAX_AGE
        self._families: dict[str, Family] = {}

    def find(self, name: str) -> Family | None:
        """Return a family; None if it does not exist at the moment."""
        now = self._clock()
        if now - self._taken >= _MAX_AGE:
            self._families = {family.name: family for family in self._metrics.families()}
            self._taken = now
        return self._families.get(name)


def _observe(snapshot: _Snapshot, name: str, options: CallbackOptions) -> Iterable[Observation]:
    family = snapshot.find(name)
    if family is None:
        return []
    if family.histogram is not None:
        bounds = [*map(str, family.histogram.bounds), "+Inf"]
        counts = accumulate(family.histogram.counts)
        return [Observation(count, {"le": bound}) for bound, count in zip(bounds, counts, strict=True)]
    return [Observation(value, labels) for labels, value in family.samples]
