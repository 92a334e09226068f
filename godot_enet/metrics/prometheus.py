"""Metrics in the form of ``prometheus_client``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from godot_enet.metrics.families import Family, Histogram

try:
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeHistogramMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        Metric,
    )
    from prometheus_client.registry import Collector
except ImportError as error:
    raise ImportError("Metrics for Prometheus need: pip install 'godot_enet[metrics]'") from error

__all__ = ["make_collector", "render"]


class _Collector(Collector):
    def __init__(self, measure: Callable[[], list[Family]]) -> None:
        self._measure = measure

    def collect(self) -> Iterator[Metric]:
        for family in self._measure():
            yield _metric(family)


def make_collector(measure: Callable[[], list[Family]]) -> Collector:
    """Return a collector that measures at each scrape."""
    return _Collector(measure)


def render(families: list[Family]) -> tuple[bytes, str]:
    """Return the page of a scrape, and its content type."""
    registry = CollectorRegistry()
    registry.register(_Collector(lambda: families))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _metric(family: Family) -> Metric:
    name, help, histogram = family.name, family.help, family.histogram
    if histogram is not None:
        if family.kind == "gaugehistogram":
            return GaugeHistogramMetricFamily(name, help, _buckets(histogram), histogram.total)
        return HistogramMetricFamily(name, help, _buckets(histogram), histogram.total)
    metric: CounterMetricFamily | GaugeMetricFamily
    labels = list(family.samples[0][0]) if family.samples else []
    if family.kind == "counter":
        metric = CounterMetricFamily(name, help, labels=labels)
    else:
        metric = GaugeMetricFamily(name, help, labels=labels)
    for values, value in family.samples:
        metric.add_metric(list(values.values()), value)
    return metric


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = [*(repr(bound) for bound in histogram.bounds), "+Inf"]
    return list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))
