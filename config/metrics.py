"""``/metrics`` for Prometheus: requests by route, and what the jobs do. Labels are routes, kinds and states, never anybody's ids."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.health import queue_figures
from jobs.models import Job

_OWN = CollectorRegistry()
REQUESTS = Counter("columna_requests", "HTTP requests answered.", ["method", "route", "status"], registry=_OWN)
SECONDS = Histogram(
    "columna_request_seconds",
    "Time from request to answer.",
    ["method", "route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=_OWN,
)


class _Jobs(Collector):
    """Read from the database at each scrape, so it is the same from every web process."""

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("columna_jobs", "Jobs by kind and state.", labels=["kind", "state"])
        for row in Job.objects.order_by().values("kind", "state").annotate(count=Count("pk")):
            jobs.add_metric([row["kind"], row["state"]], row["count"])
        yield jobs
        figures = queue_figures()
        ages = GaugeMetricFamily("columna_oldest_queued_seconds", "Age of the oldest job that waits, by queue.", labels=["queue"])
        for queue, seconds in figures["oldest_queued_seconds"].items():
            ages.add_metric([queue], seconds)
        yield ages
        yield GaugeMetricFamily("columna_undispatched_events", "Events that wait for the dispatcher.", value=figures["undispatched_events"])
        without = "Running jobs whose lease ran out; the dispatcher takes them back."
        yield GaugeMetricFamily("columna_jobs_without_heartbeat", without, value=figures["without_heartbeat"])


def _collectors() -> Iterable[Collector]:
    yield _Jobs()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        yield MultiProcessCollector(None)


def _allowed(request: HttpRequest) -> bool:
    """From this machine itself, not through a proxy; from elsewhere with the token of the settings."""
    token = settings.ENVIRONMENT.metrics_token.get_secret_value()
    if token and hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
        return True
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not forwarded and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures in Prometheus's text format; 403 for who is neither local nor has the token."""
    if not _allowed(request):
        return HttpResponse("Metrics are for this machine, or for who sends COLUMNA_METRICS_TOKEN as a bearer token.\n", status=403)
    registry = CollectorRegistry()
    for collector in _collectors():
        registry.register(collector)
    text = generate_latest(registry)
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        text += generate_latest(_OWN)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
