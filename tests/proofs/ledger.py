"""Writes that can be told apart afterwards, and the checker that goes through what is left of them.

Each write has a marker of its own, in two places of what it makes, and a retry token. Who is not told that a write was
done sends it again under its token, or gives up.
"""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.proofs.history import Event, History, Recorder, Reply, Verdict
from tests.support.api import Api

_BASE = "/api/2.0/mlflow"
_PATIENCE_SECONDS, _START_SECONDS, _GIVES_UP = 0.02, 0.1, 0.07
_ASKS_AGAIN = 0.2


class Write(NamedTuple):
    """One kind of write with its marker."""

    kind: str
    path: str
    fields: dict[str, Any]


class Ledger:
    """A model and a run for each client, and everything that was written to them."""

    def __init__(self, url: str, clients: int, key: str) -> None:
        api = Api(url, _BASE)
        self.history = History()
        self._key = key
        self._models = [f"{key}-model-{number}" for number in range(max(clients // 4, 1))]
        for model in self._models:
            api.post("registered-models/create", name=model)
        self._experiment = api.post("experiments/create", name=key)["experiment_id"]
        made = [api.post("runs/create", experiment_id=self._experiment, run_name=key) for _ in range(clients)]
        self._runs: list[str] = [one["run"]["info"]["run_id"] for one in made]
        self._numbers = itertools.count()

    def write(self, recorder: Recorder, source: random.Random) -> None:
        """One write, sent until it is answered or given up; some once more, for their answer may have been lost."""
        marker = f"{self._key}-{recorder.number}-{next(self._numbers)}"
        write = self._any_write(recorder, source, marker)
        for _ in range(source.choice((1, 2, 500))):
            reply = recorder.ask((write.kind, marker), "POST", write.path, write.fields, marker)
            if reply.verdict is Verdict.REFUSED or (reply.verdict is Verdict.DONE and source.random() > _ASKS_AGAIN):
                return
            # A server that does not answer may be about to start again.
            if reply.status == 0 and (source.random() < _GIVES_UP or recorder.stopping.is_set()):
                return
            recorder.stopping.wait(_PATIENCE_SECONDS if reply.status else _START_SECONDS)

    def _any_write(self, recorder: Recorder, source: random.Random, marker: str) -> Write:
        tags = [{"key": key, "value": marker} for key in ("first", "last")]
        version = {"name": source.choice(self._models), "source": "s3://b/k", "tags": tags}
        batch = {
            "run_id": self._runs[recorder.number],
            "metrics": [{"key": key, "value": 1, "timestamp": 1, "step": 0} for key in (marker, f"{marker}/last")],
            "params": [{"key": marker, "value": marker}],
            "tags": [{"key": marker, "value": marker}],
        }
        return source.choice(
            (
                Write("version", "model-versions/create", version),
                Write("version", "model-versions/create", version),
                Write("batch", "runs/log-batch", batch),
                Write("run", "runs/create", {"experiment_id": self._experiment, "run_name": marker, "tags": tags}),
            )
        )

    def check(self, url: str) -> Counter[str]:
        """Hold what is there against what was answered; how many writes ended how."""
        found = self._found(Api(url, _BASE))
        by_marker: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in self.history.events:
            by_marker[event.what[0], event.what[1]].append(event)
        strange = [marker for marker in found if marker not in by_marker]
        assert not strange, ("there is what nobody wrote", strange[:5])
        ends: Counter[str] = Counter()
        for marker, events in by_marker.items():
            ends[_judge(marker, events, found.get(marker, [])).value] += 1
        return ends

    def _found(self, api: Api) -> dict[tuple[str, str], list[Any]]:
        """What there is of each marker; every one of it whole."""
        found: dict[tuple[str, str], list[Any]] = defaultdict(list)
        numbers: Counter[tuple[str, str]] = Counter()
        for model in self._models:
            search: dict[str, Any] = {"filter": f"name = '{model}'"}
            for version in _pages(api, "GET", "model-versions/search", "model_versions", 5_000, search):
                numbers[version["name"], version["version"]] += 1
                found["version", _whole(version["tags"])].append(version["version"])
        assert not [number for number, count in numbers.items() if count > 1], "a version twice"
        search = {"experiment_ids": [self._experiment]}
        for run in _pages(api, "POST", "runs/search", "runs", 1_000, search):
            if run["info"]["run_id"] in self._runs:
                _find_batches(run["data"], found)
            else:
                tags = [tag for tag in run["data"]["tags"] if tag["key"] != "mlflow.runName"]
                found["run", _whole(tags)].append(run["info"]["run_id"])
        return found


def _pages(api: Api, verb: str, path: str, field: str, most: int, fields: dict[str, Any]) -> Iterable[dict[str, Any]]:
    token = ""
    while True:
        asked = {**fields, "max_results": most, **({"page_token": token} if token else {})}
        body = api.get(path, **asked) if verb == "GET" else api.post(path, **asked)
        yield from body.get(field, [])
        token = body.get("next_page_token", "")
        if not token:
            return


def _whole(tags: list[dict[str, str]]) -> str:
    values = {tag["key"]: tag["value"] for tag in tags}
    assert set(values) == {"first", "last"}, ("half done", tags)
    assert values["first"] == values["last"], ("half done", tags)
    return values["first"]


def _find_batches(data: dict[str, Any], found: dict[tuple[str, str], list[Any]]) -> None:
    """A batch has put its marker among metrics, params and tags."""
    metrics = {metric["key"] for metric in data["metrics"]}
    params = {param["key"] for param in data["params"]}
    tags = {tag["key"] for tag in data["tags"] if tag["key"] != "mlflow.runName"}
    assert {key for key in metrics if not key.endswith("/last")} == params == tags, "half a batch"
    for marker in params:
        assert f"{marker}/last" in metrics, ("half a batch", marker)
        found["batch", marker].append(marker)


def _judge(marker: tuple[str, str], events: list[Event], found: list[Any]) -> Verdict:
    """What all answers to one write say together, held against what there is of it."""
    assert len(found) <= 1, ("done twice", marker, found)
    replies = [event.reply for event in events]
    refused = [reply for reply in replies if reply.verdict is Verdict.REFUSED]
    assert not refused, (marker, refused)
    done = [reply for reply in replies if reply.verdict is Verdict.DONE]
    if done:
        assert found, ("answered and lost", marker, done)
        assert all(_made(marker[0], reply, found[0]) for reply in done), ("another than was answered", marker, found)
        return Verdict.DONE
    if any(reply.verdict is Verdict.UNKNOWN for reply in replies):
        return Verdict.UNKNOWN
    assert not found, ("said to be not done, and done", marker, replies)
    return Verdict.NOT_DONE


def _made(kind: str, reply: Reply, found: str) -> bool:
    if kind == "version":
        return bool(reply.body["model_version"]["version"] == found)
    if kind == "run":
        return bool(reply.body["run"]["info"]["run_id"] == found)
    return True
