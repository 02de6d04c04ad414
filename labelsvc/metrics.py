"""Metrics of one process in Prometheus' text format; the only module that knows prometheus-client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """What this process counts; every one has a registry of its own, so that two apps in one process do not mix.

    Args:
        job_states: asked at every scrape: state of print jobs -> how many.
        guesses: asked at every scrape: serials that never were, asked for in this hour; products of which too many.
        findings: asked at every scrape: findings that are open.
        deliveries: asked at every scrape: state of documents for partners -> how many.
    """

    def __init__(
        self,
        job_states: Callable[[], Mapping[str, int]],
        guesses: Callable[[], tuple[int, int]] = lambda: (0, 0),
        findings: Callable[[], int] = lambda: 0,
        deliveries: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "labelsvc_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "labelsvc_request_seconds", "Time to the answer's first byte.", ("route",), registry=self._registry
        )
        self._granted = Counter("labelsvc_labels_granted", "Serial numbers granted.", registry=self._registry)
        self._hits = Counter("labelsvc_resolver_hits", "Questions of strangers.", ("outcome",), registry=self._registry)
        self._registry.register(_States("labelsvc_print_jobs", "Print jobs by state.", job_states))
        sent = "Documents of events for partners, by state."
        self._registry.register(_States("labelsvc_connection_deliveries", sent, deliveries))
        self._registry.register(_Guesses(guesses))
        self._registry.register(_Findings(findings))

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is the rule, never the path (whose number of values has no bound)."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def granted(self, count: int) -> None:
        """Count serial numbers that were granted."""
        self._granted.inc(count)

    def hit(self, outcome: str) -> None:
        """Count a question of a stranger: `led`, `shown`, `verified`, or the reason why it was not."""
        self._hits.labels(outcome).inc()

    def text(self) -> bytes:
        """Return everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class _States(Collector):
    """Things by state, counted in the database at every scrape: every process says the same."""

    def __init__(self, name: str, what: str, count: Callable[[], Mapping[str, int]]) -> None:
        self._name = name
        self._what = what
        self._count = count

    def describe(self) -> Iterable[Metric]:
        """Say what will be collected, so that registering asks no database."""
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        """Count now."""
        family = self._family()
        for state, count in self._count().items():
            family.add_metric([state], count)
        return [family]

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(self._name, self._what, labels=["state"])


class _Guesses(Collector):
    """Serials that never were and that strangers ask for, counted in the database at every scrape."""

    def __init__(self, count: Callable[[], tuple[int, int]]) -> None:
        self._count = count

    def describe(self) -> Iterable[Metric]:
        """Say what will be collected, so that registering asks no database."""
        return self._families(0, 0)

    def collect(self) -> Iterable[Metric]:
        """Count now."""
        return self._families(*self._count())

    def _families(self, guesses: int, products: int) -> list[Metric]:
        return [
            GaugeMetricFamily("labelsvc_guesses", "Serials that never were, asked for in this hour.", guesses),
            GaugeMetricFamily("labelsvc_products_guessed", "Products of which too many were, in this hour.", products),
        ]


class _Findings(Collector):
    """Findings that somebody has to look at, counted in the database at every scrape."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def describe(self) -> Iterable[Metric]:
        """Say what will be collected, so that registering asks no database."""
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        """Count now."""
        family = self._family()
        family.add_metric([], self._count())
        return [family]

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily("labelsvc_findings_open", "Findings that are open.", labels=[])
