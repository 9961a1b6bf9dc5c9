"""What is asked of servers that keep runs: points are logged, runs searched, a long history read."""

import random
from dataclasses import dataclass, field

import msgspec

from bench import runs
from bench.calls import call, raw
from bench.course import Course
from bench.peers import Peer
from bench.plan import FIRST_STEP, STEP, Outcome
from bench.prepare import Unprepared
from bench.work import Amount, Requests, Scenario, Slot, Work

_KEYS = 100
_DIFFERENT_SEARCHES = 200
_CHECKED_SEARCHES = 2


@dataclass
class Logging(Work):
    """Each client logs to a run of its own, at the next step with each request."""

    peer: Peer
    path: str
    template: bytes
    key: str
    """A metric that every request logs a point of."""
    runs: list[str] = field(default_factory=list)
    outcome: Outcome | None = None

    def ready(self, slot: Slot) -> None:
        self.runs = runs.fresh_runs(self.peer, slot.clients)
        bodies = [self.template.replace(b"@@RUN@@", run.encode()) for run in self.runs]
        self.requests = [_with_steps(self.peer, self.path, body) for body in bodies]

    def run(self, slot: Slot) -> Outcome:
        self.outcome = Requests(self.peer, self.requests, own=True).run(slot)
        return self.outcome

    def missing(self) -> str:
        """Each answered request has left a point of that metric."""
        stored = sum(len(runs.history(self.peer, run, self.key)) for run in self.runs)
        answered = self.outcome.answered if self.outcome else 0
        return "" if stored >= answered else f"{answered} requests were answered, {stored} points are there"


def _with_steps(peer: Peer, path: str, body: bytes) -> bytes:
    """The request with the length that it has once the steps are in it."""
    length = len(body.replace(STEP, b"%d" % FIRST_STEP))
    return raw("POST", peer.api + path, peer.port, body=body).replace(
        b"content-length: %d\r\n" % len(body), b"content-length: %d\r\n" % length
    )


_AT = b'"timestamp":179%s,"step":%s' % (STEP, STEP)
"""Ten digits of a step make the time one of 2026, a millisecond later with each request."""


def _log_batch(peer: Peer, _: Course) -> Work:
    points = b",".join(b'{"key":"metric-%d","value":%d.%s,%s}' % (key, key, STEP, _AT) for key in range(_KEYS))
    return Logging(peer, "runs/log-batch", b'{"run_id":"@@RUN@@","metrics":[%s]}' % points, f"metric-{_KEYS - 1}")


def _log_metric(peer: Peer, _: Course) -> Work:
    return Logging(peer, "runs/log-metric", b'{"run_id":"@@RUN@@","key":"loss","value":0.%s,%s}' % (STEP, _AT), "loss")


def _search(peer: Peer, _: Course) -> Work:
    """Many different filters, all of which find more than a page."""
    home = peer.known[runs.SEARCHED]
    chance = random.Random(1)
    wanted = [(chance.randrange(1_000, 6_000) / 10_000, f"v{chance.randrange(10)}") for _ in range(_DIFFERENT_SEARCHES)]
    bodies = [_search_body(home, *each) for each in wanted]
    sizes = []
    for each, body in list(zip(wanted, bodies, strict=True))[:_CHECKED_SEARCHES]:
        answer, size = runs.read(peer, "runs/search", body)
        sizes.append(size)
        _check_found(peer, answer["runs"], runs.found(*each))
    requests = runs.sent(peer, "runs/search", [msgspec.json.encode(body) for body in bodies])
    return Requests(peer, requests, least_bytes=min(sizes) * 9 // 10, whole=True)


def _search_body(home: str, least: float, value: str) -> dict[str, object]:
    return {
        "experiment_ids": [home],
        "filter": f"metrics.m1 > {least} and params.p1 = '{value}'",
        "order_by": ["metrics.m2 DESC"],
        "max_results": runs.PAGE,
    }


def _check_found(
    peer: Peer, answered: list[dict[str, dict[str, list[dict[str, object]]]]], wanted: list[float]
) -> None:
    got = [{point["key"]: point["value"] for point in run["data"]["metrics"]}["m2"] for run in answered]
    if got != wanted:
        raise Unprepared(f"{peer.name} found {len(got)} runs, and not those that it should, or in another order")
    for run in answered:
        logged = [len(run["data"][part]) for part in ("metrics", "params", "tags")]
        if logged[:2] != [runs.METRICS, runs.PARAMS] or logged[2] < runs.TAGS:
            raise Unprepared(f"{peer.name} answered a run with {logged} metrics, params and tags")


def _history(peer: Peer, _: Course) -> Work:
    path = runs.history_path(peer, peer.known[runs.HISTORY], runs.HISTORY)
    answer = call(peer.port, "GET", path)
    steps = {point.get("step", 0) for point in msgspec.json.decode(answer)["metrics"]}
    if steps != set(range(runs.POINTS)):
        raise Unprepared(f"{peer.name} answered {len(steps)} of {runs.POINTS} points")
    return Requests(peer, [raw("GET", path, peer.port)], least_bytes=len(answer), whole=True)


LOG_BATCH = Scenario(
    "log batch",
    f"Log a batch of {_KEYS} metrics, each client to a run of its own",
    _log_batch,
    amount=Amount(_KEYS, "points"),
)
LOG_METRIC = Scenario("log metric", "Log one metric, each client to a run of its own", _log_metric)
SEARCH_RUNS = Scenario(
    "search runs",
    f"Search runs: the first {runs.PAGE} of {runs.RUNS:,}, by a metric and a param, ordered by another metric",
    _search,
)
HISTORY = Scenario(
    "history",
    f"Read the whole history of a metric of {runs.POINTS:,} points",
    _history,
    amount=Amount(runs.POINTS, "points"),
)
