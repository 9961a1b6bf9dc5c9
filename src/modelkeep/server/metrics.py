"""`/metrics`: the figures of all server processes as Prometheus reads them, and who may read them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from modelkeep import __version__
from modelkeep.core.clock import now_ms
from modelkeep.core.guard import SERVER
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.outbox import Depth, depth
from modelkeep.server.figures import COMMITS, GROUPS, REQUESTS, SECONDS, SIZES, Figures, Series
from modelkeep.server.http import Answer, HttpRequest, RequestHeaders
from modelkeep.server.removals import Left, left_to_remove
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Unavailable

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PATH = "/metrics"
EVERYONE, ADMINISTRATORS, NOBODY = "everyone", "administrators", "nobody"
READERS = (ADMINISTRATORS, EVERYONE, NOBODY)
"""Whom the setting can name. Administrators include whoever asks from this machine itself."""

WAITING, IN_FLIGHT = "writes_waiting", "requests_in_flight"
READS, THREADS = "reads_in_progress", "reader_threads"
REMEMBERED, DELIVERIES = "remembered_answers", "webhook_deliveries"

_HISTOGRAMS = {
    REQUESTS: (
        "modelkeep_request_duration_seconds",
        "Requests by operation and status.",
        ("operation", "status"),
        SECONDS,
    ),
    GROUPS: ("modelkeep_commit_writes", "Writes that shared a commit.", (), SIZES),
    COMMITS: ("modelkeep_commit_duration_seconds", "How long a commit took, its flush included.", (), SECONDS),
}
_GAUGES = {
    WAITING: ("modelkeep_writes_waiting", "Writes that wait for their turn."),
    IN_FLIGHT: ("modelkeep_requests_in_flight", "Requests that are being answered."),
    READS: ("modelkeep_reads_in_progress", "Reads on a thread or waiting for one."),
    THREADS: ("modelkeep_reader_threads", "Threads that read from the database."),
}
_COUNTERS = {
    REMEMBERED: ("modelkeep_remembered_answers", "Look-ups by whether their answer was remembered.", ("outcome",)),
    DELIVERIES: ("modelkeep_webhook_deliveries", "Attempts to deliver to webhooks by how they ended.", ("outcome",)),
}
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def may_read(readers: str, headers: RequestHeaders, address: str, scope: Scope | None) -> bool:
    """Whether a caller may read the figures; `scope` is None for one that is not known.

    Who asks from this machine may, unless a proxy asks on behalf of another.
    """
    if readers == EVERYONE:
        return True
    if readers == NOBODY:
        return False
    if scope is not None and SERVER.flows(scope) >= Permission.ADMIN:
        return True
    return _is_loopback(address) and not any(name in headers for name in _FORWARDED)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


async def metrics_answer(request: HttpRequest, figures: Figures, engine: Engine) -> Answer:
    """The figures in the format that the caller asks for."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    try:
        left: tuple[Depth, Left] | None = await engine.read(lambda tx: (depth(tx), left_to_remove(tx)))
    except Unavailable:
        left = None
    totals, processes = figures.totals(), figures.processes()
    encode, content_type = choose_encoder(request.headers.get("accept") or "")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*_families(totals), *_left(left), *_processes(processes)]))
    # There may be thousands of lines.
    body = await asyncio.to_thread(encode, registry)
    return Answer(200, body, content_type=content_type)


class _Collected:
    def __init__(self, families: "Iterable[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterable[Metric]":
        return self._families


def _families(totals: Mapping[Series, list[float]]) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily

    yield InfoMetricFamily("modelkeep_build", "The release that runs.", {"version": __version__})
    families: dict[str, Any] = {}
    for kind, (name, text, labels, _) in _HISTOGRAMS.items():
        families[kind] = HistogramMetricFamily(name, text, labels=labels)
    for kind, (name, text) in _GAUGES.items():
        families[kind] = GaugeMetricFamily(name, text, labels=())
    for kind, (name, text, labels) in _COUNTERS.items():
        families[kind] = CounterMetricFamily(name, text, labels=labels)
    for series, values in sorted(totals.items()):
        if series.name in _HISTOGRAMS:
            bounds = [*(str(bound) for bound in _HISTOGRAMS[series.name][3]), "+Inf"]
            buckets = list(zip(bounds, accumulate(values[1:]), strict=True))
            families[series.name].add_metric(series.labels, buckets, values[0])
        else:
            families[series.name].add_metric(series.labels, values[0])
    yield from families.values()


def _left(left: tuple[Depth, Left] | None) -> "Iterator[Metric]":
    """What is still to be done, which the database knows."""
    from prometheus_client.core import GaugeMetricFamily

    if left is None:
        return
    outbox, removals = left
    states = GaugeMetricFamily(
        "modelkeep_outbox_deliveries", "Events that wait for their delivery, and dead letters.", labels=("state",)
    )
    states.add_metric(("waiting",), outbox.waiting)
    states.add_metric(("dead",), outbox.dead)
    yield states
    age = 0.0 if outbox.oldest is None else max(0.0, (now_ms() - outbox.oldest) / 1_000)
    yield GaugeMetricFamily("modelkeep_outbox_oldest_seconds", "Age of the oldest event that waits.", age)
    kept = GaugeMetricFamily(
        "modelkeep_artifact_removals", "Deleted owners whose artifacts are still to be removed.", labels=("state",)
    )
    kept.add_metric(("waiting",), removals.waiting)
    kept.add_metric(("failing",), removals.failing)
    yield kept


def _processes(processes: Mapping[str, int]) -> "Iterator[Metric]":
    """Memory, processor time, descriptors and start of each server process, under Prometheus's usual names."""
    from prometheus_client import ProcessCollector
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    families: dict[str, Any] = {}
    for worker, pid in processes.items():
        for family in ProcessCollector(pid=partial(int, pid), registry=None).collect():
            kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
            known = families.setdefault(family.name, kind(family.name, family.documentation, labels=("worker",)))
            for sample in family.samples:
                known.add_metric((worker,), sample.value)
    yield from families.values()


async def keep_sampling(figures: Figures) -> None:
    """For other processes that may be asked: numbers that are kept elsewhere, at most a second old."""
    while figures.shared:
        figures.sample()
        await asyncio.sleep(1)
