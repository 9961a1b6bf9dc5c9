"""Clients that work on few models at once, and their history as operations of the checker, a list for each model."""

import math
import random
from collections import defaultdict
from typing import Any

from tests.proofs.history import Event, History, Recorder, Verdict
from tests.proofs.linear.checker import Operation
from tests.proofs.linear.registered_model import ABSENT, DONE

_ALIASES, _KEYS = ("a", "b"), ("k", "l")
_STAGES = ("Staging", "Production")


def any_call(recorder: Recorder, source: random.Random, models: list[str]) -> None:
    """One random call on one of the models; versions are few, so that clients meet."""
    model = source.choice(models)
    number = source.randint(1, 5)
    alias, key = source.choice(_ALIASES), source.choice(_KEYS)
    value = f"{recorder.number}-{source.randrange(10**6)}"
    version = {"name": model, "version": str(number)}
    of_model, of_version = "registered-models", "model-versions"
    tagged = {**version, "key": key}
    calls: list[tuple[int, tuple[Any, ...], str, str, dict[str, Any]]] = [
        (3, ("create", value), "POST", f"{of_version}/create", _new(model, value)),
        (1, ("delete", number), "DELETE", f"{of_version}/delete", version),
        (4, ("set alias", alias, number), "POST", f"{of_model}/alias", {**version, "alias": alias}),
        (1, ("delete alias", alias), "DELETE", f"{of_model}/alias", {"name": model, "alias": alias}),
        (5, ("get alias", alias), "GET", f"{of_model}/alias", {"name": model, "alias": alias}),
        (4, ("set tag", number, key, value), "POST", f"{of_version}/set-tag", {**tagged, "value": value}),
        (1, ("delete tag", number, key), "DELETE", f"{of_version}/delete-tag", tagged),
        (6, ("get", number), "GET", f"{of_version}/get", version),
        (3, ("get model",), "GET", f"{of_model}/get", {"name": model}),
    ]
    stage = source.choice(_STAGES)
    moved = {**version, "stage": stage, "archive_existing_versions": True}
    calls.append((3, ("stage", number, stage), "POST", f"{of_version}/transition-stage", moved))
    _, what, verb, path, fields = source.choices(calls, weights=[call[0] for call in calls])[0]
    recorder.ask((model, *what), verb, path, fields)


def _new(model: str, tag: str) -> dict[str, Any]:
    return {"name": model, "source": "s3://b/k", "tags": [{"key": "made", "value": tag}]}


def operations_of(history: History) -> dict[str, list[Operation]]:
    """The operations on each model. What was certainly not done is left out."""
    by_model: dict[str, list[Operation]] = defaultdict(list)
    for event in history.events:
        model, *call = event.what
        if event.reply.verdict is Verdict.NOT_DONE:
            continue
        unknown = event.reply.verdict is Verdict.UNKNOWN
        output = None if unknown else _output(event)
        returned = math.inf if unknown else event.returned
        by_model[model].append(Operation(tuple(call), output, event.invoked, returned))
    return by_model


def _output(event: Event) -> Any:
    _, name, *_ = event.what
    reply = event.reply
    if reply.verdict is Verdict.REFUSED:
        assert reply.status in (400, 404), reply
        return ABSENT
    if name == "create":
        return int(reply.body["model_version"]["version"])
    if name == "get alias":
        return int(reply.body["model_version"]["version"])
    if name == "get":
        version = reply.body["model_version"]
        tags = frozenset((tag["key"], tag["value"]) for tag in version["tags"])
        return version["current_stage"], tags, frozenset(version["aliases"])
    if name == "get model":
        model = reply.body["registered_model"]
        aliases = frozenset((one["alias"], int(one["version"])) for one in model["aliases"])
        return aliases, frozenset((one["current_stage"], int(one["version"])) for one in model["latest_versions"])
    return DONE
