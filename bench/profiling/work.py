"""The operations that are profiled, each as requests without end."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from bench.scale.models import CHAMPION, model_name, models_in, place_of
from bench.scale.runs import run_key
from bench.scale.volume import Volume, mixed
from modelkeep.server.http import HttpRequest

_API = "/api/2.0/mlflow/"
_NOW = 1_700_000_000_000
_RUNS_WRITTEN = 16
"""Clients that log write to so many runs, as so many trainings at once would."""

CREATED_TAGS = ("build", "team")

Make = Callable[[Volume], Iterator[HttpRequest]]


@dataclass(frozen=True)
class Scenario:
    """One operation. `writes` tells that its answers wait for a commit."""

    name: str
    make: Make
    writes: bool = False


def _request(method: str, path: str, body: Any = None, query: str = "", token: str = "") -> HttpRequest:
    content = b"" if body is None else msgspec.json.encode(body)
    headers = {"host": "127.0.0.1:5000"}
    if content:
        headers |= {"content-type": "application/json", "content-length": str(len(content))}
    if token:
        headers["opc-retry-token"] = token

    async def read_body(limit: int) -> bytes:
        return content

    return HttpRequest(method, _API + path, query, headers, "127.0.0.1:40000", read_body)


def _creates(volume: Volume) -> Iterator[HttpRequest]:
    run = secrets.token_hex(8)
    most = models_in(volume)
    for number in itertools.count():
        tags = [{"key": key, "value": f"{run}-{number}"} for key in CREATED_TAGS]
        body = {"name": model_name(number % most), "source": f"s3://models/{run}/{number}", "tags": tags}
        yield _request("POST", "model-versions/create", body, token=f"{run}{number:016}")


def _gets(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        model, version = place_of(mixed(number) % volume.versions)
        yield _request("GET", "model-versions/get", query=urlencode({"name": model_name(model), "version": version}))


def _gets_by_alias(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        name = model_name(number % models_in(volume))
        yield _request("GET", "registered-models/alias", query=urlencode({"name": name, "alias": CHAMPION}))


def _searches(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        query = {"filter": f"name = '{model_name(number % models_in(volume))}'", "max_results": 100}
        yield _request("GET", "model-versions/search", query=urlencode(query))


def _batches(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        metrics = [
            {
                "key": f"metric-{place:03}",
                "value": mixed(number, place) / 2**32,
                "timestamp": _NOW + number,
                "step": number,
            }
            for place in range(100)
        ]
        yield _request("POST", "runs/log-batch", {"run_id": run_key(number % _RUNS_WRITTEN), "metrics": metrics})


def _metrics(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        point = {"key": "loss", "value": mixed(number) / 2**32, "timestamp": _NOW + number, "step": number}
        yield _request("POST", "runs/log-metric", {"run_id": run_key(number % _RUNS_WRITTEN), **point})


def _run_searches(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        # Each differs from the last, as those of people do.
        body = {
            "experiment_ids": ["1"],
            "filter": f"metrics.auc > {number % 97 / 200} AND params.optimizer = 'sgd'",
            "max_results": 50,
        }
        yield _request("POST", "runs/search", body)


def _run_gets(volume: Volume) -> Iterator[HttpRequest]:
    for number in itertools.count():
        yield _request("GET", "runs/get", query=urlencode({"run_id": run_key(mixed(number) % volume.runs)}))


SCENARIOS = (
    Scenario("create a version", _creates, writes=True),
    Scenario("get a version", _gets),
    Scenario("get by alias", _gets_by_alias),
    Scenario("search versions", _searches),
    Scenario("log 100 metrics", _batches, writes=True),
    Scenario("log one metric", _metrics, writes=True),
    Scenario("get a run", _run_gets),
    Scenario("search runs", _run_searches),
)
