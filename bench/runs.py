"""The same runs on every server: 5,000 with params, metrics and tags, and one that has a metric of 100,000 points."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from bench.calls import call, call_json, raw
from bench.mlflow_rows import rows_of
from bench.peers import Peer
from bench.plan import Plan, run_apart
from bench.prepare import PATIENCE_SECONDS, Unprepared

RUNS, POINTS, PAGE = 5_000, 100_000, 100
METRICS, PARAMS, TAGS = 5, 5, 3
SEARCHED, LONG, WRITTEN = "searched", "long", "written"
"""Experiments. What is written while others are measured has one of its own."""
HISTORY = "loss"
NOW = 1_790_000_000_000
_PRIME = 10_007
_FACTORS = (7_919, 6_007, 4_001, 2_503, 1_009)
_BATCH = 1_000


class Values(msgspec.Struct):
    """What is logged to one run: all of it follows from its number."""

    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]


def values(number: int) -> Values:
    """No two runs have the same value of a metric, and one run in ten has each value of a param."""
    return Values(
        {f"m{place + 1}": number * factor % _PRIME / _PRIME for place, factor in enumerate(_FACTORS)},
        {f"p{place + 1}": f"v{number // (place + 1) % 10}" for place in range(PARAMS)},
        {f"t{place + 1}": f"tag {number % (place + 2)}" for place in range(TAGS)},
    )


def found(least: float, value: str) -> list[float]:
    """m2 of the runs whose m1 is above and whose p1 is that value, as a search for a page of them answers it."""
    runs = [values(number) for number in range(1, RUNS + 1)]
    some = [run.metrics["m2"] for run in runs if run.metrics["m1"] > least and run.params["p1"] == value]
    return sorted(some, reverse=True)[:PAGE]


def _experiments(peer: Peer) -> None:
    for name in (SEARCHED, LONG, WRITTEN):
        created = call_json(peer.port, "POST", peer.api + "experiments/create", {"name": name})
        peer.known[name] = str(created["experiment_id"])


def _create_run(peer: Peer, experiment: str, number: int = 1) -> str:
    """The id of a new run."""
    body = {"experiment_id": peer.known[experiment], "run_name": f"run {number}", "start_time": NOW + number}
    return str(call_json(peer.port, "POST", peer.api + "runs/create", body)["run"]["info"]["run_id"])


def _batch(run: str, number: int) -> dict[str, object]:
    logged = values(number)
    return {
        "run_id": run,
        "metrics": [{"key": k, "value": v, "timestamp": NOW, "step": 1} for k, v in logged.metrics.items()],
        "params": [{"key": key, "value": value} for key, value in logged.params.items()],
        "tags": [{"key": key, "value": value} for key, value in logged.tags.items()],
    }


def _point(step: int) -> dict[str, object]:
    return {"key": HISTORY, "value": 1.0 / (step + 1), "timestamp": NOW + step, "step": step}


def prepare_runs(peer: Peer) -> None:
    """All through the API."""
    _experiments(peer)
    peer.known[HISTORY] = long = _create_run(peer, LONG)
    with ThreadPoolExecutor(8) as several:
        runs = list(several.map(lambda number: _create_run(peer, SEARCHED, number), range(1, RUNS + 1)))
    _send(peer, [_batch(run, number) for number, run in enumerate(runs, 1)])
    starts = range(0, POINTS, _BATCH)
    _send(peer, [{"run_id": long, "metrics": [_point(at + more) for more in range(_BATCH)]} for at in starts])


def prepare_runs_of_mlflow(peer: Peer, database: str) -> None:
    """One run and one point through the API, then copies of their rows in the database at this URL."""
    _experiments(peer)
    first, long = _create_run(peer, SEARCHED), _create_run(peer, LONG)
    peer.known[HISTORY] = long
    _send(peer, [_batch(first, 1), {"run_id": long, "metrics": [_point(0)]}])
    with rows_of(database) as rows:
        for table in ("runs", "metrics", "latest_metrics", "params", "tags"):
            for row in rows.of(table, "run_uuid", first):
                rows.insert(table, (_of_run(row, number) for number in range(2, RUNS + 1)))
        [row] = rows.of("metrics", "run_uuid", long)
        rows.insert("metrics", ({**row, **_point(step)} for step in range(1, POINTS)))
        rows.run("UPDATE latest_metrics SET step = :last WHERE run_uuid = :run", last=POINTS - 1, run=long)


def _of_run(row: dict[str, Any], number: int) -> dict[str, Any]:
    """The row of the first run, as the run with that number has it."""
    logged = values(number)
    changed: dict[str, Any] = {"run_uuid": f"{number:032x}"}
    if "key" not in row:
        changed |= {"name": f"run {number}", "start_time": NOW + number}
        changed["artifact_uri"] = row["artifact_uri"].replace(row["run_uuid"], changed["run_uuid"])
    elif row["key"] == "mlflow.runName":
        changed["value"] = f"run {number}"
    else:
        changed["value"] = {**logged.metrics, **logged.params, **logged.tags}[row["key"]]
    return {**row, **changed}


def _send(peer: Peer, batches: list[dict[str, object]]) -> None:
    path = peer.api + "runs/log-batch"
    requests = [raw("POST", path, peer.port, body=msgspec.json.encode(batch)) for batch in batches]
    outcome = run_apart(
        Plan(port=peer.port, clients=1, requests=requests, seconds=PATIENCE_SECONDS, answers=len(requests))
    )
    if outcome.errors or outcome.answered != len(requests):
        raise Unprepared(f"{peer.name}: {outcome.answered} batches logged, errors {outcome.errors}: {outcome.sample}")


def history(peer: Peer, run: str, key: str) -> list[dict[str, Any]]:
    """All points of a metric of a run, as one answer has them."""
    return list(call_json(peer.port, "GET", history_path(peer, run, key)).get("metrics", []))


def history_path(peer: Peer, run: str, key: str) -> str:
    """Without `max_results`: each of the servers then answers all points."""
    return f"{peer.api}metrics/get-history?run_id={run}&metric_key={key}"


def fresh_runs(peer: Peer, count: int) -> list[str]:
    """The ids of so many new runs to write to."""
    return [_create_run(peer, WRITTEN, number) for number in range(count)]


def sent(peer: Peer, path: str, bodies: list[bytes]) -> list[bytes]:
    """These bodies as requests to one path."""
    return [raw("POST", peer.api + path, peer.port, body=body) for body in bodies]


def read(peer: Peer, path: str, body: object) -> tuple[Any, int]:
    """An answer and how many bytes it has."""
    data = call(peer.port, "POST", peer.api + path, body)
    return msgspec.json.decode(data), len(data)
