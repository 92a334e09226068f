"""Metrics of a server, for Prometheus and OpenTelemetry; both need the extra ``metrics``.

``docs/operations.md`` lists the metrics, and shows a dashboard.
"""

from __future__ import annotations

from typing import Any

from godot_enet.metrics.families import Family, Histogram, Kind
from godot_enet.metrics.metrics import Metrics
from godot_enet.metrics.serving import Serving

__all__ = ["Family", "Histogram", "Kind", "Metrics", "Serving", "instrument"]


def instrument(metrics: Metrics, meter: Any = None) -> None:
    """Create an OpenTelemetry instrument for each metric.

    ``godot_enet.sent`` with unit ``By`` is ``godot_enet_sent_bytes_total`` for Prometheus, and so on. Round trip times
    count the peers up to each number of seconds, in the attribute ``le``.

    Args:
        metrics: the metrics to export.
        meter: a ``Meter`` of ``opentelemetry``, which makes the instruments; by default the meter ``godot_enet`` of the
            global provider.

    Raises:
        ImportError: the extra ``metrics`` is not installed.
    """
    from godot_enet.metrics import opentelemetry

    opentelemetry.instrument(metrics, meter)
